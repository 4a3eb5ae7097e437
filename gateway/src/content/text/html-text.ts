/**
 * Turns the HTML of a letter into plain text: what a reader would see, without markup, style, script, pictures or
 * anything fetched. Links are shown in full beside their words, so that no word hides where it leads
 * (smime.md 5, item 30).
 *
 * One pass from left to right, linear in the input whatever its nesting; broken HTML gives text, never an error.
 */

import { cleanText } from './clean-text.ts';
import type { MarkedQuote } from './fresh-text.ts';
import { decodeEntities } from './html-entities.ts';
import { type QuoteState, QuoteTracker, rawAttribute, type Tag } from './html-quotes.ts';

/** Elements whose content is not for reading, up to their end tag (HTML 13.2.6.2, raw text). */
const UNREAD = new Set(['script', 'style', 'title', 'template', 'noframes', 'iframe', 'svg', 'math', 'xml']);
const NEW_LINE = new Set(
  (
    'address article aside blockquote center dd details div dl dt fieldset figure footer form header hr li main nav ' +
    'section table tr br button option optgroup select textarea legend summary caption object video audio noscript'
  ).split(' '),
);
const NEW_PARAGRAPH = new Set('p h1 h2 h3 h4 h5 h6 ul ol pre'.split(' '));
const SHOWN_LINK = /^(?:https?|ftp|mailto|tel):/i;

/** `quotes`: the stretches of the text that the markup says are quoted, in order. */
export type HtmlText = { text: string; quotes: MarkedQuote[] };

export const htmlToText = (html: string): string => readHtml(html).text;

/** The words of an HTML letter, clean. */
export function readHtml(html: string): HtmlText {
  const page = new TextPage();
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    const textEnd = open === -1 ? html.length : open;
    page.write(html.slice(at, textEnd));
    if (open === -1) break;
    at = passMarkup(html, open, page);
  }
  return page.finish();
}

/** Reads the markup that starts at `open`; gives the position after it. */
function passMarkup(html: string, open: number, page: TextPage): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4);
  const next = html.charAt(open + 1);
  if (next === '!' || next === '?') return after(html, '>', open + 2);
  if (!/[a-zA-Z/]/.test(next)) {
    page.write('<');
    return open + 1;
  }
  const end = endOfTag(html, open + 1);
  const tag = readTag(html.slice(open + 1, end));
  if (!tag.closing && UNREAD.has(tag.name) && !tag.attributes.endsWith('/')) {
    return passUnread(html, tag.name, end + 1);
  }
  page.tag(tag);
  return end + 1;
}

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found === -1 ? html.length : found + mark.length;
}

/** The `>` that ends a tag, not one inside a quoted attribute; a quote left open does not swallow the page. */
function endOfTag(html: string, from: number): number {
  const simple = html.indexOf('>', from);
  if (simple === -1) return html.length;
  let quote = '';
  const limit = Math.min(html.length, from + 8_192);
  for (let i = from; i < limit; i += 1) {
    const c = html.charAt(i);
    if (quote) quote = c === quote ? '' : quote;
    else if ((c === '"' || c === "'") && html.charAt(i - 1) === '=') quote = c;
    else if (c === '>') return i;
  }
  return simple;
}

function readTag(inside: string): Tag {
  const closing = inside.startsWith('/');
  const body = closing ? inside.slice(1) : inside;
  const name = /^[a-zA-Z][a-zA-Z0-9:-]{0,30}/.exec(body)?.[0] ?? '';
  return { name: name.toLowerCase(), closing, attributes: body.slice(name.length, name.length + 8_192) };
}

function passUnread(html: string, name: string, from: number): number {
  let at = from;
  for (;;) {
    const found = html.indexOf('</', at);
    if (found === -1) return html.length;
    if (html.slice(found + 2, found + 2 + name.length).toLowerCase() === name) return after(html, '>', found);
    at = found + 2;
  }
}

const attribute = (tag: Tag, name: 'alt' | 'href'): string => decodeEntities(rawAttribute(tag, name)).trim();

/** The text as it grows: collapses white space as a browser does, and keeps the link that is open. */
class TextPage {
  readonly #pieces: string[] = [];
  readonly #quotes = new QuoteTracker();
  /** Where a quote begins or ends, as a number of pieces. */
  readonly #turns: { at: number; state: QuoteState }[] = [];
  #newLines = 0;
  #space = false;
  #empty = true;
  #preformatted = 0;
  #link: { href: string; words: string } | null = null;

  write(raw: string): void {
    if (raw === '') return;
    const text = decodeEntities(raw);
    if (this.#preformatted > 0) {
      this.#put(text);
      return;
    }
    // A no-break space is a character the writer put there; the others collapse.
    const words = text.split(/[ \t\n\r\f]+/);
    words.forEach((word, index) => {
      if (index > 0) this.#space = true;
      if (word !== '') this.#put(word);
    });
  }

  tag(tag: Tag): void {
    if (tag.name === 'a') this.#anchor(tag);
    else if (tag.name === 'img' && !tag.closing) this.write(attribute(tag, 'alt'));
    else if (tag.name === 'br') this.#breakLine(this.#newLines + 1);
    else if (tag.name === 'td' || tag.name === 'th') this.#space = true;
    else if (NEW_LINE.has(tag.name)) this.#breakLine(1);
    else if (NEW_PARAGRAPH.has(tag.name)) this.#breakLine(2);
    if (tag.name === 'li' && !tag.closing) this.#put('- ');
    this.#quotes.tag(tag);
    if (this.#quotes.state !== (this.#turns.at(-1)?.state ?? 'none'))
      this.#turns.push({ at: this.#pieces.length, state: this.#quotes.state });
    if (tag.name === 'pre') this.#preformatted = Math.max(0, this.#preformatted + (tag.closing ? -1 : 1));
  }

  finish(): HtmlText {
    this.#closeLink();
    let text = '';
    const quotes: MarkedQuote[] = [];
    const turns = [...this.#turns, { at: this.#pieces.length, state: 'none' as QuoteState }];
    let last: { at: number; state: QuoteState } = { at: 0, state: 'none' };
    for (const turn of turns) {
      const stretch = cleanText(this.#pieces.slice(last.at, turn.at).join('')).replaceAll('\u00a0', ' ');
      if (last.state !== 'none' && stretch !== '')
        quotes.push({ from: text.length, to: text.length + stretch.length, sure: last.state === 'sure' });
      text += stretch;
      last = turn;
    }
    return { text, quotes };
  }

  #anchor(tag: Tag): void {
    this.#closeLink();
    const href = tag.closing ? '' : attribute(tag, 'href').replace(/\s/g, '');
    if (SHOWN_LINK.test(href)) this.#link = { href, words: '' };
  }

  #closeLink(): void {
    const link = this.#link;
    this.#link = null;
    if (!link) return;
    const bare = link.href.replace(/^(?:mailto|tel):/i, '');
    if (link.words.trim() === link.href || link.words.trim() === bare) return;
    this.#space = true;
    this.#put(`(${link.href})`);
  }

  #breakLine(count: number): void {
    this.#newLines = Math.min(3, Math.max(this.#newLines, count));
  }

  #put(text: string): void {
    let gap = '';
    if (!this.#empty) gap = this.#newLines > 0 ? '\n'.repeat(this.#newLines) : this.#space ? ' ' : '';
    this.#pieces.push(gap, text);
    if (this.#link && this.#link.words.length < 4_096) this.#link.words += (this.#link.words ? gap : '') + text;
    this.#newLines = 0;
    this.#space = false;
    this.#empty = false;
  }
}
