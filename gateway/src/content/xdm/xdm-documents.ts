/**
 * `IHE_XDM.ZIP` (IHE ITI XDM, clinical-formats A.2.2) into what a pharmacist sees: every document of its metadata, in
 * their order, then what the metadata do not name.
 *
 * A CDA is a report with the files inside it, anything else what it would be as an attachment. A document whose size or
 * hash is not what the metadata say is a file with that note, never a report. What the sender withdraws says so.
 * Never throws; an archive that cannot be trusted whole is kept whole, as one file.
 */

import { createHash } from 'node:crypto';
import { XDM_LIMITS } from '@estafette/contracts/limits';
import type { CdaDocument } from '../cda/read-cda.ts';
import { readCda } from '../cda/read-cda.ts';
import { cdaDocuments, leafOfFile, maybeCda, notedFile } from '../cda-documents.ts';
import { cleanFileName, extensionOf } from '../file-name.ts';
import { leafDocuments, plainFile } from '../leaf-documents.ts';
import { sniffMediaType } from '../media-type.ts';
import type { MimeLeaf } from '../mime-leaves.ts';
import type { FileNote, ReadDocument } from '../read-document.ts';
import { FILE_NOTES } from '../read-document.ts';
import { stating } from '../stated-patients.ts';
import type { Replacement, XdmDocument } from './metadata.ts';
import type { ArchiveFile, ArchiveRefusal } from './read-archive.ts';
import { readArchive } from './read-archive.ts';
import type { FoundDocument, XdmOptions } from './report-standing.ts';
import { reportOf, standingOf, statedIn } from './report-standing.ts';
import type { Located } from './submissions.ts';
import { readSubmissions } from './submissions.ts';

const ARCHIVE_NAME = /^ihe_xdm\.zip$/i;
/** What belongs to the archive and not to the patient (ITI TF-2 §3.32.4.1.2). */
const WRAPPING = /^(?:[^/]+\/)?(?:readme\.txt|index\.html?|ihe_xdm\/[^/]+\/metadata\.xml)$|(?:^|\/)[^/]*\.xsl$/i;

/** Whether this is an XDM archive: by its name, or by the names inside. */
export function isXdmArchive(leaf: MimeLeaf): boolean {
  if (ARCHIVE_NAME.test(cleanFileName(leaf.name, leaf.contentType))) return true;
  if (sniffMediaType(leaf.bytes)?.mediaType !== 'application/zip') return false;
  const names = leaf.bytes.toString('latin1', Math.max(0, leaf.bytes.length - XDM_LIMITS.directoryMaxBytes));
  return /IHE_XDM\/[^/\\]{1,200}\/METADATA\.XML/i.test(names);
}

/** Gives at least one document. */
export async function xdmDocuments(leaf: MimeLeaf, options: XdmOptions): Promise<ReadDocument[]> {
  const whole = (note: FileNote): ReadDocument =>
    plainFile({ ...leaf, contentType: 'application/zip' }, cleanFileName(leaf.name, 'application/zip'), note);
  const files = await readArchive(leaf.bytes);
  if ('refused' in files) return [whole(noteOfRefusal(files.refused))];
  const submissions = readSubmissions(files);
  if (submissions === null) return [whole(FILE_NOTES.xdmMetadataUnreadable)];
  const found = findDocuments(submissions.documents, options.now);
  const shown = found.flatMap((document) => shownOf(document, found, submissions.replacements, options));
  const isIncomplete = found.some(({ file }) => file === null);
  const named = new Set(found.map(({ file }) => file));
  const others = files.filter((file) => !named.has(file) && !WRAPPING.test(file.path));
  return [
    ...shown,
    ...others.map((file) =>
      notedFile({ name: file.path, mediaType: 'application/octet-stream', bytes: file.bytes }, FILE_NOTES.xdmUnlisted),
    ),
    ...(isIncomplete ? [whole(FILE_NOTES.xdmDocumentMissing)] : []),
  ];
}

function noteOfRefusal(refusal: ArchiveRefusal): FileNote {
  if (refusal === 'zip-encrypted') return FILE_NOTES.xdmEncrypted;
  const isDamage = ['zip-damaged', 'zip-method', 'zip-size-wrong', 'zip-checksum-wrong'].includes(refusal);
  return isDamage ? FILE_NOTES.xdmDamaged : FILE_NOTES.xdmUnsafe;
}

/** Each file is read once, however often the metadata name it. */
function findDocuments(located: readonly Located[], now: Date): FoundDocument[] {
  const read = new Map<ArchiveFile, CdaDocument | null>();
  return located.map(({ listed, file }) => {
    const problem = file === null ? FILE_NOTES.xdmDocumentMissing : problemOf(listed, file);
    if (file === null || problem !== null) return { listed, file, problem, cda: null };
    const isXml = maybeCda({ name: file.path, mediaType: listed.mediaType, bytes: file.bytes });
    const isBeyond = isXml && !read.has(file) && read.size >= XDM_LIMITS.clinicalDocumentsMax;
    if (isBeyond) return { listed, file, problem: FILE_NOTES.tooManyDocuments, cda: null };
    if (isXml && !read.has(file)) read.set(file, readSafely(file.bytes, now));
    const cda = read.get(file) ?? null;
    return { listed, file, problem: isXml && cda === null ? FILE_NOTES.documentUnreadable : null, cda };
  });
}

function readSafely(bytes: Buffer, now: Date): CdaDocument | null {
  try {
    return readCda(bytes, now);
  } catch {
    // The error may quote the document; only the fact is kept.
    return null;
  }
}

/** A hash or size that is no hash or size says nothing; one that is has to be right. */
function problemOf({ hash, size }: XdmDocument, { bytes }: ArchiveFile): FileNote | null {
  const isHash = /^[0-9a-f]{40}$/i.test(hash);
  const actual = isHash ? createHash('sha1').update(bytes).digest('hex') : '';
  if (isHash && actual !== hash.toLowerCase()) return FILE_NOTES.xdmHashWrong;
  return /^\d{1,12}$/.test(size) && Number(size) !== bytes.length ? FILE_NOTES.xdmSizeWrong : null;
}

function shownOf(
  document: FoundDocument,
  all: readonly FoundDocument[],
  replacements: readonly Replacement[],
  options: XdmOptions,
): ReadDocument[] {
  const { listed, file, problem, cda } = document;
  if (file === null) return [];
  const name = shownName(listed, file.path);
  const standing = standingOf(document, all, replacements);
  const withdrawn =
    standing === 'deleted' ? FILE_NOTES.xdmDeleted : standing === 'replaced' ? FILE_NOTES.xdmReplaced : null;
  const source = { name, mediaType: listed.mediaType, bytes: file.bytes };
  if (cda !== null) {
    const report = reportOf(cda, listed, standing, options);
    return cdaDocuments(cda, { report, note: withdrawn, source, now: options.now });
  }
  const note = withdrawn ?? problem;
  const documents = note === null ? leafDocuments(leafOfFile(source), options.now) : [notedFile(source, note)];
  const named = statedIn(listed);
  return named === null ? documents : documents.map((each) => stating(each, [named]));
}

/** `DOC0001.PDF` says nothing: the document's title does. */
function shownName({ title, typeName }: XdmDocument, path: string): string {
  const words = title || typeName;
  const extension = extensionOf(path);
  return words === '' || extension === '' ? path : `${words.replaceAll('/', '-')}.${extension}`;
}
