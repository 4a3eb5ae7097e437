/**
 * The narrative of a CDA section as it grows into plain text: white space collapses as in a browser, a row of a table
 * is one line with its cells between bars (empty cells too, so that a column keeps its place), and raised or lowered
 * characters stay so, because `10⁹` must not become `109`.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';

const RAISED = new Map(Object.entries({ '+': '⁺', '-': '⁻', '−': '⁻', '(': '⁽', ')': '⁾', n: 'ⁿ' }));
const LOWERED = new Map(Object.entries({ '+': '₊', '-': '₋', '−': '₋', '(': '₍', ')': '₎' }));
for (const [index, digit] of [...'0123456789'].entries()) {
  RAISED.set(digit, '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(index));
  LOWERED.set(digit, '₀₁₂₃₄₅₆₇₈₉'.charAt(index));
}

/** What is written so far, with the white space that is due before the next word. */
export class NarrativePage {
  readonly #pieces: string[] = [];
  #newLines = 0;
  #space = false;

  write(raw: string): void {
    raw.split(/[ \t\n\r\f]+/).forEach((word, index) => {
      if (index > 0) this.#space = true;
      if (word !== '') this.#put(word);
    });
  }

  /** At least so many line ends before the next word. */
  endLine(count = 1): void {
    this.#newLines = Math.min(2, Math.max(this.#newLines, count));
  }

  /** One more line end before the next word (`br`). */
  addLine(): void {
    this.endLine(this.#newLines + 1);
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  finish(): string {
    return this.#pieces.join('').replaceAll('\u00a0', ' ');
  }

  #put(word: string): void {
    if (!this.isEmpty) this.#pieces.push(this.#newLines > 0 ? '\n'.repeat(this.#newLines) : this.#space ? ' ' : '');
    this.#pieces.push(word);
    this.#newLines = 0;
    this.#space = false;
  }
}

/** The rows of one table: knows which columns a cell above still fills (rowspan). */
export class NarrativeTable {
  readonly #filled = new Map<number, number>();
  #row: string[] = [];

  get hasCells(): boolean {
    return this.#row.length > 0;
  }

  addCell(words: string, { columns, rows }: { columns: number; rows: number }): void {
    this.#passFilled();
    for (let index = 0; index < columns; index += 1) {
      if (rows > 1) this.#filled.set(this.#row.length, rows);
      this.#row.push(index === 0 ? words.replace(/\n+/g, ' ; ') : '');
    }
  }

  /** The line of the row that is over, empty when no cell has a word. */
  endRow(): string {
    this.#passFilled();
    for (const [column, rows] of this.#filled) {
      if (rows <= 1) this.#filled.delete(column);
      else this.#filled.set(column, rows - 1);
    }
    const row = this.#row;
    this.#row = [];
    return row.slice(0, row.findLastIndex((cell) => cell !== '') + 1).join(' | ');
  }

  /** A cell spans no further than its group of rows (HTML 4.01 §11.3.1). */
  endGroup(): void {
    this.#filled.clear();
  }

  #passFilled(): void {
    while (this.#filled.has(this.#row.length) && this.#row.length < CDA_LIMITS.columnsMax) this.#row.push('');
  }
}

/** `9` above the line is `⁹`; what has no such letter is marked. */
export const raised = (words: string): string => shifted(words, RAISED, '^');
export const lowered = (words: string): string => shifted(words, LOWERED, '_');

function shifted(words: string, letters: ReadonlyMap<string, string>, mark: string): string {
  const written = words.trim();
  if (written === '') return '';
  const isShort = written.length <= CDA_LIMITS.shiftedMaxCharacters;
  const found = isShort ? [...written].map((character) => letters.get(character)) : [undefined];
  if (found.every((letter) => letter !== undefined)) return found.join('');
  // Ordinals and the like (`1er`, `Mme`) lose nothing on the line; a number would.
  if (!/\d/.test(written)) return written;
  return `${mark}(${written})`;
}
