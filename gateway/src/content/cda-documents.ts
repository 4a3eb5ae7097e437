/**
 * What a clinical document (CDA R2) is shown as: its report, the whole of a text that is too long to travel with it, and
 * the files it carries inside (PDF). For documents of an XDM archive and for a CDA that is attached bare.
 */

import type { ClinicalReport } from '@estafette/contracts/document';
import type { CdaDocument } from './cda/read-cda.ts';
import { readCda } from './cda/read-cda.ts';
import { cleanFileName, isExecutableName } from './file-name.ts';
import { fileOf, isInlineText, leafDocuments, plainFile } from './leaf-documents.ts';
import { sniffMediaType } from './media-type.ts';
import type { MimeLeaf } from './mime-leaves.ts';
import type { FileDocument, FileNote, ReadDocument } from './read-document.ts';
import { FILE_NOTES } from './read-document.ts';
import { isLong, reportDocument, wholeText } from './text/text-documents.ts';

export type FoundFile = { name: string; mediaType: string; bytes: Buffer };

/** A file found inside another, as the part of a letter it could have been. */
export const leafOfFile = ({ name, mediaType, bytes }: FoundFile): MimeLeaf => ({
  contentType: mediaType,
  charset: undefined,
  disposition: 'attachment',
  name,
  bytes,
  depth: 0,
  alternative: null,
});

/** XML by its name, its type or its first characters; whether it is a clinical document is for its reader to say. */
export function maybeCda({ name, mediaType, bytes }: FoundFile): boolean {
  if (/^(?:text|application)\/(?:[a-z0-9.-]{1,40}\+)?xml$/.test(mediaType) || /\.(?:xml|cda)$/i.test(name)) return true;
  return /^[\s\ufeff\u00ef\u00bb\u00bf]*<(?:\?xml|(?:[\w-]{1,40}:)?ClinicalDocument)/.test(
    bytes.toString('latin1', 0, 200),
  );
}

/** A later version says that an earlier one counts no longer. What is provisional is not called corrected. */
export function asReplacement(report: ClinicalReport): ClinicalReport {
  const status = report.status === 'final' ? 'corrected' : report.status;
  return { ...report, status, warnings: [...report.warnings, 'replaces-earlier'] };
}

export const isReplacement = (cda: CdaDocument): boolean => cda.replaces !== null || (cda.version ?? 1) > 1;

/** Findings of the reader after which what it shows is not all that the document holds. */
const INCOMPLETE: ReadonlySet<string> = new Set([
  'several-documents',
  'several-patients',
  'file-damaged',
  'body-empty',
]);

type CdaShown = {
  /** As its archive makes it stand. */
  report: ClinicalReport;
  /** For the files inside, when the document was withdrawn. */
  note: FileNote | null;
  /** The document itself, kept where the report may not be all of it. */
  source: FoundFile;
  now: Date;
};

export function cdaDocuments(cda: CdaDocument, { report, note, source, now }: CdaShown): ReadDocument[] {
  const words = isLong(report) ? [wholeText(report.text, { fileName: 'texte-integral.txt', now })] : [];
  const files = cda.files.flatMap((file) =>
    note === null ? leafDocuments(leafOfFile(file), now) : [notedFile(file, note)],
  );
  const isPartial = report.warnings.some((warning) => INCOMPLETE.has(warning));
  const whole = isPartial ? [notedFile(source, FILE_NOTES.activeContent)] : [];
  return [reportDocument(report), ...words, ...files, ...whole];
}

/** A file that says why it is no more than one; a program says that. */
export function notedFile(file: FoundFile, note: FileNote): FileDocument {
  const name = cleanFileName(file.name, file.mediaType);
  const leaf = leafOfFile({ ...file, name });
  const isProgram = sniffMediaType(file.bytes)?.executable || isExecutableName(name);
  return isProgram ? plainFile(leaf, name, FILE_NOTES.executable) : fileOf(leaf, name, note);
}

/** A CDA that is attached outside an archive; null when the part is none. Nobody vouches for its INS there. */
export function attachedCdaDocuments(leaf: MimeLeaf, { now }: { now: Date }): ReadDocument[] | null {
  if (isInlineText(leaf)) return null;
  const source = { name: cleanFileName(leaf.name, leaf.contentType), mediaType: leaf.contentType, bytes: leaf.bytes };
  const cda = maybeCda(source) ? readCda(leaf.bytes, now) : null;
  if (cda === null) return null;
  const report = isReplacement(cda) ? asReplacement(cda.report) : cda.report;
  return cdaDocuments(cda, { report, note: null, source, now });
}
