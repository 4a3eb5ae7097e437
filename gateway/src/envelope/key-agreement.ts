/**
 * Key agreement (KeyAgreeRecipientInfo, RFC 5652 §6.2.2): the sender's ephemeral key and our static one agree on a secret
 * (ECDH on the NIST and Brainpool curves, RFC 5753; X25519 and X448, RFC 8418), which derives the key that wraps the
 * content key. The sender's point must lie on our curve and the secret must not be zero: node:crypto refuses both. A
 * failure gives a random content key, like a wrong RSA padding.
 */
import { createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto';
import { type Algorithm, isNullOrAbsent, readAlgorithm } from './algorithm.ts';
import { BerError, type BerNode, isContext, oidOf, rawOf, sequenceOf, wholeBitsOf } from './ber.ts';
import { context, element, octetString, oid, sequence } from './der.ts';
import { deriveByHkdf, deriveByX963, unwrapAesKey } from './key-derivation.ts';
import { CURVES, OID } from './oids.ts';

type Scheme = { readonly derivation: 'x963' | 'hkdf'; readonly digest: string };

const X963_SHA1: Scheme = { derivation: 'x963', digest: 'sha1' };
const X963_SHA224: Scheme = { derivation: 'x963', digest: 'sha224' };
const X963_SHA256: Scheme = { derivation: 'x963', digest: 'sha256' };
const X963_SHA384: Scheme = { derivation: 'x963', digest: 'sha384' };
const X963_SHA512: Scheme = { derivation: 'x963', digest: 'sha512' };

/** RFC 5753 §7.1.4 and RFC 8418 §2: on curves of cofactor 1 the cofactor schemes are the standard ones. */
const STANDARD_SCHEMES: Readonly<Record<string, Scheme>> = {
  '1.3.133.16.840.63.0.2': X963_SHA1,
  '1.3.132.1.11.0': X963_SHA224,
  '1.3.132.1.11.1': X963_SHA256,
  '1.3.132.1.11.2': X963_SHA384,
  '1.3.132.1.11.3': X963_SHA512,
  '1.2.840.113549.1.9.16.3.19': { derivation: 'hkdf', digest: 'sha256' },
  '1.2.840.113549.1.9.16.3.20': { derivation: 'hkdf', digest: 'sha384' },
  '1.2.840.113549.1.9.16.3.21': { derivation: 'hkdf', digest: 'sha512' },
};
const COFACTOR_SCHEMES: Readonly<Record<string, Scheme>> = {
  '1.3.133.16.840.63.0.3': X963_SHA1,
  '1.3.132.1.14.0': X963_SHA224,
  '1.3.132.1.14.1': X963_SHA256,
  '1.3.132.1.14.2': X963_SHA384,
  '1.3.132.1.14.3': X963_SHA512,
};

/** AES key wrap (RFC 3565 §2.3.2), with the length of its key in bytes. */
const AES_WRAPS: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.1.5': 16,
  '2.16.840.1.101.3.4.1.25': 24,
  '2.16.840.1.101.3.4.1.45': 32,
};

const MONTGOMERY: Readonly<Record<string, string>> = { x25519: OID.x25519, x448: OID.x448 };

export interface OriginatorKey {
  readonly algorithm: Algorithm;
  readonly bits: Buffer;
}

export interface KeyAgreement {
  readonly scheme: Scheme;
  readonly originator: OriginatorKey;
  /** The whole AlgorithmIdentifier of the key wrap, as the sender wrote it: it goes into the derivation. */
  readonly wrapAlgorithm: Buffer;
  readonly wrapKeyBytes: number;
  readonly ukm: Buffer | null;
}

/** OriginatorPublicKey, or any SEQUENCE or tagged element with an algorithm and the bits of a key. */
export function readOriginatorKey(node: BerNode): OriginatorKey {
  const [algorithm, bits, ...more] = node.children;
  if (more.length > 0) throw new BerError('public key malformed');
  return { algorithm: readAlgorithm(algorithm), bits: wholeBitsOf(bits) };
}

/** RFC 5753 §7.1.2: parameters absent, NULL, or the curve, which then must be ours. */
function isOnCurve(algorithm: Algorithm, curve: string): boolean {
  if (algorithm.oid !== OID.ecPublicKey) return false;
  return isNullOrAbsent(algorithm.parameters) || algorithm.parameters?.equals(oid(curve)) === true;
}

/** Octets of an elliptic point: uncompressed or compressed, not the hybrid forms (SEC 1 §2.3.3). */
const isPlainPoint = (point: Buffer): boolean => point[0] === 4 || point[0] === 2 || point[0] === 3;

/** The sender's key as SubjectPublicKeyInfo on the curve of ours; null when it is for another. */
function originatorSpki({ algorithm, bits }: OriginatorKey, own: KeyObject): Buffer | null {
  const bitString = element(0x03, Buffer.from([0]), bits);
  const montgomery = MONTGOMERY[own.asymmetricKeyType ?? ''];
  if (montgomery !== undefined)
    return algorithm.oid === montgomery && algorithm.parameters === null
      ? sequence(sequence(oid(montgomery)), bitString)
      : null;
  const curve = CURVES[own.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined || !isOnCurve(algorithm, curve) || !isPlainPoint(bits)) return null;
  return sequence(sequence(oid(OID.ecPublicKey), oid(curve)), bitString);
}

/** The shared secret, or null for a key that is of another curve, no point of it, or of small order. */
export function agreeOnSecret(privateKey: KeyObject, originator: OriginatorKey): Buffer | null {
  const spki = originatorSpki(originator, privateKey);
  if (spki === null) return null;
  try {
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return null;
  }
}

/** Whether a key can agree at all. */
function canAgree(key: KeyObject, isCofactor: boolean): boolean {
  if (key.asymmetricKeyType === 'ec') return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] !== undefined;
  return MONTGOMERY[key.asymmetricKeyType ?? ''] !== undefined && !isCofactor;
}

/** How the key is agreed, or null when not in a way this gateway opens, or not with this key; throws `BerError`. */
export function readKeyAgreement(
  parts: { originator: BerNode | undefined; ukm: Buffer | null; algorithm: BerNode | undefined },
  privateKey: KeyObject,
): KeyAgreement | null {
  const key = parts.originator?.children[0];
  // Static keys of the sender, named by their certificate, are not opened: S/MIME uses ephemeral ones (RFC 8551 §2.3).
  if (!isContext(key, 1)) return null;
  const [type, wrap] = sequenceOf(parts.algorithm);
  const name = oidOf(type);
  const scheme = STANDARD_SCHEMES[name] ?? COFACTOR_SCHEMES[name];
  if (scheme === undefined || !canAgree(privateKey, COFACTOR_SCHEMES[name] !== undefined)) return null;
  if (wrap === undefined) throw new BerError('key wrap missing');
  const wrapKeyBytes = AES_WRAPS[readAlgorithm(wrap).oid];
  if (wrapKeyBytes === undefined) return null;
  return { scheme, originator: readOriginatorKey(key), wrapAlgorithm: rawOf(wrap), wrapKeyBytes, ukm: parts.ukm };
}

/** ECC-CMS-SharedInfo (RFC 5753 §7.2): the wrap as written, the sender's material if any, the key's length in bits. */
function sharedPurpose({ wrapAlgorithm, wrapKeyBytes, ukm }: KeyAgreement): Buffer {
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(wrapKeyBytes * 8);
  const material = ukm === null ? [] : [context(0, octetString(ukm))];
  return sequence(wrapAlgorithm, ...material, context(2, octetString(bits)));
}

function wrappingKeyOf(agreement: KeyAgreement, secret: Buffer): Buffer {
  const { scheme, ukm, wrapKeyBytes } = agreement;
  const derivation = { digest: scheme.digest, secret, purpose: sharedPurpose(agreement), bytes: wrapKeyBytes };
  if (scheme.derivation === 'x963') return deriveByX963(derivation);
  // RFC 8418 §2.2: the sender's material, when there is some, is also the salt.
  return deriveByHkdf({ ...derivation, salt: ukm ?? Buffer.alloc(0) });
}

/** The content key, or a random one of the same length: which of the two is never told. */
export function unwrapAgreedKey(wrapped: {
  agreement: KeyAgreement;
  privateKey: KeyObject;
  encryptedKey: Buffer;
  keyBytes: number;
}): Buffer {
  const { agreement, encryptedKey, keyBytes } = wrapped;
  const substitute = randomBytes(keyBytes);
  const secret = agreeOnSecret(wrapped.privateKey, agreement.originator);
  if (secret === null) return substitute;
  const key = unwrapAesKey(wrappingKeyOf(agreement, secret), encryptedKey);
  return key?.length === keyBytes ? key : substitute;
}
