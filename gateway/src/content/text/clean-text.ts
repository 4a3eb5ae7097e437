/**
 * Makes decoded text safe to put before a reader: one kind of line end, no control characters, nothing that turns
 * the writing direction or hides characters (smime.md 5, item 36). Only removes; never adds a word.
 */

const HIDDEN = /[\p{Bidi_Control}\u200b\u2060\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** CR CR LF is what text becomes when its CRLF is once more made from LF. */
const LINE_END = /\r\r?\n|\r|[\v\f\u0085\u2028\u2029]/g;
/** All of Unicode's control characters (C0, C1) but tab and line feed. */
const CONTROLS = /(?![\t\n])\p{Cc}/gu;

/** CRLF, CR, NEL, vertical tab, form feed and the Unicode separators become LF; controls (a DOS end-of-file too) disappear. */
export function cleanText(text: string): string {
  return text.toWellFormed().replace(LINE_END, '\n').replace(CONTROLS, '').replace(HIDDEN, '');
}
