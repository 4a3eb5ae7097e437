/**
 * Identifiers in the browser, in the form of the `ulid` package, whose place the build gives to this file: ten letters
 * of time, sixteen of chance, Crockford's base 32. Each is later than the one before, so that they sort as they were made.
 */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LETTERS = 10;

export function monotonicFactory(): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Date.now());
    let text = '';
    for (let left = last; text.length < TIME_LETTERS; left = Math.floor(left / 32)) text = LETTERS[left % 32] + text;
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += LETTERS[byte & 31];
    return text;
  };
}
