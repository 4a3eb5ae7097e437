/**
 * Mail addresses in the one form they are compared, indexed and kept in: a domain in A-labels, lower case (RFC 5890
 * §2.3.2.1); a local part wholly in ASCII in lower case (RFC 8550 §3), any other as it is, octet for octet (RFC 9598 §5).
 * Part of ports.ts; every look-up by address and every comparison goes through here.
 *
 * Danger: `toLowerCase` and UTS #46 make other letters of some signs (the Kelvin, Ångström and Ohm signs, the dotted I),
 * and so would make one mailbox of two: what writes to `marK@…` with a Kelvin sign is nobody's `mark@…`.
 */
import { domainToASCII, domainToUnicode } from 'node:url';

const isAscii = (text: string): boolean => /^[\x21-\x7e]*$/.test(text);
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const canonicalLocal = (local: string): string => (/^[\x00-\x7f]*$/.test(local) ? local.toLowerCase() : local);

/** Whether lower case makes other letters of some of these: it leads back to none of them. */
export const losesLetters = (text: string): boolean => text.toLowerCase().toUpperCase() !== text.toUpperCase();

/** The domain in A-labels, lower case; null for what is not the canonical form of any (full-width letters, say). */
export function canonicalDomain(domain: string): string | null {
  const lower = domain.toLowerCase();
  if (isAscii(domain) && !lower.includes('xn--')) return lower;
  if (losesLetters(domain)) return null;
  const ascii = domainToASCII(domain);
  if (ascii === '') return null;
  return ascii === lower || domainToUnicode(ascii) === lower ? ascii : null;
}

/** The domain of an address in its canonical form; empty when there is none. */
export function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? '' : (canonicalDomain(address.slice(at + 1)) ?? '');
}

/** The address, or `@domain`, in the form that is the same for the same mailbox and for no other. */
export function canonicalAddress(address: string): string {
  const domain = domainOf(address);
  if (domain === '') return canonicalLocal(address);
  return `${canonicalLocal(address.slice(0, address.lastIndexOf('@')))}@${domain}`;
}
