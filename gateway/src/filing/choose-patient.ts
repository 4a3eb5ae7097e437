/**
 * Whose record a filing goes to, and whether that can be right. The danger is the wrong record: nobody is filed under one of
 * several, nobody whose name or date of birth the file does not give, and nothing that names somebody else.
 *
 * Two files mean the same patient when nothing they both say tells them apart and their names meet. A national number that
 * both state as theirs stands for the names; alone (`nir-only`) it may be that of a parent, and decides nothing
 * (clinical-formats A.2.3). One number with two dates of birth is a mistake of somebody, and nobody's identity.
 */
import { Refusal } from '@estafette/contracts/failure';
import type { FilingMessage } from '@estafette/contracts/message';
import { nameWords, type StatedPatient } from '../ports.ts';
import type { FiledPatient } from './filed-patient.ts';

const NUMBER_WITHOUT_KEY = 13;

const isWithin = (few: readonly string[], many: readonly string[]): boolean =>
  few.length > 0 && few.every((word) => many.includes(word));

/** One of two composed names may be written without a part. */
const meet = (one: string, other: string): boolean => {
  const [a, b] = [nameWords(one), nameWords(other)];
  return isWithin(a, b) || isWithin(b, a);
};

const familyNames = ({ familyName, birthName }: FiledPatient): string[] =>
  [familyName, birthName].filter((name) => nameWords(name).length > 0);

const ownNumber = ({ ins }: FiledPatient): string | null =>
  ins === null || ins.quality === 'nir-only' ? null : ins.number.toUpperCase().slice(0, NUMBER_WITHOUT_KEY);

const differ = (one: string | null, other: string | null): boolean => one !== null && other !== null && one !== other;

/** Whether two files may mean one patient. */
export function mayBeSame(one: FiledPatient, other: FiledPatient): boolean {
  const [number, otherNumber] = [ownNumber(one), ownNumber(other)];
  if (differ(number, otherNumber)) return false;
  if (differ(one.birthDate, other.birthDate) || differ(one.sex, other.sex)) return false;
  if (number !== null && number === otherNumber) return true;
  const [given, otherGiven] = [nameWords(one.givenName), nameWords(other.givenName)];
  if (
    given.length > 0 &&
    otherGiven.length > 0 &&
    !given.includes(otherGiven[0] ?? '') &&
    !otherGiven.includes(given[0] ?? '')
  )
    return false;
  return familyNames(one).some((name) => familyNames(other).some((known) => meet(name, known)));
}

/** Somebody who is not named at all tells nothing. */
const isNamed = (patient: FiledPatient): boolean => familyNames(patient).length > 0;

const isUsable = (patient: FiledPatient): boolean =>
  isNamed(patient) && patient.givenName.trim() !== '' && patient.birthDate !== null;

/** What a filing would carry, as far as it names patients. */
export interface NamingLetter {
  readonly letterId: string;
  readonly patients: readonly StatedPatient[];
  /** Its documents have the places they had when it was shown. */
  readonly isReadAlike: boolean;
}

function statedIn(asked: Extract<FilingMessage['patient'], { from: 'report' }>, letters: readonly NamingLetter[]) {
  const letter = letters.find(({ letterId }) => letterId === asked.letterId);
  if (letter === undefined) throw new Refusal('filing-unknown');
  const { patients, isReadAlike } = letter;
  const [patient, ...others] = patients.filter(({ index }) => !isReadAlike || index === asked.index);
  if (patient === undefined || !isUsable(patient)) throw new Refusal('filing-patient-unknown');
  if (!others.every((other) => mayBeSame(patient, other))) throw new Refusal('filing-patient-unknown', 'several');
  const { index: _index, ...stated } = patient;
  return stated;
}

/** The patient of a filing; `letters` are those of the conversation that were shown. Throws a `Refusal`. */
export function choosePatient(asked: FilingMessage['patient'], letters: readonly NamingLetter[]): FiledPatient {
  if (asked.from === 'report') return statedIn(asked, letters);
  const { familyName, givenName, birthDate, sex } = asked;
  // Somebody typed it: a name, never an identity.
  return { familyName, birthName: '', givenName, birthDate, sex, ins: null };
}

/**
 * Throws a `Refusal` when a letter names patients and none of them is this one: a photo or a file that names nobody itself is
 * taken to be about one of those its letter names.
 */
export function refuseStranger(patient: FiledPatient, named: readonly FiledPatient[]): void {
  const others = named.filter(isNamed);
  if (others.length > 0 && !others.some((other) => mayBeSame(patient, other)))
    throw new Refusal('filing-patient-other');
}

/** Whether something names somebody else beside this patient. */
export const namesOthers = (patient: FiledPatient, named: readonly FiledPatient[]): boolean =>
  !named.filter(isNamed).every((other) => mayBeSame(patient, other));

/** Throws a `Refusal` when something that is to be filed names somebody else. */
export function refuseOthers(patient: FiledPatient, named: readonly FiledPatient[]): void {
  if (namesOthers(patient, named)) throw new Refusal('filing-patient-other');
}
