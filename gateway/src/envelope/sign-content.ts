/**
 * Makes the SignedData of a letter that leaves: one signer, signed attributes in DER order, the digest that goes with
 * the key. RFC 5652 §5, RFC 8551 §2.5; RFC 5754 (RSA, ECDSA), RFC 4056 (PSS), RFC 8419 (Ed25519), RFC 5035.
 * The danger is a signature that some verifier reads otherwise than it was meant: every attribute has one value, the
 * certificate is bound by its digest, and a kind of key that is not named here signs nothing.
 */
import { constants, hash, type KeyObject, sign } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { context, element, nullElement, octetString, oid, sequence, setOfSorted, smallInteger, time } from './der.ts';
import { OID } from './oids.ts';
import { ownCapabilities } from './smime-capabilities.ts';

export interface SealingKey {
  readonly certificate: Certificate;
  /** Certificates up to, without, the anchor: sent along so that the receiver can build the path. */
  readonly chain: readonly Buffer[];
  readonly privateKey: KeyObject;
  /** The certificate answers are to be encrypted to, sent along and named: the signing one unless given, null for none. */
  readonly encryptionCertificate?: Certificate | null;
}

type Digest = 'sha256' | 'sha384' | 'sha512';

/** How a key signs: the digest of the content, and the signature's algorithm identifier. */
export interface SigningWay {
  readonly digest: Digest;
  /** Value of `micalg` (RFC 8551 §3.5.3.2). */
  readonly micalg: 'sha-256' | 'sha-384' | 'sha-512';
  readonly algorithm: Buffer;
}

const DIGEST_ALGORITHMS: Readonly<Record<Digest, Buffer>> = {
  sha256: sequence(oid('2.16.840.1.101.3.4.2.1')),
  sha384: sequence(oid('2.16.840.1.101.3.4.2.2')),
  sha512: sequence(oid('2.16.840.1.101.3.4.2.3')),
};

const RSA: SigningWay = {
  digest: 'sha256',
  micalg: 'sha-256',
  algorithm: sequence(oid(OID.rsaEncryption), nullElement()),
};
/** RSASSA-PSS with SHA-256 throughout and a salt of the digest's length (RFC 4056 §2.2, RFC 4055 §3.1). */
const SHA256_WITH_NULL = sequence(oid(OID.sha256), nullElement());
const PSS_SALT_BYTES = 32;
const PSS: SigningWay = {
  digest: 'sha256',
  micalg: 'sha-256',
  algorithm: sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      context(0, SHA256_WITH_NULL),
      context(1, sequence(oid('1.2.840.113549.1.1.8'), SHA256_WITH_NULL)),
      context(2, smallInteger(PSS_SALT_BYTES)),
    ),
  ),
};
const ecdsa = (digest: Digest, arc: number): SigningWay => ({
  digest,
  micalg: digest.replace('sha', 'sha-') as SigningWay['micalg'],
  algorithm: sequence(oid(`1.2.840.10045.4.3.${arc}`)),
});
const ECDSA_SHA256 = ecdsa('sha256', 2);
const ECDSA_SHA384 = ecdsa('sha384', 3);
const ECDSA_SHA512 = ecdsa('sha512', 4);
const ECDSA: Readonly<Record<string, SigningWay>> = {
  prime256v1: ECDSA_SHA256,
  secp384r1: ECDSA_SHA384,
  secp521r1: ECDSA_SHA512,
  brainpoolP256r1: ECDSA_SHA256,
  brainpoolP384r1: ECDSA_SHA384,
  brainpoolP512r1: ECDSA_SHA512,
};
// RFC 8419 §3.1: with signed attributes, the digest of Ed25519 is SHA-512.
const ED25519: SigningWay = { digest: 'sha512', micalg: 'sha-512', algorithm: sequence(oid('1.3.101.112')) };

/** A PSS key may be bound to digests and a least salt of its own. */
function isForSha256({ asymmetricKeyDetails: details }: KeyObject): boolean {
  const { hashAlgorithm = 'sha256', mgf1HashAlgorithm = 'sha256', saltLength = PSS_SALT_BYTES } = details ?? {};
  return hashAlgorithm === 'sha256' && mgf1HashAlgorithm === 'sha256' && saltLength <= PSS_SALT_BYTES;
}

/** How this key signs letters, or null when it is of a kind that does not. */
export function signingWayOf(key: KeyObject): SigningWay | null {
  if (key.asymmetricKeyType === 'rsa') return RSA;
  if (key.asymmetricKeyType === 'ed25519') return ED25519;
  if (key.asymmetricKeyType === 'rsa-pss') return isForSha256(key) ? PSS : null;
  return key.asymmetricKeyType === 'ec' ? (ECDSA[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? null) : null;
}

const signingKeyOf = (key: KeyObject, way: SigningWay) =>
  way === PSS ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES } : key;

const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), setOfSorted([value]));

const serialNumber = (certificate: Certificate): Buffer => element(0x02, certificate.serial);

/** IssuerAndSerialNumber (RFC 5652 §10.2.4): the Name byte for byte as the certificate has it. */
export const issuerAndSerial = (certificate: Certificate): Buffer =>
  sequence(certificate.issuerRaw, serialNumber(certificate));

/** ESSCertIDv2 of the signer, SHA-256 by default and therefore not written (RFC 5035 §4). */
function signingCertificate(certificate: Certificate): Buffer {
  const issuerSerial = sequence(sequence(context(4, certificate.issuerRaw)), serialNumber(certificate));
  const identifier = sequence(octetString(Buffer.from(certificate.fingerprint, 'hex')), issuerSerial);
  return sequence(sequence(identifier));
}

const CONTENT_TYPE_ATTRIBUTE = attribute(OID.contentType, oid(OID.content));

interface Lasting {
  readonly encryption: Certificate | null;
  readonly attributes: readonly Buffer[];
  readonly identifier: Buffer;
}

const known = new WeakMap<Certificate, Lasting>();

/** What all letters of a certificate say alike: what we open, which certificate to encrypt to, which one signs. */
function lastingOf(certificate: Certificate, encryption: Certificate | null): Lasting {
  const kept = known.get(certificate);
  if (kept?.encryption === encryption) return kept;
  const receiving =
    encryption === null
      ? []
      : [
          attribute(OID.smimeCapabilities, ownCapabilities(encryption.publicKey)),
          // SMIMEEncryptionKeyPreference, [0] IssuerAndSerialNumber (RFC 8551 §2.5.3).
          attribute(OID.encryptionKeyPreference, context(0, encryption.issuerRaw, serialNumber(encryption))),
        ];
  const signing = attribute(OID.signingCertificateV2, signingCertificate(certificate));
  const identifier = issuerAndSerial(certificate);
  const made = { encryption, attributes: [CONTENT_TYPE_ATTRIBUTE, ...receiving, signing], identifier };
  known.set(certificate, made);
  return made;
}

/** The signer's certificate, the one to encrypt to and what leads to an anchor, each once (RFC 5652 §5.1). */
function certificatesOf({ certificate, chain }: SealingKey, encryption: Certificate | null): Buffer {
  const others = [...(encryption === null ? [] : [encryption.raw]), ...chain];
  return context(0, certificate.raw, ...others.filter((der) => !der.equals(certificate.raw)));
}

/**
 * ContentInfo of a SignedData over `content`: carried inside when opaque, left outside when detached. Throws
 * `RangeError` for a key that does not sign.
 */
export function signContent(
  content: Buffer,
  options: { key: SealingKey; form: 'detached' | 'opaque'; at: Date },
): {
  signed: Buffer;
  micalg: SigningWay['micalg'];
} {
  const { key, at } = options;
  const way = signingWayOf(key.privateKey);
  if (way === null) throw new RangeError('a key of this kind signs no letter');
  const encryption = key.encryptionCertificate === undefined ? key.certificate : key.encryptionCertificate;
  const lasting = lastingOf(key.certificate, encryption);
  const attributes = setOfSorted([
    ...lasting.attributes,
    attribute(OID.signingTime, time(at)),
    attribute(OID.messageDigest, octetString(hash(way.digest, content, 'buffer'))),
  ]);
  // Ed25519 takes no digest: it signs the attributes themselves (RFC 8419 §3.1).
  const signature = sign(way === ED25519 ? null : way.digest, attributes, signingKeyOf(key.privateKey, way));
  // Signed as the SET OF it is, carried as [0] IMPLICIT (RFC 5652 §5.4).
  const tagged = Buffer.from(attributes);
  tagged[0] = 0xa0;
  const digestAlgorithm = DIGEST_ALGORITHMS[way.digest];
  const signerInfo = sequence(
    smallInteger(1),
    lasting.identifier,
    digestAlgorithm,
    tagged,
    way.algorithm,
    octetString(signature),
  );
  const body = sequence(
    smallInteger(1),
    setOfSorted([digestAlgorithm]),
    sequence(oid(OID.content), ...(options.form === 'opaque' ? [context(0, octetString(content))] : [])),
    certificatesOf(key, encryption),
    setOfSorted([signerInfo]),
  );
  return { signed: sequence(oid(OID.signedData), context(0, body)), micalg: way.micalg };
}
