/** How a report is written on its card: its title, the patient's names and age, an antibiogram's words, groups. Pure. */
import type { ClinicalReport, LabResult, Measure, Patient } from '@estafette/contracts/document';
import { moreWords } from '../words/words.ts';
import { formatDate } from './format.ts';

/** "Résultats de laboratoire", "du 12/01/2026"; each part stays on one line. */
export function titleOf({ title, date, results }: ClinicalReport): { kind: string; date: string } {
  const texts = moreWords.report;
  const kind = title.trim() || (results.length > 0 ? texts.titleResults : texts.titleText);
  return { kind, date: date === null ? '' : texts.dated(formatDate(date)) };
}

/** "DESSAINT (née MARTIN) Marguerite": the name in use, the birth name where it is another one. */
export function fullName({ familyName, birthName, givenName, sex }: Patient): string {
  const texts = moreWords.report;
  const [used, born] = [familyName.toLocaleUpperCase(), birthName.toLocaleUpperCase()];
  const former = born === '' || born === used ? '' : `(${texts.birthName(sex, born)})`;
  return [used, former, givenName].filter((part) => part !== '').join(' ') || texts.noPatient;
}

/** "née le 07/03/1941, 84 ans, F"; empty when nothing of it is known. The age is today's; where it was another at `then`, that one. */
export function bornLine(
  { birthDate, sex }: Pick<Patient, 'birthDate' | 'sex'>,
  now: number,
  then: string | null = null,
): string {
  const born = birthDate === null ? null : moreWords.report.born(sex, formatDate(birthDate));
  const age = birthDate === null ? null : ageLine(birthDate, now, then);
  return [born, age, sex].filter((part) => part !== null).join(', ');
}

function ageLine(birthDate: string, now: number, then: string | null): string | null {
  const today = formatAge(birthDate, now);
  const age = then === null ? null : formatAge(birthDate, Date.parse(then));
  return age === null || age === today ? today : moreWords.report.ageThen(age);
}

/** Age on a day, in months below two years; null for a date that cannot be. */
export function formatAge(birthDate: string, now: number): string | null {
  const texts = moreWords.report;
  const born = new Date(birthDate);
  const today = new Date(now);
  const months =
    (today.getUTCFullYear() - born.getUTCFullYear()) * 12 +
    (today.getUTCMonth() - born.getUTCMonth()) -
    (today.getUTCDate() < born.getUTCDate() ? 1 : 0);
  if (!(months >= 0 && months < 12 * 130)) return null;
  return months < 24 ? texts.ageMonths(months) : texts.age(Math.floor(months / 12));
}

/** "98 µmol/l", as it was written. */
export function writeMeasure({ value, unit }: Measure): string {
  return `${value} ${unit}`.trim();
}

export interface Sensitivity {
  readonly letter: string;
  readonly look: 's' | 'i' | 'r';
}

const SENSITIVITIES: Readonly<Record<string, Sensitivity>> = {
  sensible: { letter: 'S', look: 's' },
  'sensible à forte dose': { letter: 'SFP', look: 'i' },
  intermédiaire: { letter: 'I', look: 'i' },
  'non sensible': { letter: 'NS', look: 'r' },
  résistant: { letter: 'R', look: 'r' },
};

/** What a line of an antibiogram says; null for any other result. Only these exact words, of the readers, are believed. */
export function sensitivityOf({ interpretation }: LabResult): Sensitivity | null {
  const word = interpretation.trim().toLowerCase();
  return Object.hasOwn(SENSITIVITIES, word) ? (SENSITIVITIES[word] ?? null) : null;
}

export interface ResultGroup {
  /** As much of the way to it as tells it from the others, an antibiogram always with its germ; empty where there is none. */
  readonly heading: string;
  readonly results: readonly LabResult[];
}

/** The results under their headings, in the order they came in. */
export function groupByHeading(results: readonly LabResult[]): ResultGroup[] {
  const groups = new Map<string, { headings: readonly string[]; results: LabResult[] }>();
  for (const result of results) {
    const key = result.headings.join('\n');
    const group = groups.get(key) ?? { headings: result.headings, results: [] };
    groups.set(key, group);
    group.results.push(result);
  }
  const ways = [...groups.values()].map(({ headings }) => headings);
  return [...groups.values()].map((group) => ({ heading: headingOf(group.headings, ways), results: group.results }));
}

function headingOf(way: readonly string[], ways: readonly (readonly string[])[]): string {
  const ending = (of: readonly string[], length: number): string => of.slice(-length).join(' · ');
  let length = /^antibiogramme$/i.test(way.at(-1) ?? '') ? 2 : 1;
  while (length < way.length && ways.filter((other) => ending(other, length) === ending(way, length)).length > 1) {
    length += 1;
  }
  return ending(way, length);
}

const CHARACTERS_PER_LINE = 42;
const OPEN_LINES = 8;

/** Whether a text is longer, on a phone, than what its card shows of it. */
export function isLong(text: string, lines = OPEN_LINES): boolean {
  const drawn = text.split('\n').map((line) => Math.max(1, Math.ceil(line.length / CHARACTERS_PER_LINE)));
  return drawn.reduce((sum, each) => sum + each, 0) > lines;
}

/** Whether columns were made with blanks or dots: then each character needs the same width. */
export function isTable(text: string): boolean {
  return /\S {3,}\S|\.{4}/.test(text);
}
