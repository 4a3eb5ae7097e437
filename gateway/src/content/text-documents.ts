/**
 * Turns one decoded text into documents: HPRIM reports when it is HPRIM, one clear sentence when it is Apicrypt,
 * otherwise the text itself. Text too long to travel inside a message is shown by its beginning, with the whole of it
 * as a file beside: nothing is lost to a limit.
 */

import type { HprimReport } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { readHprim } from './hprim.ts';
import type { FileDocument, ReadDocument } from './read-document.ts';
import { FILE_NOTES } from './read-document.ts';

/** Opens the cipher text of Apicrypt v1, which is neither S/MIME nor public (clinical-formats, part B). */
const APICRYPT_MARK = '$APICRYPT';

export type TextOrigin = {
  /** Name of the file that carries the whole text, when it is too long to be shown whole. */
  fileName: string;
  now: Date;
};

export function textDocuments(text: string, origin: TextOrigin): ReadDocument[] {
  const mark = text.indexOf(APICRYPT_MARK);
  if (mark !== -1) return apicryptDocuments(text, mark, origin);
  const read = text.length > CONTENT_LIMITS.textMaxCharacters ? text.slice(0, CONTENT_LIMITS.textMaxCharacters) : text;
  const reports = readHprim(read, origin.now);
  const shown: ReadDocument[] =
    reports.length > 0 ? reports.map(hprimDocument) : [plainDocument(withoutBlankEdges(text))];
  const cut = read !== text || reports.some(isLong) || (reports.length === 0 && isTooLong(text));
  return cut ? [...shown, wholeText(text, origin)] : shown;
}

const isTooLong = (text: string): boolean => text.length > CONTENT_LIMITS.inlineTextMaxCharacters;
const isLong = (report: HprimReport): boolean => isTooLong(report.text);

/** Only for plain text: an HPRIM header may begin with a line left empty. */
function withoutBlankEdges(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  return lines.slice(Math.max(0, first)).join('\n').trimEnd();
}

function plainDocument(text: string): ReadDocument {
  return { kind: 'text', text: beginning(text), truncated: isTooLong(text) };
}

function hprimDocument(report: HprimReport): ReadDocument {
  if (!isLong(report)) return { kind: 'hprim', report };
  const warnings = [...report.warnings, 'text-truncated'];
  return { kind: 'hprim', report: { ...report, text: beginning(report.text), warnings } };
}

/** Up to the limit, ending with a line when one ends near. */
function beginning(text: string): string {
  if (!isTooLong(text)) return text;
  const cut = text.slice(0, CONTENT_LIMITS.inlineTextMaxCharacters);
  const lastLine = cut.lastIndexOf('\n');
  return (lastLine > cut.length - 400 ? cut.slice(0, lastLine) : cut).toWellFormed();
}

function wholeText(text: string, origin: TextOrigin): FileDocument {
  return {
    kind: 'file',
    name: origin.fileName,
    mediaType: 'text/plain; charset=utf-8',
    bytes: Buffer.from(text, 'utf8'),
    note: FILE_NOTES.textContinued,
  };
}

/** What stands before the cipher text is kept; the cipher text itself is a file for the software that reads it. */
function apicryptDocuments(text: string, mark: number, origin: TextOrigin): ReadDocument[] {
  const before = text.slice(0, mark).trim();
  const sentence = 'Message Apicrypt chiffré, à ouvrir dans votre logiciel.';
  const shown = before === '' ? sentence : `${before}\n\n${sentence}`;
  return [plainDocument(shown), { ...wholeText(text, origin), note: FILE_NOTES.apicrypt }];
}
