/**
 * Bytes of a header field that are no UTF-8, carried in a string: each stands as the lone surrogate U+DC80–U+DCFF, as in
 * Python's surrogateescape (PEP 383). Such a string is no address, no domain and equal to no name, because no text holds
 * lone surrogates; only what is shown to people is decoded further, by evidence. Part of ports.ts.
 */

const ESCAPE = 0xdc00;
const UNDECODED = /[\udc80-\udcff]/;

/** `field` holds one character to a byte. */
export const keepUndecoded = (field: string): string =>
  field.replace(/[\x80-\xff]/g, (character) => String.fromCharCode(ESCAPE + character.charCodeAt(0)));

/** The bytes of a text that `keepUndecoded` made; null for any other. */
export function undecodedBytes(text: string): Buffer | null {
  const isPlain = /^[\0-\x7f\udc80-\udcff]*$/.test(text); // without the u flag: code units
  return isPlain && UNDECODED.test(text)
    ? Buffer.from(Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff))
    : null;
}
