/**
 * The look of a filed document: its styles, and its blocks (headings, fields with a label, text) broken into lines and
 * pages of A4. It knows how wide text is, and draws nothing.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { printableLines } from './printable.ts';
import { wrapLine } from './wrap-line.ts';

export type FontName = 'sans' | 'bold' | 'mono';
export interface FontMeasure {
  hasGlyph(codePoint: number): boolean;
  widthOf(text: string): number;
}

export const INK = '#16202a';
export const MUTED = '#56636f';
export const RULE = '#c9d2da';
const RECEIVED = '#1f6390';
const ANSWERED = '#3d7a55';

const STYLES = {
  title: { font: 'bold', size: 17, colour: INK },
  subtitle: { font: 'sans', size: 10.5, colour: MUTED },
  section: { font: 'bold', size: 11, colour: INK },
  received: { font: 'bold', size: 10, colour: RECEIVED },
  answered: { font: 'bold', size: 10, colour: ANSWERED },
  label: { font: 'sans', size: 8.5, colour: MUTED },
  value: { font: 'sans', size: 9.5, colour: INK },
  strong: { font: 'bold', size: 10, colour: INK },
  meta: { font: 'sans', size: 8.5, colour: MUTED },
  body: { font: 'sans', size: 9.5, colour: INK },
  table: { font: 'mono', size: 8.2, colour: INK },
  proof: { font: 'mono', size: 7, colour: MUTED },
} as const satisfies Record<string, { font: FontName; size: number; colour: string }>;
export type StyleName = keyof typeof STYLES;

export type Side = 'received' | 'answered';
export const SIDE_COLOURS: { readonly [S in Side]: string } = { received: RECEIVED, answered: ANSWERED };

export interface Block {
  readonly style: StyleName;
  readonly text: string;
  /** Printed before the text, in its own column. */
  readonly label?: string;
  /** Points. */
  readonly before?: number;
  readonly indent?: number;
  /** A coloured line stands beside it, whole from one `opens` to the next. */
  readonly side?: Side;
  readonly opens?: boolean;
  /** A rule stands above it. */
  readonly rule?: boolean;
  /** A new page begins when less than this is left, in points. */
  readonly keep?: number;
}

export interface Line {
  readonly style: (typeof STYLES)[StyleName];
  readonly text: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly side: Side | null;
  readonly opens: boolean;
  readonly rule: boolean;
}

/** A4, in points. */
export const PAGE = { width: 595.28, height: 841.89, left: 58, right: 58, top: 70, bottom: 66 } as const;
export const LABEL_STYLE = STYLES.label;
const LABEL_WIDTH = 92;
const LEADING = 1.36;
/** More empty lines than this in a row say nothing more. */
const EMPTY_LINES_MAX = 2;

interface WrappedLine {
  readonly text: string;
  readonly isFirst: boolean;
}

function* linesOf(block: Block, font: FontMeasure): Generator<WrappedLine, void> {
  const { size } = STYLES[block.style];
  const indent = (block.indent ?? 0) + (block.label === undefined ? 0 : LABEL_WIDTH);
  const width = PAGE.width - PAGE.left - PAGE.right - indent;
  let empty = 0;
  let isFirst = true;
  for (const line of printableLines(block.text, (codePoint) => font.hasGlyph(codePoint)))
    for (const text of wrapLine(line, width, (piece) => font.widthOf(piece) * size)) {
      empty = text.trim() === '' ? empty + 1 : 0;
      if (empty > EMPTY_LINES_MAX) continue;
      yield { text, isFirst };
      isFirst = false;
    }
}

/** Throws `RangeError` above `pagesMax`: what is filed is filed whole. Lets others work at each page. */
export async function layOut(
  blocks: readonly Block[],
  fonts: { readonly [F in FontName]: FontMeasure },
  pagesMax: number,
): Promise<Line[][]> {
  const pages: Line[][] = [[]];
  const floor = PAGE.height - PAGE.bottom;
  let y: number = PAGE.top;
  const turn = async () => {
    if (pages.length >= pagesMax) throw new RangeError('more pages than a filed document may have');
    pages.push([]);
    y = PAGE.top;
    await breathe();
  };
  for (const block of blocks) {
    const style = STYLES[block.style];
    const height = style.size * LEADING;
    if (y + (block.before ?? 0) + Math.max(block.keep ?? 0, height) > floor) await turn();
    else if (y > PAGE.top) y += block.before ?? 0;
    const x = PAGE.left + (block.indent ?? 0) + (block.label === undefined ? 0 : LABEL_WIDTH);
    for (const { text, isFirst } of linesOf(block, fonts[style.font])) {
      if (y + height > floor) await turn();
      const label = isFirst ? (block.label ?? '') : '';
      const marks = { side: block.side ?? null, opens: isFirst && block.opens === true };
      pages.at(-1)?.push({ style, text, label, x, y, height, ...marks, rule: isFirst && block.rule === true });
      y += height;
    }
  }
  return pages;
}
