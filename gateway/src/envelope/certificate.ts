/**
 * An X.509 certificate as this gateway reads it (RFC 5280 §4): strict DER, every extension at most once, names
 * both as bytes (for copying) and in a form that can be compared. Reading decides nothing about trust.
 */
import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { Signer } from '@estafette/contracts/verdict';
import { type Algorithm, readAlgorithm } from './algorithm.ts';
import {
  BerError,
  type BerNode,
  booleanOf,
  integerOf,
  isContext,
  isUniversal,
  namedBitsOf,
  octetsOf,
  oidOf,
  rawOf,
  readBer,
  sequenceOf,
  smallIntegerOf,
  TAG,
  wholeBitsOf,
} from './ber.ts';
import { timeOf } from './ber-time.ts';
import { certificateAddresses } from './certificate-addresses.ts';
import { type Name, type NamePart, readName } from './certificate-name.ts';
import { isMinimalInteger } from './der-scan.ts';
import { OID } from './oids.ts';

export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

export interface Certificate {
  readonly raw: Buffer;
  readonly tbs: Buffer;
  readonly serial: Buffer;
  readonly issuerRaw: Buffer;
  readonly subjectRaw: Buffer;
  readonly issuerName: Name;
  readonly subjectName: Name;
  /** Names in a form in which equal names are equal strings (RFC 5280 §7.1). */
  readonly issuerKey: string;
  readonly subjectKey: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, and the octets of the key in it (what key identifiers are digests of). */
  readonly spki: Buffer;
  readonly keyOctets: Buffer;
  readonly signatureAlgorithm: Algorithm;
  readonly signature: Buffer;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly subject: readonly NamePart[];
  readonly issuer: readonly NamePart[];
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
}

export const DER_LIMITS = { depthMax: ENVELOPE_LIMITS.asn1DepthMax, nodesMax: 5_000, der: true } as const;

/** Extensions by OID; a repeated one makes the certificate (or list) unacceptable. */
export function readExtensions(node: BerNode | undefined): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (node === undefined) return extensions;
  for (const extension of sequenceOf(node)) {
    const fields = [...sequenceOf(extension)];
    const oid = oidOf(fields.shift());
    const critical = isUniversal(fields[0], TAG.boolean) && booleanOf(fields.shift());
    const [value, ...more] = fields;
    if (!isUniversal(value, TAG.octetString) || more.length > 0) throw new BerError('extension without its one value');
    if (extensions.has(oid)) throw new BerError('extension repeated');
    extensions.set(oid, { critical, value: octetsOf(value) });
  }
  return extensions;
}

const CERTIFICATES_KEPT_MAX = 2_000;
const CERTIFICATES_KEPT_MAX_BYTES = 16 * 1_048_576;
const known = new Map<string, Certificate>();
let knownBytes = 0;

/**
 * Reads one DER certificate; throws `BerError`, also for a key that node:crypto does not know. The same bytes give the
 * same object: a correspondent's next letter costs a digest instead of a parse.
 */
export function readCertificate(raw: Buffer): Certificate {
  const fingerprint = hash('sha256', raw);
  const kept = known.get(fingerprint);
  if (kept !== undefined) return kept;
  const certificate = parseCertificate(Buffer.from(raw), fingerprint);
  if (known.size >= CERTIFICATES_KEPT_MAX || knownBytes > CERTIFICATES_KEPT_MAX_BYTES) {
    known.clear();
    knownBytes = 0;
  }
  knownBytes += raw.length;
  known.set(fingerprint, certificate);
  return certificate;
}

/** A serial number in its one encoding: a list would not be searched for another (X.690 §8.3.2). */
function serialOf(node: BerNode | undefined): Buffer {
  const serial = integerOf(node, 64);
  if (!isMinimalInteger(serial)) throw new BerError('serial number padded');
  return serial;
}

/** The key as OpenSSL reads it from the whole certificate: what a second reader does not take is not taken here. */
function readPublicKey(raw: Buffer): KeyObject {
  try {
    return new X509Certificate(raw).publicKey;
  } catch (cause) {
    throw new BerError('a certificate or key that OpenSSL does not read', { cause });
  }
}

function parseCertificate(raw: Buffer, fingerprint: string): Certificate {
  if (raw.length > ENVELOPE_LIMITS.certificateMaxBytes) throw new BerError('certificate too large');
  const [tbsNode, algorithm, signature, ...trailing] = sequenceOf(readBer(raw, DER_LIMITS));
  const fields = [...sequenceOf(tbsNode)];
  const version = isContext(fields[0], 0) ? smallIntegerOf(fields.shift()?.children[0]) : 0;
  const [serial, innerAlgorithm, issuer, validity, subject, spki, ...rest] = fields;
  if (
    tbsNode === undefined ||
    spki === undefined ||
    innerAlgorithm === undefined ||
    issuer === undefined ||
    subject === undefined
  ) {
    throw new BerError('certificate incomplete');
  }
  if (algorithm === undefined || !rawOf(algorithm).equals(rawOf(innerAlgorithm)))
    throw new BerError('certificate algorithms differ');
  const [notBefore, notAfter] = sequenceOf(validity);
  const issuerName = readName(issuer);
  const subjectName = readName(subject);
  const extensionsField = rest.find((node) => isContext(node, 3));
  if (trailing.length > 0 || version > 2 || (extensionsField !== undefined && version !== 2))
    throw new BerError('certificate of another shape');
  return {
    raw,
    tbs: rawOf(tbsNode),
    serial: serialOf(serial),
    issuerRaw: rawOf(issuer),
    subjectRaw: rawOf(subject),
    issuerName,
    subjectName,
    issuerKey: issuerName.key,
    subjectKey: subjectName.key,
    issuer: issuerName.parts,
    subject: subjectName.parts,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    publicKey: readPublicKey(raw),
    spki: rawOf(spki),
    keyOctets: wholeBitsOf(sequenceOf(spki)[1]),
    signatureAlgorithm: readAlgorithm(algorithm),
    signature: wholeBitsOf(signature),
    extensions: readExtensions(extensionsField?.children[0]),
    fingerprint,
  };
}

const readValue = (extension: Extension): BerNode => readBer(extension.value, DER_LIMITS);

/** The value of an extension, or null when the certificate (or list) has none of that kind. */
export function extensionOf(
  holder: { readonly extensions: ReadonlyMap<string, Extension> },
  type: string,
): BerNode | null {
  const extension = holder.extensions.get(type);
  return extension === undefined ? null : readValue(extension);
}

/** KeyUsage bits (RFC 5280 §4.2.1.3), or null when the extension is absent. */
export function keyUsageOf(certificate: Certificate): ((bit: KeyUsageBit) => boolean) | null {
  const extension = certificate.extensions.get(OID.keyUsage);
  if (extension === undefined) return null;
  const bits = namedBitsOf(readValue(extension));
  return (bit) => bits(KEY_USAGE_BITS[bit]);
}

const KEY_USAGE_BITS = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;
export type KeyUsageBit = keyof typeof KEY_USAGE_BITS;

/** ExtKeyUsage OIDs, or null when absent. */
export function extendedKeyUsageOf(certificate: Certificate): string[] | null {
  const extension = certificate.extensions.get(OID.extendedKeyUsage);
  return extension === undefined ? null : sequenceOf(readValue(extension)).map((node) => oidOf(node));
}

/** BasicConstraints (RFC 5280 §4.2.1.9). */
export function basicConstraintsOf(certificate: Certificate): { ca: boolean; pathLength: number | null } {
  const extension = certificate.extensions.get(OID.basicConstraints);
  if (extension === undefined) return { ca: false, pathLength: null };
  const fields = [...sequenceOf(readValue(extension))];
  const ca = isUniversal(fields[0], TAG.boolean) && booleanOf(fields.shift());
  return { ca, pathLength: fields[0] === undefined ? null : smallIntegerOf(fields[0]) };
}

export function subjectKeyIdentifierOf(certificate: Certificate): Buffer | null {
  const extension = certificate.extensions.get(OID.subjectKeyIdentifier);
  return extension === undefined ? null : octetsOf(readValue(extension));
}

const addressesKnown = new WeakMap<Certificate, readonly string[]>();

/** Mail addresses the certificate vouches for (RFC 8550 §3, RFC 9598). */
export function addressesOf(certificate: Certificate): readonly string[] {
  const known = addressesKnown.get(certificate);
  if (known !== undefined) return known;
  const names = extensionOf(certificate, OID.subjectAltName);
  const ofSubject = certificate.subject.filter((part) => part.type === OID.emailAddress).map((part) => part.text);
  const addresses = certificateAddresses(names === null ? null : sequenceOf(names), ofSubject);
  addressesKnown.set(certificate, addresses);
  return addresses;
}

/** A part of a name as people see it: no control or direction characters, bounded. */
const partOf = (parts: readonly NamePart[], type: string) =>
  parts
    .find((part) => part.type === type)
    ?.text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, ENVELOPE_LIMITS.signerNameMaxCharacters);

/** How the holder is named to people: given name and surname, else common name, else organisation. */
export function signerOf(certificate: Certificate): Signer {
  const given = partOf(certificate.subject, OID.givenName);
  const surname = partOf(certificate.subject, OID.surname);
  const organization = partOf(certificate.subject, OID.organization);
  const common = partOf(certificate.subject, OID.commonName);
  const personal = given !== undefined && surname !== undefined ? `${given} ${surname}` : undefined;
  const readable = common !== undefined && !common.includes('@') ? common : undefined;
  return {
    name:
      personal ??
      (organization !== undefined && readable === undefined
        ? organization
        : (readable ?? common ?? organization ?? '?')),
    addresses: addressesOf(certificate).slice(0, ENVELOPE_LIMITS.signerAddressesMax),
    ...(organization === undefined ? {} : { organization }),
    issuer: partOf(certificate.issuer, OID.commonName) ?? partOf(certificate.issuer, OID.organization) ?? '?',
    serial: certificate.serial.toString('hex'),
    fingerprint: certificate.fingerprint,
    notAfter: certificate.notAfter.toISOString(),
  };
}

/** Whether the certificate calls itself an authority; one that cannot be read as such is none. */
export function isAuthority(certificate: Certificate): boolean {
  const known = authorities.get(certificate) ?? callsItselfAuthority(certificate);
  authorities.set(certificate, known);
  return known;
}

const authorities = new WeakMap<Certificate, boolean>();

function callsItselfAuthority(certificate: Certificate): boolean {
  try {
    return basicConstraintsOf(certificate).ca;
  } catch {
    return false;
  }
}
