/**
 * The words of an answer: what was typed first, then a light quote in French ("Le … a écrit :"), bounded. The HTML twin,
 * where a trust space wants one, says the same words and nothing else: escaped, without style, script or picture.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { AnsweredLetter } from '../ports.ts';
import { singleLine } from './from-label.ts';

/** An answer in words. */
export interface ReplyWords {
  /** As typed, `\n` between lines. */
  readonly written: string;
  /** Null where nothing is quoted. */
  readonly quote: { readonly introduction: string; readonly lines: readonly string[] } | null;
}

const FRENCH_TIME = new Intl.DateTimeFormat('fr-FR', {
  dateStyle: 'short',
  timeStyle: 'short',
  timeZone: 'Europe/Paris',
});

/** What was typed in a row, one text below the other, and the quote of the letter when it may be quoted. */
export function replyWords(texts: readonly string[], letter: AnsweredLetter, quotes: boolean): ReplyWords {
  const written = texts
    .map((text) => text.replace(/\r\n?/g, '\n').trimEnd())
    .filter((text) => text !== '')
    .join('\n\n');
  const lines = letter.quote.slice(0, CONVERSATION_LIMITS.quotedLinesMax).map(singleLine);
  if (!quotes || lines.length === 0) return { written, quote: null };
  const who = singleLine(letter.fromName) || letter.from;
  return {
    written,
    quote: { introduction: `Le ${FRENCH_TIME.format(new Date(letter.receivedAt))}, ${who} a écrit :`, lines },
  };
}

/** As plain text, `\n` between lines. */
export function plainText({ written, quote }: ReplyWords): string {
  if (quote === null) return `${written}\n`;
  return `${written}\n\n${quote.introduction}\n${quote.lines.map((line) => `> ${line}`.trimEnd()).join('\n')}\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (found) => ENTITIES[found] as string);
const inLines = (lines: readonly string[]): string => lines.map(escaped).join('<br>\n');

/** The same words as HTML. */
export function htmlTwin({ written, quote }: ReplyWords): string {
  const body = [`<p>${inLines(written.split('\n'))}</p>`];
  if (quote !== null)
    body.push(`<p>${escaped(quote.introduction)}</p>`, `<blockquote>${inLines(quote.lines)}</blockquote>`);
  return ['<!DOCTYPE html>', '<html lang="fr">', '<head><meta charset="utf-8"></head>', '<body>', ...body]
    .concat('</body>', '</html>', '')
    .join('\n');
}
