/** For tests of the content stage: MIME entities, built line by line. */
import type { ReadDocument } from './read-document.ts';

export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const EOL = ascii('\r\n');

/** One MIME entity: header lines and a body. */
export const entity = (headers: string[], body: Buffer | string): Buffer =>
  Buffer.concat([ascii(`${headers.join('\r\n')}\r\n\r\n`), typeof body === 'string' ? ascii(body) : body]);

let boundaries = 0;
export function multipart(subtype: string, ...parts: Buffer[]): Buffer {
  boundaries += 1;
  const boundary = `limite-${boundaries}`;
  const pieces = parts.flatMap((part) => [ascii(`--${boundary}\r\n`), part, EOL]);
  return entity(
    ['MIME-Version: 1.0', `Content-Type: multipart/${subtype}; boundary="${boundary}"`],
    Buffer.concat([...pieces, ascii(`--${boundary}--\r\n`)]),
  );
}

export const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
export const quotedPrintable = (bytes: Buffer): string =>
  [...bytes]
    .map((b) =>
      (b > 32 && b < 127 && b !== 61) || b === 32
        ? String.fromCharCode(b)
        : `=${b.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
    .replace(/.{60}(?![^=]?=)/g, '$&=\r\n');

export const attached = (type: string, name: string, bytes: Buffer): Buffer =>
  entity(
    [
      `Content-Type: ${type}`,
      `Content-Disposition: attachment; filename="${name}"`,
      'Content-Transfer-Encoding: base64',
    ],
    base64(bytes),
  );
export const plain = (text: string): Buffer =>
  entity(['Content-Type: text/plain; charset=utf-8'], Buffer.from(text, 'utf8'));

export const kinds = (documents: readonly ReadDocument[]): string[] => documents.map((one) => one.kind);
export const noteOf = (document: ReadDocument | undefined): string | null =>
  document?.kind === 'file' ? document.note : 'not a file';
