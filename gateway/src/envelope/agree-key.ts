/**
 * Wraps a content key for a correspondent whose key is not RSA: ECDH on his curve (RFC 5753 §3.1) or X25519 (RFC 8418),
 * ephemeral-static, with AES-256 key wrap (RFC 3394). The ephemeral key is made for one mail and forgotten with it:
 * used twice, two mails would share their wrapping key.
 */
import { createCipheriv, createHash, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { rawOf, readBer, sequenceOf } from './ber.ts';
import { DER_LIMITS } from './certificate.ts';
import { context, octetString, oid, sequence, smallInteger } from './der.ts';

interface Agreement {
  /** Digest of the key derivation. */
  readonly digest: 'sha256' | 'sha384' | 'sha512';
  readonly derivation: 'x963' | 'hkdf';
  readonly scheme: string;
  /** Algorithm of the originator's key; parameters stay out (RFC 5753 §7.1.2). */
  readonly keyType: string;
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
// dhSinglePass-stdDH with the X9.63 derivation; the digest is as strong as the curve.
const SHA256 = { digest: 'sha256', derivation: 'x963', scheme: '1.3.132.1.11.1', keyType: EC_PUBLIC_KEY } as const;
const SHA384 = { digest: 'sha384', derivation: 'x963', scheme: '1.3.132.1.11.2', keyType: EC_PUBLIC_KEY } as const;
const SHA512 = { digest: 'sha512', derivation: 'x963', scheme: '1.3.132.1.11.3', keyType: EC_PUBLIC_KEY } as const;
const CURVES: Readonly<Record<string, Agreement>> = {
  prime256v1: SHA256,
  secp384r1: SHA384,
  secp521r1: SHA512,
  brainpoolP256r1: SHA256,
  brainpoolP384r1: SHA384,
  brainpoolP512r1: SHA512,
};
// dhSinglePass-stdDH-hkdf-sha256 (RFC 8418 §2.2).
const X25519: Agreement = {
  digest: 'sha256',
  derivation: 'hkdf',
  scheme: '1.2.840.113549.1.9.16.3.19',
  keyType: '1.3.101.110',
};

const AES256_WRAP = sequence(oid('2.16.840.1.101.3.4.1.45'));
const WRAPPING_KEY_BYTES = 32;
const WRAP_IV = Buffer.alloc(8, 0xa6);

function agreementOf(key: KeyObject): Agreement | null {
  if (key.asymmetricKeyType === 'x25519') return X25519;
  return key.asymmetricKeyType === 'ec' ? (CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? null) : null;
}

/** Whether a key can be agreed with this public key. */
export const canAgree = (key: KeyObject): boolean => agreementOf(key) !== null;

function ephemeralFor(recipient: KeyObject): { publicKey: KeyObject; privateKey: KeyObject } {
  if (recipient.asymmetricKeyType === 'x25519') return generateKeyPairSync('x25519');
  return generateKeyPairSync('ec', { namedCurve: recipient.asymmetricKeyDetails?.namedCurve ?? '' });
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** ECC-CMS-SharedInfo without user keying material (RFC 5753 §7.2): the wrap algorithm and the length in bits. */
const SHARED_FACTS = sequence(AES256_WRAP, context(2, octetString(uint32(WRAPPING_KEY_BYTES * 8))));

function deriveKey(secret: Buffer, { digest, derivation }: Agreement): Buffer {
  if (derivation === 'hkdf')
    return Buffer.from(hkdfSync(digest, secret, Buffer.alloc(0), SHARED_FACTS, WRAPPING_KEY_BYTES));
  // X9.63: one round is enough, since every digest here gives at least the 32 bytes asked for.
  return createHash(digest)
    .update(secret)
    .update(uint32(1))
    .update(SHARED_FACTS)
    .digest()
    .subarray(0, WRAPPING_KEY_BYTES);
}

/** The key itself, tagged as OriginatorPublicKey wants it: the BIT STRING of its SubjectPublicKeyInfo. */
function publicBits(key: KeyObject): Buffer {
  const [, bits] = sequenceOf(readBer(key.export({ type: 'spki', format: 'der' }), DER_LIMITS));
  if (bits === undefined) throw new RangeError('a public key without bits');
  return rawOf(bits);
}

/**
 * KeyAgreeRecipientInfo (RFC 5652 §6.2.2) with `contentKey` wrapped for the recipient named by `identifier`. Throws
 * `RangeError` for a key that cannot agree.
 */
export function agreedRecipient(recipient: KeyObject, identifier: Buffer, contentKey: Buffer): Buffer {
  const agreement = agreementOf(recipient);
  if (agreement === null) throw new RangeError('no key can be agreed with a key of this kind');
  const ephemeral = ephemeralFor(recipient);
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient });
  const wrappingKey = deriveKey(secret, agreement);
  const wrap = createCipheriv('id-aes256-wrap', wrappingKey, WRAP_IV);
  const wrapped = Buffer.concat([wrap.update(contentKey), wrap.final()]);
  secret.fill(0);
  wrappingKey.fill(0);
  const originatorKey = context(1, sequence(oid(agreement.keyType)), publicBits(ephemeral.publicKey));
  return context(
    1,
    smallInteger(3),
    context(0, originatorKey),
    sequence(oid(agreement.scheme), AES256_WRAP),
    sequence(sequence(identifier, octetString(wrapped))),
  );
}
