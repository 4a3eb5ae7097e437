/**
 * Splits the body of a multipart into its parts (RFC 2046 §5.1.1), on bytes. A line that begins with the delimiter and
 * goes on otherwise is a delimiter for readers that follow the RFC to the letter ("an exact match of the entire
 * candidate line is not required") and text for most others: given back, for it is honest only as the delimiter of a
 * multipart inside (Eudora wrote those). A delimiter after the closing one, after a bare LF or CR, or a boundary that is
 * the beginning of another around it is `MailMalformed`.
 */
import { CONTENT_LIMITS, ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ContentType } from './header-fields.ts';
import { MailMalformed } from './mail-malformed.ts';

/** Offsets into the bytes that were split. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const CR = 0x0d;
const LF = 0x0a;
const HYPHEN = 0x2d;

/** The boundary of a multipart, checked against those around it. */
export function boundaryOf({ parameters, loose }: ContentType, around: readonly string[]): string {
  const boundary = parameters.get('boundary') ?? '';
  // RFC 2046 §5.1.1: 1 to 70 characters, not ending with a space. Old mailers passed that length, never the line's.
  if (loose || !/^[\x20-\x7e]{0,199}[\x21-\x7e]$/.test(boundary)) throw new MailMalformed('boundary malformed');
  for (const name of parameters.keys()) if (name.startsWith('boundary*')) throw new MailMalformed('boundary in pieces');
  for (const other of around) if (other.startsWith(boundary)) throw new MailMalformed('boundary of two multiparts');
  return boundary;
}

interface Delimiter {
  /** Where its line begins, the line end before it included. */
  readonly before: number;
  readonly after: number;
  readonly closing: boolean;
}

export interface SplitBody {
  readonly parts: readonly Range[];
  /** False when the last delimiter is missing. */
  readonly closed: boolean;
  /** Lines that begin like a delimiter and go on, without their hyphens: right only as delimiters of multiparts inside. */
  readonly longer: ReadonlySet<string>;
}

/** So many longer lines are remembered; honest letters have those of one or two multiparts inside. */
const LONGER_MAX = 32;

/** Whether a line begins at this place; a line that only some readers see is refused. */
function beginsLine(bytes: Buffer, at: number, start: number): boolean {
  if (at === start) return true;
  const previous = bytes[at - 1];
  if (previous === CR || (previous === LF && bytes[at - 2] !== CR)) throw new MailMalformed('delimiter on a bare line');
  return previous === LF;
}

/** The delimiter at this place, or null when its line goes on otherwise. */
function delimiterAt(bytes: Buffer, at: number, length: number, range: Range): Delimiter | null {
  let next = at + length;
  const closing = next + 1 < range.end && bytes[next] === HYPHEN && bytes[next + 1] === HYPHEN;
  if (closing) next += 2;
  while (next < range.end && (bytes[next] === 0x20 || bytes[next] === 0x09)) next += 1;
  const isLine = next >= range.end || (bytes[next] === CR && bytes[next + 1] === LF);
  if (!isLine) return null;
  return { before: at === range.start ? at : at - 2, after: Math.min(next + 2, range.end), closing };
}

function noteLonger(longer: Set<string>, bytes: Buffer, at: number): void {
  const line = bytes.toString('latin1', at + 2, at + 2 + 256).split('\r', 1)[0] ?? '';
  longer.add(line.trimEnd());
  if (longer.size > LONGER_MAX) throw new MailMalformed('almost a delimiter');
}

/** Splits a multipart body into its parts, in order; at least one. */
export function splitMultipart(bytes: Buffer, range: Range, boundary: string): SplitBody {
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Range[] = [];
  const longer = new Set<string>();
  let open: number | null = null;
  let closed = false;
  let candidates = 0;
  for (let at = bytes.indexOf(mark, range.start); at >= 0 && at < range.end; at = bytes.indexOf(mark, at + 1)) {
    candidates += 1;
    if (candidates > ENVELOPE_LIMITS.delimiterCandidatesMax)
      throw new MailMalformed('too many delimiters', 'too-complex');
    if (!beginsLine(bytes, at, range.start)) continue;
    const delimiter = delimiterAt(bytes, at, mark.length, range);
    if (delimiter === null) {
      noteLonger(longer, bytes, at);
      continue;
    }
    if (closed) throw new MailMalformed('delimiter after the closing one');
    if (open !== null) parts.push({ start: open, end: Math.max(open, delimiter.before) });
    open = delimiter.closing ? null : delimiter.after;
    closed = delimiter.closing;
    if (parts.length > CONTENT_LIMITS.partsMax) throw new MailMalformed('too many parts', 'too-complex');
  }
  if (open !== null) parts.push({ start: open, end: range.end });
  if (parts.length === 0) throw new MailMalformed('multipart without parts');
  return { parts, closed, longer };
}
