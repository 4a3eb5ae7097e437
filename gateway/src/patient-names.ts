/**
 * Names of patients as different software writes them, compared: accents, case, hyphens, apostrophes and spaces count
 * for nothing, a birth name or a usual name may stand alone or beside the other, second given names may be left out.
 * Danger: who is not recognised here is shown although he opposes; who is taken for another is held although he does not.
 * So a part of a family name is enough, but only beside the same given name and birth date (opposing-patient.ts).
 */

import { OPPOSITION_LIMITS } from '@estafette/contracts/limits';

/** Letters that Unicode does not decompose, as passports write them (ICAO 9303-3 §6). */
const SPELLED: Readonly<Record<string, string>> = {
  Œ: 'OE',
  Æ: 'AE',
  ẞ: 'SS',
  Ø: 'O',
  Ł: 'L',
  Đ: 'D',
  Ð: 'D',
  Þ: 'TH',
};

/** Between two names of one person: `DUPONT née MARTIN`, `DUPONT ép. MARTIN`. */
const LINKS = new Set(['NEE', 'NE', 'EP', 'EPOUSE', 'EPSE', 'VEUVE', 'VVE']);

/** A name without its accents, in capitals, as words of letters. */
export function nameWords(name: string): string[] {
  const { nameMaxCharacters, nameWordsMax } = OPPOSITION_LIMITS;
  const bare = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '');
  const plain = bare(bare(name.slice(0, nameMaxCharacters)).toUpperCase());
  const spelled = plain.replace(/[ŒÆẞØŁĐÐÞ]/gu, (letter) => SPELLED[letter] ?? letter);
  return (spelled.match(/\p{L}+/gu) ?? []).slice(0, nameWordsMax);
}

/** The names that stand in one field: apart by brackets, a slash, or a word such as `née`. */
function namesIn(field: string): string[][] {
  const names: string[][] = [];
  for (const part of field.slice(0, OPPOSITION_LIMITS.nameMaxCharacters).split(/[()[\]/,;]/u)) {
    const name: string[] = [];
    for (const word of nameWords(part)) {
      if (LINKS.has(word) && name.length > 0) names.push(name.splice(0));
      else name.push(word);
    }
    names.push(name);
  }
  return names.filter((name) => name.length > 0);
}

const joined = (words: readonly string[]): string => words.join('');

/** What a name is written together as when only its first words are taken: one, two, … all. */
const beginnings = (words: readonly string[]): string[] => words.map((_word, last) => joined(words.slice(0, last + 1)));
const endings = (words: readonly string[]): string[] => words.map((_word, first) => joined(words.slice(first)));

const isPartOf = (one: readonly string[], other: readonly string[]): boolean =>
  beginnings(other).includes(joined(one)) || endings(other).includes(joined(one));

/** Whether family names, usual or of birth, may be one person's: one is the other, or stands first or last in it. */
export function sharesFamilyName(one: readonly string[], other: readonly string[]): boolean {
  const [mine, theirs] = [one.flatMap(namesIn), other.flatMap(namesIn)];
  return mine.some((name) => theirs.some((twin) => isPartOf(name, twin) || isPartOf(twin, name)));
}

/** Whether given names may be one person's: the first ones are the same, as many as both sides write. */
export function sharesGivenName(one: string, other: string): boolean {
  const [mine, theirs] = [nameWords(one), nameWords(other)];
  if (mine.length === 0 || theirs.length === 0) return false;
  return beginnings(theirs).includes(joined(mine)) || beginnings(mine).includes(joined(theirs));
}

/** All that a given name may be found under: two names that are shared have one of them in common. */
export const givenNameKeys = (name: string): string[] => beginnings(nameWords(name));
