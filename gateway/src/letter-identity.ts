/**
 * What makes a letter itself, as one digest: the header fields its writer set, Message-ID among them, and its body. Trace
 * fields that relays put in front do not make another letter; a letter delivered twice is one.
 *
 * Danger: every field that is believed or acted upon must count. A copy with another From, Reply-To, Content-Type or
 * Auto-Submitted over the same body is another letter: a forged or crippled copy that comes first must not hide the
 * genuine one.
 */
import { createHash } from 'node:crypto';

const WRITTEN = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
];
const WISHED = [
  'disposition-notification-to',
  'importance',
  'priority',
  'x-priority',
  'x-msmail-priority',
  'precedence',
];
const FAMILIES = ['auto-submitted', 'x-auto[a-z-]*', 'list-[a-z-]+', 'content-[a-z-]+', 'x-mss-[a-z-]+'];
const OWN_FIELDS = new RegExp(`^(?:${[...WRITTEN, ...WISHED, ...FAMILIES].join('|')})[ \\t]*:`, 'i');

/** The digest of a letter (bytes as on the wire), hexadecimal. Linear in its length. */
export function letterIdentity(letter: Buffer): string {
  const bodyStart = letter.indexOf('\r\n\r\n');
  if (bodyStart < 0) return createHash('sha256').update(letter).digest('hex');
  const fields = letter
    .subarray(0, bodyStart)
    .toString('latin1')
    .split(/\r\n(?![ \t])/);
  const own = fields.filter((field) => OWN_FIELDS.test(field)).join('\r\n');
  return createHash('sha256').update(own).update(letter.subarray(bodyStart)).digest('hex');
}
