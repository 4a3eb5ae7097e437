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
  'letter-held': 'it waits in the spool for the revocation status of its signer; detail: the reason and the latest end',
  'letter-quarantined': 'must not be shown: only a notice reached the mailbox; detail: the reasons',
  'letter-released': 'the operator released it from quarantine; detail: the verdict words now',
  'letter-release-failed': 'the operator asked for its release, but there is nothing to show; detail: why',
  'letter-deleted': 'the operator deleted it from quarantine; the notice stays',
  'letter-content-taken': 'the operator wrote the opened content of a letter in quarantine to a file',
  'notice-sent': 'its proven sender was told that it could not be opened',
  'notice-delayed': 'the notice to its sender could not leave yet; detail: failure code',
  'notice-failed': 'the notice to its sender will not leave; detail: failure code',
  'notice-withheld': 'no notice to its proven sender; detail: why',
  'certificate-learnt': 'a correspondent certificate was learnt from a verified letter',
  'certificate-changed': 'a correspondent now uses another certificate',
  'correspondent-set':
    'the operator said how answers to a correspondent are sealed; detail: form, content, key transport',
  'reply-accepted': 'the reply is durable',
  'reply-held': 'the mailbox has no key good for signing now; it waits for one; detail: failure code',
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
  'key-requested': 'a key was made and waits for its certificate',
  'key-added': 'a mailbox has a further key; detail: fingerprint of its certificate',
  'certificate-ending': 'the end of a certificate of ours comes near; detail: days left at most',
  'certificate-missing': 'a mailbox has no certificate good for use now; detail: the use',
  'list-ending': 'a configured revocation list ends soon or is over; detail: which',
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
