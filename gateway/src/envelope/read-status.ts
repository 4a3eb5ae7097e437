/**
 * Reads what was fetched before it is stored, and what the operator configured: is it what it should be, whole, and how
 * long does it hold. Whether it is signed by whom it should be is no question here: the path asks that each time.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ConfiguredList, StatusSource } from '../ports.ts';
import { BerError } from './ber.ts';
import { isAuthority, readCertificate } from './certificate.ts';
import { readOcspResponse } from './ocsp-response.ts';
import { readRevocationList } from './revocation-list.ts';
import { pemBlocks } from './trust-files.ts';

/** When it was made and until when it holds, milliseconds since 1970; null: it does not say. */
export interface StatusFacts {
  readonly freshFrom: number;
  readonly freshUntil: number | null;
}

function readFacts(kind: StatusSource['kind'], der: Buffer): StatusFacts | null {
  if (kind === 'crl') {
    const { thisUpdate, nextUpdate } = readRevocationList(der);
    return { freshFrom: thisUpdate.getTime(), freshUntil: nextUpdate.getTime() };
  }
  if (kind === 'ocsp') {
    const { producedAt, answers } = readOcspResponse(der);
    const ends = answers.map(({ nextUpdate }) => nextUpdate?.getTime() ?? null).filter((end) => end !== null);
    return { freshFrom: producedAt.getTime(), freshUntil: ends.length > 0 ? Math.min(...ends) : null };
  }
  const certificate = readCertificate(der);
  if (!isAuthority(certificate)) return null;
  return { freshFrom: certificate.notBefore.getTime(), freshUntil: certificate.notAfter.getTime() };
}

/** What the bytes say of themselves, or null when they are not what was asked for, or of no use here. */
export function readStatus(kind: StatusSource['kind'], der: Buffer): StatusFacts | null {
  try {
    return readFacts(kind, der);
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}

function readList(file: string, der: Buffer): ConfiguredList[] {
  try {
    const { fingerprint, nextUpdate } = readRevocationList(der);
    return [{ file: basename(file), fingerprint, nextUpdate: nextUpdate.getTime() }];
  } catch (error) {
    if (error instanceof BerError) return [];
    throw error;
  }
}

/** The lists in a PEM or DER file, or in the files of a folder; what cannot be read is left out. */
export function readConfiguredLists(path: string): ConfiguredList[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((name) => join(path, name))
        .filter((file) => statSync(file).isFile())
    : [path];
  return files.flatMap((file) => {
    const bytes = readFileSync(file);
    const blocks = bytes.includes('-----BEGIN ') ? pemBlocks(bytes.toString('latin1'), 'X509 CRL') : [bytes];
    return blocks.flatMap((der) => readList(file, der));
  });
}
