/**
 * A letter as it came, to be filed. One that came encrypted to the mailbox opens for nobody else, so what was opened of it
 * goes along: the opened entity under the header fields that name people, time and subject, as they came. Bytes are copied,
 * never rewritten.
 */
import type { ReopenedLetter } from './compile-exchange.ts';
import type { FiledAttachment } from './filed-mail.ts';

const NAMING = /^(?:from|to|cc|reply-to|subject|date|message-id|in-reply-to|references)\s*:/i;
const BLANK_LINE = '\r\n\r\n';
/** A mail is no `message/` part here: the bytes go as base64. */
const MEDIA_TYPE = 'application/octet-stream';

/** Header fields of an entity, folded as they are. */
function fieldsOf(entity: Buffer): string[] {
  const end = entity.indexOf(BLANK_LINE);
  return entity.toString('latin1', 0, end < 0 ? entity.length : end).split(/\r\n(?![ \t])/);
}

const nameOf = (field: string): string => field.slice(0, field.indexOf(':')).trim().toLowerCase();

/** The opened entity as a mail of its own; what stands inside counts, what stands only outside is added. */
function opened(original: Buffer, content: Uint8Array): Buffer {
  const inside = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const own = new Set(fieldsOf(inside).map(nameOf));
  const outside = fieldsOf(original).filter((field) => NAMING.test(field) && !own.has(nameOf(field)));
  const version = own.has('mime-version') ? [] : ['MIME-Version: 1.0'];
  return Buffer.concat([Buffer.from(`${[...outside, ...version].join('\r\n')}\r\n`, 'latin1'), inside]);
}

/** The files of a letter as it came. */
export function originalFiles({ original, opened: { layers, content } }: ReopenedLetter): FiledAttachment[] {
  const asItCame = (name: string): FiledAttachment => ({ name, mediaType: MEDIA_TYPE, bytes: original });
  const wasEncrypted = layers.some(({ kind }) => kind === 'encrypted');
  if (!wasEncrypted || content === undefined) return [asItCame('courrier.eml')];
  return [
    { name: 'courrier.eml', mediaType: MEDIA_TYPE, bytes: opened(original, content) },
    asItCame('courrier-chiffre.eml'),
  ];
}
