/**
 * Whether lines between or behind results may be about another person than the patient of the message before
 * (clinical-formats A.1.1, A.1.2): a name, a birth, a national number that are not his. The danger is his report with
 * somebody else's results, so a doubt is enough: what follows then belongs to nobody.
 */

import { BIRTH_WORDS, isDateShaped, readBirthDate } from './hprim-date.ts';
import { type HprimHeader, isRecent } from './hprim-header.ts';
import { isAddress, namesSomebody } from './hprim-name.ts';
import { nirOf } from './hprim-nir.ts';

/** As many lines as a minimal header has. */
const HEADER_MIN_LINES = 7;
/** Where a header has its birth, from its first line on; one line may be missing or too many. */
const BIRTH_PLACES = [5, 6, 7];
const BIRTH_BEHIND = new RegExp(
  `${BIRTH_WORDS}\\s{0,3}:?\\s{0,3}(\\d{1,4}[/. -]\\d{1,2}[/. -]\\d{2,4}|\\d{1,2}(?:er)? \\p{L}{3,9} \\d{4})`,
  'iu',
);
const PERSON =
  /(?:^|[\s:])(?:mr|mme|mlle|monsieur|madame|mademoiselle|patiente?|enfant|b[eé]b[eé]|nom)(?=[\s.:])|^\s{0,20}m\.?\s/i;
/** `Louise MARTIN`, `MARTIN Louise`: a word in capitals beside one that only begins with one. */
const NAMES_IN_LINE =
  /^(?:[\p{Lu}'-]{2,}(?: [\p{Lu}'-]{2,}){0,3} \p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+){0,2}|\p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+){0,2} [\p{Lu}'-]{2,}(?: [\p{Lu}'-]{2,}){0,3})$/u;
const ONE_NAME = /^\p{Lu}[\p{L}'-]{1,30}$/u;

const folded = (text: string): string =>
  text.slice(0, 400).normalize('NFD').replace(/\p{M}/gu, '').toUpperCase().trim();
const inWords = (text: string): string =>
  ` ${folded(text)
    .split(/[^\p{L}'-]+/u)
    .join(' ')
    .trim()} `;

/** Whether these lines name the patient of a header, as the printed part of his own report does. */
export function namesPatientOf({ familyName, givenName }: HprimHeader, lines: readonly string[]): boolean {
  const at = lines.findIndex((line) => folded(line) === folded(familyName));
  const below = folded(lines[at + 1] ?? '');
  if (at !== -1 && below !== '') return below === folded(givenName);
  const written = inWords(lines.join(' '));
  return written.includes(inWords(familyName)) && written.includes(inWords(givenName));
}

/** Whether a header at this line, of the same name, has another birth: a namesake. A letter's own date is no birth. */
export function hasOtherBirth(header: HprimHeader, lines: readonly string[], at: number, today: string): boolean {
  return BIRTH_PLACES.some((place) => {
    const line = lines[at + place] ?? '';
    const birth = readBirthDate(line, today)?.iso;
    return birth !== undefined && birth !== header.birthDate && birth !== header.date && !isRecent(line, today);
  });
}

/** Whether a line tells a birth, in words, that is not the one of this patient: `Mme EXEMPLE née le 02/05/1962`. */
export function tellsOtherBirth(header: HprimHeader | null, line: string, today: string): boolean {
  const written = BIRTH_BEHIND.exec(line.slice(0, 400))?.[1];
  if (written === undefined) return false;
  const birth = readBirthDate(written, today)?.iso ?? null;
  if (header?.birthDate) return birth !== header.birthDate;
  return header === null || !namesPatientOf(header, [line]);
}

/** A lone date among some lines is how a date of birth stands in a header, even one that cannot be read. */
export function looksLikeHeaderAttempt(lines: readonly string[]): boolean {
  return lines.length >= 4 && lines.some(isDateShaped);
}

type Before = { isInBody: boolean; hasResults: boolean; header: HprimHeader | null; today: string };

/** Whether these lines before results may name another patient than the one before: as many as a header has, or names. */
export function mayNameAnother(lines: readonly string[], { isInBody, hasResults, header, today }: Before): boolean {
  if (looksLikeHeaderAttempt(lines)) return true;
  if (!hasResults) return false;
  if (isInBody || lines.length >= HEADER_MIN_LINES) return true;
  if (lines.some((line) => tellsOtherBirth(header, line, today))) return true;
  if (!lines.some((_, at) => mayBePerson(lines, at))) return false;
  return header === null || !namesPatientOf(header, lines);
}

function mayBePerson(lines: readonly string[], at: number): boolean {
  const [line, next] = [(lines[at] ?? '').trim(), (lines[at + 1] ?? '').trim()];
  if (namesSomebody(lines, at) || nirOf(line) !== '' || PERSON.test(line.slice(0, 200))) return true;
  if (line.length < 90 && NAMES_IN_LINE.test(line) && !isAddress(line)) return true;
  return ONE_NAME.test(line) && ONE_NAME.test(next);
}
