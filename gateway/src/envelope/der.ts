/** Writes DER (ITU-T X.690 §10): enough for CMS. Each function gives one whole element. */

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  return Buffer.from([0x80 | octets.length, ...octets]);
}

/** An element with the given identifier octet. */
export function element(identifier: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  return Buffer.concat([Buffer.from([identifier]), lengthOctets(length), ...content]);
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

/** OBJECT IDENTIFIER from its dotted text. */
export function oid(dotted: string): Buffer {
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

/** UTCTime up to 2049, GeneralizedTime after (RFC 5652 §11.3). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits));
}
