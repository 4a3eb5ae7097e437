/**
 * Composes the mail of an answer, before it is sealed: text in UTF-8, quoted-printable (7-bit, so that relays leave it
 * alone), perhaps with an HTML twin and files beside it; subject kept, In-Reply-To and full References (RFC 5322 §3.6.4).
 * nodemailer writes and folds the headers; everything a person or a peer supplied is checked for line breaks first. A
 * subject that the answered letter did not show outside is not shown outside either: `[...]` stands there (RFC 9788
 * §3.2.1), and the subject travels inside. The danger is a mail that leaves in clear: nothing of a letter that came
 * encrypted stands in it, neither its words nor a subject that it hid.
 */
import { Refusal } from '@estafette/contracts/failure';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { AnsweredLetter, AnswerPolicy, Mailbox } from '../ports.ts';
import { fromLabel, singleLine } from './from-label.ts';
import { type ClinicalDocuments, specialHeaders } from './reply-headers.ts';
import { isPlainAddress, isWritable, type ReplyRecipient, recipientsOf } from './reply-recipients.ts';
import { htmlTwin, plainText, replyWords } from './reply-text.ts';

export interface ComposedReply {
  /** Outer header lines, folded, without MIME headers. */
  readonly headers: readonly string[];
  /** The same fields as they are to be believed, for the inside: the subject in full, whatever stands outside. */
  readonly protectedHeaders: readonly string[];
  /** The entity to sign: Content-* headers and body, CRLF, 7-bit. */
  readonly entity: Buffer;
}

/** A photo or file, in clear. */
export interface ReplyAttachment {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** An answer, as it is to be written. */
export interface ReplyToCompose {
  readonly mailbox: Omit<Mailbox, 'id'>;
  readonly letter: AnsweredLetter;
  /** What was typed in a row. */
  readonly texts: readonly string[];
  readonly messageId: string;
  readonly at: Date;
  /** Absent: the writer of the letter. */
  readonly recipients?: readonly ReplyRecipient[];
  readonly policy?: Pick<AnswerPolicy, 'hasHtmlTwin' | 'hasOperatorLabel' | 'productNumber'>;
  /** One of its recipients would get it signed only. */
  readonly isInClear?: boolean;
  readonly attachments?: readonly ReplyAttachment[];
  readonly documents?: ClinicalDocuments;
  readonly asksReports?: boolean;
  readonly urgent?: boolean;
  readonly closes?: boolean;
}

const REFERENCES_MAX = 30;
const OBSCURED_SUBJECT = 'Subject: [...]';
const NO_SUBJECT = 'Re: votre courrier';
const PLAIN_POLICY = { hasHtmlTwin: false, hasOperatorLabel: false, productNumber: null } as const;

/** What a header may hold as it is (RFC 5322 §3.6.4); others are left out. */
const PLAIN_ID = /^<[!-;=?-~]{1,250}>$/;
/** What would open a mail or a multipart inside this one. */
const NESTING_TYPE = /^(?:multipart|message)\//i;

function replySubject(subject: string): string {
  const clean = singleLine(subject);
  if (clean === '') return NO_SUBJECT;
  return /^re\s*:/i.test(clean) ? clean : `Re: ${clean}`;
}

const named = ({ name, address }: ReplyRecipient) => ({ name: singleLine(name), address });

function partsOf(reply: ReplyToCompose, quotes: boolean) {
  const { texts, letter, policy = PLAIN_POLICY, attachments = [] } = reply;
  const words = replyWords(texts, letter, quotes);
  const lines = (text: string) => text.replaceAll('\n', '\r\n');
  return {
    text: lines(plainText(words)),
    ...(policy.hasHtmlTwin ? { html: lines(htmlTwin(words)) } : {}),
    attachments: attachments.map(({ name, mediaType, bytes }) => ({
      filename: singleLine(name),
      content: bytes,
      contentType: NESTING_TYPE.test(mediaType) ? 'application/octet-stream' : mediaType,
      contentTransferEncoding: 'base64' as const,
    })),
    textEncoding: 'quoted-printable' as const,
  };
}

const QP_LINE_MAX = 76;

/**
 * The body without a line that begins with "From ", which some stores rewrite and so break the signature (RFC 4155,
 * RFC 8551 §3.1.2). Only quoted-printable text can hold such a line: base64 has no spaces.
 */
function withoutFromLines(body: Buffer): Buffer {
  if (!body.includes('\r\nFrom ')) return body;
  const lines = body
    .toString('latin1')
    .replace(/(?<=\r\n)From ([^\r\n]*)/g, (line, rest: string) =>
      line.length + 2 > QP_LINE_MAX ? `=46rom=20=\r\n${rest.replace(/^F/, '=46')}` : `=46rom ${rest}`,
    );
  return Buffer.from(lines, 'latin1');
}

/** A composed mail as its header fields, folded, and what follows the blank line. */
export function takenApart(mail: Buffer): { fields: string[]; body: Buffer } {
  const end = mail.indexOf('\r\n\r\n');
  const fields = mail
    .toString('latin1', 0, end)
    .split(/\r\n(?![ \t])/)
    .filter((field) => field !== '');
  return { fields, body: withoutFromLines(mail.subarray(end)) };
}

/** The fields that describe the entity, and the others. */
export function entityOf({ fields, body }: ReturnType<typeof takenApart>): { entity: Buffer; outside: string[] } {
  const isMime = (field: string) => /^(content-|mime-version:)/i.test(field);
  const inner = fields.filter((field) => /^content-/i.test(field));
  return {
    entity: Buffer.concat([Buffer.from(inner.join('\r\n'), 'latin1'), body]),
    outside: fields.filter((field) => !isMime(field)),
  };
}

/** The header block in fields, and what follows the blank line. */
async function written(reply: ReplyToCompose, to: readonly ReplyRecipient[]) {
  const { mailbox, letter, policy = PLAIN_POLICY, isInClear = false } = reply;
  const hidesSubject = isInClear && letter.subjectHidden === true;
  // What is not known to have come in clear counts as secret.
  const quotes = !isInClear || letter.wasEncrypted === false;
  const references = [...letter.references, letter.messageId].filter((id) => PLAIN_ID.test(id)).slice(-REFERENCES_MAX);
  const composer = new MailComposer({
    from: { name: fromLabel(mailbox, policy), address: mailbox.address },
    to: to.filter(({ role }) => role === 'to').map(named),
    cc: to.filter(({ role }) => role === 'cc').map(named),
    subject: hidesSubject ? NO_SUBJECT : replySubject(letter.subject),
    messageId: reply.messageId,
    date: reply.at,
    ...(references.length === 0 ? {} : { inReplyTo: references.at(-1) as string, references: references.join(' ') }),
    ...partsOf(reply, quotes),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return takenApart(await composer.compile().build());
}

/** Composes an answer; throws `Refusal` when it has no plain address to go to, or closes what it may not close. */
export async function composeReply(reply: ReplyToCompose): Promise<ComposedReply> {
  const { mailbox, letter, policy = PLAIN_POLICY } = reply;
  const to = reply.recipients ?? recipientsOf(letter, 'sender', mailbox.address);
  if (to.length === 0 || !to.every(({ address }) => isPlainAddress(address)))
    throw new Refusal('conversation-unanswerable', 'the address is not plain');
  if (!to.every(({ address }) => isWritable(address))) throw new Refusal('address-not-ascii');
  if (!isPlainAddress(mailbox.address) || !PLAIN_ID.test(reply.messageId))
    throw new RangeError('an own address or Message-ID that is not plain');
  const { productNumber } = policy;
  const marks = { productNumber, urgent: reply.urgent === true, closes: reply.closes === true };
  const reportsTo = reply.asksReports === true ? mailbox.address : null;
  const special = specialHeaders(
    { ...marks, reportsTo, ...(reply.documents === undefined ? {} : { documents: reply.documents }) },
    to.map(({ address }) => address),
  );
  const { entity, outside } = entityOf(await written(reply, to));
  const protectedHeaders = [...outside, ...special];
  const hides = letter.subjectHidden === true && reply.isInClear !== true;
  return {
    headers: protectedHeaders.map((field) => (hides && /^subject:/i.test(field) ? OBSCURED_SUBJECT : field)),
    protectedHeaders,
    entity,
  };
}
