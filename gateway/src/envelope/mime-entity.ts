/**
 * Splits the outside of a letter on bytes: header block, and the two parts of multipart/signed exactly as they
 * were signed. One reading or none: whatever two readers could understand differently (a repeated Content-Type, a
 * bare CR, a NUL, an encoded multipart) is `MailMalformed`, never repaired. RFC 5322, RFC 2045–2046, RFC 1847.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';

export class MailMalformed extends Error {}

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Unfolded, trimmed, as bytes read in UTF-8. */
  readonly value: string;
}

export interface ContentType {
  /** `type/subtype`, lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface MimeEntity {
  readonly bytes: Buffer;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
  readonly contentType: ContentType;
}

const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * The bytes with CRLF line ends, as mail on the wire has them; a file written by a Unix tool has bare LF. Bare CR and
 * NUL are refused. Binary (non-mail) content must not come here.
 */
export function toWireLines(bytes: Buffer): Buffer {
  let bare = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) if (bytes[at - 1] !== 0x0d) bare += 1;
  if (bare === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length + bare);
  let written = 0;
  let from = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at - 1] === 0x0d) continue;
    written += bytes.copy(out, written, from, at);
    written += CRLF.copy(out, written);
    from = at + 1;
  }
  bytes.copy(out, written, from);
  return out;
}

function refuseBareBytes(bytes: Buffer): void {
  if (bytes.includes(0)) throw new MailMalformed('NUL octet');
  for (let at = bytes.indexOf(0x0d); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    if (bytes[at + 1] !== 0x0a) throw new MailMalformed('bare CR');
  }
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at - 1] !== 0x0d) throw new MailMalformed('bare LF');
  }
}

function splitHeaders(block: Buffer): HeaderField[] {
  const headers: HeaderField[] = [];
  if (block.length === 0) return headers;
  const lines = block.toString('utf8').split('\r\n');
  let field = '';
  const finish = (): void => {
    if (field === '') return;
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(colon, 0)).trimEnd();
    if (colon < 1 || !/^[\x21-\x39\x3b-\x7e]+$/.test(name)) throw new MailMalformed('header field malformed');
    headers.push({ name: name.toLowerCase(), value: field.slice(colon + 1).trim() });
  };
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      if (field === '') throw new MailMalformed('continuation without a header field');
      field += ` ${line.trim()}`;
      continue;
    }
    finish();
    if (headers.length > ENVELOPE_LIMITS.headerMaxCount) throw new MailMalformed('too many header fields');
    field = line;
  }
  finish();
  return headers;
}

/** All values of a header field. */
export function headerValues(entity: MimeEntity, name: string): string[] {
  return entity.headers.filter((field) => field.name === name).map((field) => field.value);
}

function onlyValue(headers: readonly HeaderField[], name: string): string | null {
  const values = headers.filter((field) => field.name === name);
  if (values.length > 1) throw new MailMalformed(`${name} repeated`);
  return values[0]?.value ?? null;
}

/** Reads `type/subtype; name=value; name="value"` (RFC 2045 §5.1); a repeated parameter is ambiguous. */
export function readContentType(value: string): ContentType {
  const parameters = new Map<string, string>();
  const head = /^\s*([\w!#$&^.+-]+\/[\w!#$&^.+-]+)\s*/.exec(value);
  if (head === null) throw new MailMalformed('Content-Type malformed');
  let rest = value.slice(head[0].length);
  while (rest.trim() !== '' && rest.trim() !== ';') {
    const part = /^\s*;\s*(?:([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*)?/.exec(rest);
    if (part === null) throw new MailMalformed('Content-Type parameters malformed');
    const name = part[1]?.toLowerCase();
    if (name !== undefined) {
      if (parameters.has(name)) throw new MailMalformed('Content-Type parameter repeated');
      parameters.set(name, part[2]?.replace(/\\(.)/g, '$1') ?? part[3] ?? '');
    }
    rest = rest.slice(part[0].length);
  }
  return { type: (head[1] as string).toLowerCase(), parameters };
}

const PLAIN_TEXT: ContentType = { type: 'text/plain', parameters: new Map() };

/**
 * Splits an entity; throws `MailMalformed`. `wire` false for what came out of a layer: it may be binary, and a Unix
 * tool may have written it with bare LF, which is then read as CRLF (after its digest was checked as it stands).
 */
export function readEntity(given: Buffer, options: { wire: boolean } = { wire: true }): MimeEntity {
  if (options.wire) refuseBareBytes(given);
  const firstLineEnd = given.indexOf(0x0a);
  const bytes = !options.wire && firstLineEnd >= 0 && given[firstLineEnd - 1] !== 0x0d ? toWireLines(given) : given;
  const startsWithBlank = bytes.subarray(0, 2).equals(CRLF);
  const blank = startsWithBlank ? -2 : bytes.indexOf(BLANK_LINE);
  const headerEnd = startsWithBlank ? 0 : blank < 0 ? bytes.length : blank;
  if (headerEnd > ENVELOPE_LIMITS.headerMaxBytes) throw new MailMalformed('header block too large');
  const headers = splitHeaders(bytes.subarray(0, headerEnd));
  const declared = onlyValue(headers, 'content-type');
  const contentType = declared === null ? PLAIN_TEXT : readContentType(declared);
  const encoding = onlyValue(headers, 'content-transfer-encoding')?.toLowerCase() ?? '7bit';
  if (/^(multipart|message)\//.test(contentType.type) && !['7bit', '8bit', 'binary'].includes(encoding)) {
    throw new MailMalformed('encoded multipart');
  }
  if (contentType.type === 'message/partial' || contentType.type === 'message/external-body')
    throw new MailMalformed(contentType.type);
  const body = blank < 0 && !startsWithBlank ? Buffer.alloc(0) : bytes.subarray(blank + 4);
  return { bytes, headers, body, contentType };
}

/** The body with its transfer encoding undone (base64 or none: what CMS parts come in). */
export function decodedBody(entity: MimeEntity): Buffer {
  const encoding = onlyValue(entity.headers, 'content-transfer-encoding')?.toLowerCase() ?? '7bit';
  if (encoding === 'base64') return decodeBase64(entity.body);
  if (['7bit', '8bit', 'binary'].includes(encoding)) return entity.body;
  throw new MailMalformed('transfer encoding of a CMS part');
}

function decodeBase64(body: Buffer): Buffer {
  const text = body.toString('latin1').trim();
  if (!/^[A-Za-z0-9+/=\s]*$/.test(text)) throw new MailMalformed('base64 malformed');
  return Buffer.from(text, 'base64');
}

/** The delimiter lines of a boundary: where each begins (with its preceding CRLF) and where the next line begins. */
function delimiters(body: Buffer, boundary: string): { before: number; after: number; closing: boolean }[] {
  const found: { before: number; after: number; closing: boolean }[] = [];
  const mark = Buffer.from(`--${boundary}`, 'latin1');
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 1)) {
    if (at !== 0 && !body.subarray(at - 2, at).equals(CRLF)) continue;
    const lineEnd = body.indexOf(CRLF, at);
    const rest = body
      .subarray(at + mark.length, lineEnd < 0 ? body.length : lineEnd)
      .toString('latin1')
      .trimEnd();
    if (rest !== '' && rest !== '--') continue;
    found.push({
      before: at === 0 ? 0 : at - 2,
      after: lineEnd < 0 ? body.length : lineEnd + 2,
      closing: rest === '--',
    });
    if (rest === '--') break;
  }
  return found;
}

/** The two parts of multipart/signed: the first byte for byte as it was signed (RFC 1847 §2.1). */
export function signedParts(entity: MimeEntity): { signed: Buffer; signature: MimeEntity } {
  const boundary = entity.contentType.parameters.get('boundary') ?? '';
  if (!/^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary)) throw new MailMalformed('boundary malformed');
  const [first, second, last, ...more] = delimiters(entity.body, boundary);
  if (
    first === undefined ||
    second === undefined ||
    last === undefined ||
    more.length > 0 ||
    first.closing ||
    second.closing ||
    !last.closing
  ) {
    throw new MailMalformed('multipart/signed must have exactly two parts');
  }
  return {
    signed: entity.body.subarray(first.after, Math.max(second.before, first.after)),
    signature: readEntity(entity.body.subarray(second.after, Math.max(last.before, second.after))),
  };
}
