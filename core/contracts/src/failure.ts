/**
 * The catalogue of refusals. Two texts each: `peer` goes to the other side and is generic; `operator` says
 * precisely what happened, for the log and the trace. Permanence and blame are fields, never guessed from a
 * text. `docs/errors.md` lists the same codes; a test compares.
 */

export interface Failure {
  /** Whether trying again can help, and when. */
  readonly retry: 'never' | 'later' | 'now';
  /** Who has to change something: the other side, or we. */
  readonly side: 'theirs' | 'ours';
  /** SMTP answer, where the failure is said in an SMTP session (RFC 5321, RFC 3463). */
  readonly smtp?: { readonly code: number; readonly enhanced: string };
  /** Generic text for the peer, English, one line. */
  readonly peer: string;
  /** French sentence for the phone, where the failure can reach it. */
  readonly person?: string;
  /** Precise text for the operator. */
  readonly operator: string;
}

export const FAILURES = {
  'tls-required': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 530, enhanced: '5.7.0' },
    peer: 'Must issue a STARTTLS command first',
    operator: 'MAIL before STARTTLS in a trust space that requires TLS.',
  },
  'mailbox-unknown': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.1.1' },
    peer: 'No such mailbox here',
    operator: 'RCPT TO an address that is not a mailbox of this gateway.',
  },
  'sender-address-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 553, enhanced: '5.1.7' },
    peer: 'Sender address not acceptable',
    operator: 'MAIL FROM with an address that is malformed or too long.',
  },
  'recipients-too-many': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 452, enhanced: '4.5.3' },
    peer: 'Too many recipients, send the rest in another transaction',
    operator: 'More RCPT than recipientsMax in one transaction.',
  },
  'letter-too-large': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 552, enhanced: '5.3.4' },
    peer: 'Message exceeds the size announced',
    operator: 'Declared or actual size above letterMaxBytes.',
  },
  'line-ending-bare': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.6.0' },
    peer: 'Bare CR, bare LF or NUL in the message',
    operator: 'DATA contained a bare CR, a bare LF or a NUL octet (SMTP smuggling).',
  },
  'store-unavailable': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 451, enhanced: '4.3.0' },
    peer: 'Local store unavailable, try again later',
    operator: 'The spool could not be written durably; nothing was kept.',
  },
  'backlog-full': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 451, enhanced: '4.3.1' },
    peer: 'Busy, try again later',
    operator: 'Letters accepted and not yet delivered reached backlogMaxLetters.',
  },
  'gateway-closing': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 421, enhanced: '4.3.2' },
    peer: 'Closing, try again later',
    operator: 'The gateway is stopping.',
  },
  'command-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 502, enhanced: '5.5.1' },
    peer: 'Command not available here',
    operator: 'A command that this listener does not offer (AUTH, VRFY).',
  },
  'reply-malformed': {
    retry: 'never',
    side: 'theirs',
    peer: 'reply-malformed',
    person: "La réponse n'a pas pu être lue par la passerelle.",
    operator: 'A reply frame whose sealed content does not open or does not fit its schema.',
  },
  'reply-author-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'reply-author-unknown',
    person: "Cet appareil n'est plus autorisé.",
    operator: 'A reply from a device that is unknown, revoked or of another mailbox, or whose signature is wrong.',
  },
  'conversation-expired': {
    retry: 'never',
    side: 'theirs',
    peer: 'conversation-expired',
    person: 'La conversation est échue : la réponse ne peut plus partir.',
    operator: 'A reply to a conversation whose key was destroyed.',
  },
  'conversation-unanswerable': {
    retry: 'never',
    side: 'theirs',
    peer: 'conversation-unanswerable',
    person: "Ce courrier n'appelle pas de réponse : expéditeur inconnu ou mis en quarantaine.",
    operator: 'The conversation holds no letter that can be answered.',
  },
  'certificate-missing': {
    retry: 'never',
    side: 'theirs',
    peer: 'certificate-missing',
    person:
      "Le certificat du correspondant n'est pas connu : la réponse n'est pas partie, rien n'a été envoyé en clair.",
    operator: 'No certificate learnt from a verified letter of this correspondent; sealing never falls back.',
  },
  'certificate-unusable': {
    retry: 'never',
    side: 'theirs',
    peer: 'certificate-unusable',
    person: "Le certificat du correspondant n'est plus valable : la réponse n'est pas partie.",
    operator: 'The correspondent certificate is expired, revoked or not made for encryption.',
  },
  'own-certificate-unusable': {
    retry: 'later',
    side: 'ours',
    peer: 'own-certificate-unusable',
    person: "Le certificat de votre structure n'est plus valable : la réponse partira dès qu'il y en aura un.",
    operator: 'The mailbox has no key and certificate good for signing now; its replies wait for one.',
  },
  'next-hop-unreachable': {
    retry: 'later',
    side: 'theirs',
    peer: 'next-hop-unreachable',
    person: 'Le serveur du correspondant ne répond pas : nouvel essai automatique.',
    operator: 'Connection, TLS or protocol trouble before a final answer of the next hop.',
  },
  'next-hop-deferred': {
    retry: 'later',
    side: 'theirs',
    peer: 'next-hop-deferred',
    person: 'Le serveur du correspondant demande de patienter : nouvel essai automatique.',
    operator: 'The next hop answered 4xx (or 503).',
  },
  'next-hop-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'next-hop-refused',
    person: 'Le serveur du correspondant a refusé la réponse.',
    operator: 'The next hop answered 5xx other than 503.',
  },
  'next-hop-gave-up': {
    retry: 'never',
    side: 'theirs',
    peer: 'next-hop-gave-up',
    person: "La réponse n'a pas pu être remise après plusieurs essais.",
    operator: 'All attempts were used up.',
  },
  'sealed-mail-missing': {
    retry: 'never',
    side: 'ours',
    peer: 'sealed-mail-missing',
    person: "La réponse scellée n'a pas été retrouvée : écrivez-la de nouveau.",
    operator: 'The sealed bytes of a reply that waited to be sent are gone from the safe.',
  },
  'enrolment-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-unknown',
    person: "Ce lien d'enrôlement est inconnu.",
    operator: 'An enrolment request whose id is unknown or whose proof is wrong.',
  },
  'enrolment-used': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-used',
    person: "Ce lien d'enrôlement a déjà servi.",
    operator: 'A second enrolment request on a one-time link.',
  },
  'enrolment-expired': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-expired',
    person: "Ce lien d'enrôlement est périmé.",
    operator: 'An enrolment request after the expiry of its link.',
  },
  'devices-too-many': {
    retry: 'never',
    side: 'theirs',
    peer: 'devices-too-many',
    person: "Trop d'appareils sont déjà enrôlés pour cette boîte.",
    operator: 'devicesPerMailboxMax reached.',
  },
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof FAILURES;

/** The catalogue entry of a code. */
export function failureOf(code: FailureCode): Failure {
  return FAILURES[code];
}

/** A refusal on its way to whoever must hear it: a code of the catalogue, and facts for the log (no content). */
export class Refusal extends Error {
  readonly code: FailureCode;
  readonly certain: boolean;
  constructor(code: FailureCode, detail?: string, options: { certain?: boolean; cause?: unknown } = {}) {
    super(detail === undefined ? code : `${code}: ${detail}`, { cause: options.cause });
    this.name = 'Refusal';
    this.code = code;
    this.certain = options.certain ?? true;
  }
}
