/**
 * What of a conversation can be filed, and for whom: the patients its reports state, its documents, its letters. Pure.
 *
 * The danger is the wrong record. So nobody is offered whom a report does not state whole (names and birth), or who is one
 * of several in one file, or whose report was deleted; and what is chosen is held against the patient it names itself.
 */
import type { ClinicalReport, Document, Patient } from '@estafette/contracts/document';
import type { FilingMessage, LetterMessage } from '@estafette/contracts/message';
import type { ShownMessage } from '../device/conversation-view.ts';

export interface PatientChoice {
  readonly key: string;
  readonly patient: Patient;
  readonly stated: Extract<FilingMessage['patient'], { from: 'report' }>;
  /** Whether a verified letter states him. */
  readonly verified: boolean;
}

export interface DocumentChoice {
  readonly key: string;
  readonly letter: LetterMessage;
  readonly index: number;
  readonly document: Exclude<Document, { kind: 'text' }>;
}

export function lettersIn(messages: readonly ShownMessage[]): LetterMessage[] {
  return messages.flatMap((shown) => (shown.type === 'letter' ? [shown.letter] : []));
}

export function documentsIn(messages: readonly ShownMessage[]): DocumentChoice[] {
  return lettersIn(messages).flatMap((letter) =>
    letter.documents.flatMap((document, index) =>
      document.kind === 'text' ? [] : [{ key: `${letter.letterId}/${index}`, letter, index, document }],
    ),
  );
}

/** The patients that can be chosen, each once, by the best report that states him. */
export function patientsIn(messages: readonly ShownMessage[]): PatientChoice[] {
  const best = new Map<string, PatientChoice>();
  for (const { letter, index, document } of documentsIn(messages)) {
    if (document.kind !== 'report' || !isStatedWhole(document.report)) continue;
    const { patient } = document.report;
    const stated = { from: 'report', letterId: letter.letterId, index } as const;
    const choice = { key: keyOf(patient), patient, stated, verified: letter.verdict.show === 'verified' };
    const known = best.get(choice.key);
    if (known === undefined || trust(choice) >= trust(known)) best.set(choice.key, choice);
  }
  return [...best.values()];
}

/** The patients that what is chosen names itself, other than the one it would be filed for. */
export function othersNamed(chosen: readonly Document[], key: string): Patient[] {
  const named = chosen.flatMap((document) => (document.kind === 'report' ? [document.report.patient] : []));
  return named.filter((patient) => patient.familyName !== '' && keyOf(patient) !== key);
}

function isStatedWhole({ patient, status, warnings }: ClinicalReport): boolean {
  if (status === 'deleted' || warnings.includes('several-patients')) return false;
  return patient.familyName !== '' && patient.givenName !== '' && patient.birthDate !== null;
}

function trust({ verified, patient }: PatientChoice): number {
  return (verified ? 2 : 0) + (patient.ins?.quality === 'qualified' ? 1 : 0);
}

export function keyOf({
  familyName,
  givenName,
  birthDate,
}: Pick<Patient, 'familyName' | 'givenName' | 'birthDate'>): string {
  return [familyName, givenName, birthDate ?? ''].map((part) => part.trim().toLocaleLowerCase()).join('\n');
}
