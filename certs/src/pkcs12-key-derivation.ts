/**
 * From a password to keys, the two ways PKCS#12 files know: PBKDF2 (RFC 8018 5.2), which takes the password in UTF-8,
 * and PKCS#12's own derivation (RFC 7292 appendix B), which takes it in big-endian UTF-16 with a final zero.
 *
 * Danger: the file says how many iterations it wants, and derivation blocks the thread. `IterationBudget` caps the sum
 * over a whole file; beyond it the file is refused as unsupported.
 */

import { hash, pbkdf2Sync } from 'node:crypto';
import { KeyFileRefused } from './key-file-refused.ts';

/** Over all derivations of one file, some seconds of one core. Firefox writes 600 000 for each of its three. */
export const MAX_PKCS12_ITERATIONS = 4_000_000;

export type DigestName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** What is left of a file's iterations. */
export interface IterationBudget {
  left: number;
}

/** A password in the two forms that are in use. */
export interface PasswordForms {
  readonly utf8: Buffer;
  readonly bmp: Buffer;
}

/** What a PKCS#12 derivation is for: the ID byte of RFC 7292 B.3. */
export const DERIVED = { key: 1, iv: 2, mac: 3 } as const;

export interface Pkcs12Derivation {
  readonly digest: DigestName;
  readonly purpose: (typeof DERIVED)[keyof typeof DERIVED];
  readonly salt: Buffer;
  readonly iterations: number;
  readonly lengthBytes: number;
}

/**
 * The forms of a password that a file may have been made with, likeliest first. An empty password was written by some
 * tools as two zero bytes, by others as none at all.
 */
export function passwordForms(password: string): PasswordForms[] {
  const utf8 = Buffer.from(password, 'utf8');
  const forms = [{ utf8, bmp: Buffer.from(`${password}\0`, 'utf16le').swap16() }];
  return password === '' ? [...forms, { utf8, bmp: Buffer.alloc(0) }] : forms;
}

/** Takes iterations out of the budget. Throws KeyFileRefused: malformed below 1, unsupported beyond the budget. */
export function spendIterations(budget: IterationBudget, iterations: number): void {
  if (iterations < 1) throw new KeyFileRefused('malformed', 'the file asks for less than one iteration');
  budget.left -= iterations;
  if (budget.left < 0) {
    throw new KeyFileRefused('unsupported', `the file asks for more than ${MAX_PKCS12_ITERATIONS} iterations`);
  }
}

export interface Pbkdf2Derivation {
  readonly digest: DigestName;
  readonly salt: Buffer;
  readonly iterations: number;
  readonly lengthBytes: number;
}

export const derivePbkdf2 = (password: PasswordForms, wanted: Pbkdf2Derivation): Buffer =>
  pbkdf2Sync(password.utf8, wanted.salt, wanted.iterations, wanted.lengthBytes, wanted.digest);

/** RFC 7292 appendix B.2; the letters are the RFC's. */
export function derivePkcs12(password: PasswordForms, wanted: Pkcs12Derivation): Buffer {
  const v = wanted.digest === 'sha384' || wanted.digest === 'sha512' ? 128 : 64;
  const d = Buffer.alloc(v, wanted.purpose);
  const i = Buffer.concat([repeatToBlocks(wanted.salt, v), repeatToBlocks(password.bmp, v)]);
  const result: Buffer[] = [];
  for (let length = 0; length < wanted.lengthBytes; ) {
    let a = hash(wanted.digest, Buffer.concat([d, i]), 'buffer');
    for (let round = 1; round < wanted.iterations; round += 1) a = hash(wanted.digest, a, 'buffer');
    result.push(a);
    length += a.length;
    addToBlocks(i, a, v);
  }
  return Buffer.concat(result).subarray(0, wanted.lengthBytes);
}

/** Repeats the bytes to fill whole blocks; nothing stays nothing (step 2 and 3). */
function repeatToBlocks(bytes: Buffer, blockBytes: number): Buffer {
  const length = Math.ceil(bytes.length / blockBytes) * blockBytes;
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

/** I_j = (I_j + B + 1) mod 2^(8v) for each block, in place, B being A repeated to one block (step 6 B and C). */
function addToBlocks(i: Buffer, a: Buffer, v: number): void {
  const b = Buffer.alloc(v, a);
  for (let start = 0; start < i.length; start += v) {
    let carry = 1;
    for (let at = v - 1; at >= 0; at -= 1) {
      carry += (i[start + at] ?? 0) + (b[at] ?? 0);
      i[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}
