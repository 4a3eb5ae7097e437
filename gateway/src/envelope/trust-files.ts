/**
 * Trust anchors, intermediates and revocation lists from PEM or DER files or folders. In a file, self-issued
 * certificates are anchors and the others intermediates; where there is no self-issued one at all, every certificate
 * is an anchor (an operator that pins an intermediate).
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificate, readCertificate } from './certificate.ts';
import type { TrustStore } from './certificate-path.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';

/** Every DER block in the PEM text, by label. */
export function pemBlocks(text: string, label: string): Buffer[] {
  const found: Buffer[] = [];
  const pattern = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, 'g');
  for (const match of text.matchAll(pattern))
    found.push(Buffer.from((match[1] as string).replace(/\s/g, ''), 'base64'));
  return found;
}

function filesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

function readBlocks<T>(path: string, label: string, read: (der: Buffer) => T): T[] {
  const isFolder = statSync(path).isDirectory();
  return filesAt(path).flatMap((file) => {
    const bytes = readFileSync(file);
    const isPem = bytes.includes('-----BEGIN ');
    const blocks = isPem ? pemBlocks(bytes.toString('latin1'), label) : [bytes];
    return blocks.flatMap((block) => {
      try {
        return [read(block)];
      } catch (error) {
        if (isFolder) return [];
        throw new Error(`${file} does not hold a readable ${label.toLowerCase()}.`, { cause: error });
      }
    });
  });
}

/** Reads a trust store; `lists` null means no revocation knowledge (then nothing is trusted). */
export function readTrustFiles(paths: { anchors: string; lists: string | null }): TrustStore {
  const certificates = readBlocks<Certificate>(paths.anchors, 'CERTIFICATE', readCertificate);
  const selfIssued = certificates.filter((certificate) => certificate.issuerKey === certificate.subjectKey);
  return {
    anchors: selfIssued.length > 0 ? selfIssued : certificates,
    intermediates: selfIssued.length > 0 ? certificates.filter((certificate) => !selfIssued.includes(certificate)) : [],
    lists: paths.lists === null ? [] : readBlocks<RevocationList>(paths.lists, 'X509 CRL', readRevocationList),
  };
}
