/**
 * Recognises an out-of-office by its words, in French and English, and reads when it ends where that is certain. Words
 * alone never decide: a person writes "je suis absent jusqu'au 12" too, in answer to us (reports/read-automatic.ts). Every pattern is
 * anchored or bounded, so that hostile text costs no more than other text.
 */
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import { plainWords } from './loose-mail.ts';

/** Subjects that only programs write. */
const SUBJECT =
  /^(?:reponse automatique|reponse d'absence|message d'absence|notification d'absence|absence du bureau|automatic reply|auto(?:matic)?[- ]?reply|out of (?:the )?office)/;
const WORDS =
  /\b(?:je (?:suis|serai) (?:actuellement )?(?:absent|en conges|en vacances)|(?:suis|serai) absente?|(?:le )?cabinet (?:est|sera) ferme|absente? (?:du bureau|du cabinet|jusqu'au|du \d)|i am (?:currently )?(?:out of (?:the )?office|away|on (?:leave|holiday|vacation))|i will be (?:out of (?:the )?office|away)|i'm (?:out of (?:the )?office|away))/;

/** Whether the subject is one that programs give to an out-of-office. Persons answer with the subject of the letter. */
export const isAbsenceSubject = (subject: string): boolean => SUBJECT.test(plainWords(subject.slice(0, 200)).trim());

/** Whether a mail that a machine wrote is an out-of-office, by its subject and first words. */
export function looksAbsent(subject: string, text: string): boolean {
  if (isAbsenceSubject(subject)) return true;
  return WORDS.test(plainWords(`${subject.slice(0, 200)} \n ${text.slice(0, REPORT_LIMITS.wordsMaxCharacters)}`));
}

const MONTHS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ['janvier', 'january', 'jan', 'janv'],
    ['fevrier', 'february', 'feb', 'fev', 'fevr'],
    ['mars', 'march', 'mar'],
    ['avril', 'april', 'apr', 'avr'],
    ['mai', 'may'],
    ['juin', 'june', 'jun'],
    ['juillet', 'july', 'jul', 'juil'],
    ['aout', 'august', 'aug'],
    ['septembre', 'september', 'sep', 'sept'],
    ['octobre', 'october', 'oct'],
    ['novembre', 'november', 'nov'],
    ['decembre', 'december', 'dec'],
  ].flatMap((names, month) => names.map((name) => [name, month + 1])),
);

interface Day {
  readonly day: number;
  readonly month: number;
  readonly year: number | null;
}

const WEEKDAY =
  '(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday),? )?';
/** The words after which the last day of an absence stands, and those after which the first day back does. */
const LAST = new RegExp(`\\b(?:jusqu'au|jusqu'a|until|till|through)(?: et y compris)?(?: le| the)? ${WEEKDAY}`, 'g');
const SPAN = new RegExp(`\\bdu ${WEEKDAY}[^.;!?\\n]{1,30} au ${WEEKDAY}`, 'g');
const BACK = new RegExp(
  `\\b(?:de retour|retour|back|return|returning)(?: au bureau| au cabinet| to the office| in the office| prevu)?(?: a partir du| le| du| on| the)? ${WEEKDAY}`,
  'g',
);

const SEPARATED = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/])|^(\d{1,2})\/(\d{1,2})(?![\d/])/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const DAY_FIRST = /^(\d{1,2})(?:er|st|nd|rd|th)? (?:of )?([a-z]{3,9})\.?,?(?: (\d{4})(?!\d))?/;
const MONTH_FIRST = /^([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,? (\d{4})(?!\d))?/;

const number = (digits: string | undefined): number => Number.parseInt(digits ?? '', 10);
const yearOf = (digits: string | undefined): number | null =>
  digits === undefined ? null : digits.length === 2 ? 2000 + number(digits) : number(digits);

/** The day that stands at the beginning of these words; null where two readers could differ. */
function dayAt(words: string, isFrench: boolean): Day | null {
  const iso = ISO.exec(words);
  if (iso !== null) return { year: number(iso[1]), month: number(iso[2]), day: number(iso[3]) };
  const separated = SEPARATED.exec(words);
  if (separated !== null) {
    const day = number(separated[1] ?? separated[5]);
    const month = number(separated[3] ?? separated[6]);
    // 04/05 is another day on the other side of an ocean.
    if (!isFrench && day <= 12 && day !== month) return null;
    return { day, month, year: yearOf(separated[4]) };
  }
  const dayFirst = DAY_FIRST.exec(words);
  const named = MONTHS[dayFirst?.[2] ?? ''];
  if (dayFirst !== null && named !== undefined)
    return { day: number(dayFirst[1]), month: named, year: yearOf(dayFirst[3]) };
  const monthFirst = MONTH_FIRST.exec(words);
  const month = MONTHS[monthFirst?.[1] ?? ''];
  return monthFirst === null || month === undefined
    ? null
    : { day: number(monthFirst[2]), month, year: yearOf(monthFirst[3]) };
}

const DAY_MS = 24 * 3_600_000;

/** Midnight UTC of a day of the calendar; null when there is no such day. */
function timeOf(year: number, month: number, day: number): number | null {
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : null;
}

/** The day meant by somebody who wrote around `receivedAt`; null where it is none, past, or too far ahead. */
function resolve({ day, month, year }: Day, receivedAt: number): number | null {
  const today = Math.floor(receivedAt / DAY_MS) * DAY_MS;
  const isMeant = (time: number | null, daysMax: number): time is number =>
    time !== null && time >= today - DAY_MS && time <= today + daysMax * DAY_MS;
  if (year !== null) {
    const time = timeOf(year, month, day);
    return isMeant(time, REPORT_LIMITS.absenceDaysMax) ? time : null;
  }
  const thisYear = new Date(receivedAt).getUTCFullYear();
  const times = [thisYear, thisYear + 1].map((candidate) => timeOf(candidate, month, day));
  return times.find((time) => isMeant(time, REPORT_LIMITS.absenceWithoutYearDaysMax)) ?? null;
}

/** Days named after words of this kind, as times. */
function daysAfter(words: string, pattern: RegExp, receivedAt: number): number[] {
  const isFrench = /\b(?:jusqu|absent|conges|retour|bonjour|cordialement|du bureau)/.test(words);
  const times: number[] = [];
  for (const found of words.matchAll(pattern)) {
    const at = found.index + found[0].length;
    const day = dayAt(words.slice(at, at + 40), isFrench);
    const time = day === null ? null : resolve(day, receivedAt);
    if (time !== null) times.push(time);
  }
  return times;
}

/** ISO day of the last day of the absence, where exactly one is named; null otherwise. */
export function absenceEnd(subject: string, text: string, receivedAt: number): string | null {
  const words = plainWords(`${subject.slice(0, 200)} \n ${text.slice(0, REPORT_LIMITS.wordsMaxCharacters)}`);
  const last = [...daysAfter(words, LAST, receivedAt), ...daysAfter(words, SPAN, receivedAt)];
  const named = last.length > 0 ? last : daysAfter(words, BACK, receivedAt).map((time) => time - DAY_MS);
  const [end, ...others] = new Set(named);
  return end === undefined || others.length > 0 ? null : new Date(end).toISOString().slice(0, 10);
}
