/**
 * The password-based encryption inside .p12 files. Reading knows PBES2 with PBKDF2 (AES-CBC and 3DES, RFC 8018 6.2) and
 * PKCS#12's own schemes with 3DES and RC2 (RFC 7292 appendix C), which old tools still write. Writing knows only PBES2
 * with AES-256-CBC and HMAC-SHA-256.
 *
 * RC2 is forge's, because OpenSSL 3 dropped it; everything else is node:crypto's. CBC has no integrity: a wrong password
 * shows as bad padding, usually. The MAC of the file, where it has one, is checked before this step.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import {
  DerMalformed,
  type DerValue,
  integer,
  integerOf,
  itemAt,
  nullValue,
  octetString,
  octetsOf,
  oid,
  oidOf,
  sequence,
} from './der.ts';
import { KeyFileRefused } from './key-file-refused.ts';
import {
  DERIVED,
  derivePbkdf2,
  derivePkcs12,
  type IterationBudget,
  type PasswordForms,
  spendIterations,
} from './pkcs12-key-derivation.ts';
import { readPbkdf2 } from './pkcs12-pbkdf2.ts';

const PBES2_OID = '1.2.840.113549.1.5.13';
const PBKDF2_OID = '1.2.840.113549.1.5.12';
const HMAC_SHA256_OID = '1.2.840.113549.2.9';
const AES_256_CBC_OID = '2.16.840.1.101.3.4.1.42';

type CipherName = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc' | 'des-ede-cbc' | 'rc2-cbc';
interface Cipher {
  readonly name: CipherName;
  readonly keyBytes: number;
}

const PBES2_CIPHERS: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  [AES_256_CBC_OID]: { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};

const PKCS12_CIPHERS: Readonly<Record<string, Cipher>> = {
  '1.2.840.113549.1.12.1.3': { name: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.4': { name: 'des-ede-cbc', keyBytes: 16 },
  '1.2.840.113549.1.12.1.5': { name: 'rc2-cbc', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { name: 'rc2-cbc', keyBytes: 5 },
};

/** What we write: iterations of PBKDF2, each some 0.3 µs. */
const WRITTEN_ITERATIONS = 200_000;

/** The ciphertext and what a reader needs to know to open it, but the password. */
export interface PasswordEncrypted {
  /** AlgorithmIdentifier. */
  readonly algorithm: DerValue;
  readonly ciphertext: Buffer;
}

/** Opens what the AlgorithmIdentifier describes. Throws KeyFileRefused (wrong-password, unsupported) or DerMalformed. */
export function decryptWithPassword(
  encrypted: PasswordEncrypted,
  password: PasswordForms,
  budget: IterationBudget,
): Buffer {
  const scheme = oidOf(itemAt(encrypted.algorithm, 0));
  const parameters = itemAt(encrypted.algorithm, 1);
  if (scheme === PBES2_OID) return decryptPbes2(parameters, encrypted.ciphertext, password, budget);
  const cipher = PKCS12_CIPHERS[scheme];
  if (cipher === undefined) throw new KeyFileRefused('unsupported', `encryption scheme ${scheme} is not offered`);
  const salt = octetsOf(itemAt(parameters, 0));
  const iterations = integerOf(itemAt(parameters, 1));
  spendIterations(budget, iterations * 2);
  const wanted = { digest: 'sha1' as const, salt, iterations };
  const key = derivePkcs12(password, { ...wanted, purpose: DERIVED.key, lengthBytes: cipher.keyBytes });
  const iv = derivePkcs12(password, { ...wanted, purpose: DERIVED.iv, lengthBytes: 8 });
  return decryptCbc(cipher, key, iv, encrypted.ciphertext);
}

function decryptPbes2(
  parameters: DerValue,
  ciphertext: Buffer,
  password: PasswordForms,
  budget: IterationBudget,
): Buffer {
  const [derivation, encryption] = [itemAt(parameters, 0), itemAt(parameters, 1)];
  const cipherOid = oidOf(itemAt(encryption, 0));
  const cipher = PBES2_CIPHERS[cipherOid];
  if (cipher === undefined) throw new KeyFileRefused('unsupported', `cipher ${cipherOid} is not offered`);
  const { digest, salt, iterations, keyBytes } = readPbkdf2(derivation);
  if (keyBytes !== null && keyBytes !== cipher.keyBytes)
    throw new DerMalformed('the key length does not fit the cipher');
  spendIterations(budget, iterations);
  const key = derivePbkdf2(password, { digest, salt, iterations, lengthBytes: cipher.keyBytes });
  return decryptCbc(cipher, key, octetsOf(itemAt(encryption, 1)), ciphertext);
}

function decryptCbc(cipher: Cipher, key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  if (iv.length !== (cipher.name.startsWith('aes') ? 16 : 8)) throw new DerMalformed('the IV has a wrong length');
  if (cipher.name === 'rc2-cbc') return decryptRc2(key, iv, ciphertext);
  const decipher = createDecipheriv(cipher.name, key, iv);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (cause) {
    throw new KeyFileRefused('wrong-password', 'the password does not open the file', { cause });
  }
}

function decryptRc2(key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const decipher = forge.rc2.createDecryptionCipher(key.toString('latin1'), key.length * 8);
  decipher.start(iv.toString('latin1'));
  decipher.update(forge.util.createBuffer(ciphertext.toString('latin1')));
  if (!decipher.finish()) throw new KeyFileRefused('wrong-password', 'the password does not open the file');
  return Buffer.from(decipher.output.getBytes(), 'latin1');
}

/** PBES2 with AES-256-CBC, PBKDF2, HMAC-SHA-256, a fresh salt and IV. */
export function encryptWithPassword(plain: Uint8Array, password: PasswordForms): PasswordEncrypted {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const wanted = { digest: 'sha256' as const, salt, iterations: WRITTEN_ITERATIONS, lengthBytes: 32 };
  const cipher = createCipheriv('aes-256-cbc', derivePbkdf2(password, wanted), iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const prf = sequence(oid(HMAC_SHA256_OID), nullValue());
  const derivation = sequence(octetString(salt), integer(WRITTEN_ITERATIONS), prf);
  const algorithm = sequence(
    oid(PBES2_OID),
    sequence(sequence(oid(PBKDF2_OID), derivation), sequence(oid(AES_256_CBC_OID), octetString(iv))),
  );
  return { algorithm, ciphertext };
}
