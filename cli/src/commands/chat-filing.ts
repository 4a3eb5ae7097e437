/**
 * What `estafette chat` understands of filing in the patient's record: `/filing` files the last conversation, `/filing
 * ltr_…` that letter as it came, `/filing ltr_… 2` the third of its documents; `for FAMILY;GIVEN;YYYY-MM-DD;F` behind it
 * types the patient, else the first report that was printed of the conversation names him. For programs:
 * `{"conversationId", "filing": {"what"?, "patient"?, "documentType"?}}`, as the contract has them.
 */
import type { LetterMessage } from '@estafette/contracts/message';
import type { FilingWish } from '@estafette/mobile-lite/device/write-reply';

export interface ChatFiling {
  readonly kind: 'filing';
  readonly conversationId: string;
  /** As it was typed: the device refuses what the gateway would not take. */
  readonly wish: Partial<FilingWish>;
}

/** Null for what is no wish at all. */
export function readJsonFiling(conversationId: string, filing: unknown): ChatFiling | null {
  if (typeof filing !== 'object' || filing === null) return null;
  return { kind: 'filing', conversationId, wish: filing as Partial<FilingWish> };
}

const TYPED =
  /^\/filing(?:\s+(ltr_[0-9A-Za-z]{26})(?:\s+(\d{1,3}))?)?(?:\s+for\s+([^;]+);([^;]+);(\d{4}-\d\d-\d\d);([MF]))?$/;

/** Null for a line that is no such command, or without a conversation. */
export function readTypedFiling(line: string, conversationId: string | null): ChatFiling | null {
  const [, letterId, index, familyName = '', givenName = '', birthDate = '', sex] = TYPED.exec(line) ?? [];
  if (!TYPED.test(line) || conversationId === null) return null;
  const part =
    index === undefined ? { kind: 'original', letterId } : { kind: 'document', letterId, index: Number(index) };
  return readJsonFiling(conversationId, {
    ...(letterId === undefined ? {} : { what: part }),
    ...(sex === undefined ? {} : { patient: { from: 'typed', familyName, givenName, birthDate, sex } }),
  });
}

/** The wish with what is left out: everything, for the patient of the first report. Throws a sentence for the person. */
export function completeWish({ wish }: ChatFiling, letters: readonly LetterMessage[]): FilingWish {
  const { what = { kind: 'conversation' } } = wish;
  const [first] = letters.flatMap(({ letterId, documents }) =>
    documents.flatMap(({ kind }, index) => (kind === 'report' ? [{ letterId, index }] : [])),
  );
  const named = first === undefined ? undefined : ({ from: 'report', ...first } as const);
  const patient = wish.patient ?? named;
  if (patient === undefined) throw new Error('No report names the patient: say for whom (/help).');
  return { what, patient, ...(wish.documentType === undefined ? {} : { documentType: wish.documentType }) };
}
