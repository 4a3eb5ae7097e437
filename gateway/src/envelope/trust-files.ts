/**
 * Trust anchors, intermediates and revocation lists from PEM or DER files or folders, and what was fetched since. In a
 * file of anchors, self-issued certificates are anchors and the others intermediates; where there is no self-issued one
 * at all, every certificate is an anchor (an operator that pins an intermediate). What was fetched never makes an anchor.
 * A file that did not change is not read again: a long list costs its reading once.
 */
import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ENVELOPE_LIMITS, TRUST_LIMITS } from '@estafette/contracts/limits';
import { type Certificate, readCertificate } from './certificate.ts';
import type { TrustStore } from './certificate-path.ts';
import { nonceOfRequest } from './ocsp-request.ts';
import { readOcspResponse, type StatusAnswer } from './ocsp-response.ts';
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
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

const stampOf = ({ mtimeMs, size, ino }: Stats): string => `${mtimeMs} ${size} ${ino}`;

/** What the files of one place held when they were last read. */
type Kept<T> = Map<string, { readonly stamp: string; readonly found: readonly T[] }>;

const keptLists = new Map<string, Kept<RevocationList>>();
const keptAnswers = new Map<string, Kept<StatusAnswer>>();

/** Reads each file that changed since last time; those that are gone are forgotten. */
function readKept<T>(
  kept: Map<string, Kept<T>>,
  place: string,
  files: readonly { readonly file: string; readonly stamp: string }[],
  read: (file: string) => readonly T[],
): T[] {
  const before = kept.get(place);
  const now: Kept<T> = new Map();
  for (const { file, stamp } of files) {
    const known = before?.get(file);
    now.set(file, known?.stamp === stamp ? known : { stamp, found: read(file) });
  }
  kept.set(place, now);
  return [...now.values()].flatMap(({ found }) => found);
}

/** The blocks of a PEM or DER file; in a folder, what cannot be read is left out. */
function readBlocks<T>(file: string, label: string, lenient: boolean, read: (der: Buffer) => T): T[] {
  const bytes = readFileSync(file);
  const isPem = bytes.includes('-----BEGIN ');
  const blocks = isPem ? pemBlocks(bytes.toString('latin1'), label) : [bytes];
  return blocks.flatMap((block) => {
    try {
      return [read(block)];
    } catch (error) {
      if (lenient) return [];
      throw new Error(`${file} does not hold a readable ${label.toLowerCase()}.`, { cause: error });
    }
  });
}

function configuredLists(path: string): RevocationList[] {
  const lenient = statSync(path).isDirectory();
  const files = filesAt(path).map((file) => ({ file, stamp: stampOf(statSync(file)) }));
  return readKept(keptLists, path, files, (file) => readBlocks(file, 'X509 CRL', lenient, readRevocationList));
}

/** Files of the folder of what was fetched that end in `ending` and are not too large; none when there is no folder. */
function fetchedFiles(folder: string, ending: string, maxBytes: number): { file: string; stamp: string }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const own = names.filter((name) => name.endsWith(ending)).sort();
  return own.slice(0, TRUST_LIMITS.fetchedFilesMax).flatMap((name) => {
    const file = join(folder, name);
    const facts = statSync(file, { throwIfNoEntry: false });
    return facts?.isFile() === true && facts.size <= maxBytes ? [{ file, stamp: stampOf(facts) }] : [];
  });
}

/** What a fetched file gives; nothing when it cannot be read or is gone: it was somebody else's to write. */
function orNone<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch {
    return [];
  }
}

/** An answer beside the request that asked for it; without the request, its nonce is not known. */
function readAnswer(file: string): StatusAnswer[] {
  return orNone(() => {
    const requestFile = `${file}-request`;
    const isAsked = statSync(requestFile, { throwIfNoEntry: false })?.isFile() === true;
    const nonceAsked = isAsked ? nonceOfRequest(readFileSync(requestFile)) : null;
    return { response: readOcspResponse(readFileSync(file)), nonceAsked };
  });
}

function readFetched(folder: string): Required<Omit<TrustStore, 'anchors'>> {
  const certificates = fetchedFiles(folder, '.cer', ENVELOPE_LIMITS.certificateMaxBytes);
  const lists = fetchedFiles(folder, '.crl', TRUST_LIMITS.listMaxBytes);
  const answers = fetchedFiles(folder, '.ocsp', TRUST_LIMITS.ocspResponseMaxBytes).map(({ file, stamp }) => {
    const request = statSync(`${file}-request`, { throwIfNoEntry: false });
    return { file, stamp: request === undefined ? stamp : `${stamp} ${stampOf(request)}` };
  });
  return {
    intermediates: certificates.flatMap(({ file }) => orNone(() => readCertificate(readFileSync(file)))),
    lists: readKept(keptLists, folder, lists, (file) => orNone(() => readRevocationList(readFileSync(file)))),
    responses: readKept(keptAnswers, folder, answers, readAnswer),
  };
}

/** Reads a trust store; `lists` null means no configured revocation knowledge, `fetched` null that nothing is fetched. */
export function readTrustFiles(paths: {
  readonly anchors: string;
  readonly lists: string | null;
  readonly fetched?: string | null;
}): TrustStore {
  const lenient = statSync(paths.anchors).isDirectory();
  const certificates = filesAt(paths.anchors).flatMap((file) =>
    readBlocks<Certificate>(file, 'CERTIFICATE', lenient, readCertificate),
  );
  const selfIssued = certificates.filter((certificate) => certificate.issuerKey === certificate.subjectKey);
  const others = certificates.filter((certificate) => !selfIssued.includes(certificate));
  const fetched = paths.fetched == null ? null : readFetched(paths.fetched);
  return {
    anchors: selfIssued.length > 0 ? selfIssued : certificates,
    intermediates: [...(selfIssued.length > 0 ? others : []), ...(fetched?.intermediates ?? [])],
    lists: [...(paths.lists === null ? [] : configuredLists(paths.lists)), ...(fetched?.lists ?? [])],
    responses: fetched?.responses ?? [],
  };
}
