/**
 * The events of the audit trail: who, when, what, outcome; never content. `estafette trace` shows them.
 * Subjects are opaque ids; a detail is a code of a catalogue, a count or a state.
 */
export const AUDIT_EVENTS = {
  'letter-accepted': 'the letter is on disk and was answered 250',
  'letter-opened': 'envelope opened; detail: the verdict words',
  'letter-routed': 'put into a conversation; detail: the route',
  'letter-duplicate': 'the same letter was delivered again and dropped',
  'letter-delivered': 'stored in the inbox of the mailbox',
  'certificate-learnt': 'a correspondent certificate was learnt from a verified letter',
  'certificate-changed': 'a correspondent now uses another certificate',
  'reply-accepted': 'the reply is durable',
  'reply-sealed': 'signed and encrypted, sealed bytes spooled',
  'reply-attempted': 'offered to the next hop; detail: attempt number',
  'reply-sent': 'the next hop answered 250',
  'reply-delayed': 'the next hop could not take it yet; detail: failure code',
  'reply-failed': 'it will not leave; detail: failure code',
  'reply-refused': 'a reply frame was not accepted; detail: failure code',
  'device-joined': 'a device enrolled',
  'device-revoked': 'a device was revoked',
  'enrolment-made': 'an enrolment link was made',
  'enrolment-refused': 'an enrolment request was refused; detail: failure code',
  'mailbox-added': 'a mailbox was added',
  'conversation-opened': 'a conversation key was made',
  'epoch-destroyed': 'the key of an expiry epoch was destroyed',
} as const;

export type AuditEventName = keyof typeof AUDIT_EVENTS;

export interface AuditEntry {
  readonly subject: string;
  readonly event: AuditEventName;
  /** Code, count or state; no free text. */
  readonly detail?: string;
  /** A second id the subject relates to (a mailbox, a conversation). */
  readonly related?: string;
}
