/**
 * The patients that the files of a letter name, as they name them, with the whole national number: what decides whether a
 * letter may be shown (a patient's opposition) and under whom it is filed. A card shows the number masked.
 *
 * The danger is the number itself: it stands under a symbol beside the report or file, so that it survives copies within
 * this stage and no JSON, no queue and no worker's answer can carry it; it leaves this stage by `statedPatients` only.
 */

import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import type { StatedPatient } from '../ports.ts';
import type { ReadDocument } from './read-document.ts';
import { cleanText } from './text/clean-text.ts';

export type Stated = Omit<StatedPatient, 'index'>;

const STATED = Symbol('the patients it names');
type Stating = { readonly [STATED]?: readonly Stated[] };

/** The same report or file, and whom it is about. */
export function stating<T extends object>(thing: T, patients: readonly Stated[]): T {
  const named: Stating = { [STATED]: patients.slice(0, CONTENT_LIMITS.patientsPerDocumentMax).map(withCleanNames) };
  return { ...thing, ...named };
}

/** Names on one line, without what could move a cursor or turn a reading direction: they go into documents that are filed. */
const withCleanNames = (patient: Stated): Stated => ({
  ...patient,
  familyName: oneLine(patient.familyName),
  birthName: oneLine(patient.birthName),
  givenName: oneLine(patient.givenName),
});
const oneLine = (words: string): string => cleanText(words).replace(/\s+/g, ' ').trim();

/** Whom a report or file was said to be about: none, one, or several, the one that is shown first. */
export const statedBy = (thing: object): readonly Stated[] => (thing as Stating)[STATED] ?? [];

/** Of all the documents of a letter, in their order. */
export const statedPatients = (documents: readonly ReadDocument[]): StatedPatient[] =>
  documents.flatMap((document, index) => {
    const [own, inside] = [statedBy(document), document.kind === 'report' ? statedBy(document.report) : []];
    return [...own, ...inside].map((patient) => ({ index, ...patient }));
  });
