/**
 * Finds out in which charset a clinical text was really written, and decodes it.
 *
 * French laboratories send UTF-8, cp1252, cp850 and MacRoman, and declare any of them or `us-ascii`: the declaration
 * is only a hint, the bytes decide (clinical-formats A.1.4): BOM, then strict UTF-8, then the reading whose accented
 * letters stand where French puts them. Never throws; every byte gives a character; the result is NFC.
 * UTF-7 is not a charset here: it only serves to smuggle.
 */

import { isUtf8 } from 'node:buffer';
import { decodeCp850 } from './cp850-table.ts';

/** `charset`: us-ascii, utf-8, utf-16le, utf-16be, windows-1252, iso-8859-15, cp850, macintosh; rarely another declared one. */
export type DecodedText = { text: string; charset: string };

type LegacyCharset = 'windows-1252' | 'cp850' | 'macintosh';

/** In order of likelihood: an equal score goes to the first. */
const LEGACY_CHARSETS: readonly LegacyCharset[] = ['windows-1252', 'cp850', 'macintosh'];

/** How many bytes are weighed to choose; a lab report says what it is long before that. */
const EVIDENCE_MAX_BYTES = 64 * 1024;
/** Above this a text is read in one charset: reports are a few kilobytes, and each line has its cost. */
const MIXED_MAX_BYTES = 256 * 1024;

const DECLARED_LEGACY: Readonly<Record<string, LegacyCharset>> = {
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  cp850: 'cp850',
  ibm850: 'cp850',
  850: 'cp850',
  macintosh: 'macintosh',
  'x-mac-roman': 'macintosh',
  macroman: 'macintosh',
};

/** Decodes `bytes`; `declaredCharset` (from a Content-Type) only settles what the bytes leave open. */
export function decodeClinicalText(bytes: Uint8Array, declaredCharset?: string): DecodedText {
  const { text, charset } = decode(bytes, (declaredCharset ?? '').trim().toLowerCase());
  return { text: text.normalize('NFC'), charset };
}

function decode(bytes: Uint8Array, declared: string): DecodedText {
  const marked = byByteOrderMark(bytes);
  if (marked) return marked;
  if (/^utf-?16/.test(declared) && bytes.includes(0)) {
    const charset = declared.endsWith('be') ? 'utf-16be' : 'utf-16le';
    return { text: new TextDecoder(charset).decode(bytes), charset };
  }
  if (bytes.every((byte) => byte < 0x80)) return { text: Buffer.from(bytes).toString('latin1'), charset: 'us-ascii' };
  if (isCutUtf8(bytes)) return { text: new TextDecoder('utf-8').decode(bytes), charset: 'utf-8' };
  const mixed = asMixed(bytes, DECLARED_LEGACY[declared]);
  if (mixed) return mixed;
  const utf8 = asUtf8(bytes);
  if (utf8 !== null) return { text: utf8, charset: 'utf-8' };
  const { charset, score } = chooseLegacy(bytes, DECLARED_LEGACY[declared]);
  const foreign = score < 0 && !(declared in DECLARED_LEGACY) ? asDeclared(bytes, declared) : null;
  if (foreign) return foreign;
  if (charset === 'windows-1252' && isLatin9(bytes, declared)) {
    return { text: new TextDecoder('iso-8859-15').decode(bytes), charset: 'iso-8859-15' };
  }
  return { text: decodeLegacy(bytes, charset), charset };
}

function byByteOrderMark(bytes: Uint8Array): DecodedText | null {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    const utf8 = asUtf8(bytes.subarray(3));
    if (utf8 !== null) return { text: utf8, charset: 'utf-8' };
    // A lying mark: the bytes after it are weighed like any others.
    return decode(bytes.subarray(3), '');
  }
  if (first === 0xff && second === 0xfe)
    return { text: new TextDecoder('utf-16le').decode(bytes), charset: 'utf-16le' };
  if (first === 0xfe && second === 0xff)
    return { text: new TextDecoder('utf-16be').decode(bytes), charset: 'utf-16be' };
  return null;
}

/** Strict UTF-8; or UTF-8 with a few broken places (a cut last character), told by its many sound sequences. */
function asUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    let broken = 0;
    let sound = 0;
    for (let i = 0; i < lenient.length; i += 1) {
      const code = lenient.charCodeAt(i);
      if (code === 0xfffd) broken += 1;
      else if (code >= 0x80) sound += 1;
    }
    return sound >= 4 * broken ? lenient : null;
  }
}

/** UTF-8 but for its last letter, which the end of the file cuts in two. */
function isCutUtf8(bytes: Uint8Array): boolean {
  return [1, 2, 3].some((cut) => {
    const rest = bytes.subarray(0, -cut);
    return (bytes.at(-cut) ?? 0) >= 0xc2 && isUtf8(rest) && rest.some((byte) => byte >= 0x80);
  });
}

/** Letters and signs of French as UTF-8 writes them; in any other charset, these bytes side by side are hardly ever words. */
const SOUND_UTF8 = /\xc2[\xa0-\xbf]|\xc3[\x80-\xbf]|\xc5[\x92\x93\xb8]|\xe2\x80[\x90-\xa6]|\xe2\x82\xac/g;
const ABOVE_ASCII = /[\x80-\xff]/g;

/** More bytes that are not UTF-8 than there are letters that are: one cut in two at the end of a line is none of these. */
function isLegacyLine(line: string): boolean {
  if (isUtf8(Buffer.from(line, 'latin1'))) return false;
  const rest = line.replace(SOUND_UTF8, '').match(ABOVE_ASCII)?.length ?? 0;
  return rest > (line.match(SOUND_UTF8)?.length ?? 0);
}

/** A text put together from two, a header in UTF-8 over a body in another charset: each line is read in its own. */
function asMixed(bytes: Uint8Array, hint: LegacyCharset | undefined): DecodedText | null {
  if (bytes.length > MIXED_MAX_BYTES || isUtf8(bytes)) return null;
  const lines =
    Buffer.from(bytes)
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+/g) ?? [];
  const legacy = lines.filter(isLegacyLine);
  if (legacy.length === 0 || !lines.some((line) => line.search(SOUND_UTF8) >= 0 && !isLegacyLine(line))) return null;
  const { charset } = chooseLegacy(Buffer.from(legacy.join(''), 'latin1'), hint);
  const read = (line: string): string => {
    const own = Buffer.from(line, 'latin1');
    return isLegacyLine(line) ? decodeLegacy(own, charset) : new TextDecoder('utf-8', { ignoreBOM: true }).decode(own);
  };
  return { text: lines.map(read).join(''), charset };
}

/** ISO-8859-15 differs from cp1252 in eight places; it is taken only at its word and without C1 bytes. */
function isLatin9(bytes: Uint8Array, declared: string): boolean {
  return /^(iso-?8859-?15|latin-?9)$/.test(declared) && !bytes.some((byte) => byte >= 0x80 && byte < 0xa0);
}

/** Nothing French fits: a letter in another alphabet is read as it says, when it can be read so without error. */
function asDeclared(bytes: Uint8Array, declared: string): DecodedText | null {
  try {
    const decoder = new TextDecoder(declared, { fatal: true });
    return decoder.encoding.startsWith('utf-') ? null : { text: decoder.decode(bytes), charset: decoder.encoding };
  } catch {
    return null;
  }
}

function decodeLegacy(bytes: Uint8Array, charset: LegacyCharset): string {
  return charset === 'cp850' ? decodeCp850(bytes) : new TextDecoder(charset).decode(bytes);
}

type Choice = { charset: LegacyCharset; score: number };

function chooseLegacy(bytes: Uint8Array, hint: LegacyCharset | undefined): Choice {
  const evidence = sampleAround(bytes);
  let best: Choice = { charset: 'windows-1252', score: Number.NEGATIVE_INFINITY };
  for (const charset of LEGACY_CHARSETS) {
    const score = frenchness(decodeLegacy(evidence, charset)) + (charset === hint ? 1 : 0);
    if (score > best.score) best = { charset, score };
  }
  return best;
}

/** The stretch that starts a little before the first byte above ASCII. */
function sampleAround(bytes: Uint8Array): Uint8Array {
  const first = Math.max(0, bytes.findIndex((byte) => byte >= 0x80) - 16);
  return bytes.subarray(first, first + EVIDENCE_MAX_BYTES);
}

const SMALL_FRENCH = 'éèàçêîôûùëïœâ';
const CAPITAL_FRENCH = 'ÉÈÀÇÊÎÔÛÙËÏŒÂ';
const VOWELS = 'aeiouyéè';
const BETWEEN_WORDS = '«»°€–—…\u00a0•·§®©™“”';

/** Sum over the characters above ASCII: how well each fits its place in a French sentence. */
function frenchness(text: string): number {
  let score = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) < 0x80) continue;
    // "Né" and "NUMÉRO": a capital opens a word, or goes on in one of capitals.
    const opensWord = !isLetter(text.charAt(i - 2));
    score += fit(text.charAt(i), { before: text.charAt(i - 1), after: text.charAt(i + 1), opensWord });
  }
  return score;
}

const isBox = (c: string): boolean => c >= '\u2500' && c <= '\u25a0';
const isSmall = (c: string): boolean => (c >= 'a' && c <= 'z') || (c !== '' && SMALL_FRENCH.includes(c));
const isCapital = (c: string): boolean => (c >= 'A' && c <= 'Z') || (c !== '' && CAPITAL_FRENCH.includes(c));
const isLetter = (c: string): boolean => isSmall(c) || isCapital(c);

/** What stands around a character; `opensWord` tells whether the one before it is the first of its word. */
type Place = { before: string; after: string; opensWord: boolean };

function fit(character: string, place: Place): number {
  const { before, after } = place;
  // Only after a vowel (Noël, haïr), only at the end (où): elsewhere another charset is meant.
  if ('ëïËÏ'.includes(character) && !VOWELS.includes(before.toLowerCase() || ' ')) return -1;
  if ('ùÙ'.includes(character) && isLetter(after)) return -1;
  if (SMALL_FRENCH.includes(character)) return fitSmall(character, place);
  if (CAPITAL_FRENCH.includes(character)) return fitCapital(character, before, after);
  if (character === '½' && /[0-9]/.test(before)) return 3;
  if (character === '’') return isLetter(before) && isLetter(after) ? 2 : 0;
  if (character === 'µ') return 'mgLlkUKMs'.includes(after || ' ') ? 2 : 0;
  if (character === '²' || character === '³') return before === 'm' ? 2 : /[a-z0-9]/i.test(before) ? 0 : -1;
  if (character === '≤' || character === '≥') return /[\s0-9]/.test(after) ? 1 : -2;
  if (character === '±' || character === '½' || character === '×') return isLetter(before) || isLetter(after) ? -2 : 1;
  if (BETWEEN_WORDS.includes(character)) return isLetter(before) && isLetter(after) ? -2 : 1;
  const code = character.charCodeAt(0);
  if (code < 0xa0) return -5; // C1 control: the byte means nothing in this charset
  // Boxes and blocks: the lines of a table in cp850, or another charset's letters.
  if (isBox(character)) return [before, after].every((one) => /^\s?$/.test(one) || isBox(one)) ? 0 : -3;
  // A name from elsewhere (Müller, Muñoz) is still a word; a sign French does not use is not.
  if (!/\p{L}/u.test(character) || !(isLetter(before) || isLetter(after))) return -2;
  const isSmallOne = character === character.toLowerCase();
  return (isSmallOne ? isCapital(before) && isCapital(after) : isSmall(before)) ? -2 : -0.5;
}

function fitSmall(character: string, { before, after, opensWord }: Place): number {
  if (isCapital(after)) return -2; // "HâMOSTASE", "êTAT"
  if (isCapital(before) && !isLetter(after) && !opensWord) return -2;
  const alone = !isLetter(before) && !isLetter(after);
  if (character === 'à') {
    if (alone) return 3;
    return isLetter(after) ? 0 : 'ljçd'.includes(before.toLowerCase() || ' ') ? 2 : 0; // là, déjà, çà
  }
  return alone ? -2 : 3;
}

function fitCapital(character: string, before: string, after: string): number {
  if (isSmall(before)) return -3; // "PrÈlevÈ"
  if (!isLetter(before) && !isLetter(after)) return character === 'À' ? 3 : -2;
  return isCapital(before) || isCapital(after) ? 2 : 1;
}
