/**
 * Header fields for people: encoded words (RFC 2047) and raw 8-bit text, each in the charset its bytes show, whatever it
 * is said to be (charset.ts); control characters gone, length bounded. What a header claims is shown as text, never used
 * for trust.
 */
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { decodeClinicalText } from './charset.ts';
import { decodeRawWords, isOneByteEach } from './raw-words.ts';

const clean = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, CONTENT_LIMITS.subjectMaxCharacters)
    .toWellFormed();

/** The text of an unstructured field (a subject, a display name). */
export function headerText(value: string): string {
  const given = value.slice(0, CONTENT_LIMITS.encodedWordsMaxCharacters);
  return clean(decodeEncodedWords(decodeRawWords(given)));
}

/** RFC 2047 §2, with the language of RFC 2231 §5. */
const ENCODED_WORD = /=\?([^?*\s]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]{0,4000})\?=(\s*(?==\?))?/g;

type Pending = { charset: string; bytes: Buffer[] };

/** Neighbours in one charset are one text: software cuts characters of several bytes in two (against §5 (3)). */
function decodeEncodedWords(value: string): string {
  if (!value.includes('=?')) return value;
  let out = '';
  let at = 0;
  let pending: Pending = { charset: '', bytes: [] };
  const flush = (): void => {
    if (pending.bytes.length > 0)
      out += decodeClinicalText(Buffer.concat(pending.bytes), pending.charset).text.replace(/[\r\n]/g, ' ');
    pending = { charset: '', bytes: [] };
  };
  for (const { index, 0: whole, 1: said = '', 2: form = '', 3: content = '' } of value.matchAll(ENCODED_WORD)) {
    const charset = said.toLowerCase();
    if (index !== at || charset !== pending.charset) flush();
    out += value.slice(at, index);
    pending.charset = charset;
    pending.bytes.push(/b/i.test(form) ? Buffer.from(content, 'base64') : fromQ(content));
    at = index + whole.length;
  }
  flush();
  return out + value.slice(at);
}

/** The Q encoding (RFC 2047 §4.2); what is no code stays as it is. */
function fromQ(content: string): Buffer {
  const plain = content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return isOneByteEach(plain) ? Buffer.from(plain, 'latin1') : Buffer.from(plain, 'utf8');
}
