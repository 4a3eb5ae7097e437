/**
 * Header fields for people: encoded words (RFC 2047) and raw 8-bit text decoded by mailparser, control characters
 * gone, length bounded. What a header claims is shown as text, never used for trust.
 */
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { simpleParser } from 'mailparser';

const clean = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, CONTENT_LIMITS.subjectMaxCharacters);

/** The text of an unstructured field (a subject, a display name). Pure ASCII without encoded words costs nothing. */
export async function headerText(value: string): Promise<string> {
  if (!value.includes('=?') && /^[\x20-\x7e]*$/.test(value)) return clean(value);
  const parsed = await simpleParser(`Subject: ${value.replace(/[\r\n]+/g, ' ')}\r\n\r\n`);
  return clean(parsed.subject ?? value);
}
