/** Reads the files that bring keys: .p12, PEM, certificates, passwords. What is wrong with one is a sentence. */
import { readFileSync, statSync } from 'node:fs';
import { KeyFileRefused } from '@estafette/certs/key-file-refused';
import type { KeyIdentity } from '@estafette/certs/key-identity';
import { openPemIdentities, readCertificateFile } from '@estafette/certs/pem-identity';
import { openPkcs12 } from '@estafette/certs/pkcs12';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { PlainError } from '../plain-error.ts';
import { KeyRefused } from './judge-key.ts';

export interface KeyFiles {
  readonly p12?: string;
  readonly pem?: string;
  readonly key?: string;
  readonly passwordFile?: string;
}

function readFile(path: string): Buffer {
  try {
    if (statSync(path).size > KEY_LIMITS.fileMaxBytes)
      throw new KeyRefused('too-large', `${path} has more than ${KEY_LIMITS.fileMaxBytes} bytes.`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof PlainError) throw error;
    throw new PlainError(`${path} cannot be read.`, 1, error);
  }
}

/** Runs a reader of the workspace certs; its refusals become sentences that name the file. */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof KeyFileRefused) throw new KeyRefused(error.code, `${path}: ${error.message}.`);
    throw error;
  }
}

/** The password in a file: its first line end is not part of it. */
const readPassword = (path: string | undefined): string =>
  path === undefined
    ? ''
    : readFile(path)
        .toString('utf8')
        .replace(/\r?\n$/, '');

/** Every identity of the files named; null when none is named. Throws `KeyRefused`, or PlainError on wrong use. */
export function readKeyFiles({ p12, pem, key, passwordFile }: KeyFiles): KeyIdentity[] | null {
  if (p12 !== undefined && pem !== undefined) throw new PlainError('Give either --p12 or --pem.', 2);
  if (key !== undefined && pem === undefined) throw new PlainError('--key goes with --pem.', 2);
  const password = readPassword(passwordFile);
  if (p12 !== undefined) return reading(p12, () => openPkcs12(readFile(p12), password));
  if (pem === undefined) return null;
  const files = [pem, ...(key === undefined ? [] : [key])];
  return reading(files.join(', '), () => openPemIdentities(files.map(readFile), password));
}

/** The certificates in a file, PEM, in their order. */
export const readCertificates = (path: string): string[] => reading(path, () => readCertificateFile(readFile(path)));
