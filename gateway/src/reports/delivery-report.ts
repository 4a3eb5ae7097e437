/**
 * Reads what a report says of the delivery of a mail: the blocks of message/delivery-status (RFC 3464 §2.2–2.3), and
 * the bounces in plain words that real operators send. A report names recipients; whose they are is found out elsewhere.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import { canonicalAddress, type RecipientReport } from '../ports.ts';
import { decoded, firstOf, type LooseField, type LoosePart, plainWords, readFields, wordsOf } from './loose-mail.ts';

const ADDRESS = /[^\s<>()[\]:;@\\,"]{1,64}@[^\s<>()[\]:;@\\,"]{1,190}/;

/** The address of `rfc822; claire@cabinet.example`, whatever the type says and however it is wrapped. */
export function addressIn(field: string): string {
  const typed = wordsOf(field.slice(field.indexOf(';') + 1, REPORT_LIMITS.lineMaxCharacters));
  return canonicalAddress((ADDRESS.exec(typed)?.[0] ?? '').replace(/\.$/, ''));
}

type Action = RecipientReport['action'];

const ACTIONS: Readonly<Record<string, Action>> = {
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  delayed: 'delayed',
  deferred: 'delayed',
  delivered: 'delivered',
  relayed: 'relayed',
  expanded: 'expanded',
};

const ACTION_OF_CLASS: Readonly<Record<string, Action>> = { 2: 'delivered', 4: 'delayed', 5: 'failed' };

/** Subject and detail of an enhanced status code (RFC 3463) as a failure of ours. */
function failureOfStatus(status: string): FailureCode {
  const [, subject = '', detail = ''] = /^[245]\.(\d{1,3})\.(\d{1,3})/.exec(status) ?? [];
  if (subject === '1' && ['1', '2', '3', '6', '10'].includes(detail)) return 'report-mailbox-unknown';
  if (subject === '2' && detail === '1') return 'report-mailbox-unknown';
  if (subject === '2' && detail === '2') return 'report-mailbox-full';
  if (subject === '2' && detail === '3') return 'report-too-large';
  if (subject === '3' && detail === '4') return 'report-too-large';
  return subject === '7' ? 'report-refused' : 'report-undelivered';
}

/** The code of the catalogue that goes with an action; null where nothing went wrong. */
export function failureOfAction(action: Action, status: string): FailureCode | null {
  if (action === 'delayed') return 'report-delayed';
  return action === 'failed' ? failureOfStatus(status) : null;
}

function recipientOf(fields: readonly LooseField[]): RecipientReport | null {
  const finalRecipient = addressIn(firstOf(fields, 'final-recipient'));
  const originalRecipient = addressIn(firstOf(fields, 'original-recipient'));
  const status = /[245]\.\d{1,3}\.\d{1,3}/.exec(`${firstOf(fields, 'status')} ${firstOf(fields, 'diagnostic-code')}`);
  const word = /^[a-z]{1,20}/i.exec(firstOf(fields, 'action'))?.[0]?.toLowerCase() ?? '';
  const action = ACTIONS[word] ?? ACTION_OF_CLASS[status?.[0][0] ?? ''];
  if (action === undefined) return null;
  return { action, failure: failureOfAction(action, status?.[0] ?? ''), finalRecipient, originalRecipient };
}

/** The groups of fields of a status part: one of the mail, then one of each recipient, blank lines between. */
function groupsOf(part: LoosePart): LooseField[][] {
  // Software that forgets the blank line after Content-Type leaves the first group in the header of the part.
  const groups = [part.fields.filter(({ name }) => !name.startsWith('content-'))];
  let rest = decoded(part);
  while (rest.trim() !== '' && groups.length <= REPORT_LIMITS.recipientsMax) {
    const { fields, body } = readFields(rest);
    if (fields.length > 0) groups.push(fields);
    // A line that is no field is left out, so that the next ones are read.
    const line = rest.indexOf('\n');
    rest = fields.length > 0 || body.length < rest.length ? body : line < 0 ? '' : rest.slice(line + 1);
  }
  return groups.filter(({ length }) => length > 0);
}

/** What a status part says. */
export function readDeliveryStatus(part: LoosePart): { envelopeId: string; reports: RecipientReport[] } {
  const groups = groupsOf(part);
  const envelopeId = groups.map((fields) => firstOf(fields, 'original-envelope-id')).find((id) => id !== '') ?? '';
  const reports = groups.map(recipientOf).filter((report) => report !== null);
  return { envelopeId, reports: reports.slice(0, REPORT_LIMITS.recipientsMax) };
}

/** Subjects of bounces in words, plain (facts: Postfix, Exim, Exchange, qmail, Mon espace santé, French operators). */
const FAILED_SUBJECT =
  /^(?:message non (?:distribue|remis|delivre)|non remis(?: ?:|$)|non[- ]?remise|avis de non[- ](?:remise|distribution)|echec (?:de|d'|lors de) ?(?:la )?(?:remise|distribution|livraison|envoi)|courrier non (?:distribue|remis)|retour a l'expediteur|rapport de non[- ]remise|undelivered mail returned to sender|undeliverable|mail delivery (?:failed|failure|system)|delivery (?:failure|has failed)|delivery status notification ?\(failure\)|failure notice|returned mail|mail system error)/;
const DELAYED_SUBJECT =
  /^(?:delivery status notification ?\(delay\)|delayed mail|mail delivery (?:delayed|deferred)|warning: (?:could not send|message .{0,40}delayed)|message (?:retarde|differe)|remise (?:retardee|differee)|delivery delayed)/;

/** Whether a subject says that a mail did not arrive, or not yet; null when it says nothing of the kind. */
export function actionOfSubject(subject: string): 'failed' | 'delayed' | null {
  const words = plainWords(subject.slice(0, 200)).trim();
  if (DELAYED_SUBJECT.test(words)) return 'delayed';
  return FAILED_SUBJECT.test(words) ? 'failed' : null;
}

const ADDRESSES = new RegExp(ADDRESS, 'g');

/** What a bounce in words says: one outcome for every address it names; it counts only for recipients of the mail. */
export function readPlainBounce(
  action: 'failed' | 'delayed',
  text: string,
  failedRecipients: string,
): RecipientReport[] {
  const beginning = `${failedRecipients}\n${text.slice(0, REPORT_LIMITS.wordsMaxCharacters)}`;
  const status = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(beginning)?.[0] ?? '';
  const failure = failureOfAction(action, status);
  const named = new Set(
    (beginning.match(ADDRESSES) ?? []).map((address) => canonicalAddress(address.replace(/\.$/, ''))),
  );
  return [...named]
    .slice(0, REPORT_LIMITS.recipientsMax)
    .map((finalRecipient) => ({ action, failure, finalRecipient, originalRecipient: '' }));
}
