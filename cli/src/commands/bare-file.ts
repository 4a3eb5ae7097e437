/**
 * A clinical file by itself (HPRIM, `IHE_XDM.ZIP`, CDA) as `estafette inspect` reads it: with the very readers of the
 * inbound flow, as if it had come attached to a letter. Nobody signed it here, so nothing is said of who wrote it.
 */
import { basename } from 'node:path';
import { readContent } from '@estafette/gateway/inspect';
import type { OpenedLetter } from '@estafette/gateway/ports';

const HEADERS_LOOKED_AT_BYTES = 65_536;
const MAIL_HEADER =
  /^(?:return-path|received|delivered-to|from|to|subject|date|message-id|mime-version|content-type):/im;

/** Whether the file begins as a mail does (RFC 5322): lines of headers, one of them a mail's own. */
export function isMail(file: Buffer): boolean {
  const start = file.subarray(0, HEADERS_LOOKED_AT_BYTES).toString('latin1');
  const end = /\r?\n\r?\n/.exec(start)?.index ?? start.length;
  return /^(?:From |[!-9;-~]+[ \t]*:)/.test(start) && MAIL_HEADER.test(start.slice(0, end));
}

/** The documents in the file. Bytes that cannot be read come back as a file with its reason, never as an error. */
export async function readBareFile(path: string, file: Buffer, at: number): Promise<OpenedLetter['documents']> {
  const name = basename(path).replace(/[^A-Za-z0-9._-]/g, '_');
  const head = [
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
  ].join('\r\n');
  const body = file.toString('base64').replace(/.{76}/g, '$&\r\n');
  const entity = Buffer.from(`${head}\r\n\r\n${body}\r\n`, 'latin1');
  return (await readContent(entity, { approved: null, now: new Date(at) })).documents;
}
