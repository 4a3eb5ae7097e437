/** Writes DER (ITU-T X.690 §10): enough for CMS. Each function gives one whole element. */

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** Octets of a long length; 0 for the short form (X.690 §8.1.3). */
function lengthOctetsOf(length: number): number {
  if (length < 0x80) return 0;
  if (length < 0x100) return 1;
  if (length < 0x10000) return 2;
  return length < 0x1000000 ? 3 : 4;
}

function writeHead(out: Buffer, identifier: number, length: number): void {
  const octets = lengthOctetsOf(length);
  out[0] = identifier;
  out[1] = octets === 0 ? length : 0x80 | octets;
  if (octets > 0) out.writeUIntBE(length, 2, octets);
}

/** An element with the given identifier octet. */
export function element(identifier: number, ...content: readonly Uint8Array[]): Buffer {
  const length = lengthOf(content);
  let at = 2 + lengthOctetsOf(length);
  const out = Buffer.allocUnsafe(at + length);
  writeHead(out, identifier, length);
  for (const piece of content) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** The same as pieces one after the other, so that a large content is not copied once for each element around it. */
export function piecewise(identifier: number, ...content: readonly Buffer[]): Buffer[] {
  const length = lengthOf(content);
  const head = Buffer.allocUnsafe(2 + lengthOctetsOf(length));
  writeHead(head, identifier, length);
  return [head, ...content];
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => element(0x30, ...content);

/** SET OF, its elements in DER order. */
export const setOfSorted = (elements: readonly Buffer[]): Buffer =>
  element(0x31, ...[...elements].sort(Buffer.compare));

export const octetString = (content: Uint8Array): Buffer => element(0x04, content);
export const nullElement = (): Buffer => Buffer.from([0x05, 0x00]);

/** A non-negative integer below 128. */
export const smallInteger = (value: number): Buffer => Buffer.from([0x02, 0x01, value]);

/** [n] EXPLICIT or IMPLICIT constructed. */
export const context = (tag: number, ...content: readonly Uint8Array[]): Buffer => element(0xa0 | tag, ...content);

/** [n] IMPLICIT primitive. */
export const contextPrimitive = (tag: number, content: Uint8Array): Buffer => element(0x80 | tag, content);

const written = new Map<string, Buffer>();

/** OBJECT IDENTIFIER from its dotted text, which is a constant of the code: each is worked out once. Not to be written to. */
export function oid(dotted: string): Buffer {
  const known = written.get(dotted) ?? encodeOid(dotted);
  written.set(dotted, known);
  return known;
}

function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    octets.push(...digits);
  }
  return element(0x06, Buffer.from(octets));
}

const DIGIT_ZERO = 0x30;

/** UTCTime up to 2049, GeneralizedTime after (RFC 5652 §11.3). */
export function time(at: Date): Buffer {
  const year = at.getUTCFullYear();
  const isShort = year < 2050;
  const pairs = [
    ...(isShort ? [] : [Math.floor(year / 100)]),
    year % 100,
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
  ];
  const out = Buffer.allocUnsafe(2 + 2 * pairs.length + 1);
  writeHead(out, isShort ? 0x17 : 0x18, out.length - 2);
  let next = 2;
  for (const pair of pairs) {
    out[next] = DIGIT_ZERO + Math.floor(pair / 10);
    out[next + 1] = DIGIT_ZERO + (pair % 10);
    next += 2;
  }
  out[next] = 0x5a;
  return out;
}
