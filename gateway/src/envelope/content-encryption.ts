/**
 * The symmetric half of encrypted content: AES-CBC (RFC 3565), and Triple-DES where the trust space opens it, for
 * EnvelopedData; AES-GCM (RFC 5084) and ChaCha20-Poly1305 (RFC 8103) for AuthEnvelopedData; a content key bound to its
 * algorithm by HKDF (RFC 9709) for both. Whatever fails is null: no partial plaintext, no reason.
 */
import { type CipherGCMTypes, createDecipheriv, createSecretKey } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import {
  BerError,
  type BerNode,
  contentOf,
  isUniversal,
  octetsOf,
  oidOf,
  rawOf,
  sequenceOf,
  smallIntegerOf,
  TAG,
} from './ber.ts';
import { deriveByHkdf } from './key-derivation.ts';

const CEK_HKDF_SHA256 = '1.2.840.113549.1.9.16.3.31';
const HKDF_SALT = Buffer.from('The Cryptographic Message Syntax', 'ascii');
const CHACHA20_POLY1305 = '1.2.840.113549.1.9.16.3.18';
const TRIPLE_DES = '1.2.840.113549.3.7';

interface BlockCipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

const AES_CBC: Readonly<Record<string, BlockCipher>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16, blockBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24, blockBytes: 16 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32, blockBytes: 16 },
};
const TRIPLE_DES_CBC: BlockCipher = { name: 'des-ede3-cbc', keyBytes: 24, blockBytes: 8 };

interface GcmCipher {
  readonly name: CipherGCMTypes;
  readonly keyBytes: number;
}

const AES_GCM: Readonly<Record<string, GcmCipher>> = {
  '2.16.840.1.101.3.4.1.6': { name: 'aes-128-gcm', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.26': { name: 'aes-192-gcm', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.46': { name: 'aes-256-gcm', keyBytes: 32 },
};
/** Tags of AES-GCM (RFC 5084 §3.2: a shorter one proves less), and nonces as node:crypto takes them. */
const TAG_MIN_BYTES = 12;
const TAG_MAX_BYTES = 16;

export interface ContentAlgorithm {
  readonly oid: string;
  readonly parameters: BerNode | undefined;
  /** The key that is transported for `bytes` of content key, made the content key (RFC 9709 §2), or left as it is. */
  readonly deriveKey: (transported: Buffer) => Buffer;
}

/** ContentEncryptionAlgorithmIdentifier; throws `BerError`. */
export function readContentAlgorithm(node: BerNode | undefined): ContentAlgorithm {
  const [type, parameters] = sequenceOf(node);
  const oid = oidOf(type);
  if (oid !== CEK_HKDF_SHA256 || parameters === undefined)
    return { oid, parameters, deriveKey: (transported) => transported };
  const [innerType, innerParameters] = sequenceOf(parameters);
  const purpose = rawOf(parameters);
  const deriveKey = (secret: Buffer): Buffer =>
    deriveByHkdf({ digest: 'sha256', secret, salt: HKDF_SALT, purpose, bytes: secret.length });
  return { oid: oidOf(innerType), parameters: innerParameters, deriveKey };
}

/** Content without its padding (RFC 5652 §6.3), not copied; null when the padding is wrong. */
function withoutPadding(padded: Buffer, blockBytes: number): Buffer | null {
  const count = padded.at(-1) ?? 0;
  if (padded.length % blockBytes !== 0 || count === 0 || count > blockBytes || count > padded.length) return null;
  for (let at = padded.length - count; at < padded.length; at += 1) if (padded[at] !== count) return null;
  return padded.subarray(0, padded.length - count);
}

/** The cipher of EnvelopedData, or null for one that is not opened there: GCM is not (RFC 5084 §1). */
export function blockCipherOf({ oid }: ContentAlgorithm, opensTripleDes: boolean): BlockCipher | null {
  return AES_CBC[oid] ?? (oid === TRIPLE_DES && opensTripleDes ? TRIPLE_DES_CBC : null);
}

/** The initialisation vector in the parameters; throws `BerError`. */
export function readIv({ parameters }: ContentAlgorithm): Buffer {
  if (!isUniversal(parameters, TAG.octetString)) throw new BerError('initialisation vector missing');
  return octetsOf(parameters);
}

/** Content in the clear, or null. Nothing proves that it is what was encrypted. (A key as an object costs node:crypto half.) */
export function decryptBlocks(cipher: BlockCipher, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer | null {
  try {
    const decipher = createDecipheriv(cipher.name, createSecretKey(key), iv).setAutoPadding(false);
    const padded = decipher.update(encrypted);
    // `final` checks that the last block was whole; without padding it has nothing to add.
    decipher.final();
    return withoutPadding(padded, cipher.blockBytes);
  } catch {
    return null;
  }
}

export interface AuthenticatedCipher {
  readonly name: CipherGCMTypes | 'chacha20-poly1305';
  readonly keyBytes: number;
  readonly nonce: Buffer;
  readonly nonceMaxBytes: number;
  readonly tagBytes: number;
}

const CHACHA20 = { name: 'chacha20-poly1305', keyBytes: 32, nonceMaxBytes: 12, tagBytes: 16 } as const;

/** GCMParameters (RFC 5084 §3.2); a tag of 12 octets when nothing is said. */
function readGcmParameters(node: BerNode | undefined): { nonce: Buffer; tagBytes: number } {
  const [nonce, tagLength, ...more] = sequenceOf(node);
  if (!isUniversal(nonce, TAG.octetString) || nonce.constructed || more.length > 0)
    throw new BerError('GCM parameters malformed');
  return { nonce: contentOf(nonce), tagBytes: tagLength === undefined ? TAG_MIN_BYTES : smallIntegerOf(tagLength) };
}

/** The cipher of AuthEnvelopedData, or null for one that is not opened there: CBC is not. Throws `BerError`. */
export function authenticatedCipherOf({ oid, parameters }: ContentAlgorithm): AuthenticatedCipher | null {
  const gcm = AES_GCM[oid];
  if (gcm !== undefined)
    return { ...gcm, nonceMaxBytes: ENVELOPE_LIMITS.gcmNonceMaxBytes, ...readGcmParameters(parameters) };
  if (oid !== CHACHA20_POLY1305) return null;
  // RFC 8103 §3: the parameters are the nonce, of 12 octets.
  if (!isUniversal(parameters, TAG.octetString) || parameters.constructed) throw new BerError('nonce missing');
  if (parameters.contentEnd - parameters.contentStart !== 12) throw new BerError('nonce of another length');
  return { ...CHACHA20, nonce: contentOf(parameters) };
}

function isSound({ nonce, nonceMaxBytes, tagBytes }: AuthenticatedCipher, tag: Buffer): boolean {
  const hasNonce = nonce.length > 0 && nonce.length <= nonceMaxBytes;
  return hasNonce && tagBytes >= TAG_MIN_BYTES && tagBytes <= TAG_MAX_BYTES && tag.length === tagBytes;
}

/** Content in the clear, proven by its tag, or null. */
export function decryptAuthenticated(
  cipher: AuthenticatedCipher,
  key: Buffer,
  sealed: { encrypted: Buffer; tag: Buffer; additional: Buffer },
): Buffer | null {
  const { name, nonce, tagBytes } = cipher;
  if (!isSound(cipher, sealed.tag)) return null;
  try {
    const decipher = createDecipheriv(name as CipherGCMTypes, createSecretKey(key), nonce, { authTagLength: tagBytes });
    decipher.setAAD(sealed.additional).setAuthTag(sealed.tag);
    const content = decipher.update(sealed.encrypted);
    decipher.final();
    return content;
  } catch {
    return null;
  }
}
