/**
 * Encrypts a letter that leaves to one recipient: EnvelopedData with AES-CBC (RFC 5652 §6, RFC 3565) or AuthEnvelopedData
 * with AES-GCM (RFC 5083, RFC 5084), the content key transported by RSA (PKCS#1 v1.5, or OAEP with SHA-256, RFC 3560) or
 * agreed (agree-key.ts). Never less than AES-128, never in clear: a key that cannot receive is a `RangeError`.
 */
import { constants, createCipheriv, createSecretKey, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import type { SealingContent, SealingTransport } from '../ports.ts';
import { agreedRecipient, canAgree } from './agree-key.ts';
import type { Certificate } from './certificate.ts';
import { nullElement, octetString, oid, piecewise, sequence, setOfSorted, smallInteger } from './der.ts';
import { OID } from './oids.ts';
import { pkcs1Key } from './pkcs1-key.ts';
import { issuerAndSerial } from './sign-content.ts';
import { contentOid, OAEP_SHA256 } from './smime-capabilities.ts';
import { withoutStackTraces } from './without-stack-traces.ts';

const SEQUENCE = 0x30;
const CONSTRUCTED_0 = 0xa0;
const PRIMITIVE_0 = 0x80;
const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;
const CBC_IV_BYTES = 16;
const RSA_PKCS1 = sequence(oid(OID.rsaEncryption), nullElement());

/** Whether a letter can be encrypted to this public key, and by which way the certificate must allow (RFC 5280 §4.2.1.3). */
export function encryptingUseOf(key: KeyObject): 'keyEncipherment' | 'keyAgreement' | null {
  if (key.asymmetricKeyType === 'rsa') return 'keyEncipherment';
  return canAgree(key) ? 'keyAgreement' : null;
}

function encryptByOaep(key: KeyObject, contentKey: Buffer): Buffer {
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  return withoutStackTraces(() => publicEncrypt(options, contentKey));
}

function transportedRecipient(recipient: Certificate, contentKey: Buffer, keyTransport: SealingTransport): Buffer {
  const isOaep = keyTransport === 'rsa-oaep-sha256';
  return sequence(
    smallInteger(0),
    issuerAndSerial(recipient),
    isOaep ? OAEP_SHA256 : RSA_PKCS1,
    octetString(
      isOaep
        ? encryptByOaep(recipient.publicKey, contentKey)
        : publicEncrypt(pkcs1Key(recipient.publicKey), contentKey),
    ),
  );
}

interface Encrypted {
  readonly algorithm: Buffer;
  readonly bytes: readonly Buffer[];
  /** Null when the cipher does not authenticate. */
  readonly tag: Buffer | null;
}

function encrypt(content: Buffer, cipherName: SealingContent, keyBytes: Buffer, random: Buffer): Encrypted {
  // A key object: node:crypto asks raw bytes first whether they are one, which costs more than the cipher's set-up.
  const contentKey = createSecretKey(keyBytes);
  if (cipherName === 'aes-256-gcm' || cipherName === 'aes-128-gcm') {
    const nonce = random.subarray(0, GCM_NONCE_BYTES);
    const cipher = createCipheriv(cipherName, contentKey, nonce, { authTagLength: GCM_TAG_BYTES });
    // GCMParameters (RFC 5084 §3.2): the length of the tag is written, its default being 12.
    const parameters = sequence(octetString(nonce), smallInteger(GCM_TAG_BYTES));
    const bytes = [cipher.update(content), cipher.final()];
    return { algorithm: sequence(contentOid(cipherName), parameters), bytes, tag: cipher.getAuthTag() };
  }
  const iv = random.subarray(0, CBC_IV_BYTES);
  const cipher = createCipheriv(cipherName, contentKey, iv);
  const bytes = [cipher.update(content), cipher.final()];
  return { algorithm: sequence(contentOid(cipherName), octetString(iv)), bytes, tag: null };
}

/** ContentInfo of `content` encrypted to the recipient, with its smime-type (RFC 8551 §3.2.2). */
export function encryptContent(
  content: Buffer,
  options: { recipient: Certificate; content: SealingContent; keyTransport: SealingTransport },
): { sealed: Buffer; smimeType: 'enveloped-data' | 'authEnveloped-data' } {
  const { recipient } = options;
  const use = encryptingUseOf(recipient.publicKey);
  if (use === null) throw new RangeError('nothing can be encrypted to a key of this kind');
  const keyBytes = options.content.startsWith('aes-256') ? 32 : 16;
  const random = randomBytes(keyBytes + CBC_IV_BYTES);
  const contentKey = random.subarray(0, keyBytes);
  const { algorithm, bytes, tag } = encrypt(content, options.content, contentKey, random.subarray(keyBytes));
  const recipientInfo =
    use === 'keyAgreement'
      ? agreedRecipient(recipient.publicKey, issuerAndSerial(recipient), contentKey)
      : transportedRecipient(recipient, contentKey, options.keyTransport);
  contentKey.fill(0);
  // EnvelopedData is of version 2 when a recipient is not of version 0 (RFC 5652 §6.1); AuthEnvelopedData always of 0.
  const version = smallInteger(tag === null && use === 'keyAgreement' ? 2 : 0);
  const encrypted = piecewise(SEQUENCE, oid(OID.content), algorithm, ...piecewise(PRIMITIVE_0, ...bytes));
  const mac = tag === null ? [] : [octetString(tag)];
  const body = piecewise(SEQUENCE, version, setOfSorted([recipientInfo]), ...encrypted, ...mac);
  const type = oid(tag === null ? OID.envelopedData : OID.authEnvelopedData);
  const sealed = Buffer.concat(piecewise(SEQUENCE, type, ...piecewise(CONSTRUCTED_0, ...body)));
  return { sealed, smimeType: tag === null ? 'enveloped-data' : 'authEnveloped-data' };
}
