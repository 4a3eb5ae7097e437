/**
 * Text as it is printed: nothing is dropped. What a font cannot draw (an emoji), and what draws nothing or turns text
 * about (controls, zero-width characters, bidirectional overrides), is written as its code: `[U+1F600]`.
 */

const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}]/u;
const LINE_END = /\r\n|[\n\r\u0085\u2028\u2029]/;
const TAB_STOP = 8;
/** Marks upon one letter; more are written as codes, and not put into order, which would take for ever. */
const MARKS_MAX = 8;
const TOO_MANY_MARKS = /\p{M}{9}/u;
const MARK = /\p{M}/u;

const codeOf = (character: string): string =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/** The lines of a text, each of characters that the font has; each is made when it is asked for. */
export function* printableLines(text: string, hasGlyph: (codePoint: number) => boolean): Generator<string, void> {
  const wellFormed = text.toWellFormed();
  const composed = TOO_MANY_MARKS.test(wellFormed) ? wellFormed : wellFormed.normalize('NFC');
  for (const line of composed.split(LINE_END)) yield printableLine(line, hasGlyph);
}

function printableLine(line: string, hasGlyph: (codePoint: number) => boolean): string {
  let printed = '';
  let column = 0;
  let marks = 0;
  for (const character of line) {
    let shown = character;
    marks = MARK.test(character) ? marks + 1 : 0;
    if (character === '\t') shown = ' '.repeat(TAB_STOP - (column % TAB_STOP));
    else if (marks > MARKS_MAX || INVISIBLE.test(character) || !hasGlyph(character.codePointAt(0) ?? 0))
      shown = codeOf(character);
    printed += shown;
    column += shown.length;
  }
  return printed;
}
