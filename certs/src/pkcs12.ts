/**
 * Opens and writes .p12 files (PKCS#12, RFC 7292): how a mailbox's key and certificate come in from IGC-Santé or leave
 * for a mail client. Opening gives every private key that has its certificate in the file, and the chain above it.
 *
 * How it works: size, PFX, MAC (which settles the password), then every safe, every bag; which certificate is of which
 * key is settled in key-identity.ts. Certificates keep their very bytes. Unknown bags are passed over.
 * Danger: the password decides nothing until the MAC is checked, and the file decides how long that takes (capped).
 * Both functions derive keys on the calling thread: some 10 to 300 ms usually, seconds at the cap.
 */

import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import {
  bmpString,
  bytesOf,
  DerMalformed,
  type DerValue,
  integer,
  integerOf,
  isTagged,
  itemAt,
  itemsOf,
  octetString,
  octetsOf,
  oid,
  oidOf,
  parseDer,
  sequence,
  setOf,
  tagged,
  taggedBytes,
  toDer,
} from './der.ts';
import { KeyFileRefused } from './key-file-refused.ts';
import { identitiesFrom, type KeyIdentity } from './key-identity.ts';
import { fromPem } from './pem.ts';
import { decryptWithPassword, encryptWithPassword } from './pkcs12-encryption.ts';
import {
  type IterationBudget,
  MAX_PKCS12_ITERATIONS,
  type PasswordForms,
  passwordForms,
} from './pkcs12-key-derivation.ts';
import { macOver, passwordThatFits } from './pkcs12-mac.ts';

/** A key, its certificate and its chain take some 10 KB; this leaves room for a whole history of them. */
export const MAX_PKCS12_BYTES = 256 * 1024;
/** Bags in one file, and how deep safes may lie in safes. */
const MAX_BAGS = 256;
const MAX_SAFE_DEPTH = 4;

const PLAIN_CONTENT_OID = '1.2.840.113549.1.7.1';
const ENCRYPTED_CONTENT_OID = '1.2.840.113549.1.7.6';
const KEY_BAG_OID = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG_OID = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG_OID = '1.2.840.113549.1.12.10.1.3';
const NESTED_SAFE_BAG_OID = '1.2.840.113549.1.12.10.1.6';
const X509_CERTIFICATE_OID = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME_OID = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID_OID = '1.2.840.113549.1.9.21';

export interface Pkcs12Export {
  /** PKCS#8 or traditional PEM, not encrypted. */
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly chainPem: readonly string[];
  readonly password: string;
  /** What a mail client shows the user as the name of the identity. */
  readonly friendlyName: string;
}

interface Reading {
  readonly password: PasswordForms;
  readonly budget: IterationBudget;
  readonly keys: KeyObject[];
  readonly certificates: X509Certificate[];
  bags: number;
}

/** Opens a .p12 file: at least one identity. Throws KeyFileRefused, whose `code` says why, and nothing else. */
export function openPkcs12(bytes: Uint8Array, password: string): KeyIdentity[] {
  if (bytes.length > MAX_PKCS12_BYTES) {
    throw new KeyFileRefused('too-large', `a .p12 file may have ${MAX_PKCS12_BYTES} bytes, this has ${bytes.length}`);
  }
  try {
    const { keys, certificates } = readFile(bytes, password);
    return identitiesFrom(keys, certificates);
  } catch (error) {
    if (!(error instanceof DerMalformed)) throw error;
    throw new KeyFileRefused('malformed', 'not a sound PKCS#12 file', { cause: error });
  }
}

function readFile(bytes: Uint8Array, password: string): Reading {
  const file = parseDer(bytes);
  if (integerOf(itemAt(file, 0)) !== 3) throw new DerMalformed('not PKCS#12 version 3');
  const contentPart = itemAt(file, 1);
  if (oidOf(itemAt(contentPart, 0)) !== PLAIN_CONTENT_OID) {
    throw new KeyFileRefused('unsupported', 'files protected by a public key are not offered');
  }
  const content = octetsOf(itemAt(itemAt(contentPart, 1), 0));
  const mac = itemsOf(file)[2];
  const budget = { left: MAX_PKCS12_ITERATIONS };
  const forms = passwordForms(password);
  if (mac !== undefined) return readSafes(content, passwordThatFits(mac, content, forms, budget), budget);
  return readWithoutMac(content, forms, budget);
}

/** Without a MAC only the decryption can tell which form of the password is meant. */
function readWithoutMac(content: Buffer, forms: readonly PasswordForms[], budget: IterationBudget): Reading {
  const [first, ...others] = forms;
  if (first === undefined) throw new KeyFileRefused('wrong-password', 'no password');
  try {
    return readSafes(content, first, budget);
  } catch (error) {
    const mayFitOtherwise = error instanceof KeyFileRefused && error.code === 'wrong-password' && others.length > 0;
    if (!mayFitOtherwise) throw error;
    return readWithoutMac(content, others, budget);
  }
}

function readSafes(content: Buffer, password: PasswordForms, budget: IterationBudget): Reading {
  const reading: Reading = { password, budget, keys: [], certificates: [], bags: 0 };
  for (const contentPart of itemsOf(parseDer(content))) {
    const kind = oidOf(itemAt(contentPart, 0));
    const inner = itemAt(itemAt(contentPart, 1), 0);
    if (kind === PLAIN_CONTENT_OID) readBags(parseDer(octetsOf(inner)), reading, 1);
    else if (kind === ENCRYPTED_CONTENT_OID) readBags(parseDecrypted(openEncryptedSafe(inner, reading)), reading, 1);
    else throw new KeyFileRefused('unsupported', `safe of kind ${kind} is not offered`);
  }
  return reading;
}

/** EncryptedData ::= SEQUENCE { version, { contentType, algorithm, [0] IMPLICIT ciphertext } } (RFC 5652 8). */
function openEncryptedSafe(encryptedContent: DerValue, reading: Reading): Buffer {
  const body = itemAt(encryptedContent, 1);
  const algorithm = itemAt(body, 1);
  const encrypted = itemAt(body, 2);
  if (!isTagged(encrypted, 0)) throw new DerMalformed('the encrypted content is missing');
  return decryptWithPassword({ algorithm, ciphertext: bytesOf(encrypted) }, reading.password, reading.budget);
}

/** About one wrong password in 256 leaves padding that looks right: what is no DER then was opened with a wrong one. */
function parseDecrypted(plain: Buffer): DerValue {
  try {
    return parseDer(plain);
  } catch (cause) {
    throw new KeyFileRefused('wrong-password', 'the password does not open the file', { cause });
  }
}

function readBags(safe: DerValue, reading: Reading, depth: number): void {
  if (depth > MAX_SAFE_DEPTH) throw new DerMalformed('safes lie too deep in safes');
  for (const bag of itemsOf(safe)) {
    reading.bags += 1;
    if (reading.bags > MAX_BAGS) throw new DerMalformed(`more than ${MAX_BAGS} bags`);
    readBag(oidOf(itemAt(bag, 0)), itemAt(itemAt(bag, 1), 0), reading, depth);
  }
}

function readBag(kind: string, value: DerValue, reading: Reading, depth: number): void {
  if (kind === KEY_BAG_OID) keep(reading.keys, () => privateKey(toDer(value)));
  if (kind === SHROUDED_KEY_BAG_OID) {
    const shrouded = { algorithm: itemAt(value, 0), ciphertext: octetsOf(itemAt(value, 1)) };
    const plain = decryptWithPassword(shrouded, reading.password, reading.budget);
    keep(reading.keys, () => privateKey(plain));
  }
  if (kind === CERTIFICATE_BAG_OID && oidOf(itemAt(value, 0)) === X509_CERTIFICATE_OID) {
    const der = octetsOf(itemAt(itemAt(value, 1), 0));
    keep(reading.certificates, () => new X509Certificate(der));
  }
  if (kind === NESTED_SAFE_BAG_OID) readBags(value, reading, depth + 1);
}

const privateKey = (der: Buffer): KeyObject => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });

/** Keeps what Node can read. One odd key or certificate does not spoil a file that holds a good pair. */
function keep<T>(kept: T[], read: () => T): void {
  try {
    kept.push(read());
  } catch {
    // Passed over: if nothing readable is left, the file is refused as having no key or no certificate.
  }
}

/**
 * Writes a .p12 file: key and certificates each under PBES2 (AES-256-CBC, PBKDF2 with HMAC-SHA-256), the whole under an
 * HMAC-SHA-256. Needs a reader that knows PBES2; OpenSSL judges it in the tests.
 * Throws RangeError where the certificate is not that of the key, or the password is empty.
 */
export function exportPkcs12(identity: Pkcs12Export): Buffer {
  if (identity.password === '') throw new RangeError('a .p12 file needs a password');
  const key = createPrivateKey(identity.keyPem);
  const certificate = fromPem('CERTIFICATE', identity.certificatePem);
  if (!new X509Certificate(certificate).checkPrivateKey(key)) throw new RangeError('the certificate is of another key');
  const [password] = passwordForms(identity.password);
  if (password === undefined) throw new RangeError('a .p12 file needs a password');
  const attributes = bagAttributes(identity.friendlyName, createHash('sha1').update(certificate).digest());
  const issuers = identity.chainPem.map((pem) => certificateBag(fromPem('CERTIFICATE', pem)));
  const certificates = sequence(certificateBag(certificate, attributes), ...issuers);
  const shrouded = encryptWithPassword(key.export({ type: 'pkcs8', format: 'der' }), password);
  const keyValue = sequence(shrouded.algorithm, octetString(shrouded.ciphertext));
  const keys = sequence(sequence(oid(SHROUDED_KEY_BAG_OID), tagged(0, keyValue), attributes));
  const content = toDer(sequence(encryptedSafe(certificates, password), plainContent(toDer(keys))));
  return toDer(sequence(integer(3), plainContent(content), macOver(content, password)));
}

const plainContent = (content: Buffer): DerValue => sequence(oid(PLAIN_CONTENT_OID), tagged(0, octetString(content)));

function encryptedSafe(safe: DerValue, password: PasswordForms): DerValue {
  const { algorithm, ciphertext } = encryptWithPassword(toDer(safe), password);
  const body = sequence(oid(PLAIN_CONTENT_OID), algorithm, taggedBytes(0, ciphertext));
  return sequence(oid(ENCRYPTED_CONTENT_OID), tagged(0, sequence(integer(0), body)));
}

function certificateBag(certificate: Buffer, attributes?: DerValue): DerValue {
  const value = sequence(oid(X509_CERTIFICATE_OID), tagged(0, octetString(certificate)));
  const members = [oid(CERTIFICATE_BAG_OID), tagged(0, value)];
  return sequence(...members, ...(attributes === undefined ? [] : [attributes]));
}

/** friendlyName for people, localKeyID to tie key and certificate (RFC 7292 4.2). */
function bagAttributes(friendlyName: string, localKeyId: Buffer): DerValue {
  return setOf(
    sequence(oid(FRIENDLY_NAME_OID), setOf(bmpString(friendlyName))),
    sequence(oid(LOCAL_KEY_ID_OID), setOf(octetString(localKeyId))),
  );
}
