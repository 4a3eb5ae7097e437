/** The correspondent's Maildir, and header fields of the mails in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Mails in `new/`, oldest first. */
export function mailsIn(maildir: string): Buffer[] {
  const folder = join(maildir, 'new');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

/** Values of a header field, unfolded. */
export function fieldsOf(mail: Buffer, name: string): string[] {
  const [head = ''] = mail.toString('latin1').split(/\r?\n\r?\n/, 1);
  return head
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());
}

/** The one value of a header field; throws when there is none or more than one. */
export function fieldOf(mail: Buffer, name: string): string {
  const values = fieldsOf(mail, name);
  if (values.length !== 1) throw new Error(`${values.length} fields ${name} instead of one`);
  return values[0] as string;
}

/** A header value with its encoded words (RFC 2047, UTF-8) decoded. */
export function decodedWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_whole, kind: string, text: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(text, 'base64').toString() : quotedPrintable(text.replaceAll('_', ' ')),
    );
}

/** Text of a quoted-printable body in UTF-8. */
export function quotedPrintable(text: string): string {
  const joined = text.replace(/=\r?\n/g, '');
  const bytes = joined.replace(/=([0-9A-F]{2})/gi, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
