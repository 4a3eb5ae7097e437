/**
 * The mail that files something as it came: a document, or a whole letter. It goes byte for byte, beside a document of our
 * own that says what it is, whose, from whom, how far it was to be believed and what its SHA-256 is.
 *
 * A file of somebody else's is not wrapped into a CDA: whoever files it would become its author, and XDS-SD promises a
 * PDF/A-1 that nobody checked. So the archive holds the document about it, and the patient's identity with it.
 */
import type { Exchange } from './exchange.ts';
import { fileExchange } from './file-exchange.ts';
import type { FiledAttachment, FiledMail } from './filed-mail.ts';
import { ARCHIVE_NAME } from './xdm-archive.ts';

/** `exchange` holds the one letter that brought the files. */
export async function fileOriginal(exchange: Exchange, files: readonly FiledAttachment[]): Promise<FiledMail> {
  const mail = await fileExchange(exchange);
  const named = files.map((file) => ({ ...file, name: besideOurs(file.name) }));
  const list = named.map(({ name, bytes }) => `- ${name.replace(/\s+/g, ' ')} (${bytes.length} octets)`);
  return {
    ...mail,
    text: [mail.text, 'Tel que reçu, sans modification :', ...list, ''].join('\n'),
    attachments: [...mail.attachments, ...named],
  };
}

/** A second archive of that name would be taken for the first. */
const besideOurs = (name: string): string => (name.toUpperCase() === ARCHIVE_NAME ? `original-${name}` : name);
