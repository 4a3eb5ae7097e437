/**
 * Follows the tags of an HTML letter and says when they stand inside a quote: what mail programs mark in their markup,
 * evidence for fresh-text.ts. A plain `<blockquote>` only indents, in Outlook as in a doctor's own letter, so it is no
 * sure mark. Gmail's outer `div.gmail_quote` is none at all: answers written between quotes stand inside it.
 */

export type Tag = { name: string; closing: boolean; attributes: string };
export type QuoteState = 'none' | 'maybe' | 'sure';

/** Class names, ids and marks of elements that hold nothing but the quoted mail or its introduction. */
const QUOTE_NAMES = new Set(
  'gmail_attr moz-cite-prefix yahoo_quoted protonmail_quote tutanota_quote mail-editor-reference-message-container __headers__ __quoted_text__'.split(
    ' ',
  ),
);
/** Outlook on the web: the reply header, and after it the mail to its end. */
const REST = 'divrplyfwdmsg';

const ATTRIBUTE_NAMES = ['alt', 'href', 'id', 'class', 'type', 'data-marker'] as const;
type AttributeName = (typeof ATTRIBUTE_NAMES)[number];
const PATTERNS = new Map(
  ATTRIBUTE_NAMES.map((name): [AttributeName, RegExp] => [
    name,
    new RegExp(`(?:^|[\\s"'])${name}\\s{0,8}=\\s{0,8}(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i'),
  ]),
);

/** One attribute of a tag, undecoded; empty when it has none. */
export function rawAttribute(tag: Tag, name: AttributeName): string {
  if (!tag.attributes.includes('=')) return '';
  const found = PATTERNS.get(name)?.exec(tag.attributes);
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? '';
}

export class QuoteTracker {
  #sure = { name: '', depth: 0 };
  #indented = 0;
  #rest = false;

  get state(): QuoteState {
    if (this.#rest || this.#sure.depth > 0) return 'sure';
    return this.#indented > 0 ? 'maybe' : 'none';
  }

  tag(tag: Tag): void {
    if (tag.name !== 'div' && tag.name !== 'blockquote') return;
    const step = tag.closing ? -1 : 1;
    if (tag.name === 'blockquote') this.#indented = Math.max(0, this.#indented + step);
    if (this.#sure.depth > 0) {
      if (tag.name === this.#sure.name) this.#sure.depth += step;
    } else if (!tag.closing && !this.#rest) {
      const found = kindOf(tag);
      if (found === 'rest') this.#rest = true;
      else if (found === 'quote') this.#sure = { name: tag.name, depth: 1 };
    }
  }
}

function kindOf(tag: Tag): 'quote' | 'rest' | null {
  if (tag.attributes === '') return null;
  const [type, id, classes] = [rawAttribute(tag, 'type'), rawAttribute(tag, 'id'), rawAttribute(tag, 'class')];
  const names = `${classes} ${id} ${rawAttribute(tag, 'data-marker')}`.slice(0, 1_000).toLowerCase().split(/\s+/);
  if (names.includes(REST)) return 'rest';
  if (tag.name === 'blockquote' && (type.toLowerCase() === 'cite' || names.includes('gmail_quote'))) return 'quote';
  return names.some((name) => QUOTE_NAMES.has(name)) ? 'quote' : null;
}
