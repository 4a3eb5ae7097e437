/**
 * Finds and reads the header of an HPRIM Médecins message: twelve lines in a fixed order (clinical-formats A.1.2).
 *
 * Senders shift it (a blank line, a title, a vendor record before it), fill line 1 with a fixed-width record, or write
 * only the minimum: family name, given name, date of birth. So positions 0, 1 and 2 are scored. The danger is the
 * other way round: an ordinary letter whose letterhead looks like a header would give a wrong patient. Where no HPRIM
 * marker stands in the text, the header must bring more proof.
 */

import { decodeEntities } from '../text/html-entities.ts';
import { findDate, isDateShaped, isPlainDate, readBirthDate } from './hprim-date.ts';
import { isAddress, isFamilyNameAlso, isName, isRankOfTwin, namesSomebody } from './hprim-name.ts';
import { hasWrongKey, nirOf, sexOfNir } from './hprim-nir.ts';

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

type Candidate = {
  offset: number;
  score: number;
  birthIsDate: boolean;
  sure: boolean;
  /** Birth and date stand in their places, and between them a national number or, above them, a town. */
  proven: boolean;
};

const OFFSETS = [0, 1, 2];
const ACCEPTED_SCORE = 10;
/** Names and birth, and at most one of the other lines odd. */
const ACCEPTED_WITH_MARKER = 6;
const CODE = /^[A-Za-z0-9_/-]{0,20}$/;
const POSTAL_LINE = /^\d{5}\s+\S/;
export function findHprimHeader(search: HeaderSearch): HprimHeader | null {
  let best: Candidate | null = null;
  for (const offset of offsetsOf(search.lines)) {
    const candidate = weigh(search, offset);
    if (candidate && isAccepted(candidate, search.marked) && (!best || candidate.score > best.score)) best = candidate;
  }
  const bent = best?.proven === true ? null : findBentHeader(search);
  return bent ?? (best && readAt(search, best.offset));
}

/** More lines than a header takes, with those that may stand before it or too many in it. */
const BENT_LINES = 20;
/** Address lines of a header that was bent: blank lines taken out on the way, or a long address. */
const BENT_ADDRESSES = [2, 1, 0, 4, 5];

/**
 * A header without its line 1 (mail software takes blank lines off the beginning), or with more or fewer than three lines
 * of address: only where a marker says HPRIM, and where all the rest proves it.
 */
function findBentHeader({ lines, marked, today }: HeaderSearch): HprimHeader | null {
  if (!marked) return null;
  const start = lines.slice(0, BENT_LINES);
  const straightened = [0, 1].flatMap((offset) => withThreeAddressLines(start, offset));
  for (const { straight, offset } of [{ straight: ['', ...start], offset: 0 }, ...straightened]) {
    const search = { lines: straight, marked, today };
    if (!weigh(search, offset)?.proven) continue;
    const header = readAt(search, offset);
    const endsBefore = header.endsBefore + start.length - straight.length;
    return { ...header, endsBefore, warnings: ['header-shifted', ...header.warnings] };
  }
  return null;
}

function withThreeAddressLines(lines: readonly string[], offset: number): { straight: string[]; offset: number }[] {
  const [before, after] = [lines.slice(0, offset + 3), lines.slice(offset + 3)];
  // Only a street says where an address begins that is too long: two names may be a code and a family name, too.
  const [first = ''] = after;
  const isLongKnown = /\d/.test(first) || isAddress(first.trim());
  return BENT_ADDRESSES.filter((count) => count < 3 || isLongKnown).map((count) => {
    const town = count === 0 ? '' : (after[count - 1] ?? '');
    const address = [count > 1 ? (after[0] ?? '') : '', '', town];
    return { straight: [...before, ...address, ...after.slice(count)], offset };
  });
}

/** 0, 1, 2; and the two places a header can start at when more blank lines stand before it. */
function offsetsOf(lines: readonly string[]): number[] {
  const firstFilled = lines.slice(0, 200).findIndex((line) => line.trim() !== '');
  return firstFilled > 2 ? [firstFilled - 1, firstFilled] : OFFSETS;
}

function weigh({ lines, marked, today }: HeaderSearch, offset: number): Candidate | null {
  const at = (number: number): string => (lines[offset + number - 1] ?? '').trim();
  const nir = at(8) === '' ? 0 : nirOf(at(8)) !== '' ? 3 : -3;
  const isFamilyName = isName(at(2), marked) || (marked && nir > 0 && isFamilyNameAlso(at(2)));
  if (!isFamilyName || !(isName(at(3), marked) || (marked && isRankOfTwin(at(3))))) return null;
  if (isAddress(at(3)) || (offset > 0 && mayBeOneLower(lines, offset))) return null;
  const birthIsDate = readBirthDate(at(7), today) !== null && (marked || isPlainDate(at(7)));
  const date = at(10) === '' ? 0 : findDate(at(10), today) !== null ? 4 : -4;
  const score =
    (CODE.test(at(1)) ? 3 : 0) + 2 + (POSTAL_LINE.test(at(6)) ? 1 : 0) + (birthIsDate ? 8 : -8) + nir + date;
  const codeWithDigit = CODE.test(at(1)) && /\d/.test(at(1));
  const sure = nir > 0 || codeWithDigit || (date > 0 && at(11) !== '' && at(12) !== '');
  if (nir <= 0 && !codeWithDigit && !hasCodeColumn(lines[offset + 10]) && isRecent(at(7), today)) return null;
  // A date or number above the one in line 7: lines are missing, and that one is the examination's.
  const isAbove = [4, 5, 6].some((number) => isDateShaped(at(number)) || nirOf(at(number)) !== '');
  const isNoTown = /\d/.test(at(6)) && (POSTAL_LINE.test(at(5)) || (CODE.test(at(6)) && !/^\d{5}$/.test(at(6))));
  if ((isAbove || isNoTown) && !(birthIsDate && nir > 0 && date > 0)) return null;
  const proven = birthIsDate && date > 0 && (nir > 0 || (nir === 0 && POSTAL_LINE.test(at(6))));
  return { offset, score, birthIsDate, sure, proven };
}

/**
 * Whether what would be the patient code may be the family name, and all of the header stand one line lower than it looks
 * because its address has a line more: three names in a row, that are no code, `NOM` and `Prénom`.
 */
function mayBeOneLower(lines: readonly string[], offset: number): boolean {
  const [above = '', first = '', family = '', given = ''] = lines
    .slice(offset - 1, offset + 3)
    .map((line) => line.trim());
  if (!isName(first, false) || first !== first.toUpperCase() || first.length < 2) return false;
  if (CODE.test(above) && /\d/.test(above)) return true;
  const isCodeOfName = first.slice(0, 3) === family.slice(0, 3).toUpperCase();
  return !isCodeOfName && (family !== family.toUpperCase() || given === given.toUpperCase());
}

/** A letter is as young as this when it is read; its date stands where a birth would, below a letterhead. */
const LETTER_DAYS = 31;
const DAY_MS = 86_400_000;

export function isRecent(line: string, today: string): boolean {
  const birth = readBirthDate(line, today);
  return birth !== null && Date.parse(today) - Date.parse(birth.iso) <= LETTER_DAYS * DAY_MS;
}

/** Line 11 as HPRIM writes it: a code, or a dot for none, in a column before the name. */
export const hasCodeColumn = (line = ''): boolean => /^(?:\S{1,9}\s{2,10}|\s{2,10}\S{1,7} )\S/.test(line);

function isAccepted(candidate: Candidate, marked: boolean): boolean {
  if (candidate.birthIsDate && marked) return candidate.score >= ACCEPTED_WITH_MARKER;
  if (candidate.birthIsDate) return candidate.score >= ACCEPTED_SCORE && candidate.sure;
  // The birth cannot be read, but all the rest of a full header is there: patient shown without a birth date.
  return marked && candidate.score + 8 >= ACCEPTED_SCORE && candidate.sure;
}

/** Where a header has its town, date of birth and national number, from its first line on; one may be missing or too many. */
const PROOF_PLACES = [4, 5, 6, 7, 8];
/**
 * Whether a header stands or tries to stand at this line, readable or not: a name in capitals below it, another name, and
 * a birth or a national number where a header has them; behind results, where nobody prints an address, a town will do.
 * Under it the patient may be another one.
 */
export function triesToBeHeader(lines: readonly string[], index: number, { isInBody }: { isInBody: boolean }): boolean {
  const at = (place: number): string => lines[index + place] ?? '';
  // A date above a national number: a birth, whatever became of the names.
  if ([5, 6].some((place) => isDateShaped(at(place)) && nirOf(at(place + 1)) !== '')) return true;
  // The date of an examination where a header has it, below a national number or a birth; what stands around is a header's.
  if (isDateShaped(at(9))) {
    if (nirOf(at(7)) !== '') return true;
    const hasPeople = [10, 11].every((place) => at(place).trim() !== '');
    if (isDateShaped(at(6)) && (hasPeople || POSTAL_LINE.test(at(5).trim()))) return true;
  }
  const proves = (line: string) =>
    isDateShaped(line) || nirOf(line) !== '' || (!isInBody && POSTAL_LINE.test(line.trim()));
  return PROOF_PLACES.some((place) => proves(at(place))) && namesSomebody(lines, index + 1);
}

/** Whether a header stands at this line that would be one in any text, marked or not. */
export function isSureHeader(lines: readonly string[], index: number, today: string): boolean {
  if (!isPlainDate(lines[index + 6] ?? '')) return false;
  const candidate = weigh({ lines, marked: false, today }, index);
  return candidate !== null && isAccepted(candidate, false);
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
  } else if (saysMoreThanDate(field(10))) leftOver.push(field(10));
  if (at(7) !== '' && (birth === null || !isPlainDate(at(7)))) leftOver.push(at(7));
  return {
    familyName: at(2),
    givenName: at(3),
    birthDate: birth?.iso ?? null,
    sex: sexOfNir(nir, birth?.iso ?? null),
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
const NUMBERED_DATE = /^\S{0,40}\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}(?:\s+(?:à\s+)?\d{1,2}\s?[:h]\s?\d{2}(?::\d{2})?)?$/i;
/** Words, or a second date, beside the one that is shown. */
const saysMoreThanDate = (line: string): boolean =>
  !isDateShaped(line) && /\p{L}{2}|\d[/.-]\d{1,2}[/.-]\d/u.test(line.replace(HOLDS_DATE, ''));
const HOLDS_DATE = /\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}/;
const isDateField = (line: string): boolean => NUMBERED_DATE.test(line) || isDateShaped(line);

/**
 * Twelve; seven where text begins behind the date of birth, as some senders write; eight where a line behind the national
 * number is missing, so that none of the others can be told.
 */
function headerLength(at: (number: number) => string): 7 | 8 | 12 {
  const isDate = at(10) === '' || isDateField(at(10));
  const isLower = at(10) === '' && isDateField(at(11));
  if (nirOf(at(8)) !== '') return (isDate || HOLDS_DATE.test(at(10))) && !isLower ? 12 : 8;
  if (isLower || (at(10) === '' && [9, 11, 12].some((number) => isLetter(at(number))))) return 7;
  const isNumber = at(9).split(/\s+/).length <= (at(10) === '' ? 3 : 6);
  const isBlankOrNumber = at(8) === '' || /^[0-9AB .]{1,25}$/.test(at(8));
  return isDate && isNumber && (isBlankOrNumber || at(10) !== '') ? 12 : 7;
}

/** Words of a letter that begins behind a header of seven lines: a greeting, a sentence, a decimal number. */
const LETTER =
  /^(?:(?:mon|ma|mes|tr[eè]s) )?(?:cher|ch[eè]re|chers|bonjour|bonsoir)(?!\p{L})|,$|\d[.,]\d|\S\s+\S+\s+\S+\s*[.;:!?]$/iu;
const isLetter = (line: string): boolean => LETTER.test(line.slice(0, 400)) && !hasCodeColumn(line);

/** Lines 11 and 12: columns 1–10 a code, from 11 on a name; some write the name only, and no code has a space inside. */
function nameAfterCode(lines: readonly string[], offset: number, number: number, length: number): string {
  if (number > length) return '';
  const line = (lines[offset + number - 1] ?? '').trimEnd();
  const name = line.slice(10).trim();
  const cutsWord = /\S/.test(line.charAt(9)) && /\S/.test(line.charAt(10));
  const code = line.slice(0, 10).trim();
  // `DUPONT    Jean` is a person in columns, and no code before a name.
  const isPerson = /^[A-Z'-]{2,}$/.test(code) && /^\p{Lu}\p{Ll}+(?:-\p{Lu}\p{Ll}+)?$/u.test(name);
  const isCode = /^[A-Z0-9._/*+-]*$/.test(code) && !isPerson;
  return decodeEntities(name === '' || cutsWord || !isCode ? line.trim() : name);
}

/** A record of columns padded to 40 characters, as SOLABIO and others put in or before line 1. */
function isFixedWidthRecord(line: string): boolean {
  return line.length > 40 && line.charAt(39) === ' ' && line.charAt(40) !== ' ' && line.slice(0, 40).trim() !== '';
}
