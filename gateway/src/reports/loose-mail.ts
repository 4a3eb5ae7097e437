/**
 * Reads the beginning of a mail as tolerantly as the programs that write reports are careless: headers without a blank
 * line, parts without headers, boundaries that end in a dash of another kind, misspelt field names. Bounded and linear;
 * it never throws. Danger: this is a second idea of what a mail is. So nothing it reads is ever shown as a letter or
 * believed for its own sake; the envelope stage alone decides that (envelope/mime-tree.ts).
 */
import { REPORT_LIMITS } from '@estafette/contracts/limits';

export interface LooseField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, one octet a character. */
  readonly value: string;
}

export interface LoosePart {
  readonly fields: readonly LooseField[];
  /** `type/subtype`, lower case; text/plain where it does not say. */
  readonly type: string;
  /** As it stands, one octet a character. */
  readonly body: string;
}

const FIELD = /^([!-9;-~]{1,100})[ \t]{0,10}:/;

/** Where the line that starts at `at` ends, and where the next one starts. */
function lineAt(text: string, at: number): { end: number; next: number } {
  const found = text.indexOf('\n', at);
  if (found < 0) return { end: text.length, next: text.length };
  return { end: found > at && text[found - 1] === '\r' ? found - 1 : found, next: found + 1 };
}

/** The fields a text begins with, and what follows them: after a blank line, or at the first line that is no field. */
export function readFields(text: string): { fields: LooseField[]; body: string } {
  const fields: { name: string; value: string }[] = [];
  let at = 0;
  while (at < text.length && fields.length < REPORT_LIMITS.fieldsMax) {
    const { end, next } = lineAt(text, at);
    if (end === at) return { fields, body: text.slice(next) };
    const line = text.slice(at, Math.min(end, at + REPORT_LIMITS.lineMaxCharacters));
    const last = fields.at(-1);
    const field = FIELD.exec(line);
    if (last !== undefined && (line[0] === ' ' || line[0] === '\t')) {
      if (last.value.length < REPORT_LIMITS.fieldMaxCharacters) last.value = `${last.value} ${line.trim()}`.trim();
    } else if (field === null) return { fields, body: text.slice(at) };
    else fields.push({ name: (field[1] as string).toLowerCase(), value: line.slice(field[0].length).trim() });
    at = next;
  }
  return { fields, body: text.slice(at) };
}

/** All values of a field. */
export const allOf = (fields: readonly LooseField[], name: string): string[] =>
  fields.filter((field) => field.name === name).map(({ value }) => value);

/** The first value of a field; empty when it is absent. */
export const firstOf = (fields: readonly LooseField[], name: string): string =>
  fields.find((field) => field.name === name)?.value ?? '';

/** `type/subtype` and what else, as far as it can be read. */
export function typeOf(fields: readonly LooseField[]): string {
  const found = /^([\w.+-]{1,100}\/[\w.+-]{1,100})/.exec(firstOf(fields, 'content-type'));
  return found === null ? 'text/plain' : (found[1] as string).toLowerCase();
}

/** A parameter of Content-Type; empty when it is absent. */
export function parameterOf(fields: readonly LooseField[], name: string): string {
  for (const piece of firstOf(fields, 'content-type').split(';').slice(1, 20)) {
    const equals = piece.indexOf('=');
    if (equals < 0 || piece.slice(0, equals).trim().toLowerCase() !== name) continue;
    return piece
      .slice(equals + 1)
      .trim()
      .replace(/^"|"$/g, '');
  }
  return '';
}

/** What may follow a boundary that is longer than ours, so that the line belongs to another one. */
const LONGER = /^[A-Za-z0-9'()+_,./:=?]/;

function splitAt(body: string, boundary: string): string[] {
  const delimiter = `--${boundary}`;
  const pieces: string[] = [];
  let start = -1;
  for (let at = 0; at < body.length; at = lineAt(body, at).next) {
    if (!body.startsWith(delimiter, at) || LONGER.test(body.slice(at + delimiter.length, at + delimiter.length + 1)))
      continue;
    if (start >= 0) pieces.push(body.slice(start, at));
    start = lineAt(body, at).next;
    if (pieces.length >= REPORT_LIMITS.partsMax) return pieces;
  }
  if (start >= 0) pieces.push(body.slice(start));
  return pieces;
}

/** A mail as far as it matters: its beginning. */
export function readLoosely(bytes: Uint8Array): LoosePart {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, REPORT_LIMITS.readMaxBytes));
  return partOf(start.toString('latin1'));
}

function partOf(text: string): LoosePart {
  const { fields, body } = readFields(text);
  return { fields, type: typeOf(fields), body };
}

/** The parts of a multipart that are none, in their order; the part itself when it is none. */
export function leavesOf(part: LoosePart, depth = 0): LoosePart[] {
  const boundary = parameterOf(part.fields, 'boundary');
  if (!part.type.startsWith('multipart/') || boundary === '' || depth >= REPORT_LIMITS.depthMax) return [part];
  const leaves: LoosePart[] = [];
  for (const piece of splitAt(part.body, boundary)) {
    leaves.push(...leavesOf(partOf(piece), depth + 1));
    if (leaves.length >= REPORT_LIMITS.partsMax) break;
  }
  return leaves;
}

/** What was signed, where the mail is clear-signed: the first part of multipart/signed (RFC 1847 §2.1). */
export function underSignature(part: LoosePart): LoosePart {
  const boundary = parameterOf(part.fields, 'boundary');
  const first = part.type === 'multipart/signed' && boundary !== '' ? splitAt(part.body, boundary)[0] : undefined;
  return first === undefined ? part : partOf(first);
}

const QUOTED = /=([0-9A-Fa-f]{2})|=\r?\n/g;

/** The octets of a part with its transfer encoding undone, one a character. */
export function decoded({ fields, body }: LoosePart): string {
  const encoding = (
    firstOf(fields, 'content-transfer-encoding') || firstOf(fields, 'content-transfert-encoding')
  ).toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('latin1');
  if (encoding !== 'quoted-printable') return body;
  return body.replace(QUOTED, (_, hex: string | undefined) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Octets as people read them: UTF-8, else what French programs write instead. */
export function wordsOf(octets: string): string {
  const bytes = Buffer.from(octets, 'latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Lower case, without accents, with one kind of apostrophe and of space: for comparing words. */
export const plainWords = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[’‘ʼ`´]/g, "'")
    .replace(/[\s\u00a0]+/g, ' ')
    .toLowerCase();
