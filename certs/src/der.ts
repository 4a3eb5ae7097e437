/**
 * The words in which certificates, revocation lists and .p12 files are written and read: thin names over `forge.asn1`.
 *
 * Writing gives DER (X.690). Reading accepts BER too, because PKCS#12 files of some tools use indefinite lengths and
 * chunked strings; depth is capped, trailing bytes are refused, and every wrong shape is a `DerMalformed`.
 * Danger: forge carries bytes in strings of one char per byte; only this file sees them, everything else uses Buffers.
 */

import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

export type DerValue = forge.asn1.Asn1;

/** How deep nested values may go. X.509 and PKCS#12 stay under 20. */
export const MAX_DER_DEPTH = 32;

/** The bytes are not the structure they claim to be. */
export class DerMalformed extends Error {
  override readonly name = 'DerMalformed';
}

type ReadOptions = { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean; maxDepth: number };
const readBytes = asn1.fromDer as unknown as (bytes: string, options: ReadOptions) => DerValue;

const toBinary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const fromBinary = (binary: string): Buffer => Buffer.from(binary, 'latin1');
const primitive = (type: number, value: string): DerValue => asn1.create(Class.UNIVERSAL, type, false, value);

export const sequence = (...items: DerValue[]): DerValue => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items);
export const oid = (dotted: string): DerValue => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
export const nullValue = (): DerValue => primitive(Type.NULL, '');
export const boolean = (value: boolean): DerValue => primitive(Type.BOOLEAN, value ? '\xff' : '\x00');
export const octetString = (bytes: Uint8Array): DerValue => primitive(Type.OCTETSTRING, toBinary(bytes));
export const bitString = (bytes: Uint8Array, unusedBits = 0): DerValue =>
  primitive(Type.BITSTRING, String.fromCharCode(unusedBits) + toBinary(bytes));
export const utf8String = (text: string): DerValue => primitive(Type.UTF8, toBinary(Buffer.from(text, 'utf8')));
export const printableString = (text: string): DerValue => primitive(Type.PRINTABLESTRING, text);
/** BMPString; forge itself turns each UTF-16 unit into two bytes. */
export const bmpString = (text: string): DerValue => primitive(Type.BMPSTRING, text);
export const enumerated = (value: number): DerValue => primitive(Type.ENUMERATED, String.fromCharCode(value));

/** SET OF: DER sorts the members by their encoding (X.690 11.6). */
export function setOf(...items: DerValue[]): DerValue {
  const sorted = [...items].sort((a, b) => Buffer.compare(toDer(a), toDer(b)));
  return asn1.create(Class.UNIVERSAL, Type.SET, true, sorted);
}

/** A positive INTEGER from its big-endian magnitude, in as few bytes as DER allows. */
export function positiveInteger(magnitude: Uint8Array): DerValue {
  const firstSet = magnitude.findIndex((byte) => byte !== 0);
  const digits = firstSet === -1 ? Uint8Array.of(0) : magnitude.subarray(firstSet);
  const sign = (digits[0] ?? 0) >= 0x80 ? '\0' : '';
  return primitive(Type.INTEGER, sign + toBinary(digits));
}

/** A non-negative INTEGER from a safe JavaScript number. */
export function integer(value: number): DerValue {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a non-negative safe integer: ${value}`);
  const hex = value.toString(16);
  return positiveInteger(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
}

/** Time as RFC 5280 4.1.2.5 writes it: UTCTime to the end of 2049, GeneralizedTime after; whole seconds, UTC. */
export function time(at: Date): DerValue {
  const digits = at.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? primitive(Type.UTCTIME, digits.slice(2))
    : primitive(Type.GENERALIZEDTIME, digits);
}

/** `[n] EXPLICIT` or constructed `[n] IMPLICIT`: the children stand inside the tag. */
export const tagged = (tag: number, ...items: DerValue[]): DerValue =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, true, items);

/** Primitive `[n] IMPLICIT`, as in GeneralName and AuthorityKeyIdentifier. */
export const taggedBytes = (tag: number, bytes: Uint8Array): DerValue =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, toBinary(bytes));

/** The bytes of a value, in DER. */
export const toDer = (value: DerValue): Buffer => fromBinary(asn1.toDer(value).getBytes());

/** Reads one value that fills all the bytes. Throws DerMalformed. */
export function parseDer(bytes: Uint8Array): DerValue {
  try {
    const options = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: MAX_DER_DEPTH };
    return readBytes(toBinary(bytes), options);
  } catch (cause) {
    throw new DerMalformed('not one complete DER or BER value', { cause });
  }
}

/** The members of a constructed value. Throws DerMalformed on a primitive one. */
export function itemsOf(value: DerValue): DerValue[] {
  if (typeof value.value === 'string') throw new DerMalformed('a constructed value was expected');
  return value.value;
}

/** The member at an index. Throws DerMalformed where there is none. */
export function itemAt(value: DerValue, index: number): DerValue {
  const item = itemsOf(value)[index];
  if (item === undefined) throw new DerMalformed(`member ${index} is missing`);
  return item;
}

/** The content bytes of a primitive value; the chunks of a constructed string (BER) are joined. */
export function bytesOf(value: DerValue): Buffer {
  return typeof value.value === 'string' ? fromBinary(value.value) : Buffer.concat(value.value.map(bytesOf));
}

export const isOctetString = (value: DerValue): boolean =>
  value.tagClass === Class.UNIVERSAL && value.type === Type.OCTETSTRING;
export const isInteger = (value: DerValue): boolean =>
  value.tagClass === Class.UNIVERSAL && value.type === Type.INTEGER;
export const isSequence = (value: DerValue): boolean =>
  value.tagClass === Class.UNIVERSAL && value.type === Type.SEQUENCE && value.constructed;
export const isTagged = (value: DerValue, tag: number): boolean =>
  value.tagClass === Class.CONTEXT_SPECIFIC && value.type === (tag as forge.asn1.Type);

/** The bytes of an OCTET STRING and of nothing else. Throws DerMalformed. */
export function octetsOf(value: DerValue): Buffer {
  if (!isOctetString(value)) throw new DerMalformed('an OCTET STRING was expected');
  return bytesOf(value);
}

/** The dotted form of an OBJECT IDENTIFIER. Throws DerMalformed. */
export function oidOf(value: DerValue): string {
  if (value.tagClass !== Class.UNIVERSAL || value.type !== Type.OID || typeof value.value !== 'string') {
    throw new DerMalformed('an OBJECT IDENTIFIER was expected');
  }
  try {
    return asn1.derToOid(value.value);
  } catch (cause) {
    throw new DerMalformed('not a readable OBJECT IDENTIFIER', { cause });
  }
}

/** A non-negative INTEGER below 2^48. Throws DerMalformed. */
export function integerOf(value: DerValue): number {
  const bytes = bytesOf(value);
  if (!isInteger(value) || bytes.length === 0 || bytes.length > 6 || (bytes[0] ?? 0) >= 0x80) {
    throw new DerMalformed('a small non-negative INTEGER was expected');
  }
  return bytes.readUIntBE(0, bytes.length);
}
