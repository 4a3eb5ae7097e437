/**
 * Breaks one line of text into pieces that fit a width, between words, or within one that is too long (a URL, a hash, a
 * line without spaces). Nothing is left out but the spaces at a break; the first line keeps its indentation. Linear,
 * and given line by line: whoever takes them may stop, or let others work in between.
 */

/** Spaces at the beginning of a line beyond this part of the width are no indentation any more. */
const INDENTATION_SHARE = 0.5;

/** A word with the spaces before it; a number keeps its unit beside it (`2 mg`), lest it be read without. */
const TOKEN =
  / *(?:[^ ]*\d (?:%|‰|°C|[kmµnd]?[gG]|mcg|[mdcµ]?[lL]|[mµnp]?mol|mEq|[MmkK]?UI|U|cp|cps|mn|min|h|j|jours?|mois|ans?|fois)(?![\p{L}\d])[^ ]*|[^ ]+)/gu;

/** A base character with the marks upon it, which must not be parted. */
const CLUSTER = /\P{M}\p{M}{0,8}|\p{M}/gu;

export function* wrapLine(given: string, width: number, widthOf: (text: string) => number): Generator<string, void> {
  const line = given.trimEnd();
  const [indentation = ''] = /^ */.exec(line) ?? [];
  const kept = widthOf(indentation) > width * INDENTATION_SHARE ? '' : indentation;
  let current = '';
  let used = 0;
  const add = (text: string, size: number) => {
    current += text;
    used += size;
  };
  const taken = (): string => {
    const whole = current;
    current = '';
    used = 0;
    return whole;
  };
  add(kept, widthOf(kept));
  for (const [token] of line.slice(indentation.length).matchAll(TOKEN)) {
    const size = widthOf(token);
    if (used + size <= width) {
      add(token, size);
      continue;
    }
    const word = token.trimStart();
    if (current.trim() !== '') yield taken();
    for (const [cluster] of widthOf(word) <= width ? [[word]] : word.matchAll(CLUSTER)) {
      const step = widthOf(cluster);
      if (used + step > width && current.trim() !== '') yield taken();
      add(cluster, step);
    }
  }
  yield taken();
}
