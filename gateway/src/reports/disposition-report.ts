/**
 * Reads what a reader or his software did with a mail: message/disposition-notification (RFC 8098 §3), and the forms of
 * MSSanté: `processed/error` with an Error field, or `processed/Error: 902^…` in the disposition itself, or a plain mail
 * whose subject says `[KO Intégration système !][902]` (facts: mssante 3.5). 900 to 906 are codes of the catalogue.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { RecipientReport } from '../ports.ts';
import { addressIn } from './delivery-report.ts';
import { decoded, firstOf, type LooseField, type LoosePart, plainWords, readFields } from './loose-mail.ts';

const INTEGRATION: Readonly<Record<string, FailureCode>> = {
  900: 'integration-version-wrong',
  901: 'integration-author-refused',
  902: 'integration-patient-unknown',
  903: 'integration-ins-missing',
  904: 'integration-ins-mismatch',
  905: 'integration-ins-incomplete',
};

/** The failure a code names; what is not in the table (906, and the technical ones of HL7) says only that it failed. */
const failureOfCode = (code: string): FailureCode => INTEGRATION[code] ?? 'integration-failed';

/** `902` of `902^Identifiant de patient inconnu^…`; empty when there is none. */
const codeIn = (text: string): string => /\b(\d{1,3})\^/.exec(text.slice(0, 500))?.[1] ?? '';

const KO_SUBJECT = /^\[(?:ko integration systeme ?!?|erreur d'integration ?!?)\](?: ?\[(\d{1,3})\])?/;

/** The failure that the subject of an MSSanté refusal names; null when it is none. */
export function failureOfSubject(subject: string): FailureCode | null {
  const found = KO_SUBJECT.exec(plainWords(subject.slice(0, 200)).trim());
  return found === null ? null : failureOfCode(found[1] ?? '');
}

/** Subjects that mail programs give to the receipts they send in plain words. */
const READ_SUBJECT = /^(?:lu ?:|read ?:|accuse de lecture|confirmation de lecture|read receipt)/;

export const isReadSubject = (subject: string): boolean => READ_SUBJECT.test(plainWords(subject.slice(0, 200)).trim());

/** RFC 8098 §3.2.6.2, and what older ones said (RFC 2298): only `displayed` says that somebody saw it. */
const OUTCOMES: Readonly<Record<string, RecipientReport['action']>> = {
  displayed: 'read',
  processed: 'delivered',
  dispatched: 'delivered',
  deleted: 'delivered',
  denied: 'delivered',
  failed: 'failed',
  error: 'failed',
};

function outcomeOf(fields: readonly LooseField[]): Pick<RecipientReport, 'action' | 'failure'> | null {
  const disposition = plainWords(firstOf(fields, 'disposition').slice(0, 500));
  const semicolon = disposition.indexOf(';');
  const said = disposition.slice(semicolon + 1).trim();
  const word = /^[a-z]{1,20}/.exec(said)?.[0] ?? '';
  const action = OUTCOMES[word];
  if (action === undefined) return null;
  const errors = [firstOf(fields, 'error'), firstOf(fields, 'failure'), said];
  const isError = action === 'failed' || /^[a-z-]{1,20} ?\/ ?(?:error|failure)/.test(said);
  if (!isError) return { action, failure: null };
  const code = errors.map(codeIn).find((found) => found !== '') ?? '';
  // Somebody saw it, whatever went wrong then.
  if (action === 'read' && code === '') return { action, failure: null };
  return { action: 'failed', failure: failureOfCode(code) };
}

/** What a disposition part says; `reports` is empty when it says nothing that can be used. */
export function readDisposition(part: LoosePart): { originalId: string; reports: RecipientReport[] } {
  // Software that forgets the blank line leaves its fields in the header of the part.
  const fields = [...part.fields, ...readFields(decoded(part).trimStart()).fields];
  const outcome = outcomeOf(fields);
  const recipients = {
    finalRecipient: addressIn(firstOf(fields, 'final-recipient')),
    originalRecipient: addressIn(firstOf(fields, 'original-recipient')),
  };
  return {
    originalId: firstOf(fields, 'original-message-id'),
    reports: outcome === null ? [] : [{ ...outcome, ...recipients }],
  };
}
