/**
 * The submissions of an XDM archive: each folder of `IHE_XDM` that has a METADATA.XML (ITI TF-2 §3.32.4.1.2), read
 * together, with the file that each of their documents names.
 *
 * One METADATA.XML that cannot be read makes all of them unreadable: it might withdraw what another one brings.
 */

import { XDM_LIMITS } from '@estafette/contracts/limits';
import type { Replacement, XdmDocument } from './metadata.ts';
import { readMetadata } from './metadata.ts';
import type { ArchiveFile } from './read-archive.ts';

const METADATA = /^(?:[^/]+\/)?ihe_xdm\/[^/]+\/metadata\.xml$/i;

/** `file` is null where the archive does not hold what the metadata name. */
export type Located = { listed: XdmDocument; file: ArchiveFile | null };

export type Submissions = {
  documents: Located[];
  replacements: Replacement[];
};

export function readSubmissions(files: readonly ArchiveFile[]): Submissions | null {
  const byPath = new Map(files.map((file) => [file.path.toLowerCase(), file]));
  const documents: Submissions['documents'] = [];
  const replacements: Submissions['replacements'] = [];
  const sets = files.filter(({ path }) => METADATA.test(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (sets.length > XDM_LIMITS.submissionsMax) return null;
  for (const { path, bytes } of sets) {
    const metadata = readMetadata(bytes);
    if ('refused' in metadata) return null;
    const folder = path.slice(0, path.lastIndexOf('/') + 1).toLowerCase();
    for (const listed of metadata.documents) {
      const uri = plainUri(listed.uri);
      const file = byPath.get(`${folder}${uri}`) ?? byPath.get(uri) ?? null;
      const before = file === null ? undefined : documents.find((other) => other.file === file);
      // A file that is named twice is one document, and withdrawn if it is withdrawn once.
      if (before === undefined) documents.push({ listed, file });
      else if (listed.action === 'delete') before.listed = { ...before.listed, action: 'delete' };
    }
    replacements.push(...metadata.replacements);
  }
  return documents.length === 0 || documents.length > XDM_LIMITS.documentsMax ? null : { documents, replacements };
}

/** Only ever a key of what the archive holds: a URI that leads elsewhere finds nothing. */
const plainUri = (uri: string): string =>
  uri
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '')
    .toLowerCase();
