/**
 * Reads a header block (RFC 5322 §2.2) and the structured fields that decide how a body is read: Content-Type and
 * Content-Disposition with their parameters (RFC 2045 §5.1, RFC 2183, RFC 2231). A block is read whole or not at all; a
 * line of white space only, which some readers take for the end of the header, is `MailMalformed`.
 */
import { isUtf8 } from 'node:buffer';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { keepUndecoded } from '../ports.ts';
import { countLineEnds } from './line-ends.ts';
import { MailMalformed } from './mail-malformed.ts';

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, trimmed; bytes that are no UTF-8 are kept undecoded (undecoded-bytes.ts). */
  readonly value: string;
}

export interface ContentType {
  /** `type/subtype` (or the one word of a disposition), lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** A comment, or a value that should have been quoted: no two readers agree on those. */
  readonly loose: boolean;
}

const NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const SPACE = 0x20;
const TAB = 0x09;

/** Without the spaces and tabs around it; other white space is text (a no-break space is part of an address). */
function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

function readField(field: string): HeaderField {
  const colon = field.indexOf(':');
  const given = field.slice(0, Math.max(colon, 0));
  const name = trimmed(given);
  if (colon < 1 || !NAME.test(name)) throw new MailMalformed('header field malformed');
  const lower = name.toLowerCase();
  // "Content-Type :" is a field for some readers and none for others.
  if (given.length !== name.length && lower.startsWith('content-')) throw new MailMalformed('header field malformed');
  return { name: lower, value: trimmed(field.slice(colon + 1)) };
}

/** UTF-8 where it is; else its bytes are kept: whoever shows it finds out what they are. */
function readRaw(field: string): string {
  const bytes = Buffer.from(field, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : keepUndecoded(field);
}

/** The fields of a header block without its blank line; throws `MailMalformed`. */
export function readHeaderFields(block: Buffer): HeaderField[] {
  if (block.length > ENVELOPE_LIMITS.headerMaxBytes) throw new MailMalformed('header block too large', 'too-complex');
  if (block.length === 0) return [];
  countLineEnds(block);
  const isPlain = isUtf8(block);
  const text = block.toString(isPlain ? 'utf8' : 'latin1');
  const decoded = (raw: string): string => (isPlain ? raw : readRaw(raw));
  const fields: HeaderField[] = [];
  let field = '';
  let lines = 0;
  for (let at = 0; at <= text.length; lines += 1) {
    const found = text.indexOf('\r\n', at);
    const end = found < 0 ? text.length : found;
    const line = text.slice(at, end);
    at = end + 2;
    if (lines > ENVELOPE_LIMITS.headerMaxLines) throw new MailMalformed('too many header lines', 'too-complex');
    if (isBlank(line.charCodeAt(0))) {
      const more = trimmed(line);
      if (field === '' || more === '') throw new MailMalformed('continuation of nothing, or with nothing');
      field += ` ${more}`;
      continue;
    }
    if (field !== '') fields.push(readField(decoded(field)));
    if (fields.length >= ENVELOPE_LIMITS.headerMaxCount)
      throw new MailMalformed('too many header fields', 'too-complex');
    field = line;
  }
  if (field !== '') fields.push(readField(decoded(field)));
  return fields;
}

/** The value of a field that may stand once; null when absent. */
export function onlyField(fields: readonly HeaderField[], name: string): string | null {
  let found: string | null = null;
  for (const field of fields) {
    if (field.name !== name) continue;
    if (found !== null) throw new MailMalformed(`${name} repeated`);
    found = field.value;
  }
  return found;
}

/** Where what follows white space and comments begins; -1 when a comment does not end. */
function afterSpace(value: string, from: number): { at: number; commented: boolean } {
  let at = from;
  let depth = 0;
  let commented = false;
  for (; at < value.length; at += 1) {
    const character = value[at];
    if (character === '(') {
      depth += 1;
      commented = true;
    } else if (depth === 0 && character !== ' ' && character !== '\t') break;
    else if (character === ')') depth -= 1;
    else if (character === '\\') at += 1;
  }
  if (depth > 0) throw new MailMalformed('comment without end');
  return { at, commented };
}

function quotedAt(value: string, from: number): { text: string; next: number } {
  let text = '';
  let start = from + 1;
  for (let at = start; at < value.length; at += 1) {
    const character = value[at];
    if (character === '"') return { text: text + value.slice(start, at), next: at + 1 };
    if (character !== '\\') continue;
    text += value.slice(start, at);
    start = at + 1;
    at += 1;
  }
  throw new MailMalformed('quoted parameter without end');
}

/** A value without quotes: a token; what else stands before the next semicolon makes it loose. */
function unquotedAt(value: string, from: number): { text: string; next: number; loose: boolean } {
  const semicolon = value.indexOf(';', from);
  const next = semicolon < 0 ? value.length : semicolon;
  const text = value.slice(from, next).trim();
  if (text.includes('"')) throw new MailMalformed('parameter malformed');
  return { text, next, loose: /[\s()]/.test(text) };
}

const PARAMETER = /([^\s=;"()<>@,:\\/[\]?]+)\s*=\s*/y;

function readParameters(value: string, from: number): Omit<ContentType, 'type'> {
  const parameters = new Map<string, string>();
  let { at, commented: loose } = afterSpace(value, from);
  while (at < value.length) {
    if (value[at] !== ';') throw new MailMalformed('parameters malformed');
    const gap = afterSpace(value, at + 1);
    at = gap.at;
    loose ||= gap.commented;
    if (at >= value.length || value[at] === ';') continue;
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(value);
    if (match === null) throw new MailMalformed('parameter malformed');
    const name = (match[1] as string).toLowerCase();
    if (parameters.has(name)) throw new MailMalformed('parameter repeated');
    const start = at + match[0].length;
    const quoted = value[start] === '"' ? quotedAt(value, start) : null;
    const bare = quoted === null ? unquotedAt(value, start) : null;
    parameters.set(name, quoted?.text ?? bare?.text ?? '');
    const end = afterSpace(value, quoted?.next ?? bare?.next ?? start);
    at = end.at;
    loose ||= end.commented || bare?.loose === true;
  }
  return { parameters, loose };
}

const TYPE = /^\s*([\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127})/;
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
export const PLAIN_TEXT: ContentType = { type: 'text/plain', parameters: NO_PARAMETERS, loose: false };

/** What was read of the same text before: most parts of most letters are of the same few types. */
const known = new Map<string, ContentType>();
const KEPT_MAX = 256;
const KEPT_MAX_CHARACTERS = 128;

/** Reads `type/subtype; name=value; name="value"`; a repeated parameter is ambiguous. */
export function readContentType(value: string): ContentType {
  const kept = known.get(value);
  if (kept !== undefined) return kept;
  const contentType = parseContentType(value);
  // A boundary is of one letter only.
  if (value.length > KEPT_MAX_CHARACTERS || contentType.parameters.has('boundary')) return contentType;
  if (known.size >= KEPT_MAX) known.clear();
  known.set(value, contentType);
  return contentType;
}

function parseContentType(value: string): ContentType {
  const head = TYPE.exec(value);
  // RFC 2045 §5.2; "text" alone is what the first MIME mailers wrote (RFC 1049).
  if (head === null && /^(?:text)?$/i.test(value.trim())) return PLAIN_TEXT;
  if (head === null) throw new MailMalformed('Content-Type malformed');
  return { type: (head[1] as string).toLowerCase(), ...readParameters(value, head[0].length) };
}

/** Reads `attachment; filename=…` in the same way. */
export function readDisposition(value: string): ContentType {
  const head = /^\s*([\w!#$&^.+-]{1,127})/.exec(value);
  if (head === null) throw new MailMalformed('Content-Disposition malformed');
  return { type: (head[1] as string).toLowerCase(), ...readParameters(value, head[0].length) };
}

/** A parameter in the extended or continued form of RFC 2231, or plain; null when absent. Not decoded beyond joining. */
export function parameterText({ parameters }: ContentType, name: string): string | null {
  const whole = parameters.get(`${name}*`) ?? parameters.get(name);
  if (whole !== undefined) return whole;
  let joined = '';
  for (let number = 0; number < 100; number += 1) {
    const piece = parameters.get(`${name}*${number}`) ?? parameters.get(`${name}*${number}*`);
    if (piece === undefined) break;
    joined += piece;
  }
  return joined === '' ? null : joined;
}
