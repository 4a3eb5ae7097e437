/**
 * Dates of HPRIM files, to ISO `YYYY-MM-DD`: `JJ/MM/AAAA`, `JJ/MM/AA`, `JJ-MM-AAAA`, `JJ.MM.AAAA`, `AAAA-MM-JJ`
 * (clinical-formats A.1.2, lines 7 and 10). A day that is not in the calendar is no date.
 *
 * A birth is never in the future; with a two-digit year the later century that allows it is taken, and the reader is
 * told when the other one is possible too.
 */

const DAY_FIRST = /(?<!\d)(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/g;
const YEAR_FIRST = /(?<!\d)(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)/g;
const OLDEST_YEARS = 120;

export type BirthDate = { iso: string; centuryGuessed: boolean };

type Parts = { day: number; month: number; year: number; shortYear: boolean };

/** The date of birth that is the whole of `line`, or null. `today` is an ISO date. */
export function readBirthDate(line: string, today: string): BirthDate | null {
  const parts = wholeDate(bareDate(line));
  if (!parts) return null;
  if (!parts.shortYear) {
    const iso = isoOf(parts, parts.year);
    if (iso === null || iso > today || parts.year < Number(today.slice(0, 4)) - OLDEST_YEARS - 10) return null;
    return { iso, centuryGuessed: false };
  }
  const recent = isoOf(parts, 2000 + parts.year);
  const older = isoOf(parts, 1900 + parts.year);
  const olderIsLiving = older !== null && 1900 + parts.year >= Number(today.slice(0, 4)) - OLDEST_YEARS;
  if (recent !== null && recent <= today) return { iso: recent, centuryGuessed: olderIsLiving };
  return older === null ? null : { iso: older, centuryGuessed: false };
}

/** The first true date in a line such as `M-5128-23/10/06`, or null. */
export function findDate(line: string, today: string): string | null {
  const text = line.slice(0, 200);
  const found: { index: number; iso: string }[] = [];
  for (const match of text.matchAll(DAY_FIRST)) {
    if (isInNumber(text, match)) continue;
    const iso = examinationDate(dayFirst(match), today);
    if (iso !== null) found.push({ index: match.index, iso });
  }
  for (const match of text.matchAll(YEAR_FIRST)) {
    if (isInNumber(text, match)) continue;
    const iso = examinationDate(yearFirst(match), today);
    if (iso !== null) found.push({ index: match.index, iso });
  }
  found.sort((a, b) => a.index - b.index);
  const whole = found[0] ? null : wholeDate(text.trim());
  return found[0]?.iso ?? (whole && examinationDate(whole, today));
}

/** `26-01-12-0045` is a number: what separates its parts goes on before or behind. */
function isInNumber(text: string, match: RegExpExecArray): boolean {
  const [separator, end] = [match[2] ?? '', match.index + match[0].length];
  const goesOn = text.charAt(end) === separator && /\d/.test(text.charAt(end + 1));
  return goesOn || (text.charAt(match.index - 1) === separator && /\d/.test(text.charAt(match.index - 2)));
}

const DATE_SHAPES = [
  /^\d{1,4}[/. -]\d{1,2}[/. -]\d{1,4}$/,
  /^(?:\d{6}|\d{8})$/,
  /^\d{1,2}(?:er)?[ -]\p{L}{3,9}\.?[ -]\d{2,4}$/iu,
  /^(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d[0-2]\d[0-5]\d(?:[0-5]\d)?$/,
];
/** What stands around a date of birth: `Né le` before it; behind it the midnight of a database, an age, a sex. */
export const BIRTH_WORDS = '(?:n[ée]e?(?:\\(e\\))?\\s{1,3}le|ddn|date de naissance)';
const BEFORE_BIRTH = /^(?:n[ée]e?(?:\(e\))?(?: le)?|ddn|date de naissance)(?: ?:)? /i;
const BEHIND_BIRTH =
  /(?:(?: (?:à )?|(?<=^\d{4}-\d\d-\d\d)T)\d{1,2}[:h]\d\d(?::\d\d(?:\.\d{1,6})?)?Z?| (?:- )?\d{1,3} ans| \(\d{1,3} ans\)| [mfh])$/i;

function bareDate(line: string): string {
  if (line.length > 200 || !/\d/.test(line)) return '';
  const plain = line.trim().replace(/\s+/g, ' ').replace(BEFORE_BIRTH, '').replace(BEHIND_BIRTH, '');
  return plain.startsWith('(') && plain.endsWith(')') ? plain.slice(1, -1) : plain;
}

/** Whether a line is a date and no other word, but the midnight that a database adds: nothing of it is lost once it is read. */
export const isPlainDate = (line: string): boolean =>
  /^(?:\d{1,4}[/. -]\d{1,2}[/. -]\d{1,4}|\d{8})(?:\s+0{1,2}[:h]00(?::00)?)?$/.test(line.trim());

/**
 * Whether a line is nothing but something shaped like a date, true or not, in figures or with the month in words, perhaps
 * behind `Né le`: the mark of a header's line 7.
 */
export function isDateShaped(line: string): boolean {
  const date = bareDate(line);
  return DATE_SHAPES.some((shape) => shape.test(date));
}

const MONTHS = 'jan fev mar avr mai jun jul aou sep oct nov dec'.split(' ');

/** `14 mars 1941`, `1er févr. 1941`: the month by its beginning, juin and juillet told apart. */
function dateInWords(text: string): Parts | null {
  const [, day, written = '', year] = /^(\d{1,2})(?:er)?[ -](\p{L}{3,9})\.?[ -](\d{4})$/iu.exec(text) ?? [];
  const plain = written.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const month = MONTHS.indexOf(plain.replace(/^jui([nl])/, 'ju$1').slice(0, 3)) + 1;
  const isMonth =
    MONTHS.includes(plain) || /^(?:janv|fevr|mars$|avr|mai$|juin$|juil|aout$|sept|octo?|nove?|dece?)/.test(plain);
  return isMonth ? { day: Number(day), month, year: Number(year), shortYear: false } : null;
}

/** Eight figures: `AAAAMMJJ`, else `JJMMAAAA`; no day of a life is both. */
function dateInFigures(text: string): Parts | null {
  const [, year, month, day] = /^((?:19|20)\d\d)(0[1-9]|1[0-2])(\d\d)(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?$/.exec(text) ?? [];
  if (year !== undefined) return { day: Number(day), month: Number(month), year: Number(year), shortYear: false };
  const [, first, second, last] = /^(\d\d)(0[1-9]|1[0-2])((?:18|19|20)\d\d)$/.exec(text) ?? [];
  if (last === undefined) return null;
  return { day: Number(first), month: Number(second), year: Number(last), shortYear: false };
}

function wholeDate(text: string): Parts | null {
  const told = dateInFigures(text) ?? dateInWords(text);
  if (told) return told;
  const [, spacedDay, spacedMonth, spacedYear] = /^(\d{1,2}) (\d{1,2}) (\d{4})$/.exec(text) ?? [];
  if (spacedYear !== undefined)
    return { day: Number(spacedDay), month: Number(spacedMonth), year: Number(spacedYear), shortYear: false };
  if (text.length > 10) return null;
  const day = [...text.matchAll(DAY_FIRST)][0];
  if (day && day[0] === text) return dayFirst(day);
  const year = [...text.matchAll(YEAR_FIRST)][0];
  return year && year[0] === text ? yearFirst(year) : null;
}

const dayFirst = (match: RegExpExecArray): Parts => ({
  day: Number(match[1]),
  month: Number(match[3]),
  year: Number(match[4]),
  shortYear: match[4]?.length === 2,
});

const yearFirst = (match: RegExpExecArray): Parts => ({
  day: Number(match[4]),
  month: Number(match[3]),
  year: Number(match[1]),
  shortYear: false,
});

/** Two digits mean this century, but not more than a year ahead. */
function examinationDate(parts: Parts, today: string): string | null {
  if (!parts.shortYear) return parts.year < 1900 || parts.year > 2200 ? null : isoOf(parts, parts.year);
  const recent = 2000 + parts.year;
  return isoOf(parts, recent > Number(today.slice(0, 4)) + 1 ? recent - 100 : recent);
}

function isoOf(parts: Parts, year: number): string | null {
  const date = new Date(Date.UTC(year, parts.month - 1, parts.day));
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== parts.month - 1 || date.getUTCDate() !== parts.day) {
    return null;
  }
  return date.toISOString().slice(0, 10);
}
