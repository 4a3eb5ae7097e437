/**
 * For tests: an authority that certifies whatever is wished, well-formed or not. Certificates and lists are built
 * with der.ts and signed by node:crypto, so that a test can leave out, repeat or spoil any field.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { PRESETS } from '../ports.ts';
import { readCertificate } from './certificate.ts';
import { judgePath, type TrustStore } from './certificate-path.ts';
import { context, contextPrimitive, element, nullElement, octetString, oid, sequence, time } from './der.ts';
import { OID } from './oids.ts';
import type { OpeningPolicy } from './peel-layers.ts';
import { readRevocationList } from './revocation-list.ts';

/** The moment at which every test judges. */
export const NOW = new Date('2026-06-15T10:00:00Z');
export const DAY_MS = 86_400_000;
export const daysFromNow = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

/** Somebody with a certificate and its key. */
export interface Party {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  /** Name of the issuer and serial number, DER: what a CMS message names the certificate by. */
  readonly issuerName: Buffer;
  readonly serial: Buffer;
}

const SHA1_WITH_RSA = '1.2.840.113549.1.1.5';

export const rsaKey = (bits = 2_048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;

const bitString = (bytes: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.from([unused]), bytes);
export const booleanTrue = (): Buffer => element(0x01, Buffer.from([0xff]));
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text));

/** A Name of one common name, given as text or as a ready string element. */
export const name = (commonName: string | Buffer): Buffer =>
  sequence(
    element(0x31, sequence(oid(OID.commonName), typeof commonName === 'string' ? utf8(commonName) : commonName)),
  );

export const extension = (type: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(type), ...(critical ? [booleanTrue()] : []), octetString(value));

/** KeyUsage of one octet, most significant bit first: 0x80 digitalSignature, 0x20 keyEncipherment, 0x06 CA. */
export const keyUsage = (bits: number): Buffer => extension(OID.keyUsage, bitString(Buffer.from([bits])), true);
export const extendedKeyUsage = (...purposes: string[]): Buffer =>
  extension(OID.extendedKeyUsage, sequence(...purposes.map(oid)));
export const addressName = (address: string): Buffer =>
  extension(OID.subjectAltName, sequence(contextPrimitive(1, Buffer.from(address, 'latin1'))));
export const authority = (pathLength?: number): Buffer =>
  extension(
    OID.basicConstraints,
    sequence(booleanTrue(), ...(pathLength === undefined ? [] : [element(0x02, Buffer.from([pathLength]))])),
    true,
  );
export const notAuthority = (): Buffer => extension(OID.basicConstraints, sequence(), true);

/** Extensions of a usual certificate for signing and receiving mail. */
export const mailExtensions = (address: string): Buffer[] => [
  notAuthority(),
  keyUsage(0xa0),
  extendedKeyUsage(OID.emailProtection),
  addressName(address),
];
export const authorityExtensions = (pathLength?: number): Buffer[] => [authority(pathLength), keyUsage(0x06)];

export interface CertificateWish {
  readonly subject: string | Buffer;
  readonly key?: KeyObject;
  /** Absent: self-issued. */
  readonly issuer?: { readonly name: string | Buffer; readonly key: KeyObject };
  readonly serial?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions: readonly Buffer[];
  readonly digest?: 'sha256' | 'sha1';
}

const algorithmOf = (digest: 'sha256' | 'sha1'): Buffer =>
  sequence(oid(digest === 'sha1' ? SHA1_WITH_RSA : OID.sha256WithRsa), nullElement());

const serialOf = (serial: number): Buffer => element(0x02, Buffer.from([0x40, serial >> 8, serial & 0xff]));

let nextSerial = 1;

/** Makes the certificate that is wished. */
export function certify(wish: CertificateWish): Party {
  const privateKey = wish.key ?? rsaKey();
  const issuer = wish.issuer ?? { name: wish.subject, key: privateKey };
  const digest = wish.digest ?? 'sha256';
  nextSerial += 1;
  const serial = serialOf(wish.serial ?? nextSerial);
  const issuerName = name(issuer.name);
  const body = sequence(
    context(0, element(0x02, Buffer.from([2]))),
    serial,
    algorithmOf(digest),
    issuerName,
    sequence(time(wish.notBefore ?? daysFromNow(-30)), time(wish.notAfter ?? daysFromNow(300))),
    name(wish.subject),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    context(3, sequence(...wish.extensions)),
  );
  const certificate = sequence(body, algorithmOf(digest), bitString(sign(digest, body, issuer.key)));
  return { certificate, privateKey, issuerName, serial };
}

export interface ListWish {
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly revoked?: readonly { readonly serial: number; readonly at: Date }[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly extensions?: readonly Buffer[];
}

/** Makes a revocation list. */
export function revocationList(wish: ListWish): Buffer {
  const entries = (wish.revoked ?? []).map(({ serial, at }) => sequence(serialOf(serial), time(at)));
  const body = sequence(
    element(0x02, Buffer.from([1])),
    algorithmOf('sha256'),
    name(wish.issuer.name),
    time(wish.thisUpdate ?? daysFromNow(-1)),
    time(wish.nextUpdate ?? daysFromNow(7)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(wish.extensions === undefined ? [] : [context(0, sequence(...wish.extensions))]),
  );
  return sequence(body, algorithmOf('sha256'), bitString(sign('sha256', body, wish.issuer.key)));
}

/** A trust store of DER certificates and lists. */
export const storeOf = (anchors: readonly Buffer[], lists: readonly Buffer[]): TrustStore => ({
  anchors: anchors.map(readCertificate),
  intermediates: [],
  lists: lists.map(readRevocationList),
});

/** A policy that judges at NOW over the store. */
export function policyOver(store: TrustStore, change: Partial<OpeningPolicy> = {}): OpeningPolicy {
  return {
    letters: PRESETS.demo.letters,
    keys: [],
    judge: (question) => judgePath({ ...question, store }),
    at: NOW,
    ...change,
  };
}

export const DOCTOR_ADDRESS = 'claire.martin@cabinet.example';
export const PHARMACY_ADDRESS = 'pharmacie@officine.example';
export const ROOT = { name: 'Test root', key: rsaKey() };
export const DOCTOR_SERIAL = 0x1001;

/** The world of most tests: one root with a fresh list, a doctor who signs, a pharmacy that receives. */
export const root = certify({ subject: ROOT.name, key: ROOT.key, extensions: authorityExtensions() });
export const doctor = certify({
  subject: 'Dr Claire MARTIN',
  issuer: ROOT,
  serial: DOCTOR_SERIAL,
  extensions: mailExtensions(DOCTOR_ADDRESS),
});
export const pharmacy = certify({
  subject: 'Pharmacie des Tilleuls',
  issuer: ROOT,
  extensions: mailExtensions(PHARMACY_ADDRESS),
});
export const rootList = revocationList({ issuer: ROOT });
export const pharmacyKey = { certificate: readCertificate(pharmacy.certificate), privateKey: pharmacy.privateKey };
export const goodPolicy = policyOver(storeOf([root.certificate], [rootList]), { keys: [pharmacyKey] });

/** PEM of DER, for the openssl command. */
export const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
