/**
 * Reads `MAIL FROM:<…>` and `RCPT TO:<…>` with their parameters, strictly: RFC 5321 §4.1.1.2, 4.1.1.3 and 4.1.2, SIZE
 * (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), AUTH (RFC 4954 §5), and the wishes of RFC 3461. The library reads
 * the same lines leniently: it forgets parameters it does not know and turns A-labels into letters, and both decide
 * here who is who. A refusal is the code of the answer.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import { canonicalDomain, type DeliveryWishes } from '../ports.ts';
import { isXtext, unpackXtext } from './xtext.ts';

type Notify = DeliveryWishes['recipients'][number]['notify'];

export interface MailCommand {
  /** Empty for the null sender. */
  readonly address: string;
  readonly size: number | null;
  readonly body: '7BIT' | '8BITMIME';
  readonly smtpUtf8: boolean;
  readonly returns: DeliveryWishes['returns'];
  readonly envelopeId: string | null;
}

export interface RcptCommand {
  readonly address: string;
  readonly notify: Notify;
  readonly original: string | null;
}

type Parameters = ReadonlyMap<string, string | null>;

/** Local part as a dot-string or a quoted string, without white space: no mailbox needs it (RFC 5321 §4.1.2, 6531 §3.3). */
const LOCAL = /^(?:[^\s"(),:;<>@[\\\]\p{C}]+|"(?:[^\s"\\\p{C}]|\\[!-~])+")$/u;
const HOST = /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/;
const LITERAL = /^\[[0-9A-Za-z.:]{1,45}\]$/;
const ROUTE = /^@[^\s,:@]+(?:,@[^\s,:@]+)*:/;
const KEYWORD = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The domain of an address in A-labels, lower case; null for a literal, and for what is no domain or no plain form of one. */
export function domainOf(address: string): string | null {
  const given = address.slice(address.lastIndexOf('@') + 1);
  const ascii = canonicalDomain(given);
  return ascii !== null && HOST.test(ascii) && ascii.length <= 253 ? ascii : null;
}

function isAddress(address: string): boolean {
  const at = address.lastIndexOf('@');
  if (at < 1 || Buffer.byteLength(address) > SMTP_LIMITS.addressMaxBytes) return false;
  const local = address.slice(0, at);
  const isDots = local.startsWith('.') || local.endsWith('.') || local.includes('..');
  if (!LOCAL.test(local) || (isDots && !local.startsWith('"')) || Buffer.byteLength(local) > 64) return false;
  return LITERAL.test(address.slice(at + 1)) || domainOf(address) !== null;
}

/** What stands between the angles, and the parameters behind; null when the line has another shape. */
function split(line: string, word: RegExp): { path: string; rest: string } | null {
  const head = word.exec(line);
  if (head === null) return null;
  const end = endOfPath(line, head[0].length);
  return end < 0 ? null : { path: line.slice(head[0].length, end), rest: line.slice(end + 1) };
}

/** Where the path ends: the first `>` outside of quotes. */
function endOfPath(line: string, from: number): number {
  let quoted = false;
  for (let at = from; at < line.length; at += 1) {
    const character = line[at];
    if (character === '\\' && quoted) at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) return at;
  }
  return -1;
}

function parametersOf(rest: string, known: readonly string[]): Parameters | FailureCode {
  if (rest.trim() === '') return new Map();
  if (!rest.startsWith(' ')) return 'command-malformed';
  const found = new Map<string, string | null>();
  for (const word of rest.split(' ').filter((one) => one !== '')) {
    const equals = word.indexOf('=');
    const keyword = (equals < 0 ? word : word.slice(0, equals)).toUpperCase();
    const value = equals < 0 ? null : word.slice(equals + 1);
    if (!KEYWORD.test(keyword) || value === '' || found.has(keyword)) return 'command-malformed';
    if (!known.includes(keyword)) return 'parameter-unknown';
    found.set(keyword, value);
  }
  return found;
}

const MAIL_PARAMETERS = ['SIZE', 'BODY', 'SMTPUTF8', 'RET', 'ENVID', 'AUTH'];
const RETURNS: Readonly<Record<string, 'full' | 'headers'>> = { FULL: 'full', HDRS: 'headers' };

function envelopeIdOf(value: string | null | undefined): string | null | undefined {
  if (value === undefined) return null;
  if (value === null || value.length > SMTP_LIMITS.envelopeIdMaxCharacters || !isXtext(value)) return undefined;
  const text = unpackXtext(value);
  return isAscii(text) ? text : undefined;
}

/** The sender, or why the command is refused. The size itself is judged where it is announced. */
export function readMailCommand(line: string): MailCommand | FailureCode {
  const parts = split(line, /^MAIL FROM: *</i);
  if (parts === null) return 'command-malformed';
  const parameters = parametersOf(parts.rest, MAIL_PARAMETERS);
  if (typeof parameters === 'string') return parameters;
  const size = parameters.get('SIZE');
  const body = parameters.get('BODY')?.toUpperCase() ?? (parameters.has('BODY') ? '' : '7BIT');
  const ret = parameters.get('RET');
  const envelopeId = envelopeIdOf(parameters.get('ENVID'));
  const returns = ret === undefined ? null : RETURNS[(ret ?? '').toUpperCase()];
  if (body !== '7BIT' && body !== '8BITMIME') return 'command-malformed';
  if (size !== undefined && !/^\d{1,20}$/.test(size ?? '')) return 'command-malformed';
  if (returns === undefined || envelopeId === undefined) return 'command-malformed';
  if ((parameters.get('SMTPUTF8') ?? null) !== null || parameters.get('AUTH') === null) return 'command-malformed';
  const smtpUtf8 = parameters.has('SMTPUTF8');
  const address = parts.path.replace(ROUTE, '');
  if (address !== '' && !isAddress(address)) return 'sender-address-refused';
  if (!smtpUtf8 && !isAscii(address)) return 'address-needs-smtputf8';
  return { address, size: typeof size === 'string' ? Number(size) : null, body, smtpUtf8, returns, envelopeId };
}

const NOTIFY: Readonly<Record<string, Notify[number]>> = { SUCCESS: 'success', FAILURE: 'failure', DELAY: 'delay' };

/** RFC 3461 §4.1: NEVER alone, or a list of the others; undefined when it is neither. */
function notifyOf(value: string | null | undefined): Notify | undefined {
  if (value === undefined) return [];
  const words = (value ?? '').toUpperCase().split(',');
  if (words.length === 1 && words[0] === 'NEVER') return ['never'];
  const wishes = words.map((word) => NOTIFY[word]);
  if (new Set(words).size !== words.length || wishes.includes(undefined)) return undefined;
  return wishes.filter((wish) => wish !== undefined);
}

/** RFC 3461 §4.2 and RFC 6533 §3: `type;xtext`, kept as `type;text`; undefined when malformed. */
function originalOf(value: string | null | undefined, smtpUtf8: boolean): string | null | undefined {
  if (value === undefined) return null;
  const [, type, packed] = /^([A-Za-z0-9-]+);(.+)$/u.exec(value ?? '') ?? [];
  if (type === undefined || packed === undefined) return undefined;
  if (packed.length > SMTP_LIMITS.originalRecipientMaxCharacters) return undefined;
  const isInternational = type.toLowerCase() === 'utf-8' && smtpUtf8;
  if (!isXtext(packed) && !(isInternational && /^[^\s+=\p{C}]+$/u.test(packed))) return undefined;
  const text = isXtext(packed) ? unpackXtext(packed) : packed;
  return /[\p{Cc}\p{Cs}]/u.test(text) ? undefined : `${type.toLowerCase()};${text}`;
}

/** The recipient and what its sender wants to hear of it, or why the command is refused. */
export function readRcptCommand(line: string, smtpUtf8: boolean): RcptCommand | FailureCode {
  const parts = split(line, /^RCPT TO: *</i);
  if (parts === null) return 'command-malformed';
  const parameters = parametersOf(parts.rest, ['NOTIFY', 'ORCPT']);
  if (typeof parameters === 'string') return parameters;
  const notify = notifyOf(parameters.get('NOTIFY'));
  const original = originalOf(parameters.get('ORCPT'), smtpUtf8);
  if (notify === undefined || original === undefined) return 'command-malformed';
  const address = parts.path.replace(ROUTE, '');
  // RFC 5321 §4.1.1.3: the only recipient without a domain.
  const isPostmaster = address.toLowerCase() === 'postmaster';
  if (!isPostmaster && !isAddress(address)) return 'recipient-address-refused';
  if (!smtpUtf8 && !isAscii(address)) return 'address-needs-smtputf8';
  return { address, notify, original };
}
