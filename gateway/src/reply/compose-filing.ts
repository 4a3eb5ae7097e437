/**
 * Composes the mail that files something in a patient's record, before it is sealed: the words and files as they were made,
 * under a subject of its own and in no thread. Its subject names the patient: of a mail that leaves encrypted only the
 * mark by which software knows such mails (`XDM/1.0/DDM+`, ANS ECO.2.1.3) stands outside, the rest is `[...]` there
 * (RFC 9788 §3.2.1) and whole inside. The same filing makes the same entity, byte for byte.
 */
import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { AnswerPolicy, Mailbox } from '../ports.ts';
import { type ComposedReply, entityOf, type ReplyAttachment, takenApart } from './compose-reply.ts';
import { fromLabel, singleLine } from './from-label.ts';
import { type ClinicalDocuments, specialHeaders } from './reply-headers.ts';

/** What is filed, as it is to be written. */
export interface MailToFile {
  readonly subject: string;
  /** Lines ended by `\n`. */
  readonly text: string;
  readonly attachments: readonly ReplyAttachment[];
  readonly documents: ClinicalDocuments | null;
}

export interface FilingToCompose {
  readonly mailbox: Mailbox;
  readonly to: string;
  readonly mail: MailToFile;
  readonly messageId: string;
  readonly at: Date;
  readonly policy: Pick<AnswerPolicy, 'hasOperatorLabel' | 'productNumber' | 'asksReports'>;
  readonly isEncrypted: boolean;
}

const MARK = /^XDM\/1\.0\/DDM\+/;

/** Composes the mail of a filing. */
export async function composeFiling(filing: FilingToCompose): Promise<ComposedReply> {
  const { mailbox, to, mail, messageId, at, policy, isEncrypted } = filing;
  const subject = singleLine(mail.subject);
  const composer = new MailComposer({
    from: { name: fromLabel(mailbox, policy), address: mailbox.address },
    to,
    subject,
    messageId,
    date: at,
    text: mail.text.replaceAll('\n', '\r\n'),
    attachments: mail.attachments.map(({ name, mediaType, bytes }) => ({
      filename: singleLine(name),
      content: bytes,
      contentType: mediaType,
      contentTransferEncoding: 'base64' as const,
    })),
    textEncoding: 'quoted-printable',
    baseBoundary: createHash('sha256').update(messageId).digest('hex').slice(0, 32),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { entity, outside } = entityOf(takenApart(await composer.compile().build()));
  const { productNumber, asksReports } = policy;
  const marks = {
    productNumber,
    urgent: false,
    closes: false,
    reportsTo: asksReports === false ? null : mailbox.address,
  };
  const special = specialHeaders({ ...marks, ...(mail.documents === null ? {} : { documents: mail.documents }) }, [to]);
  const protectedHeaders = [...outside, ...special];
  const hidden = `Subject: ${MARK.exec(subject)?.[0] ?? ''}[...]`;
  return {
    headers: protectedHeaders.map((field) => (isEncrypted && /^subject:/i.test(field) ? hidden : field)),
    protectedHeaders,
    entity,
  };
}
