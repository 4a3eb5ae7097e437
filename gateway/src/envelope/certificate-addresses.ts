/**
 * The mail addresses a certificate vouches for: rfc822Name, SmtpUTF8Mailbox (RFC 9598), and the subject's emailAddress
 * (RFC 8550 §3) only where the alternative names hold no address at all: name constraints of an authority speak of the
 * alternative names, and an old field beside them must not say more than they do. What holds a NUL, a control
 * character or no address is left out, never trimmed.
 */
import { type BerNode, contentOf, isContext, isUniversal, oidOf, TAG } from './ber.ts';

/** id-on-SmtpUTF8Mailbox (RFC 9598 §3). */
const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';
const ASCII_ADDRESS = /^[\x21-\x7e]+@[\x21-\x7e]+$/;
const UTF8_ADDRESS = /^[^\s\p{Cc}\p{Cf}\p{Cs}@]+@[^\s\p{Cc}\p{Cf}\p{Cs}@]+$/u;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of an otherName that is a SmtpUTF8Mailbox; empty when it is not to be believed, null for another kind. */
function smtpUtf8Mailbox(name: BerNode): string | null {
  const [type, explicit] = name.children;
  if (!isUniversal(type, TAG.oid) || oidOf(type) !== SMTP_UTF8_MAILBOX) return null;
  const text = isContext(explicit, 0) ? explicit.children[0] : undefined;
  if (!isUniversal(text, TAG.utf8String) || text.constructed) return '';
  try {
    const address = strictUtf8.decode(contentOf(text));
    // RFC 9598 §3: only for a local part beyond ASCII; any other is an rfc822Name and must be written as one.
    return /^[\x21-\x7e]*@/.test(address) ? '' : address;
  } catch {
    return '';
  }
}

/** Addresses of the alternative names (`names` null: the certificate has none), else of the subject. */
export function certificateAddresses(names: readonly BerNode[] | null, subjectAddresses: readonly string[]): string[] {
  const found: string[] = [];
  let holdsAddress = false;
  for (const name of names ?? []) {
    const text = isContext(name, 1)
      ? contentOf(name).toString('latin1')
      : isContext(name, 0)
        ? smtpUtf8Mailbox(name)
        : null;
    if (text === null) continue;
    holdsAddress = true;
    const pattern = isContext(name, 1) ? ASCII_ADDRESS : UTF8_ADDRESS;
    if (pattern.test(text)) found.push(text);
  }
  if (!holdsAddress) found.push(...subjectAddresses.filter((address) => ASCII_ADDRESS.test(address)));
  return [...new Set(found)];
}
