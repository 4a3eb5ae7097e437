/**
 * A telephone number as people write it (`01 42 00 00 00`, `+33 1 42 00 00 00`), with exactly the digits it was stated
 * with: a wrong digit beside a critical result is worse than none. From a `tel:` URI (RFC 3966) or plain words; null for
 * what is no number to call. Part of ports.ts.
 */
import { URGENCY_LIMITS } from '@estafette/contracts/limits';

const SEPARATORS = /[\s.\u00a0\u202f\u2009()/-]/g;
/** E.164 has at most fifteen digits; three are an emergency service, which is nobody's own number. */
const DIGITS = /^\+?\d{4,15}$/;

export function phoneNumber(stated: string): string | null {
  const [, scheme = '', body = ''] = /^\s*(?:([a-z][a-z0-9+.-]{0,20}):)?(.*)$/is.exec(stated) ?? [];
  if ((scheme !== '' && scheme.toLowerCase() !== 'tel') || body.length > URGENCY_LIMITS.phoneMaxCharacters * 2)
    return null;
  const [number = '', ...parameters] = withoutEscapes(body).split(';');
  const plain = number.replaceAll(SEPARATORS, '');
  if (!DIGITS.test(plain)) return null;
  const extension = parameters
    .map((one) => /^ext=(\d{1,6})$/i.exec(one.trim())?.[1])
    .find((digits) => digits !== undefined);
  const written = grouped(plain) ?? number.replaceAll(/[\s\u00a0\u202f\u2009]+/g, ' ').trim();
  if (written.length > URGENCY_LIMITS.phoneMaxCharacters) return null;
  return extension === undefined ? written : `${written} poste ${extension}`;
}

/** A French number in pairs; null for any other. */
function grouped(plain: string): string | null {
  const [, prefix = '', first = '', pairs = ''] = /^(\+33|0033)?(0?[1-9])(\d{8})$/.exec(plain) ?? [];
  const isNational = prefix === '' && first.length === 2;
  if (!isNational && (prefix === '' || first.length !== 1)) return null;
  return [prefix, first, ...(pairs.match(/\d{2}/g) ?? [])].filter((part) => part !== '').join(' ');
}

/** Only what a number may hold: `%20`, `%2B`. */
const withoutEscapes = (text: string): string =>
  text.replaceAll(/%(20|28|29|2b|2d|2e)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
