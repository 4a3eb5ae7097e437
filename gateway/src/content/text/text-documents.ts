/**
 * Turns one decoded text into documents: reports when it is HPRIM Santé or HPRIM Médecins, one clear sentence when it
 * is Apicrypt, otherwise the text itself. Text too long to travel inside a message is shown by its beginning, with the
 * whole of it as a file beside: nothing is lost to a limit.
 */

import type { ClinicalReport } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { readHprim } from '../hprim/hprim.ts';
import { readHprimSante } from '../hprim-sante/hprim-sante.ts';
import type { FileDocument, ReadDocument, TextDocument } from '../read-document.ts';
import { FILE_NOTES } from '../read-document.ts';
import { freshRanges, type MarkedQuote } from './fresh-text.ts';

/**
 * Opens the cipher text of Apicrypt v1, which is neither S/MIME nor public (clinical-formats, part B): at the beginning
 * of a line, since people also write about it.
 */
const APICRYPT_MARK = /^[ \t>]{0,8}\$APICRYPT/m;

export type TextOrigin = {
  /** Name of the file that carries the whole text, when it is too long to be shown whole. */
  fileName: string;
  now: Date;
  /** Only of the letter's own words, where the new is told from the quoted: what their markup says is quoted. */
  quotes?: readonly MarkedQuote[];
};

/** Whether a text is HPRIM of either kind, whatever its file is called. */
export const holdsReports = (text: string, now: Date): boolean =>
  readReports(wholeLines(text, CONTENT_LIMITS.textMaxCharacters), now).length > 0;

function readReports(text: string, now: Date): ClinicalReport[] {
  const reports = readHprimSante(text, now);
  return reports.length > 0 ? reports : readHprim(text, now);
}

export function textDocuments(text: string, origin: TextOrigin): ReadDocument[] {
  const mark = text.search(APICRYPT_MARK);
  if (mark !== -1) return apicryptDocuments(text, mark, origin);
  const read = wholeLines(text, CONTENT_LIMITS.textMaxCharacters);
  const reports = readReports(read, origin.now);
  if (read !== text) for (const report of reports) if (!isLong(report)) report.warnings.push('text-truncated');
  const shown: ReadDocument[] = reports.length > 0 ? reports.map(reportDocument) : [ownWords(text, origin)];
  const cut = read !== text || reports.some(isLong) || (reports.length === 0 && isTooLong(text));
  return cut ? [...shown, wholeText(text, origin)] : shown;
}

/** The lines that end within the limit: half a line could hold half a number. */
const wholeLines = (text: string, limit: number): string =>
  text.length <= limit ? text : text.slice(0, text.lastIndexOf('\n', limit - 1) + 1);

const isTooLong = (text: string): boolean => text.length > CONTENT_LIMITS.inlineTextMaxCharacters;
export const isLong = (report: ClinicalReport): boolean => isTooLong(report.text);

/** Without blank edges, only for plain text: an HPRIM header may begin with a line left empty. */
function ownWords(text: string, { quotes }: TextOrigin): ReadDocument {
  const start = Math.max(0, text.lastIndexOf('\n', text.search(/\S/)) + 1);
  const document = plainDocument(text.slice(start).trimEnd());
  const fresh =
    quotes === undefined
      ? null
      : freshRanges(
          document.text,
          quotes.map((quote) => moved(quote, -start)),
        );
  return fresh === null ? document : { ...document, fresh };
}

const moved = (quote: MarkedQuote, by: number): MarkedQuote => ({ ...quote, from: quote.from + by, to: quote.to + by });

function plainDocument(text: string): TextDocument {
  return { kind: 'text', text: beginning(text), truncated: isTooLong(text) };
}

/** A report; of a text that is too long to travel with it, the beginning. */
export function reportDocument(report: ClinicalReport): ReadDocument {
  if (!isLong(report)) return { kind: 'report', report };
  const warnings = [...report.warnings, 'text-truncated'];
  return { kind: 'report', report: { ...report, text: beginning(report.text), warnings } };
}

/** Up to the limit, ending with a line when one ends near. */
function beginning(text: string): string {
  if (!isTooLong(text)) return text;
  const cut = text.slice(0, CONTENT_LIMITS.inlineTextMaxCharacters);
  const lastLine = cut.lastIndexOf('\n');
  return (lastLine > cut.length - 400 ? cut.slice(0, lastLine) : cut).toWellFormed();
}

export function wholeText(text: string, origin: TextOrigin): FileDocument {
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
