/**
 * The `read` step of a letter on its way in: from the opened and verified MIME entity to the documents a pharmacist
 * sees (text, results, photos, files), in the letter's own order.
 *
 * It guarantees that a letter is never lost for one bad part: what cannot be read is a file with a reason, and when the
 * structure itself cannot be read, or holds more than the limits allow, the whole letter is kept as a file.
 * Never throws for anything in the bytes. Clear text stays in what it returns.
 */

import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import type { ApprovedLeaf } from '../ports.ts';
import { attachedCdaDocuments } from './cda-documents.ts';
import { cleanFileName } from './file-name.ts';
import { isInlineText, leafDocuments, plainFile, sourceOf, wordsOf } from './leaf-documents.ts';
import type { MimeLeaf } from './mime-leaves.ts';
import { openMimeLeaves } from './mime-leaves.ts';
import type { FileDocument, FileNote, ReadContent, ReadDocument } from './read-document.ts';
import { FILE_NOTES } from './read-document.ts';
import type { LeafDocuments } from './shown-once.ts';
import { shownOnce } from './shown-once.ts';
import { statesQualifiedIns } from './stated-ins.ts';
import { statedPatients, stating } from './stated-patients.ts';
import { unpackTnef } from './tnef/unpack-tnef.ts';
import type { XdmOptions } from './xdm/report-standing.ts';
import { isXdmArchive, xdmDocuments } from './xdm/xdm-documents.ts';

export type ReadOptions = {
  /** The parts, as the envelope's strict reading found them; null where nothing read the letter before (tests). */
  approved: readonly ApprovedLeaf[] | null;
  /** The words may have been changed on the way (EFAIL): text stays bare text, everything else a plain file. */
  inert?: boolean;
  /** When the letter is read; bounds two-digit years. Now by default. */
  now?: Date;
};

/**
 * `entity` is an RFC 5322 message or a bare MIME entity, as bytes. Gives at least one document.
 */
export async function readContent(entity: Buffer, options: ReadOptions): Promise<ReadContent> {
  const now = options.now ?? new Date();
  const { leaves, note } = await leavesOf(entity, options.approved);
  const documents = options.inert
    ? await allInert(leaves, { now, insStated: false })
    : await openedDocuments(leaves, { now, insStated: statesQualifiedIns(entity) });
  if (note) documents.push(wholeLetter(entity, note));
  if (documents.length === 0) documents.push(emptyLetter(entity));
  const patients = statedPatients(documents);
  if (documents.length <= CONTENT_LIMITS.documentsMax) return { documents, patients };
  const shown = documents.slice(0, CONTENT_LIMITS.documentsMax - 1);
  // The letter is kept whole as the last of them: whoever else it names, it names there.
  const last = shown.length;
  return {
    documents: [...shown, wholeLetter(entity, FILE_NOTES.tooManyDocuments)],
    patients: patients.map((patient) => ({ ...patient, index: Math.min(patient.index, last) })),
  };
}

type Opened = { leaves: MimeLeaf[]; note: FileNote | null };

async function leavesOf(entity: Buffer, approved: ReadOptions['approved']): Promise<Opened> {
  const { leaves, complete, tooManyParts } = await openMimeLeaves(entity, approved);
  return { leaves, note: tooManyParts ? FILE_NOTES.tooManyParts : complete ? null : FILE_NOTES.unreadable };
}

/**
 * Of the forms of one text in a multipart/alternative, the plain one is read when it holds words, else the HTML.
 * Parts that are no inline text stay: a picture or an invitation is not another form of the words.
 */
function withoutUnchosenAlternatives(leaves: readonly MimeLeaf[]): MimeLeaf[] {
  const plainHolds = new Set<number>();
  for (const leaf of leaves) {
    const isPlain = leaf.alternative !== null && isInlineText(leaf) && leaf.contentType === 'text/plain';
    if (isPlain && leaf.alternative !== null && wordsOf(leaf).trim() !== '') plainHolds.add(leaf.alternative);
  }
  return leaves.filter((leaf) => {
    const isHtmlForm = leaf.alternative !== null && isInlineText(leaf) && leaf.contentType === 'text/html';
    return !(isHtmlForm && leaf.alternative !== null && plainHolds.has(leaf.alternative));
  });
}

/** A part of a letter that anybody on the way may have changed: its words as they stand, never HTML or a picture. */
function inertDocuments(leaf: MimeLeaf): ReadDocument[] {
  if (leaf.bytes.length === 0 && !leaf.name) return [];
  const name = cleanFileName(leaf.name, leaf.contentType);
  const isText = isInlineText(leaf) && leaf.bytes.length <= CONTENT_LIMITS.inlineTextMaxCharacters;
  if (!isText) return [plainFile(leaf, name, FILE_NOTES.notAuthenticated)];
  return [{ kind: 'text', text: sourceOf(leaf), truncated: false }];
}

/** Nothing of them is opened for a reader; whom their files name is looked at all the same: he may oppose. */
async function allInert(leaves: readonly MimeLeaf[], options: XdmOptions): Promise<ReadDocument[]> {
  const documents: ReadDocument[] = [];
  for (const leaf of leaves) {
    const [shown, ...more] = inertDocuments(leaf);
    const named = statedPatients((await documentsOf(leaf, options)).documents);
    if (shown) documents.push(stating(shown, named), ...more);
  }
  return documents;
}

async function openedDocuments(leaves: readonly MimeLeaf[], options: XdmOptions): Promise<ReadDocument[]> {
  const read: LeafDocuments[] = [];
  for (const { leaf, note } of unpackTnef(withoutUnchosenAlternatives(leaves)))
    read.push(note === null ? await documentsOf(leaf, options) : notedDocuments(leaf, note));
  return shownOnce(read);
}

const notedDocuments = (leaf: MimeLeaf, note: FileNote): LeafDocuments => ({
  isArchive: false,
  documents: [plainFile(leaf, cleanFileName(leaf.name, leaf.contentType), note)],
});

async function documentsOf(leaf: MimeLeaf, options: XdmOptions): Promise<LeafDocuments> {
  const isArchive = leaf.depth <= CONTENT_LIMITS.depthMax && !isInlineText(leaf) && isXdmArchive(leaf);
  if (!isArchive) return { isArchive, documents: leafDocumentsOf(leaf, options) };
  try {
    return { isArchive, documents: await xdmDocuments(leaf, options) };
  } catch {
    // The error may quote the part; only the fact is kept.
    return {
      isArchive,
      documents: [plainFile(leaf, cleanFileName(leaf.name, leaf.contentType), FILE_NOTES.unreadable)],
    };
  }
}

function leafDocumentsOf(leaf: MimeLeaf, options: XdmOptions): ReadDocument[] {
  const name = cleanFileName(leaf.name, leaf.contentType);
  if (leaf.depth > CONTENT_LIMITS.depthMax) return [plainFile(leaf, name, FILE_NOTES.tooDeep)];
  if (leaf.bytes.length === 0 && !leaf.name) return [];
  try {
    return attachedCdaDocuments(leaf, options) ?? leafDocuments(leaf, options.now);
  } catch {
    // The error may quote the part; only the fact is kept.
    return [plainFile(leaf, name, FILE_NOTES.unreadable)];
  }
}

/** Nothing to read: an empty letter says so by an empty text; words lost among the headers are kept as bytes. */
function emptyLetter(entity: Buffer): ReadDocument {
  const lines = entity.toString('latin1').split('\n');
  const isHeaderLine = (line: string): boolean => /^(?:\s|$)/.test(line) || line.includes(':');
  if (lines.every(isHeaderLine) && lines.length > 1) return { kind: 'text', text: '', truncated: false };
  return entity.length === 0
    ? { kind: 'text', text: '', truncated: false }
    : wholeLetter(entity, FILE_NOTES.unreadable);
}

function wholeLetter(entity: Buffer, note: FileNote): FileDocument {
  return { kind: 'file', name: 'courrier-complet.eml', mediaType: 'message/rfc822', bytes: entity, note };
}
