/**
 * A letter with `IHE_XDM.ZIP` brings the same PDF twice or three times: beside the archive, in it, and inside its CDA
 * (ANS, ECO.2.1.1). The same bytes (SHA-256) are shown once, under the name they have in the letter.
 *
 * Only files out of an archive are left out, and only for a file without a note: a doubt is never hidden.
 */

import { createHash } from 'node:crypto';
import type { FileDocument, ReadDocument } from './read-document.ts';

export type LeafDocuments = { documents: ReadDocument[]; isArchive: boolean };

export function shownOnce(leaves: readonly LeafDocuments[]): ReadDocument[] {
  if (!leaves.some(({ isArchive }) => isArchive)) return leaves.flatMap(({ documents }) => documents);
  const seen = new Set(
    leaves.filter(({ isArchive }) => !isArchive).flatMap(({ documents }) => documents.filter(isPlain).map(digestOf)),
  );
  return leaves.flatMap(({ documents, isArchive }) =>
    documents.filter((document) => {
      if (!isArchive || !isPlain(document)) return true;
      const digest = digestOf(document);
      const isNew = !seen.has(digest);
      seen.add(digest);
      return isNew;
    }),
  );
}

const isPlain = (document: ReadDocument): document is FileDocument =>
  document.kind === 'file' && document.note === null;

const digestOf = ({ bytes }: FileDocument): string => createHash('sha256').update(bytes).digest('hex');
