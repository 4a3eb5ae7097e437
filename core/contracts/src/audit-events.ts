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
  'letter-automatic':
    'a machine wrote it, so it is no letter; detail: its kind, and what it told or whether it was shown',
  'letter-read': 'a person read it, says a signed receipt of a device',
  'automatic-withheld': 'an automatic mail that was asked for is not sent; detail: its kind and why',
  'absence-set': 'the operator set an absence of the mailbox; detail: its first and last day',
  'absence-cleared': 'the operator ended the absence of the mailbox',
  'receipts-set': 'the operator said whether the mailbox tells that its letters were read; detail: on or off',
  'letter-held': 'it waits in the spool for the revocation status of its signer; detail: the reason and the latest end',
  'letter-unscanned': 'the antivirus gives no verdict, it waits in the spool; detail: failure code',
  'virus-found': 'the antivirus found something in it; detail: the name the antivirus gives',
  'letter-quarantined': 'must not be shown: only a notice reached the mailbox; detail: the reasons',
  'letter-released': 'the operator released it from quarantine; detail: the verdict words now',
  'letter-release-failed': 'the operator asked for its release, but there is nothing to show; detail: why',
  'letter-deleted': 'the operator deleted it from quarantine; the notice stays',
  'letter-opposed': 'held because a patient it names opposes; related: the opposition',
  'opposition-recorded': 'the opposition of a patient was recorded; related: the mailbox, where it is of one only',
  'opposition-withdrawn': 'the opposition of a patient ended; who it was is forgotten',
  'letter-content-taken': 'the operator wrote the opened content of a letter in quarantine to a file',
  'notice-sent': 'its proven sender was told that it could not be opened',
  'notice-delayed': 'the notice to its sender could not leave yet; detail: failure code',
  'notice-failed': 'the notice to its sender will not leave; detail: failure code',
  'notice-withheld': 'no notice to its proven sender; detail: why',
  'certificate-learnt': 'a correspondent certificate was learnt from a verified letter',
  'certificate-changed': 'a correspondent now uses another certificate',
  'correspondent-set':
    'the operator said how answers to a correspondent are sealed; detail: form, content, key transport',
  'correspondent-phone-set':
    'the operator said at which number a correspondent is called; detail: whether it is kept or removed',
  'urgency-rule-added': 'a mailbox has a further rule for what is critical',
  'urgency-rule-removed': 'a mailbox has a rule for what is critical no more',
  'reply-accepted': 'the reply is durable',
  'reply-held': 'the mailbox has no key good for signing now; it waits for one; detail: failure code',
  'reply-sealed': 'signed and encrypted, sealed bytes spooled',
  'reply-signed-only':
    'it leaves signed and not encrypted, as the policy of its trust space allows; detail: to how many recipients',
  'reply-sent': 'the next hop answered 250',
  'reply-delayed': 'the next hop could not take it yet; detail: failure code',
  'reply-failed': 'it will not leave; detail: failure code',
  'reply-refused': 'a reply frame was not accepted; detail: failure code',
  'reply-delivered': 'a delivery report says that it reached the mailbox of the correspondent',
  'reply-read': 'a disposition report says that it was read',
  'reply-unknown': 'no report came in time; detail: failure code, if any',
  'filing-accepted': 'a filing in a patient record is durable; detail: what, its document type, the device that asked',
  'conversation-reminded': 'its devices were told that it ends and was not filed; detail: when it ends',
  'filing-set': 'the operator set where conversations of a mailbox are filed; detail: document type',
  'filing-cleared': 'conversations of a mailbox are filed nowhere any more',
  'mail-posted': 'a sealed mail was put into the outbox; detail: its kind',
  'mail-attempted': 'offered to the next hop; detail: attempt number',
  'mail-sent': 'the next hop answered 250',
  'mail-delayed': 'it could not leave yet; detail: failure code',
  'mail-put-off': 'not tried, because its domain rests; detail: failure code',
  'mail-failed': 'it will not leave, or came back; detail: failure code',
  'mail-delivered': 'a delivery report says that it was delivered',
  'mail-read': 'a disposition report says that it was read',
  'mail-unknown': 'no report came in time',
  'mail-held': 'the operator holds it',
  'mail-released': 'the operator released it',
  'mail-retried': 'the operator asked for an attempt now',
  'mail-dropped': 'the operator dropped it; its bytes are deleted',
  'device-joined': 'a device enrolled',
  'device-revoked': 'a device was revoked',
  'enrolment-made': 'an enrolment link was made',
  'enrolment-refused': 'an enrolment request was refused; detail: failure code',
  'mailbox-added': 'a mailbox was added',
  'mailbox-address-shared': 'an update found that its address is that of another mailbox, which gets the letters to it',
  'mailbox-described': 'the operator said what the From label of a mailbox is made of',
  'mailbox-closed': 'a mailbox takes no letters any more',
  'mailbox-opened': 'a mailbox that was closed takes letters again',
  'trust-spaces-reloaded': 'the operator put the trust spaces in force anew; detail: their names',
  'account-added': 'software of our own may hand letters in',
  'account-removed': 'software of our own may hand letters in no more',
  'key-requested': 'a key was made and waits for its certificate',
  'key-added': 'a mailbox has a further key; detail: fingerprint of its certificate',
  'certificate-ending': 'the end of a certificate of ours comes near; detail: days left at most',
  'certificate-missing': 'a mailbox has no certificate good for use now; detail: the use',
  'trust-list-accepted': 'a newer trust list of a space counts from now on; detail: when it was generated, domains',
  'trust-list-refused': 'a trust list was not taken, or could not be had; detail: why',
  'trust-list-ageing': 'the trust list of a space grows old, or is over and nobody is listed; detail: which',
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
