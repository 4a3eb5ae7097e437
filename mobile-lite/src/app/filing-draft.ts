/** A filing while it is chosen, and the wish it becomes once everything is said. Pure. */
import type { Document } from '@estafette/contracts/document';
import type { FilingMessage, LetterMessage } from '@estafette/contracts/message';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { FilingWish } from '../device/write-reply.ts';
import { moreWords, words } from '../words/words.ts';
import { documentsIn, lettersIn, type PatientChoice } from './filing-choices.ts';
import { formatDate } from './format.ts';
import { titleOf } from './report-words.ts';
import { patientName } from './result-words.ts';

type FilingType = NonNullable<FilingMessage['documentType']>;

export interface FilingDraft {
  readonly what: FilingMessage['what']['kind'];
  /** Key of the chosen document, id of the chosen letter; empty where nothing is chosen. */
  readonly document: string;
  readonly letterId: string;
  /** Key of the chosen patient, `typed`, or empty. */
  readonly patient: string;
  readonly typed: {
    readonly familyName: string;
    readonly givenName: string;
    readonly birthDate: string;
    readonly sex: 'M' | 'F' | '';
  };
  readonly type: FilingType | '';
}

export type TypedPatient = Extract<FilingMessage['patient'], { from: 'typed' }>;

/** What will be asked for; null while something is not said yet. */
export function wishOf(
  draft: FilingDraft,
  messages: readonly ShownMessage[],
  patients: readonly PatientChoice[],
): FilingWish | null {
  const what = whatOf(draft, messages);
  const patient =
    draft.patient === 'typed' ? typedPatient(draft) : patients.find(({ key }) => key === draft.patient)?.stated;
  if (what === null || !patient) return null;
  return { what, patient, ...(draft.type !== '' && isExchange(draft, messages) && { documentType: draft.type }) };
}

/** Whether a document is written of it, which has a type; what goes as it came has none of ours. */
export function isExchange(draft: FilingDraft, messages: readonly ShownMessage[]): boolean {
  if (draft.what !== 'document') return draft.what === 'conversation';
  return documentsIn(messages).some(({ key, document }) => key === draft.document && document.kind === 'report');
}

function whatOf(draft: FilingDraft, messages: readonly ShownMessage[]): FilingMessage['what'] | null {
  if (draft.what === 'conversation') return { kind: 'conversation' };
  if (draft.what === 'document') {
    const chosen = documentsIn(messages).find(({ key }) => key === draft.document);
    return chosen ? { kind: 'document', letterId: chosen.letter.letterId, index: chosen.index } : null;
  }
  const letter = lettersIn(messages).find(({ letterId }) => letterId === draft.letterId);
  return letter ? { kind: 'original', letterId: letter.letterId } : null;
}

/** Who was typed; null while something is missing, or cannot be a date of birth. */
export function typedPatient({ patient, typed }: FilingDraft): TypedPatient | null {
  const { sex, birthDate } = typed;
  const [familyName, givenName] = [typed.familyName.trim(), typed.givenName.trim()];
  if (patient !== 'typed' || familyName === '' || givenName === '' || sex === '') return null;
  if (!/^\d{4}-\d\d-\d\d$/.test(birthDate) || birthDate < '1870-01-01') return null;
  return { from: 'typed', familyName, givenName, birthDate, sex };
}

/** The documents that would be filed. */
export function chosenDocuments(draft: FilingDraft, messages: readonly ShownMessage[]): readonly Document[] {
  const letters = lettersIn(messages);
  if (draft.what === 'conversation') return letters.flatMap(({ documents }) => documents);
  if (draft.what === 'original') return letters.find(({ letterId }) => letterId === draft.letterId)?.documents ?? [];
  return documentsIn(messages).flatMap(({ key, document }) => (key === draft.document ? [document] : []));
}

/** "CR d'examens biologiques du 12/01/2026, PETIT Élodie", or the name of a file. */
export function documentName(document: Document): string {
  if (document.kind === 'text') return moreWords.filing.report;
  if (document.kind !== 'report') return document.name;
  const { kind, date } = titleOf(document.report);
  return [`${kind} ${date}`.trim(), patientName(document.report.patient)].filter((part) => part !== '').join(', ');
}

/** "Résultats DESSAINT, Laboratoire des Charmes, 12/01/2026". */
export function letterName({ subject, from, receivedAt }: LetterMessage): string {
  return [subject || words.noSubject, from.name || from.address, formatDate(receivedAt)].join(', ');
}
