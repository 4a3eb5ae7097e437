/**
 * The words of the RTF in which Outlook keeps the body of a message: plain text, or the HTML that the RTF wraps
 * (`\fromhtml1`, MS-OXRTFEX 2.1.3) given back as HTML, for the reader of HTML letters.
 *
 * RTF is only walked through, by groups, control words and characters: fonts, pictures, fields' instructions and what
 * else has a destination of its own are stepped over. One pass, nesting bounded, never an error.
 */

import { TNEF_LIMITS } from '@estafette/contracts/limits';
import { decodeCp850 } from '../text/cp850-table.ts';

export type RtfText = { kind: 'plain' | 'html'; text: string };

/** Destinations whose content is not for reading (RTF 1.9.1); those after `\*` are unread unless known. */
const UNREAD = new Set(
  'fonttbl colortbl stylesheet info pict object header footer headerl headerr headerf footerl footerr footerf fldinst listtable listoverridetable revtbl rsidtbl generator xmlnstbl themedata latentstyles datastore mhtmltag'.split(
    ' ',
  ),
);
const WORDS: Readonly<Record<string, string>> = {
  par: '\n',
  line: '\n',
  sect: '\n',
  page: '\n',
  row: '\n',
  tab: '\t',
  cell: '\t',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
};
const SYMBOLS: Readonly<Record<string, string>> = { '\\': '\\', '{': '{', '}': '}', '~': '\u00a0', _: '-' };

type Group = {
  /** Not for reading. */
  unread: boolean;
  /** HTML tags inside the RTF. */
  tag: boolean;
  /** RTF that only repeats what the tags say (`\htmlrtf`). */
  repeated: boolean;
  /** Characters that follow `\u` for readers without Unicode. */
  skips: number;
};

const CONTROL = /\\(?:([a-zA-Z]{1,32})(-?\d{1,10})? ?|'([0-9a-fA-F]{2})|([^a-zA-Z']))|[{}]|[\r\n]+|[^\\{}\r\n]+|\\/y;

/** `codepage`: what bytes above ASCII mean where the RTF does not say (`\ansicpg`). */
export function rtfText(rtf: Buffer, codepage: number): RtfText {
  return new RtfReader(rtf.toString('latin1'), codepage).read();
}

class RtfReader {
  readonly #rtf: string;
  readonly #groups: Group[] = [{ unread: false, tag: false, repeated: false, skips: 1 }];
  readonly #pieces: string[] = [];
  #codepage: number;
  #bytes: number[] = [];
  #isHtml = false;
  #toSkip = 0;
  /** Depth beyond what is kept of groups. */
  #beyond = 0;
  #isDestination = false;

  constructor(rtf: string, codepage: number) {
    this.#rtf = rtf;
    this.#codepage = codepage;
  }

  read(): RtfText {
    CONTROL.lastIndex = 0;
    for (let found = CONTROL.exec(this.#rtf); found !== null; found = CONTROL.exec(this.#rtf)) this.#step(found);
    this.#flush();
    return { kind: this.#isHtml ? 'html' : 'plain', text: this.#pieces.join('') };
  }

  get #group(): Group {
    return this.#groups.at(-1) ?? { unread: false, tag: false, repeated: false, skips: 1 };
  }

  #step([whole, word, number, hex, symbol]: RegExpExecArray): void {
    if (whole === '{') this.#open();
    else if (whole === '}') this.#close();
    else if (word !== undefined) this.#control(word, number === undefined ? null : Number(number));
    else if (hex !== undefined) this.#byte(Number.parseInt(hex, 16));
    else if (symbol === '*') this.#isDestination = true;
    else if (symbol === '\n' || symbol === '\r') this.#write('\n');
    else if (symbol !== undefined) this.#write(SYMBOLS[symbol] ?? '');
    else if (!/^[\r\n\\]/.test(whole)) this.#plain(whole);
  }

  #open(): void {
    this.#flush();
    if (this.#groups.length >= TNEF_LIMITS.rtfDepthMax) this.#beyond += 1;
    else this.#groups.push({ ...this.#group });
  }

  #close(): void {
    this.#flush();
    this.#isDestination = false;
    this.#toSkip = 0;
    if (this.#beyond > 0) this.#beyond -= 1;
    else if (this.#groups.length > 1) this.#groups.pop();
  }

  #control(word: string, number: number | null): void {
    const isDestination = this.#isDestination;
    this.#isDestination = false;
    if (word === 'u' && number !== null) {
      this.#write(String.fromCharCode(number & 0xffff));
      this.#toSkip = this.#group.skips;
      return;
    }
    this.#flush();
    if (word === 'fromhtml') this.#isHtml = number !== 0;
    else if (word === 'ansicpg' && number !== null) this.#codepage = number;
    else if (word === 'uc' && number !== null) this.#group.skips = Math.min(number, 16);
    else if (word === 'htmlrtf') this.#group.repeated = number !== 0;
    else if (word === 'htmltag') this.#group.tag = true;
    else if (isDestination || UNREAD.has(word)) this.#group.unread = true;
    else if (WORDS[word] !== undefined) this.#write(WORDS[word]);
  }

  /** Inside the wrapped HTML, a tag is as it stands and a character of the text is one that markup would not change. */
  #write(text: string): void {
    this.#flush();
    if (this.#isRead) this.#pieces.push(this.#isHtml && !this.#group.tag ? escaped(text) : text);
  }

  #plain(text: string): void {
    const left = text.slice(this.#toSkip);
    this.#toSkip = Math.max(0, this.#toSkip - text.length);
    if (left !== '') this.#write(left);
  }

  #byte(byte: number): void {
    if (this.#toSkip > 0) this.#toSkip -= 1;
    else if (this.#isRead) this.#bytes.push(byte);
  }

  get #isRead(): boolean {
    return !this.#group.unread && !(this.#isHtml && this.#group.repeated);
  }

  /** Characters of several bytes stand as several `\'hh`. */
  #flush(): void {
    if (this.#bytes.length === 0) return;
    const text = decodeCodepage(Buffer.from(this.#bytes), this.#codepage);
    this.#bytes = [];
    this.#pieces.push(this.#isHtml && !this.#group.tag ? escaped(text) : text);
  }
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'));

/** The name of a Windows code page for a TextDecoder; cp1252 for those it does not know. */
export function charsetOf(codepage: number): string {
  const known: Readonly<Record<number, string>> = {
    65001: 'utf-8',
    20127: 'us-ascii',
    28591: 'iso-8859-1',
    28605: 'iso-8859-15',
    10000: 'macintosh',
    850: 'cp850',
    932: 'shift_jis',
    936: 'gbk',
    949: 'euc-kr',
    950: 'big5',
  };
  return known[codepage] ?? (codepage >= 1250 && codepage <= 1258 ? `windows-${codepage}` : 'windows-1252');
}

function decodeCodepage(bytes: Buffer, codepage: number): string {
  const charset = charsetOf(codepage);
  return charset === 'cp850' ? decodeCp850(bytes) : new TextDecoder(charset).decode(bytes);
}
