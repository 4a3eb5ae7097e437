/**
 * Finds and reads the header of an HPRIM Médecins message: twelve lines in a fixed order (clinical-formats A.1.2).
 *
 * Senders shift it (a blank line, a title, a vendor record before it), fill line 1 with a fixed-width record, or write
 * only the minimum: family name, given name, date of birth. So positions 0, 1 and 2 are scored. The danger is the
 * other way round: an ordinary letter whose letterhead looks like a header would give a wrong patient. Where no HPRIM
 * marker stands in the text, the header must bring more proof.
 */

import { decodeEntities } from '../text/html-entities.ts';
import { findDate, isDateShaped, readBirthDate } from './hprim-date.ts';

export type HprimHeader = {
  familyName: string;
  givenName: string;
  birthDate: string | null;
  sex: 'M' | 'F' | null;
  /** National number, without spaces; empty when there is none. */
  nir: string;
  fileNumber: string;
  date: string | null;
  sender: string;
  recipient: string;
  /** Lines the header takes, from the start of what was searched; the body begins there. */
  endsBefore: number;
  /** Lines in or before the header that are not header fields: kept as text. */
  leftOver: string[];
  warnings: string[];
};

export type HeaderSearch = {
  lines: readonly string[];
  /** Whether `RES`, `****LAB****` or `****FIN****` stands in the text: then the minimal header is enough. */
  marked: boolean;
  /** ISO date of today: a birth is never later. */
  today: string;
};

type Candidate = { offset: number; score: number; birthIsDate: boolean; sure: boolean };

const OFFSETS = [0, 1, 2];
const ACCEPTED_SCORE = 10;
/** Names and birth, and at most one of the other lines odd. */
const ACCEPTED_WITH_MARKER = 6;
const CODE = /^[A-Za-z0-9_/-]{0,20}$/;
const POSTAL_LINE = /^\d{5}\s+\S/;
/** NIR: sex, year, month (also 20, 30–42, 50–99), department (2A, 2B), six digits, key. */
const NIR = /^[1-478]\d{2}(?:0[1-9]|1[0-2]|20|3\d|4[0-2]|[5-9]\d)(?:\d\d|2[AB])\d{6}(?:\d{2})?$/;
const NAME = /^[\p{L}\p{M}][\p{L}\p{M} .,/'’()-]{0,49}$/u;
/** Who writes rather than who is cared for, and titles: the first words of a letterhead. */
const LETTERHEAD =
  /^(?:dr|pr|docteur|professeur|cabinet|clinique|h[oô]pital|chu|ehpad|pharmacie|laboratoire|selarl|scp|m[eé]decin|infirmi[eè]re?|biologiste|kin[eé]sith[eé]rapeute|dermatologue|cardiologue|sp[eé]cialiste|g[eé]n[eé]raliste|compte[ -]?rendu|r[eé]sultats?|examens?|analyses?)(?!\p{L})/iu;
/** Words that open a letter; some are family names too, so they count only where nothing else says HPRIM. */
const LETTER_OPENING =
  /^(?:m|mr|mme|mlle|monsieur|madame|mademoiselle|cher|chère|bonjour|bonsoir|objet|centre|ch|labo|service|sage|ma[iî]son|date|nom|pr[eé]nom)(?!\p{L})|,/iu;

export function findHprimHeader(search: HeaderSearch): HprimHeader | null {
  let best: Candidate | null = null;
  for (const offset of offsetsOf(search.lines)) {
    const candidate = weigh(search, offset);
    if (candidate && isAccepted(candidate, search.marked) && (!best || candidate.score > best.score)) best = candidate;
  }
  return best ? readAt(search, best.offset) : null;
}

/** 0, 1, 2; and the two places a header can start at when more blank lines stand before it. */
function offsetsOf(lines: readonly string[]): number[] {
  const firstFilled = lines.slice(0, 200).findIndex((line) => line.trim() !== '');
  return firstFilled > 2 ? [firstFilled - 1, firstFilled] : OFFSETS;
}

function weigh({ lines, marked, today }: HeaderSearch, offset: number): Candidate | null {
  const at = (number: number): string => (lines[offset + number - 1] ?? '').trim();
  if (!isName(at(2), marked) || !isName(at(3), marked)) return null;
  const birthIsDate = readBirthDate(at(7), today) !== null;
  const nir = at(8) === '' ? 0 : nirOf(at(8)) !== '' ? 3 : -3;
  const date = at(10) === '' ? 0 : findDate(at(10), today) !== null ? 4 : -4;
  const score =
    (CODE.test(at(1)) ? 3 : 0) + 2 + (POSTAL_LINE.test(at(6)) ? 1 : 0) + (birthIsDate ? 8 : -8) + nir + date;
  const codeWithDigit = CODE.test(at(1)) && /\d/.test(at(1));
  const sure = nir > 0 || codeWithDigit || (date > 0 && at(11) !== '' && at(12) !== '');
  return { offset, score, birthIsDate, sure };
}

function isAccepted(candidate: Candidate, marked: boolean): boolean {
  if (candidate.birthIsDate && marked) return candidate.score >= ACCEPTED_WITH_MARKER;
  if (candidate.birthIsDate) return candidate.score >= ACCEPTED_SCORE && candidate.sure;
  // The birth cannot be read, but all the rest of a full header is there: patient shown without a birth date.
  return marked && candidate.score + 8 >= ACCEPTED_SCORE && candidate.sure;
}

/** Where a header has its town, date of birth and national number, from its first line on; one may be missing or too many. */
const PROOF_PLACES = [4, 5, 6, 7, 8];
/** How the line of an address begins, which may stand below a name as a given name does. */
const ADDRESS =
  /^(?:rue|avenue|av|bd|bld|boulevard|place|pl|r[eé]sidence|impasse|all[eé]e|chemin|route|quai|cours|square|b[aâ]t|b[aâ]timent|lot|lotissement|hameau|lieu|za|zi|bp)(?!\p{L})/iu;

/**
 * Whether a header stands or tries to stand at this line, readable or not: a name in capitals below it, another name, and
 * a birth or a national number where a header has them; behind results, where nobody prints an address, a town will do.
 * Under it the patient may be another one.
 */
export function triesToBeHeader(lines: readonly string[], index: number, { isInBody }: { isInBody: boolean }): boolean {
  const at = (place: number): string => lines[index + place] ?? '';
  // A date above a national number: a birth, whatever became of the names.
  if ([5, 6].some((place) => isDateShaped(at(place)) && nirOf(at(place + 1)) !== '')) return true;
  const proves = (line: string) =>
    isDateShaped(line) || nirOf(line) !== '' || (!isInBody && POSTAL_LINE.test(line.trim()));
  return PROOF_PLACES.some((place) => proves(at(place))) && namesSomebody(lines, index + 1);
}

/** A name in capitals, and another name below it. */
export function namesSomebody(lines: readonly string[], index: number): boolean {
  const [family, given] = [(lines[index] ?? '').trim(), (lines[index + 1] ?? '').trim()];
  return family === family.toUpperCase() && isName(family, false) && isName(given, false) && !ADDRESS.test(given);
}

/** Whether these lines name the patient of a header, as the printed part of his own report does. */
export function namesPatientOf({ familyName, givenName }: HprimHeader, lines: readonly string[]): boolean {
  const written = folded(lines.join(' '));
  return written.includes(folded(familyName)) && written.includes(folded(givenName));
}

const folded = (text: string): string => text.slice(0, 400).normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();

function isName(text: string, marked: boolean): boolean {
  if (!NAME.test(decodeEntities(text)) || LETTERHEAD.test(text) || text.split(/\s+/).length > 6) return false;
  return marked || !LETTER_OPENING.test(text);
}

function readAt({ lines, today }: HeaderSearch, offset: number): HprimHeader {
  const at = (number: number): string => decodeEntities((lines[offset + number - 1] ?? '').trim());
  const length = headerLength(at);
  const field = (number: number): string => (number <= length ? at(number) : '');
  const birth = readBirthDate(at(7), today);
  const leftOver = lines.slice(0, offset).filter((line) => line.trim() !== '' && !isFixedWidthRecord(line));
  const first = lines[offset] ?? '';
  const isCode = CODE.test(first.trim()) || first.trim() === '.' || nirOf(first) !== '';
  if (!isCode && !isFixedWidthRecord(first)) leftOver.push(first.trimEnd());
  const warnings: string[] = [];
  if (lines.slice(0, offset).some((line) => line.trim() !== '')) warnings.push('header-shifted');
  if (isFixedWidthRecord(first)) warnings.push('header-record-in-line-1');
  if (length < 12) warnings.push('header-short');
  if (birth === null) warnings.push('birth-date-unreadable');
  if (birth?.centuryGuessed) warnings.push('birth-century-guessed');
  const nir = nirOf(field(8));
  if (field(8) !== '' && nir === '') {
    warnings.push('nir-unreadable');
    leftOver.push(field(8));
  }
  if (hasWrongKey(nir)) warnings.push('nir-key-wrong');
  const date = findDate(field(10), today);
  if (field(10) !== '' && date === null) {
    warnings.push('date-unreadable');
    leftOver.push(field(10));
  }
  if (birth === null && field(7) !== '') leftOver.push(field(7));
  return {
    familyName: at(2),
    givenName: at(3),
    birthDate: birth?.iso ?? null,
    sex: hasWrongKey(nir) ? null : sexOfNir(nir),
    nir,
    fileNumber: field(9),
    date,
    sender: nameAfterCode(lines, offset, 11, length),
    recipient: nameAfterCode(lines, offset, 12, length),
    endsBefore: Math.min(lines.length, offset + length),
    leftOver: leftOver.map(decodeEntities),
    warnings,
  };
}

/** Line 10: a date alone, with its time, or behind a number without spaces (`M-5128-23/10/06`); not one in a sentence. */
const DATE_FIELD = /^\S{0,40}\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}(?:\s+(?:à\s+)?\d{1,2}\s?[:h]\s?\d{2}(?::\d{2})?)?$/i;

/**
 * Twelve; seven where text begins behind the date of birth, as some senders write; eight where a line behind the national
 * number is missing, so that none of the others can be told.
 */
function headerLength(at: (number: number) => string): 7 | 8 | 12 {
  const isDate = at(10) === '' || DATE_FIELD.test(at(10));
  if (nirOf(at(8)) !== '') return !isDate && DATE_FIELD.test(at(9)) ? 8 : 12;
  const isNumber = at(9).split(/\s+/).length <= 3;
  const isBlankOrNumber = at(8) === '' || /^[0-9AB .]{1,25}$/.test(at(8));
  return isDate && isNumber && (isBlankOrNumber || at(10) !== '') ? 12 : 7;
}

/** Lines 11 and 12: columns 1–10 a code, from 11 on a name; some write the name only, and no code has a space inside. */
function nameAfterCode(lines: readonly string[], offset: number, number: number, length: number): string {
  if (number > length) return '';
  const line = (lines[offset + number - 1] ?? '').trimEnd();
  const name = line.slice(10).trim();
  const cutsWord = /\S/.test(line.charAt(9)) && /\S/.test(line.charAt(10));
  const isCode = /^[A-Z0-9._/*+-]*$/.test(line.slice(0, 10).trim());
  return decodeEntities(name === '' || cutsWord || !isCode ? line.trim() : name);
}

/** The number in a line, without the spaces people put in it; empty when there is none. */
function nirOf(line: string): string {
  const plain = line.length > 40 ? '' : line.replaceAll(/\s/g, '');
  return NIR.test(plain) ? plain : '';
}

/** The key is 97 less the rest of the number by 97, 2A read as 19 and 2B as 18; `00` is a key left out. */
function hasWrongKey(nir: string): boolean {
  if (nir.length !== 15 || nir.endsWith('00')) return false;
  const number = nir.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97 - Number(BigInt(number) % 97n) !== Number(nir.slice(13));
}

function sexOfNir(nir: string): 'M' | 'F' | null {
  if (nir === '') return null;
  return '137'.includes(nir.charAt(0)) ? 'M' : 'F';
}

/** A record of columns padded to 40 characters, as SOLABIO and others put in or before line 1. */
function isFixedWidthRecord(line: string): boolean {
  return line.length > 40 && line.charAt(39) === ' ' && line.charAt(40) !== ' ' && line.slice(0, 40).trim() !== '';
}
