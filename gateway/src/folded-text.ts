/**
 * Letter case and composition of names folded where that can be undone, so that equal names compare as equal and no
 * other. Part of ports.ts; names in certificates and in trust lists are compared by it, each with its own rule for spaces.
 * Danger: a sign that only looks like a letter must not become it (the Kelvin sign is no K).
 */

/** Lower case where that can be undone; signs that merely fold onto a letter stay themselves. */
function foldCase(text: string): string {
  let folded = '';
  for (const sign of text) {
    const lower = sign.toLowerCase();
    folded += lower.toUpperCase() === sign ? lower : sign;
  }
  return folded;
}

/** Canonical composition, unless a sign would be replaced by another one that looks like it. */
function compose(text: string): string {
  for (const sign of text) if (sign.normalize('NFC') !== sign) return text;
  return text.normalize('NFC');
}

/** The text in the form that texts share which differ by letter case and composition alone. */
export const foldedText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : foldCase(compose(text));
