/**
 * Opens keys and certificates that come as PEM (RFC 7468): PKCS#8, encrypted or not, and the older SEC1 and PKCS#1
 * forms that openssl writes. Certificates may also be a bare DER file. Every key is given with its certificate.
 *
 * Danger: the text decides how long an encrypted key takes to open (PBKDF2, scrypt); node:crypto caps scrypt's memory,
 * the size of the file caps the number of keys. The password and what is decrypted never come into an error's words.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { KeyFileRefused } from './key-file-refused.ts';
import { identitiesFrom, type KeyIdentity } from './key-identity.ts';
import { toPem } from './pem.ts';

/** Room for some keys with their chains. */
const MAX_PEM_BYTES = 256 * 1024;
const MAX_BLOCKS = 64;
/** ASN.1 SEQUENCE, with which a bare DER certificate begins. */
const SEQUENCE_TAG = 0x30;

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g;

/**
 * The identities in one or several PEM files together (a key may lie apart from its certificate).
 * Throws KeyFileRefused, whose `code` says why, and nothing else.
 */
export function openPemIdentities(files: readonly Uint8Array[], password: string): KeyIdentity[] {
  const blocks = files.flatMap(blocksOf);
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY')).map(({ pem }) => openKey(pem, password));
  const certificates = blocks.filter(({ label }) => isCertificate(label)).map(({ pem }) => readCertificate(pem));
  return identitiesFrom(keys, certificates);
}

/** The certificates in a PEM or DER file, PEM, in their order. Throws KeyFileRefused. */
export function readCertificateFile(bytes: Uint8Array): string[] {
  const found =
    bytes[0] === SEQUENCE_TAG
      ? [readCertificate(Buffer.from(bytes))]
      : blocksOf(bytes)
          .filter(({ label }) => isCertificate(label))
          .map(({ pem }) => readCertificate(pem));
  if (found.length === 0) throw new KeyFileRefused('no-certificate', 'the file holds no certificate');
  return found.map(({ raw }) => toPem('CERTIFICATE', raw));
}

const isCertificate = (label: string): boolean => ['CERTIFICATE', 'X509 CERTIFICATE'].includes(label);

function blocksOf(bytes: Uint8Array): { label: string; pem: string }[] {
  if (bytes.length > MAX_PEM_BYTES) throw new KeyFileRefused('too-large', `a PEM file may have ${MAX_PEM_BYTES} bytes`);
  const blocks = [...Buffer.from(bytes).toString('latin1').matchAll(BLOCK)];
  if (blocks.length === 0) throw new KeyFileRefused('malformed', 'no PEM block in the file');
  if (blocks.length > MAX_BLOCKS) throw new KeyFileRefused('too-large', `more than ${MAX_BLOCKS} PEM blocks`);
  return blocks.map(([pem, label = '']) => ({ label, pem }));
}

function readCertificate(given: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(given);
  } catch (cause) {
    throw new KeyFileRefused('malformed', 'a certificate in the file cannot be read', { cause });
  }
}

function openKey(pem: string, password: string): KeyObject {
  const isEncrypted = pem.includes('ENCRYPTED');
  try {
    return createPrivateKey(isEncrypted ? { key: pem, passphrase: password } : pem);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_OSSL_EVP_UNSUPPORTED')
      throw new KeyFileRefused('unsupported', 'the private key is protected in a way that is not offered');
    if (isEncrypted) throw new KeyFileRefused('wrong-password', 'the password does not open the private key');
    throw new KeyFileRefused('malformed', 'the private key cannot be read');
  }
}
