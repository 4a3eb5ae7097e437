/** For tests: automatic mails as real programs write them, about a mail of ours. */

import { type MailToRead, readAutomatic } from './read-automatic.ts';

export const OURS =
  '<est.01J0000000000000000000000A.01J0000000000000000000000B.0123456789abcdef0123456789abcdef@gw.example>';
export const DOCTOR = 'claire.martin@cabinet.example';
export const PHARMACY = 'pharmacie@officine.example';

export const mailOf = (...lines: string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n`);

const head = (subject: string, from = DOCTOR): string[] => [
  `From: ${from}`,
  `To: ${PHARMACY}`,
  `Subject: ${subject}`,
  'Message-ID: <auto-1@cabinet.example>',
  'MIME-Version: 1.0',
];

/** A delivery report in the form of RFC 3464. */
export const deliveryReport = (
  blocks: readonly (readonly string[])[],
  { envelopeId = 'mai_01J0000000000000000000000C', returned = OURS } = {},
): Buffer =>
  mailOf(
    ...head('Undelivered Mail Returned to Sender', 'MAILER-DAEMON@cabinet.example'),
    'Auto-Submitted: auto-replied',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    'This is a MIME-encapsulated message.',
    '',
    '--b1',
    'Content-Type: text/plain',
    '',
    "I'm sorry to have to inform you that your message could not be delivered.",
    '',
    '--b1',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.cabinet.example',
    ...(envelopeId === '' ? [] : [`Original-Envelope-Id: ${envelopeId}`]),
    '',
    ...blocks.flatMap((block) => [...block, '']),
    '--b1',
    'Content-Type: text/rfc822-headers',
    '',
    `From: ${PHARMACY}`,
    ...(returned === '' ? [] : [`Message-ID: ${returned}`]),
    '',
    '--b1--',
  );

/** What became of a mail at its reader. */
export const dispositionReport = (fields: readonly string[], { from = DOCTOR, original = OURS } = {}): Buffer =>
  mailOf(
    ...head('Lu : INR', from),
    'Content-Type: multipart/report; report-type=disposition-notification; boundary="b2"',
    '',
    '--b2',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Votre message a été lu.',
    '--b2',
    'Content-Type: message/disposition-notification',
    '',
    'Reporting-UA: cabinet.example; Logiciel 3',
    `Final-Recipient: rfc822; ${from}`,
    ...(original === '' ? [] : [`Original-Message-ID: ${original}`]),
    ...fields,
    '',
    '--b2--',
  );

/** With every fault of the printed MSSanté profile: no blank lines, dashes of another kind, misspelt fields, five parts. */
export const integrationRefused = (code: string, label: string): Buffer =>
  mailOf(
    `From: ${DOCTOR}`,
    'Message-Id: <refus-1>',
    `Subject: [KO Intégration système !][${code}] XDM/1.0/DDM+BILAN DESSAINT Jeanne 04/07/1951`,
    `To: ${PHARMACY}`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=disposition-notification; boundary="b3.limite"',
    '--b3.limite',
    'Dossier refusé par le logiciel du cabinet.',
    `Erreur ${code}^${label}^messageErrorCondition| E^Error^errorSeverity`,
    '--b3.limite',
    'Content-Type: message/disposition-notification',
    `Original-Recipient: rfc822;${DOCTOR} `,
    `Final-Recipient: rfc822; ${DOCTOR} `,
    `Original-Message-ID: ${OURS.replace('>', ' >')}`,
    `Disposition:automatic-action/MDN-sent-automatically; processed/Error: ${code}^${label}^messageErrorCondition| E^Error^errorSeverity`,
    '--b3.limite',
    'Content-Type: message/rfc822',
    'Le courriel refusé, sans en-tête.',
    '--b3.limite—',
    'Content-Type: application/zip ; name="IHE_XDM.zip"',
    'Content-Transfert-Encoding: base64',
    '',
    'UEsDBA==',
    '--b3.limite—',
    'Content-Type: application/pdf ; name="bilan.pdf"',
    'Content-Transfert-Encoding: base64',
    '',
    'JVBERi0=',
    '--b3.limite--',
  );

/** An ordinary mail with these further header fields. */
export const plainMail = (
  text: string,
  { subject = 'INR', fields = [] as readonly string[], from = DOCTOR } = {},
): Buffer => mailOf(...head(subject, from), ...fields, 'Content-Type: text/plain; charset=utf-8', '', text);

const RECEIVED = Date.UTC(2026, 10, 22, 9);

/** What is found in a letter that came with its own subject, from the doctor. */
export function read(letter: Buffer, change: Partial<MailToRead> = {}) {
  const subject = /^Subject: (.*)$/m.exec(letter.toString())?.[1]?.trim() ?? '';
  return readAutomatic({
    letter,
    content: null,
    subject,
    from: DOCTOR,
    nullSender: false,
    receivedAt: RECEIVED,
    ...change,
  });
}
