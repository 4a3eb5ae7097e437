/**
 * Composes the mail of an answer, before it is sealed: text/plain in UTF-8, quoted-printable (7-bit, so that relays
 * leave it alone), the new text first, a light quote below in French, subject kept, In-Reply-To and full References
 * (RFC 5322 §3.6.4). nodemailer writes and folds the headers; everything a person or a peer supplied is checked for
 * line breaks first. A subject that the answered letter did not show outside is not shown outside either: `[...]` stands
 * there (RFC 9788 §3.2.1), and the subject travels inside. One that stood in clear stays, so that clients thread by it.
 */
import { Refusal } from '@estafette/contracts/failure';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { AnsweredLetter } from '../ports.ts';

export interface ComposedReply {
  /** Outer header lines, folded, without MIME headers. */
  readonly headers: readonly string[];
  /** The same fields as they are to be believed, for the inside: the subject in full, whatever stands outside. */
  readonly protectedHeaders: readonly string[];
  /** The entity to sign: Content-* headers and body, CRLF, 7-bit. */
  readonly entity: Buffer;
}

const REFERENCES_MAX = 30;
const OBSCURED_SUBJECT = 'Subject: [...]';

/** One plain address: what else would be a second recipient, a comment or a line (facts: smime.md checklist 27). */
const PLAIN_ADDRESS = /^[^\s<>()[\]:;@\\,"\p{C}]+@[^\s<>()[\]:;@\\,"\p{C}]+$/u;
const PLAIN_ID = /^<[^<>\s\p{C}]+>$/u;

const singleLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

function replySubject(subject: string): string {
  const clean = singleLine(subject);
  if (clean === '') return 'Re: votre courrier';
  return /^re\s*:/i.test(clean) ? clean : `Re: ${clean}`;
}

const FRENCH_TIME = new Intl.DateTimeFormat('fr-FR', {
  dateStyle: 'short',
  timeStyle: 'short',
  timeZone: 'Europe/Paris',
});

function bodyOf(text: string, letter: AnsweredLetter): string {
  const written = text.replace(/\r\n?/g, '\n').trimEnd();
  if (letter.quote.length === 0) return `${written}\n`;
  const who = singleLine(letter.fromName) || letter.from;
  const quoted = letter.quote
    .slice(0, CONVERSATION_LIMITS.quotedLinesMax)
    .map((line) => `> ${singleLine(line)}`.trimEnd());
  return `${written}\n\nLe ${FRENCH_TIME.format(new Date(letter.receivedAt))}, ${who} a écrit :\n${quoted.join('\n')}\n`;
}

/** Composes the answer of `mailbox` to `letter`; throws `Refusal` when it has no plain address to go to. */
export async function composeReply(reply: {
  mailbox: { readonly address: string; readonly name: string };
  letter: AnsweredLetter;
  text: string;
  messageId: string;
  at: Date;
}): Promise<ComposedReply> {
  const { mailbox, letter } = reply;
  if (!PLAIN_ADDRESS.test(letter.from)) throw new Refusal('conversation-unanswerable', 'the address is not plain');
  if (!PLAIN_ADDRESS.test(mailbox.address) || !PLAIN_ID.test(reply.messageId))
    throw new RangeError('an own address or Message-ID that is not plain');
  const references = [...letter.references, letter.messageId].filter((id) => PLAIN_ID.test(id)).slice(-REFERENCES_MAX);
  const composer = new MailComposer({
    from: { name: singleLine(mailbox.name), address: mailbox.address },
    to: { name: singleLine(letter.fromName), address: letter.from },
    subject: replySubject(letter.subject),
    messageId: reply.messageId,
    date: reply.at,
    ...(references.length === 0 ? {} : { inReplyTo: references.at(-1) as string, references: references.join(' ') }),
    text: bodyOf(reply.text, letter).replaceAll('\n', '\r\n'),
    textEncoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mail = (await composer.compile().build()).toString('latin1');
  const end = mail.indexOf('\r\n\r\n');
  const fields = mail.slice(0, end).split(/\r\n(?![ \t])/);
  const isMime = (field: string) => /^(content-|mime-version:)/i.test(field);
  const inner = fields.filter((field) => /^content-/i.test(field));
  const protectedHeaders = fields.filter((field) => !isMime(field));
  const hides = letter.subjectHidden === true;
  return {
    headers: protectedHeaders.map((field) => (hides && /^subject:/i.test(field) ? OBSCURED_SUBJECT : field)),
    protectedHeaders,
    entity: Buffer.from(`${inner.join('\r\n')}\r\n\r\n${mail.slice(end + 4)}`, 'latin1'),
  };
}
