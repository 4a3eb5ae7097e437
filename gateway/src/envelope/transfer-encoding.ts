/**
 * Undoes the transfer encoding of a CMS part (RFC 2045 §6), strictly: what is not exactly base64 or quoted-printable is
 * `MailMalformed`. Base64 is decoded natively; that every character counted is proven by the length of what came out,
 * because the decoder of Node skips what it does not know.
 */
import { countLineEnds } from './line-ends.ts';
import { MailMalformed } from './mail-malformed.ts';

const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const CR = 0x0d;
const LF = 0x0a;

/** Octets of text decoded at a time: small enough to stay in the processor's cache between the two passes. */
const PIECE = 32_768;

/** Decodes base64 in lines. */
export function decodeBase64(body: Buffer): Buffer {
  const stride = body.indexOf(CR) + 2;
  if (stride >= 6 && (stride - 2) % 4 === 0) {
    const { decoded, lineEnds } = decodeLines(body, stride);
    if (provesBase64(body, body.length - 2 * lineEnds, decoded)) return decoded;
  }
  const text = body.toString('latin1');
  refuseUrlAlphabet(text);
  const decoded = Buffer.from(text, 'base64');
  if (provesBase64(body, body.length - 2 * countLineEnds(body) - countBlanks(body), decoded)) return decoded;
  throw new MailMalformed('base64 malformed');
}

/**
 * Decodes lines of one length, their CRLF included, and counts how many CRLF there are. What is not looked at here,
 * between the line ends, is counted by the decoder, which knows nothing but the alphabet. Line ends are looked at piece
 * by piece, just before the decoder needs the same octets: a pass of its own would fetch a large letter once more.
 */
function decodeLines(body: Buffer, stride: number): { decoded: Buffer; lineEnds: number } {
  const out = Buffer.allocUnsafe(Math.ceil((body.length * 3) / 4));
  const piece = stride * Math.max(1, Math.floor(PIECE / stride));
  let written = 0;
  let lineEnds = 0;
  /** The end of the line to be looked at next; it stays where a line is of another length. */
  let at = stride;
  for (let from = 0; from < body.length; from += piece) {
    const to = Math.min(from + piece, body.length);
    for (; at <= to && body[at - 1] === LF && body[at - 2] === CR; at += stride) lineEnds += 1;
    const text = body.toString('latin1', from, to);
    refuseUrlAlphabet(text);
    written += out.write(text, written, 'base64');
  }
  // The last line, shorter, with the line ends after it.
  return { decoded: out.subarray(0, written), lineEnds: lineEnds + countLineEnds(body, at - stride) };
}

function countBlanks(body: Buffer): number {
  let count = 0;
  for (let at = 0; at < body.length; at += 1) if (body[at] === SPACE || body[at] === TAB) count += 1;
  return count;
}

/** The URL alphabet (RFC 4648 §5) is another encoding, which Node decodes as well. */
function refuseUrlAlphabet(text: string): void {
  if (text.includes('-') || text.includes('_')) throw new MailMalformed('base64 malformed');
}

/** Pads stand in the last line, whatever blank lines follow; one that stands before is a character too many. */
const TAIL = 4_096;

/** Whether so many characters, none of them foreign, give just that length. */
function provesBase64(body: Buffer, characters: number, decoded: Buffer): boolean {
  const firstPad = body.indexOf(EQUALS, Math.max(0, body.length - TAIL));
  const pads = firstPad < 0 ? 0 : padsFrom(body, firstPad);
  if (pads < 0 || pads > 2 || (pads > 0 && characters % 4 !== 0)) return false;
  const digits = characters - pads;
  return digits % 4 !== 1 && Math.floor((digits * 3) / 4) === decoded.length;
}

/** How many pads stand from here to the end; -1 when anything but white space stands among or after them. */
function padsFrom(body: Buffer, from: number): number {
  let pads = 0;
  for (let at = from; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === EQUALS) pads += 1;
    else if (byte > SPACE) return -1;
  }
  return pads;
}

const hexDigit = (byte: number | undefined): number => {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const upper = byte & ~0x20;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : -1;
};

/** Decodes quoted-printable (RFC 2045 §6.7): white space at the end of a line was added on the way and goes. */
export function decodeQuotedPrintable(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  let written = 0;
  for (let at = 0; at < body.length; ) {
    const byte = body[at] as number;
    if (byte === EQUALS) {
      const [high, low] = [hexDigit(body[at + 1]), hexDigit(body[at + 2])];
      const soft = high < 0 ? softBreakAt(body, at) : 0;
      if (soft === 0 && (high < 0 || low < 0)) throw new MailMalformed('quoted-printable malformed');
      if (soft === 0) {
        out[written] = high * 16 + low;
        written += 1;
      }
      at += soft === 0 ? 3 : soft;
    } else if (byte === SPACE || byte === TAB) {
      const end = afterBlanks(body, at);
      if (end < body.length && body[end] !== CR) written += body.copy(out, written, at, end);
      at = end;
    } else {
      out[written] = byte;
      written += 1;
      at += 1;
    }
  }
  return out.subarray(0, written);
}

function afterBlanks(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === SPACE || body[at] === TAB) at += 1;
  return at;
}

/** Length of `=` with the white space and the line end after it; 0 when it is none. */
function softBreakAt(body: Buffer, at: number): number {
  const next = afterBlanks(body, at + 1);
  if (next === body.length) return next - at;
  return body[next] === CR && body[next + 1] === LF ? next + 2 - at : 0;
}
