/**
 * The one address of a From field, or none (RFC 5322 §3.4, smime checklist 13 and 14). Identity needs exactly one
 * addr-spec in its plain form: groups, lists, routes, quoted local parts, comments within, a name that shows another
 * address, all give null. Comparing addresses is comparing mailboxes, never pictures of letters.
 */
import { domainToUnicode } from 'node:url';
import { canonicalAddress, canonicalDomain, domainOf, losesLetters } from '../ports.ts';

const VALUE_MAX = 4_000;
const ADDRESS_MAX = 254;
const LIST_MAX = 65_536;

interface Token {
  readonly kind: 'word' | 'quoted' | 'special';
  readonly text: string;
  /** White space or a comment stands before it. */
  readonly spaced: boolean;
}

const WORD = /[^\s<>()[\]:;@\\,"\p{Cc}\p{Cf}\u2028\u2029]+/uy;
/** The same in ASCII, where nearly every address stays. */
const ASCII_WORD = /[!#-'*-+\--9=?A-Z^-~]+/y;

function quotedAt(value: string, from: number): { text: string; next: number } | null {
  let text = '';
  for (let at = from + 1; at < value.length; at += 1) {
    const character = value[at] as string;
    if (character === '"') return { text, next: at + 1 };
    if (character === '\\') at += 1;
    text += value[at] ?? '';
  }
  return null;
}

function afterComment(value: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < value.length; at += 1) {
    const character = value[at];
    if (character === '\\') at += 1;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return null;
}

/** Words, quoted strings and specials; null for what is none of them (a control character, something unfinished). */
function tokensOf(value: string): Token[] | null {
  const tokens: Token[] = [];
  const pattern = /^[\t\x20-\x7e]*$/.test(value) ? ASCII_WORD : WORD;
  let spaced = false;
  for (let at = 0; at < value.length; ) {
    const character = value[at] as string;
    if (character === ' ' || character === '\t') {
      spaced = true;
      at += 1;
    } else if (character === '(') {
      const next = afterComment(value, at);
      if (next === null) return null;
      spaced = true;
      at = next;
    } else if (character === '"') {
      const quoted = quotedAt(value, at);
      if (quoted === null) return null;
      tokens.push({ kind: 'quoted', text: quoted.text, spaced });
      spaced = false;
      at = quoted.next;
    } else {
      const isSpecial = '<>@,;:'.includes(character);
      pattern.lastIndex = at;
      const text = isSpecial ? character : pattern.exec(value)?.[0];
      if (text === undefined) return null;
      tokens.push({ kind: isSpecial ? 'special' : 'word', text, spaced });
      spaced = false;
      at += text.length;
    }
  }
  return tokens;
}

const DOT_ATOM = /^[^.\s]+(?:\.[^.\s]+)*$/u;
const HOST = /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/;
const isAscii = (text: string): boolean => /^[\x21-\x7e]*$/.test(text);

/** Whether the domain is a host name, in ASCII or in the one form that its A-labels stand for (RFC 5891). */
function isDomain(domain: string): boolean {
  const ascii = canonicalDomain(domain);
  return ascii !== null && ascii.length <= ADDRESS_MAX && HOST.test(ascii);
}

/** The addr-spec that exactly these tokens are; null for any other. */
function addressOf(tokens: readonly Token[]): string | null {
  const [local, at, domain, ...more] = tokens;
  if (local?.kind !== 'word' || at?.text !== '@' || domain?.kind !== 'word' || more.length > 0) return null;
  if (at.spaced || domain.spaced) return null;
  const isLocal = DOT_ATOM.test(local.text) && local.text.length <= 64 && !local.text.includes('=?');
  return isLocal && isDomain(domain.text) ? `${local.text}@${domain.text}` : null;
}

/** A mailbox: `address`, or `name <address>` where the name holds neither an address nor an angle of its own. */
function mailboxOf(tokens: readonly Token[]): Mailbox | null {
  const angle = tokens.findIndex((token) => token.kind === 'special' && token.text === '<');
  if (angle < 0) {
    const address = addressOf(tokens);
    return address === null ? null : { name: '', address };
  }
  const last = tokens.at(-1);
  const phrase = tokens.slice(0, angle);
  const inside = tokens.slice(angle + 1, -1);
  if (last?.kind !== 'special' || last.text !== '>' || last.spaced || inside[0]?.spaced === true) return null;
  if (phrase.some((token) => token.kind === 'special')) return null;
  const address = addressOf(inside);
  const name = phrase.map((token) => token.text).join(' ');
  return address === null || showsAnother(name, address) ? null : { name, address };
}

/** Spaces within are wrong and decoded all the same by most. */
const ENCODED_WORD = /=\?([^?\s]{1,40})\?([QqBb])\?([^?]*)\?=/g;
/** Encodings in which an at sign does not look like one; no name needs them. */
const HIDING_CHARSET = /=\?(?:x-)?(?:unicode|utf-?(?:7|16|32)|ucs|imap|hz|iso-2022|ibm|cp\d|ebcdic)/i;

/** What a mail program shows for the encoded words of a name (RFC 2047), well enough to see an address in it. */
function decodedWords(name: string): string {
  // White space between two encoded words is not shown (RFC 2047 §6.2).
  return name.replace(/\?=\s+=\?/g, '?==?').replace(ENCODED_WORD, (_, charset: string, form: string, text: string) => {
    const bytes =
      form.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64')
        : Buffer.from(
            text
              .replace(/_/g, ' ')
              .replace(/=([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          );
    return bytes.toString(/utf-?8/i.test(charset) ? 'utf8' : 'latin1');
  });
}

/** Printable ASCII without what an address, an encoded word or an angle needs. */
const HARMLESS = /^[\x20-\x3b\x3f\x41-\x7e]*$/;

/** Whether a name shows an address other than the one it stands before, or hides something. */
function showsAnother(name: string, address: string): boolean {
  if (HARMLESS.test(name)) return false;
  const shown = decodedWords(name).normalize('NFKC');
  if (/[<>\p{Cc}]/u.test(shown) || HIDING_CHARSET.test(name)) return true;
  for (const word of shown.split(/[\s"'(),;:[\]]+/)) {
    const at = word.lastIndexOf('@');
    if (at >= 0 && word.indexOf('.', at) > at + 1 && !isSameAddress(word, address)) return true;
  }
  return false;
}

/** A mailbox as it stands in a field. */
export interface Mailbox {
  /** Encoded words left as they are; empty when there is none. */
  readonly name: string;
  readonly address: string;
}

/** The one mailbox of a field in its plain form; null for anything else. */
export function mailboxIn(value: string): Mailbox | null {
  if (value.length > VALUE_MAX) return null;
  const tokens = tokensOf(value);
  const mailbox = tokens === null ? null : mailboxOf(tokens);
  return mailbox !== null && mailbox.address.length <= ADDRESS_MAX ? mailbox : null;
}

/** The mailboxes of a list of mailboxes and groups (To, Cc); what is no mailbox is left out. */
export function mailboxesIn(value: string): Mailbox[] {
  const tokens = value.length > LIST_MAX ? null : tokensOf(value);
  const found: Mailbox[] = [];
  let from = 0;
  for (let at = 0; tokens !== null && at <= tokens.length; at += 1) {
    const token = tokens[at];
    if (token !== undefined && !(token.kind === 'special' && ',;:'.includes(token.text))) continue;
    const mailbox = mailboxOf(tokens.slice(from, at));
    if (mailbox !== null && mailbox.address.length <= ADDRESS_MAX) found.push(mailbox);
    from = at + 1;
  }
  return found;
}

/** Their addresses. */
export const addressesIn = (value: string): string[] => mailboxesIn(value).map(({ address }) => address);

function parts(address: string): { local: string; domain: string } | null {
  const at = address.lastIndexOf('@');
  return at < 1 ? null : { local: address.slice(0, at), domain: address.slice(at + 1) };
}

const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\s]/u;

/** An address in visible ASCII without A-labels: but for its case, one text of one mailbox. */
const isPlain = (address: string): boolean =>
  /^[\x21-\x7e]+@[\x21-\x3f\x41-\x7e]+$/.test(address) && !/xn--/i.test(address);

/**
 * Whether two addresses are the same mailbox: their one form is the same (`canonicalAddress`), and each has a local part
 * and a domain that is one.
 */
export function isSameAddress(one: string, other: string): boolean {
  if (isPlain(one) && isPlain(other)) return one.toLowerCase() === other.toLowerCase();
  if (parts(one) === null || CONTROL.test(one) || CONTROL.test(other)) return false;
  return domainOf(one) !== '' && canonicalAddress(one) === canonicalAddress(other);
}

/** Letters of French and its neighbours; without those that look like another (dotless i, long s, kra, n apostrophe). */
const FAMILIAR = /^[\x21-\x7e\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e]*$/u;

/**
 * Whether people could take the address for another: a letter of it, A-labels read as their letters, is not one of
 * those they know. Cyrillic that looks like Latin is the case in mind; no script is better than another, but here a
 * reader can only tell Latin letters apart.
 */
export function isConfusable(address: string): boolean {
  const found = parts(address);
  if (found === null) return true;
  const isPuny = found.domain.toLowerCase().includes('xn--');
  if (!isPuny && isAscii(address)) return false;
  // Composed forms make letters of them that everybody knows (the Kelvin, Ångström and Ohm signs).
  if (losesLetters(address)) return true;
  const domain = isPuny ? domainToUnicode(found.domain) : found.domain;
  return domain === '' || !FAMILIAR.test(found.local.normalize('NFC')) || !FAMILIAR.test(domain.normalize('NFC'));
}
