/**
 * The narrative of a CDA (StrucDoc.Text, CDA R2 §4.3.5) as plain text: what a reader would see, without markup. Nothing
 * in it can run or be fetched, because only words come out; style, script and what is no word go. Words struck out
 * (`revised="delete"`) are marked, so that nobody takes them for the ones that count.
 *
 * One pass without recursion over the elements.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';
import { cleanText } from '../text/clean-text.ts';
import { attributeOf, localNameOf } from '../xml/safe-xml.ts';
import { lowered, NarrativePage, NarrativeTable, raised } from './narrative-page.ts';

const LINES: Readonly<Record<string, number>> = {
  paragraph: 1,
  p: 1,
  div: 1,
  caption: 1,
  item: 1,
  li: 1,
  dt: 1,
  dd: 1,
  list: 1,
  ul: 1,
  ol: 1,
  h1: 1,
  h2: 1,
  h3: 1,
  h4: 1,
  h5: 1,
  h6: 1,
  pre: 1,
  table: 2,
  text: 2,
};
/** What stands in a line of words; anything else, also what nobody knows, parts the words around it. */
const INLINE: ReadonlySet<string> = new Set(
  'content linkhtml sub sup footnote footnoteref a b i u s em strong span font small big tt code abbr del ins strike'.split(
    ' ',
  ),
);
const UNREAD: ReadonlySet<string> = new Set(['script', 'style', 'iframe', 'object', 'template']);
const GROUPS: ReadonlySet<string> = new Set(['thead', 'tbody', 'tfoot']);
const CELLS: ReadonlySet<string> = new Set(['td', 'th']);
/** Their words are gathered apart, as those of cells, then put into the page around. */
const SHIFTS: ReadonlySet<string> = new Set(['sup', 'sub']);
/** HTML, which real software puts into narratives. */
const STRUCK: ReadonlySet<string> = new Set(['del', 's', 'strike']);
const STRUCK_STYLE = /strike|line-?through/i;
const SHIFTED_STYLE = /(?:^|[\s:])x?(sup|sub)(?:er|script|erscript)?(?=$|[\s;])/i;
const STRUCK_FROM = '[supprimé : ';
const STRUCK_TO = ']';
const SHOWN_LINK = /^(?:https?|mailto|tel):/i;
const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

type Limits = { charactersMax: number; nodesMax: number };
const WHOLE: Limits = { charactersMax: Number.POSITIVE_INFINITY, nodesMax: Number.POSITIVE_INFINITY };

export type ReadWords = { words: string; nodes: number };

/** The words inside an element, clean and trimmed. */
export const narrativeOf = (element: Element): string => wordsWithin(element, WHOLE).words;

/** The same up to a limit, with the number of nodes it took. */
export function wordsWithin(element: Element, limits: Limits): ReadWords {
  const writer = new NarrativeWriter();
  let nodes = 0;
  let characters = 0;
  let leaving = false;
  for (let node: Node | null = element; node !== null && nodes < limits.nodesMax; ) {
    nodes += 1;
    if (node.nodeType === TEXT_NODE) {
      writer.text(node.nodeValue ?? '');
      characters += (node.nodeValue ?? '').length;
      if (characters > limits.charactersMax) break;
    }
    const entered: boolean = !leaving && isElement(node) && writer.enter(node);
    if (entered && node.firstChild) {
      node = node.firstChild;
      continue;
    }
    if (isElement(node) && (leaving || entered)) writer.leave(node);
    if (node === element) break;
    leaving = node.nextSibling === null;
    node = node.nextSibling ?? node.parentNode;
  }
  return { words: writer.finish(element), nodes };
}

const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

class NarrativeWriter {
  readonly #pages: NarrativePage[] = [new NarrativePage()];
  readonly #tables: NarrativeTable[] = [];
  #preformatted = 0;
  #shifts = 0;

  text(raw: string): void {
    if (this.#preformatted === 0) this.#page().write(raw);
    else
      for (const [index, line] of raw.split('\n').entries()) {
        if (index > 0) this.#page().addLine();
        this.#page().write(line);
      }
  }

  /** Whether its content is to be read. */
  enter(element: Element): boolean {
    const name = kindOf(element);
    if (UNREAD.has(name)) return false;
    const page = this.#page();
    const lines = LINES[name];
    if (lines !== undefined) page.endLine(lines);
    else if (!INLINE.has(name)) page.write(' ');
    if (name === 'br') page.addLine();
    if (name === 'pre') this.#preformatted += 1;
    if (name === 'item' || name === 'li') page.write('- ');
    if (name === 'table') this.#tables.push(new NarrativeTable());
    if (name === 'tr') this.#endStrayRow();
    if (name === 'footnote') page.write(' [');
    if (this.#isApart(name)) this.#pages.push(new NarrativePage());
    else if (SHIFTS.has(name)) page.write(name === 'sup' ? '^(' : '_(');
    else if (CELLS.has(name) && !page.isEmpty) page.write(' | ');
    if (SHIFTS.has(name)) this.#shifts += 1;
    // Of a row its line is marked, when it is written.
    if (name !== 'tr' && isStruckOut(element)) this.#page().write(STRUCK_FROM);
    return true;
  }

  leave(element: Element): void {
    const name = kindOf(element);
    if (CELLS.has(name) && isStruckOut(element)) this.#page().write(STRUCK_TO);
    if (SHIFTS.has(name)) this.#shifts -= 1;
    if (this.#isApart(name)) this.#closeApart(element, name);
    else if (SHIFTS.has(name)) this.#page().write(')');
    if (name === 'pre') this.#preformatted -= 1;
    if (name === 'tr') this.#writeRow(isStruckOut(element));
    if (GROUPS.has(name)) {
      this.#endStrayRow();
      this.#tables.at(-1)?.endGroup();
    }
    if (name === 'table') {
      this.#endStrayRow();
      this.#tables.pop();
    }
    const page = this.#page();
    if (name === 'linkhtml' || name === 'a') this.#writeLink(element);
    if (name === 'footnote') page.write(']');
    if (name !== 'tr' && !CELLS.has(name) && isStruckOut(element)) page.write(STRUCK_TO);
    const lines = LINES[name];
    if (lines !== undefined) page.endLine(lines);
    else if (!INLINE.has(name)) page.write(' ');
  }

  /** Closes what a limit left open. */
  finish(root: Element): string {
    while (this.#pages.length > 1) this.#closeApart(root, '');
    while (this.#tables.length > 0) {
      this.#endStrayRow();
      this.#tables.pop();
    }
    return cleanText(this.#page().finish()).trim();
  }

  #page(): NarrativePage {
    const page = this.#pages.at(-1) ?? new NarrativePage();
    if (this.#pages.length === 0) this.#pages.push(page);
    return page;
  }

  /** A cell in its table; deep inside tables or powers it is written as it comes, so that no word is copied often. */
  #isApart(name: string): boolean {
    if (SHIFTS.has(name)) return this.#shifts < CDA_LIMITS.nestedShiftsMax;
    return CELLS.has(name) && this.#tables.length > 0 && this.#tables.length <= CDA_LIMITS.nestedTablesMax;
  }

  #closeApart(element: Element, name: string): void {
    const words = (this.#pages.pop() ?? new NarrativePage()).finish();
    if (name === 'sup') this.#page().write(raised(words));
    else if (name === 'sub') this.#page().write(lowered(words));
    else if (CELLS.has(name)) this.#tables.at(-1)?.addCell(words, spanOf(element));
    else this.#page().write(` ${words}`);
  }

  #writeRow(isStruck = false): void {
    const line = this.#tables.at(-1)?.endRow() ?? '';
    if (line !== '') this.#page().write(isStruck ? `${STRUCK_FROM}${line}${STRUCK_TO}` : line);
    this.#page().endLine();
  }

  /** Cells that stand outside a row (`thead/th`) are one. */
  #endStrayRow(): void {
    this.#page().endLine();
    if (this.#tables.at(-1)?.hasCells) this.#writeRow();
  }

  #writeLink(element: Element): void {
    const href = attributeOf(element, 'href').replace(/\s/g, '');
    if (SHOWN_LINK.test(href)) this.#page().write(` (${href})`);
  }
}

/** Its name; of what a style raises or lowers `sup` or `sub`, so that 10⁹ does not become 109. */
function kindOf(element: Element): string {
  const name = localNameOf(element).toLowerCase();
  if (name !== 'content' && name !== 'span') return name;
  const shift = SHIFTED_STYLE.exec(`${attributeOf(element, 'styleCode')} ${attributeOf(element, 'style')}`)?.[1];
  return shift === undefined ? name : shift.toLowerCase();
}

const isStruckOut = (element: Element): boolean =>
  attributeOf(element, 'revised').trim().toLowerCase() === 'delete' ||
  STRUCK.has(localNameOf(element).toLowerCase()) ||
  STRUCK_STYLE.test(attributeOf(element, 'styleCode'));

function spanOf(element: Element): { columns: number; rows: number } {
  const read = (name: string): number => {
    const count = /^\s{0,5}(\d{1,5})\s{0,5}$/.exec(attributeOf(element, name))?.[1];
    return Math.min(CDA_LIMITS.columnsMax, Math.max(1, Number(count ?? 1)));
  };
  return { columns: read('colspan'), rows: read('rowspan') };
}
