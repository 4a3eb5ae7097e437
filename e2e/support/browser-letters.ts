/** Letters that the demo does not send: one without a signature, one without anything, one with a photo and a file. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { DemoLetter } from '@estafette/cli/demo/letters';
import type { DemoMaterial } from '@estafette/cli/demo/material';
import { encryptTo, signWith } from '@estafette/cli/demo/openssl';

const base64Lines = (bytes: Buffer): string => (bytes.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');

const textPart = (text: string): string =>
  `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(Buffer.from(text))}\r\n`;

const filePart = (name: string, mediaType: string, bytes: Buffer): string =>
  [
    `Content-Type: ${mediaType}; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"`,
    '',
    base64Lines(bytes),
    '',
  ].join('\r\n');

/** A mail of the demo doctor around an entity that is protected, or is not. */
function mailOf(demo: DemoMaterial, subject: string, entity: Buffer, headers: readonly string[] = []): DemoLetter {
  const { doctor, pharmacy } = demo.people;
  const messageId = `<${randomUUID()}@${doctor.address.split('@')[1]}>`;
  const head = [
    `From: "Dr Claire MARTIN" <${doctor.address}>`,
    `To: <${pharmacy.address}>`,
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    ...headers,
    'MIME-Version: 1.0',
    '',
  ].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(head), entity]);
  return { from: doctor.address, to: pharmacy.address, messageId, bytes };
}

/** Encrypted, and signed by nobody. */
export async function unsignedLetter(demo: DemoMaterial, subject: string, text: string): Promise<DemoLetter> {
  const sealed = await encryptTo(demo.people.pharmacy.folder, Buffer.from(textPart(text)));
  return mailOf(demo, subject, Buffer.from(sealed.toString().replace(/^MIME-Version:.*\r?\n/i, '')));
}

/** Neither signed nor encrypted. */
export function openLetter(demo: DemoMaterial, subject: string, text: string): DemoLetter {
  return mailOf(demo, subject, Buffer.from(textPart(text)));
}

/** Signed and encrypted, with files beside the text. */
export async function letterWithFiles(
  demo: DemoMaterial,
  letter: {
    subject: string;
    text: string;
    files: readonly { name: string; mediaType: string; bytes: Buffer }[];
    /** Of the mail, beside those it always has. */
    headers?: readonly string[];
  },
): Promise<DemoLetter> {
  const boundary = randomBytes(12).toString('hex');
  const parts = [
    textPart(letter.text),
    ...letter.files.map(({ name, mediaType, bytes }) => filePart(name, mediaType, bytes)),
  ];
  const body = parts.map((part) => `--${boundary}\r\n${part}`).join('');
  const entity = Buffer.from(`Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`);
  const signed = await signWith(demo.people.doctor.folder, entity);
  const sealed = await encryptTo(demo.people.pharmacy.folder, signed);
  const outer = Buffer.from(sealed.toString().replace(/^MIME-Version:.*\r?\n/i, ''));
  return mailOf(demo, letter.subject, outer, letter.headers);
}
