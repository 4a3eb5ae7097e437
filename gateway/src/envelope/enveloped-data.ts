/**
 * CMS EnvelopedData (RFC 5652 §6): finds the one RecipientInfo that fits a key of the mailbox, unwraps the content
 * key (RSA PKCS#1 v1.5) and decrypts AES-CBC. Every cryptographic failure looks the same from outside: a wrong
 * padding gives a random key of the right length and fails later, like any other (RFC 3218; node:crypto does
 * implicit rejection since OpenSSL 3.2).
 */
import { constants, createDecipheriv, type KeyObject, privateDecrypt, randomBytes } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import {
  BerError,
  type BerNode,
  integerOf,
  isContext,
  isUniversal,
  octetsOf,
  oidOf,
  sequenceOf,
  setOf,
  TAG,
} from './ber.ts';
import { type Certificate, readName, subjectKeyIdentifierOf } from './certificate.ts';
import { CONTENT_CIPHERS, OID } from './oids.ts';

/** A key of the mailbox with its certificate. */
export interface OpeningKey {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
}

export type Decryption =
  | { outcome: 'opened'; content: Buffer }
  | { outcome: 'refused'; reason: 'not-for-us' | 'cannot-open' | 'envelope-unsupported' };

interface KeyTransport {
  readonly rid: { issuerKey: string; serial: Buffer } | { keyIdentifier: Buffer };
  readonly algorithm: string;
  readonly encryptedKey: Buffer;
}

/** KeyTransRecipientInfo; null for kinds of recipient this gateway does not open yet. */
function readKeyTransport(node: BerNode): KeyTransport | null {
  if (!isUniversal(node, TAG.sequence)) return null;
  const [, rid, algorithm, encryptedKey] = sequenceOf(node);
  if (!isUniversal(encryptedKey, TAG.octetString)) throw new BerError('encrypted key missing');
  const common = { algorithm: oidOf(sequenceOf(algorithm)[0]), encryptedKey: octetsOf(encryptedKey) };
  if (isContext(rid, 0)) return { rid: { keyIdentifier: octetsOf(rid) }, ...common };
  const [issuer, serial] = sequenceOf(rid);
  return { rid: { issuerKey: readName(issuer).key, serial: integerOf(serial, 64) }, ...common };
}

function fits(recipient: KeyTransport, { certificate }: OpeningKey): boolean {
  const { rid } = recipient;
  if ('keyIdentifier' in rid) return subjectKeyIdentifierOf(certificate)?.equals(rid.keyIdentifier) === true;
  return certificate.serial.equals(rid.serial) && certificate.issuerKey === rid.issuerKey;
}

/** The content key, or a random one of the same length: which of the two is never told. */
function unwrapKey(encryptedKey: Buffer, privateKey: KeyObject, keyBytes: number): Buffer {
  const substitute = randomBytes(keyBytes);
  try {
    const key = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, encryptedKey);
    return key.length === keyBytes ? key : substitute;
  } catch {
    return substitute;
  }
}

/** Decrypts the content of a ContentInfo of type envelopedData with the keys of one mailbox. */
export function decryptEnvelopedData(node: BerNode | undefined, keys: readonly OpeningKey[]): Decryption {
  const fields = [...sequenceOf(node)];
  integerOf(fields.shift(), 4);
  if (isContext(fields[0], 0)) fields.shift();
  const recipients = setOf(fields.shift());
  if (recipients.length > ENVELOPE_LIMITS.recipientInfosMax) throw new BerError('too many recipients');
  const [, algorithm, encrypted] = sequenceOf(fields.shift());
  const [cipherOid, iv] = sequenceOf(algorithm);
  const cipher = CONTENT_CIPHERS[oidOf(cipherOid)];

  let fitting: { recipient: KeyTransport; key: OpeningKey } | undefined;
  for (const candidate of recipients) {
    const recipient = readKeyTransport(candidate);
    const key = recipient === null ? undefined : keys.find((own) => fits(recipient, own));
    if (recipient !== null && key !== undefined && fitting === undefined) fitting = { recipient, key };
  }
  if (fitting === undefined) return { outcome: 'refused', reason: 'not-for-us' };
  if (
    cipher === undefined ||
    fitting.recipient.algorithm !== OID.rsaEncryption ||
    fitting.key.privateKey.asymmetricKeyType !== 'rsa'
  ) {
    return { outcome: 'refused', reason: 'envelope-unsupported' };
  }
  if (!isUniversal(iv, TAG.octetString) || !isContext(encrypted, 0)) throw new BerError('encrypted content malformed');
  const contentKey = unwrapKey(fitting.recipient.encryptedKey, fitting.key.privateKey, cipher.keyBytes);
  try {
    const decipher = createDecipheriv(cipher.cipher, contentKey, octetsOf(iv));
    return { outcome: 'opened', content: Buffer.concat([decipher.update(octetsOf(encrypted)), decipher.final()]) };
  } catch {
    return { outcome: 'refused', reason: 'cannot-open' };
  }
}
