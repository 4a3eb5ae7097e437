/**
 * The X.509 v3 extensions our profiles use, each cited at its section of RFC 5280.
 * They only say what they are told; which of them a certificate carries is decided in `certificate-profiles.ts`.
 */

import { createHash, type KeyObject } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bitString,
  boolean,
  bytesOf,
  type DerValue,
  integer,
  itemAt,
  octetString,
  oid,
  parseDer,
  sequence,
  tagged,
  taggedBytes,
  toDer,
} from './der.ts';

/** The bits of keyUsage (RFC 5280 4.2.1.3) that we assert, with their bit numbers. */
const KEY_USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

const PURPOSE_OIDS = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
} as const;

export type KeyUsage = keyof typeof KEY_USAGE_BITS;
export type KeyPurpose = keyof typeof PURPOSE_OIDS;
export type AlternativeName =
  | { readonly kind: 'address'; readonly value: string }
  | { readonly kind: 'host'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string };

/** Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue } (RFC 5280 4.1). */
export function extension(dotted: string, value: DerValue, criticality: 'critical' | 'plain' = 'plain'): DerValue {
  const content = octetString(toDer(value));
  return criticality === 'critical' ? sequence(oid(dotted), boolean(true), content) : sequence(oid(dotted), content);
}

/** SHA-1 of the bits of the public key (RFC 5280 4.2.1.2, method 1). 20 bytes; a label, not a security measure. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = parseDer(publicKey.export({ type: 'spki', format: 'der' }));
  const bits = bytesOf(itemAt(spki, 1)).subarray(1);
  return createHash('sha1').update(bits).digest();
}

export const subjectKeyIdentifier = (publicKey: KeyObject): DerValue =>
  extension('2.5.29.14', octetString(keyIdentifier(publicKey)));

export const authorityKeyIdentifier = (issuerPublicKey: KeyObject): DerValue =>
  extension('2.5.29.35', sequence(taggedBytes(0, keyIdentifier(issuerPublicKey))));

/** An authority, and how many authorities may stand below it: null says no limit (RFC 5280 4.2.1.9). */
export function authorityConstraint(pathLength: number | null): DerValue {
  const members = pathLength === null ? [boolean(true)] : [boolean(true), integer(pathLength)];
  return extension('2.5.29.19', sequence(...members), 'critical');
}

/** Not an authority: the empty basicConstraints. */
export const leafConstraint = (): DerValue => extension('2.5.29.19', sequence(), 'critical');

/** keyUsage, critical, its trailing zero bits left out as DER asks for named bits (X.690 11.2.2). */
export function keyUsage(usages: readonly KeyUsage[]): DerValue {
  if (usages.length === 0) throw new RangeError('keyUsage needs at least one bit');
  const bits = usages.map((usage) => KEY_USAGE_BITS[usage]);
  const byte = bits.reduce<number>((sum, bit) => sum | (0x80 >> bit), 0);
  return extension('2.5.29.15', bitString(Uint8Array.of(byte), 7 - Math.max(...bits)), 'critical');
}

export const extendedKeyUsage = (purposes: readonly KeyPurpose[]): DerValue =>
  extension('2.5.29.37', sequence(...purposes.map((purpose) => oid(PURPOSE_OIDS[purpose]))));

/** One distribution point with one URL (RFC 5280 4.2.1.13). */
export const crlDistributionPoint = (url: string): DerValue =>
  extension('2.5.29.31', sequence(sequence(tagged(0, tagged(0, taggedBytes(6, ia5(url)))))));

export const certificatePolicy = (policyOid: string): DerValue =>
  extension('2.5.29.32', sequence(sequence(oid(policyOid))));

/** subjectAltName (RFC 5280 4.2.1.6). Throws RangeError on a name that is not ASCII or an IP that is none. */
export const subjectAlternativeNames = (names: readonly AlternativeName[]): DerValue =>
  extension('2.5.29.17', sequence(...names.map(generalName)));

function generalName(name: AlternativeName): DerValue {
  if (name.kind === 'address') return taggedBytes(1, ia5(name.value));
  if (name.kind === 'host') return taggedBytes(2, ia5(name.value));
  return taggedBytes(7, ipBytes(name.value));
}

function ia5(text: string): Buffer {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new RangeError(`printable ASCII without blanks was expected: "${text}"`);
  return Buffer.from(text, 'ascii');
}

/** 4 bytes for IPv4, 16 for IPv6, in network order. */
function ipBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  if (!isIPv6(ip)) throw new RangeError(`an IP address was expected: "${ip}"`);
  const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = new Array<string>(8 - before.length - after.length).fill('0');
  const groups = tail === undefined ? before : [...before, ...gap, ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
