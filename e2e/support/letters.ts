/** Letters as a correspondent's software writes them: entities to protect, and the header in front of the whole. */
import { randomUUID } from 'node:crypto';

export interface Heading {
  readonly from: string;
  readonly to: string;
  /** Others in To, and those in Cc. */
  readonly alsoTo?: readonly string[];
  readonly cc?: readonly string[];
  readonly subject: string;
  readonly messageId?: string;
  /** Message-IDs this letter answers. */
  readonly references?: readonly string[];
}

/** A letter on its way: SMTP envelope and bytes as on the wire. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  /** Recipients of the SMTP envelope, when it is not `to` alone. */
  readonly recipients?: readonly string[];
  readonly messageId: string;
  readonly bytes: Buffer;
}

export const newMessageId = (domain = 'cabinet.example'): string => `<${randomUUID()}@${domain}>`;

function inLines(bytes: Buffer): string {
  return (bytes.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');
}

/** One part: its type, its bytes in base64, further header lines. */
export function part(type: string, bytes: Buffer | string, ...lines: readonly string[]): Buffer {
  const head = [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', ...lines, '', ''].join('\r\n');
  return Buffer.from(`${head}${inLines(Buffer.from(bytes))}\r\n`);
}

export const textPart = (text: string): Buffer => part('text/plain; charset=utf-8', text);

export const attachment = (type: string, name: string, bytes: Buffer | string): Buffer =>
  part(`${type}; name="${name}"`, bytes, `Content-Disposition: attachment; filename="${name}"`);

/** Several parts in one multipart/mixed entity. */
export function mixed(...parts: readonly Buffer[]): Buffer {
  const boundary = `part-${randomUUID()}`;
  const pieces = parts.flatMap((one) => [Buffer.from(`--${boundary}\r\n`), one]);
  const head = Buffer.from(`Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`);
  return Buffer.concat([head, ...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** CRLF at every line end, as SMTP wants it. */
export function wireLines(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}

/** Header lines of a letter, without MIME ones. */
export function headerLines(heading: Heading & { messageId: string }): string[] {
  const { from, to, alsoTo = [], cc = [], subject, messageId, references = [] } = heading;
  const listed = (addresses: readonly string[]) => addresses.map((address) => `<${address}>`).join(', ');
  const name = from.split('@')[0];
  return [
    `From: "${name}" <${from}>`,
    `To: ${listed([to, ...alsoTo])}`,
    ...(cc.length === 0 ? [] : [`Cc: ${listed(cc)}`]),
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    ...(references.length === 0 ? [] : [`In-Reply-To: ${references.at(-1)}`, `References: ${references.join(' ')}`]),
  ];
}

/** Puts the header of a letter in front of an entity (signed, encrypted or neither). */
export function letterOf(heading: Heading, entity: Buffer): Letter {
  const messageId = heading.messageId ?? newMessageId(heading.from.split('@')[1]);
  const head = Buffer.from(`${headerLines({ ...heading, messageId }).join('\r\n')}\r\n`);
  return { from: heading.from, to: heading.to, messageId, bytes: Buffer.concat([head, wireLines(entity)]) };
}
