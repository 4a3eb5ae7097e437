/**
 * Line ends of mail, which are CRLF and nothing else (RFC 5322 §2.3): proves it of a letter in one pass, and turns the
 * lines of a Unix tool into those of mail and back. A bare CR, a bare LF or a NUL is where two readers part ways
 * (SMTP smuggling, hidden headers), so it is `MailMalformed`.
 *
 * Danger: this pass sees every octet of every letter. Lines of one length follow one another (base64), so it guesses
 * where the next one ends, proves the guess four octets at a time, and looks at single octets only where it was wrong.
 */
import { MailMalformed } from './mail-malformed.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Refuses what a control character at `at` must not be; true for the LF of a line end. */
function isLineEnd(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] as number;
  if (byte > CR) return false;
  if (byte === CR && bytes[at + 1] !== LF) throw new MailMalformed('bare CR');
  if (byte === 0) throw new MailMalformed('NUL octet');
  if (byte === LF && bytes[at - 1] !== CR) throw new MailMalformed('bare LF');
  return byte === LF;
}

/** Octets below 0x0e among four: not zero exactly when there is one (its sign bits say where the lowest is). */
const controlsIn = (word: number): number => (word - 0x0e0e0e0e) & ~word & 0x80808080;

/** Whether no control character stands from `from` up to `to`; `words` are the octets from `base` on, by fours. */
function isPlain(bytes: Buffer, words: Int32Array, base: number, from: number, to: number): boolean {
  const first = (from - base + 3) >> 2;
  const last = (to - base) >> 2;
  let controls = 0;
  for (let word = first; word < last; word += 1) controls |= controlsIn(words[word] as number);
  let lowest = 0;
  for (let at = from; at < base + first * 4; at += 1) lowest |= (bytes[at] as number) - 0x0e;
  for (let at = base + last * 4; at < to; at += 1) lowest |= (bytes[at] as number) - 0x0e;
  return controls === 0 && lowest >= 0;
}

/** Shorter lines are read octet by octet. */
const GUESSED_MIN = 16;

/** Proves that all line ends are CRLF and that there is no NUL; gives how many lines end from `from` on. */
export function countLineEnds(bytes: Buffer, from = 0): number {
  const base = Math.min(bytes.length, from + ((4 - ((bytes.byteOffset + from) & 3)) & 3));
  const wordCount = (bytes.length - base) >> 2;
  const words = new Int32Array(bytes.buffer, wordCount === 0 ? 0 : bytes.byteOffset + base, wordCount);
  let lineEnds = 0;
  let guess = 0;
  for (let at = from; at < bytes.length; ) {
    const end = at + guess;
    if (guess >= GUESSED_MIN && at >= base && bytes[end - 1] === LF && bytes[end - 2] === CR) {
      if (isPlain(bytes, words, base, at, end - 2)) {
        lineEnds += 1;
        at = end;
        continue;
      }
    }
    const start = at;
    while (at < bytes.length && !isLineEnd(bytes, at)) at += 1;
    if (at < bytes.length) lineEnds += 1;
    at += 1;
    guess = at - start;
  }
  return lineEnds;
}

/** Whether every line of the bytes ends as in mail; false also for a bare CR or a NUL. */
export function hasWireLines(bytes: Buffer): boolean {
  try {
    countLineEnds(bytes);
    return true;
  } catch (error) {
    if (error instanceof MailMalformed) return false;
    throw error;
  }
}

/**
 * The bytes with CRLF line ends, as mail on the wire has them; a file written by a Unix tool has bare LF. Binary content
 * must not come here.
 */
export function toWireLines(bytes: Buffer): Buffer {
  let bare = 0;
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] === LF && bytes[at - 1] !== CR) bare += 1;
  if (bare === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length + bare);
  let written = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === LF && bytes[at - 1] !== CR) {
      out[written] = CR;
      written += 1;
    }
    out[written] = byte;
    written += 1;
  }
  return out;
}

/** The same text with the line ends of a Unix tool. Only for bytes whose lines all end with CRLF: then none is lost. */
export function toUnixLines(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let written = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === CR) continue;
    out[written] = byte;
    written += 1;
  }
  return out.subarray(0, written);
}
