/**
 * Patients who oppose that a mailbox sees letters about them (CSP L1110-4 IV), and what the lasting store may be asked
 * about them. Found again by keyed digests of the number and of given name with birth date; who it is stands sealed and
 * decides. A withdrawn opposition keeps its id, its dates and its count: who it was is forgotten. Part of ports.ts.
 *
 * Danger: a false no shows what must not be shown; a false yes holds back another patient's letter.
 */
import { mayBeHisOwn, withoutKey } from './insured-number.ts';
import type { StatedPatient } from './opened-letter.ts';
import { givenNameKeys, sharesFamilyName, sharesGivenName } from './patient-names.ts';

/** Who opposes: by number, by traits, or by both. */
export interface OpposingPatient {
  /** Thirteen characters or fifteen with the key; null when it is not known. */
  readonly number: string | null;
  /** Null when only the number is known. */
  readonly traits: {
    /** Usual and birth names, one at least. */
    readonly familyNames: readonly string[];
    readonly givenName: string;
    /** ISO date. */
    readonly birthDate: string;
    readonly sex: 'M' | 'F' | null;
  } | null;
}

export interface NewOpposition {
  /** `opp_…` */
  readonly id: string;
  /** Null: in every mailbox. */
  readonly mailboxId: string | null;
  readonly patient: OpposingPatient;
  /** Who recorded it, in words. */
  readonly recordedBy: string;
}

export interface Opposition extends Omit<NewOpposition, 'patient' | 'recordedBy'> {
  /** Null once withdrawn, as is who recorded it. */
  readonly patient: OpposingPatient | null;
  readonly recordedBy: string | null;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
  readonly withdrawnAt: number | null;
  /** Letters held because of it so far. */
  readonly held: readonly { readonly mailboxId: string; readonly letters: number }[];
}

/** This part of what lasts. */
export interface OppositionStore {
  addOpposition(opposition: NewOpposition, now: number): Promise<void>;
  /** Newest first, withdrawn ones too. */
  oppositions(): Promise<Opposition[]>;
  /** Forgets who it was; false when there is none of that id that stands. */
  withdrawOpposition(id: string, now: number): Promise<boolean>;
  /** Ids of those that stand, for this mailbox or for every one, of one of these patients. */
  opposing(mailboxId: string, patients: readonly StatedPatient[]): Promise<string[]>;
  /** Counts a letter held because of them; a second time changes nothing. */
  noteOpposed(letterId: string, mailboxId: string, oppositionIds: readonly string[], at: number): Promise<void>;
  /** Ids of those that stand and because of which the letter was held. */
  opposingLetter(letterId: string, mailboxId: string): Promise<string[]>;
}

const traitKeys = (birthDate: string, givenName: string): string[] =>
  givenNameKeys(givenName).map((name) => `traits ${birthDate} ${name}`);

const numberKeys = (number: string | null): string[] => (number === null ? [] : [`number ${withoutKey(number)}`]);

/** What an opposition is to be found under. */
export const keysOfOpposing = ({ number, traits }: OpposingPatient): string[] => [
  ...numberKeys(number),
  ...(traits === null ? [] : traitKeys(traits.birthDate, traits.givenName)),
];

/** What the opposition of a patient of a letter would be found under: all that `isOpposing` can say yes to is among it. */
export const keysOfStated = ({ ins, birthDate, givenName }: StatedPatient): string[] => [
  ...numberKeys(ins?.number ?? null),
  ...(birthDate === null ? [] : traitKeys(birthDate, givenName)),
];

/** A number that only somebody insured it may be (HPRIM) is a child's as well as its parent's. */
const isHisNumber = ({ ins, birthDate }: StatedPatient, number: string): boolean =>
  ins !== null &&
  withoutKey(ins.number) === withoutKey(number) &&
  (ins.quality !== 'nir-only' || birthDate === null || mayBeHisOwn(number, birthDate));

/** A qualified identity that is another one: two patients, however alike their traits. */
const isSomebodyElse = ({ ins }: StatedPatient, number: string): boolean =>
  ins?.quality === 'qualified' && withoutKey(ins.number) !== withoutKey(number);

/** Whether the patient of a letter is the one who opposes. */
export function isOpposing({ number, traits }: OpposingPatient, stated: StatedPatient): boolean {
  if (number !== null && isHisNumber(stated, number)) return true;
  if (traits === null || traits.birthDate !== stated.birthDate) return false;
  if (number !== null && isSomebodyElse(stated, number)) return false;
  if (traits.sex !== null && stated.sex !== null && traits.sex !== stated.sex) return false;
  const names = [stated.familyName, stated.birthName];
  return sharesGivenName(traits.givenName, stated.givenName) && sharesFamilyName(traits.familyNames, names);
}
