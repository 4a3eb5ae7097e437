/**
 * Distinguished names as the trust list prints them and as certificates hold them, in a form in which equal names are
 * equal strings: the parts as a multiset, case, runs of spaces and Unicode composition not counting (RFC 5280 §7.1, as
 * far as it goes). The list was typed by many programs (mssante.md 1.3): values in quotes, quotes within values, commas
 * within values, spaces after commas, non-breaking spaces. `L` and `ST` count as the same: one row gives the department
 * as L, and a certificate of the same common name, number and organisation in the same words is nobody else's.
 * The danger is a name that only looks like another: nothing invisible is dropped, no look-alike is folded onto a letter.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { foldedText, type NamePart } from '../ports.ts';

/** Attribute types by short name (RFC 4514 §3, X.520, and what OpenSSL and Java print), upper case. */
const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  COMMONNAME: '2.5.4.3',
  SN: '2.5.4.4',
  SURNAME: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  COUNTRYNAME: '2.5.4.6',
  L: '2.5.4.7',
  LOCALITYNAME: '2.5.4.7',
  ST: '2.5.4.8',
  S: '2.5.4.8',
  SP: '2.5.4.8',
  STATEORPROVINCENAME: '2.5.4.8',
  STREET: '2.5.4.9',
  STREETADDRESS: '2.5.4.9',
  O: '2.5.4.10',
  ORGANIZATIONNAME: '2.5.4.10',
  OU: '2.5.4.11',
  ORGANIZATIONALUNITNAME: '2.5.4.11',
  T: '2.5.4.12',
  TITLE: '2.5.4.12',
  POSTALCODE: '2.5.4.17',
  G: '2.5.4.42',
  GN: '2.5.4.42',
  GIVENNAME: '2.5.4.42',
  ORGANIZATIONIDENTIFIER: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
  DOMAINCOMPONENT: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  USERID: '0.9.2342.19200300.100.1.1',
  E: '1.2.840.113549.1.9.1',
  EMAIL: '1.2.840.113549.1.9.1',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
};
const OID = /^[0-2](?:\.[0-9]{1,20}){1,20}$/;
const COMMON_NAME = '2.5.4.3';
const [LOCALITY, STATE] = ['2.5.4.7', '2.5.4.8'];

/** Every space that shows as one; zero-width signs are none and stay. */
const SPACES = /[\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const SPACE = /[\t\n\r \u00a0]/;
const TYPE_AHEAD = /[\t\n\r \u00a0]*([A-Za-z][A-Za-z0-9-]{0,40}|(?:OID\.)?[0-9][0-9.]{2,80})[\t\n\r \u00a0]*=/iy;
/** Escaped in RFC 4514 §2.4 by a backslash alone. */
const ESCAPABLE = ' "#+,;<=>\\';

/** The dotted OID of a type, or null for one that nobody knows. */
function typeOf(name: string): string | null {
  const plain = name.toUpperCase().replace(/^OID\./, '');
  if (OID.test(plain)) return plain;
  return Object.hasOwn(TYPES, plain) ? (TYPES[plain] ?? null) : null;
}

/** The place behind `TYPE=` and its OID, if that stands at this place. */
function typeAt(text: string, at: number): { readonly type: string; readonly end: number } | null {
  TYPE_AHEAD.lastIndex = at;
  const found = TYPE_AHEAD.exec(text);
  const type = found === null ? null : typeOf(found[1] ?? '');
  return type === null ? null : { type, end: TYPE_AHEAD.lastIndex };
}

/** A separator counts only where another part begins behind it: organisations have commas in their names. */
function isSeparator(text: string, at: number): boolean {
  return ',;+'.includes(text[at] ?? '') && typeAt(text, at + 1) !== null;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text[at] ?? '')) at += 1;
  return at;
}

/** The place of the quote that closes the value: the first one behind which the value ends; null: it is a literal one. */
function closingQuote(text: string, from: number): number | null {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') {
      const next = skipSpace(text, at + 1);
      if (next >= text.length || isSeparator(text, next)) return at;
    }
  }
  return null;
}

/** A value without its escapes; `\C3\A9` is UTF-8. A backslash that escapes nothing stays. */
function unescaped(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replace(/(?:\\[0-9A-Fa-f]{2})+|\\([\s\S])/g, (all: string, sign?: string) => {
    if (sign !== undefined) return ESCAPABLE.includes(sign) ? sign : all;
    return Buffer.from(all.replaceAll('\\', ''), 'hex').toString('utf8');
  });
}

function valueAt(text: string, from: number): { readonly value: string; readonly end: number } {
  const start = skipSpace(text, from);
  const quote = text[start] === '"' ? closingQuote(text, start + 1) : null;
  if (quote !== null) return { value: unescaped(text.slice(start + 1, quote)), end: skipSpace(text, quote + 1) };
  let end = start;
  while (end < text.length && !isSeparator(text, end)) end += text[end] === '\\' ? 2 : 1;
  return { value: unescaped(text.slice(start, end)), end: Math.min(end, text.length) };
}

/** The parts of a printed name; null where it is none (no type, unknown type first, too long). */
export function parseName(text: string): readonly NamePart[] | null {
  if (text.length > TRUST_LIST_LIMITS.nameMaxCharacters) return null;
  const parts: NamePart[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const begins = typeAt(text, at);
    if (begins === null || parts.length >= TRUST_LIST_LIMITS.namePartsMax) return null;
    const { value, end } = valueAt(text, begins.end);
    parts.push({ type: begins.type, value });
    at = end;
  }
  return parts.length === 0 ? null : parts;
}

const comparable = (value: string): string => foldedText(value).replace(SPACES, ' ').replace(/^ | $/g, '');

/**
 * The name as a string that equal names share, and only they; null for a name nobody is known by: without a common
 * name, with a type unknown here, or overlong. No value can hold a line end, which separates the parts.
 */
export function nameKey(parts: readonly NamePart[]): string | null {
  if (parts.length > TRUST_LIST_LIMITS.namePartsMax) return null;
  const lines: string[] = [];
  let hasCommonName = false;
  for (const { type, value } of parts) {
    const oid = typeOf(type);
    if (oid === null || value.length > TRUST_LIST_LIMITS.nameMaxCharacters) return null;
    const text = comparable(value);
    if (oid === COMMON_NAME && text !== '') hasCommonName = true;
    lines.push(`${oid === LOCALITY ? STATE : oid}=${text}`);
  }
  return hasCommonName ? lines.sort().join('\n') : null;
}
