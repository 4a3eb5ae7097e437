/**
 * Splits the outside of a letter on bytes: header block, and the two parts of multipart/signed exactly as they
 * were signed. One reading or none: whatever two readers could understand differently (a repeated Content-Type, a
 * bare CR, a NUL, an encoded multipart) is `MailMalformed`, never repaired. RFC 5322, RFC 2045–2046, RFC 1847.
 */
import {
  type ContentType,
  type HeaderField,
  onlyField,
  PLAIN_TEXT,
  parameterText,
  readContentType,
  readDisposition,
  readHeaderFields,
} from './header-fields.ts';
import { countLineEnds, toWireLines } from './line-ends.ts';
import { MailMalformed } from './mail-malformed.ts';
import { boundaryOf, type Range, splitMultipart } from './multipart.ts';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.ts';

export interface MimeEntity {
  readonly bytes: Buffer;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
  /** Where the body begins in `bytes`. */
  readonly bodyStart: number;
  readonly contentType: ContentType;
  readonly disposition: ContentType | null;
  readonly encoding: TransferEncoding;
  /** Boundaries of the multiparts around it, whose delimiters must not stand in it. */
  readonly around: readonly string[];
}

export type TransferEncoding = '7bit' | '8bit' | 'binary' | 'base64' | 'quoted-printable';

/** `8 bit` and the like are mistakes that nobody reads otherwise. */
const ENCODINGS: Readonly<Record<string, TransferEncoding>> = {
  '': '7bit',
  '7bit': '7bit',
  '7-bit': '7bit',
  '7 bit': '7bit',
  '8bit': '8bit',
  '8-bit': '8bit',
  '8 bit': '8bit',
  binary: 'binary',
  base64: 'base64',
  'quoted-printable': 'quoted-printable',
};

const BLANK_LINE = Buffer.from('\r\n\r\n');
const NOTHING_AROUND: readonly string[] = [];

/** All values of a header field. */
export function headerValues(entity: { readonly headers: readonly HeaderField[] }, name: string): string[] {
  return entity.headers.filter((field) => field.name === name).map((field) => field.value);
}

/** What the header of an entity says of its body; throws where two readers could differ. */
function readStructure(headers: readonly HeaderField[]): Pick<MimeEntity, 'contentType' | 'disposition' | 'encoding'> {
  const declared = onlyField(headers, 'content-type');
  const contentType = declared === null ? PLAIN_TEXT : readContentType(declared);
  const disposed = onlyField(headers, 'content-disposition');
  const disposition = disposed === null || disposed === '' ? null : readDisposition(disposed);
  const encoding = ENCODINGS[onlyField(headers, 'content-transfer-encoding')?.toLowerCase() ?? ''];
  if (encoding === undefined) throw new MailMalformed('transfer encoding unknown');
  const { type } = contentType;
  if (type === 'message/partial' || type === 'message/external-body') throw new MailMalformed(type);
  const isEncoded = encoding === 'base64' || encoding === 'quoted-printable';
  if (isEncoded && type.startsWith('multipart/')) throw new MailMalformed('encoded multipart');
  return { contentType, disposition, encoding };
}

const CMS_TYPES = ['application/pkcs7-mime', 'application/x-pkcs7-mime'];
const SIGNATURE_TYPES = ['application/pkcs7-signature', 'application/x-pkcs7-signature'];

function isNamed({ contentType, disposition }: MimeEntity, pattern: RegExp): boolean {
  if (contentType.type !== 'application/octet-stream') return false;
  const name = parameterText(contentType, 'name') ?? (disposition && parameterText(disposition, 'filename')) ?? '';
  return pattern.test(name.trim());
}

/** Whether the entity is CMS: by its type, or an octet stream whose name says so (RFC 8551 §3.2.1). */
export const isCmsEntity = (entity: MimeEntity): boolean =>
  CMS_TYPES.includes(entity.contentType.type) || isNamed(entity, /\.p7[ms]$/i);

/** Whether the entity is the detached signature of a multipart/signed. */
export const isSignatureEntity = (entity: MimeEntity): boolean =>
  SIGNATURE_TYPES.includes(entity.contentType.type) || isNamed(entity, /\.p7s$/i);

/** Binary is for CMS and what is signed with it (RFC 3030): everything else comes in lines. */
function mayBeBinary(entity: MimeEntity): boolean {
  return entity.encoding === 'binary' && (entity.contentType.type === 'multipart/signed' || isCmsEntity(entity));
}

/** Reads the entity that `bytes` are, whose header lines end as in mail; the body is not looked at. */
export function readAsItStands(bytes: Buffer, around: readonly string[]): MimeEntity {
  const startsWithBlank = bytes[0] === 0x0d && bytes[1] === 0x0a;
  const blank = startsWithBlank ? 0 : bytes.indexOf(BLANK_LINE);
  const headerEnd = blank < 0 ? bytes.length : blank;
  const headers = readHeaderFields(bytes.subarray(0, headerEnd));
  const bodyStart = startsWithBlank ? 2 : Math.min(headerEnd + BLANK_LINE.length, bytes.length);
  const body = bytes.subarray(bodyStart);
  const { contentType, disposition, encoding } = readStructure(headers);
  return { bytes, headers, body, bodyStart, contentType, disposition, encoding, around };
}

/** Reads a letter as on the wire; throws `MailMalformed`. */
export function readLetter(bytes: Buffer): MimeEntity {
  const letter = readAsItStands(bytes, NOTHING_AROUND);
  // Decoding base64 proves its lines as well.
  const isProvenLater = letter.encoding === 'base64' && isCmsEntity(letter);
  if (!isProvenLater && !mayBeBinary(letter)) countLineEnds(bytes, letter.bodyStart);
  return letter;
}

/**
 * Reads what came out of a layer, or a part: it may be binary, and a Unix tool may have written it with bare LF, which
 * is then read as CRLF (after its digest was checked as it stands).
 */
export function readEntity(bytes: Buffer, around: readonly string[] = NOTHING_AROUND): MimeEntity {
  const firstLineEnd = bytes.indexOf(0x0a);
  const isUnix = firstLineEnd === 0 || (firstLineEnd > 0 && bytes[firstLineEnd - 1] !== 0x0d);
  return readAsItStands(isUnix ? toWireLines(bytes) : bytes, around);
}

/** The body with its transfer encoding undone (what CMS parts come in). */
export function decodedBody({ body, encoding }: MimeEntity): Buffer {
  if (encoding === 'base64') return decodeBase64(body);
  return encoding === 'quoted-printable' ? decodeQuotedPrintable(body) : body;
}

const slice = (bytes: Buffer, { start, end }: Range): Buffer => bytes.subarray(start, end);

/** The two parts of multipart/signed: the first byte for byte as it was signed (RFC 1847 §2.1). */
export function signedParts(entity: MimeEntity): {
  readonly signed: Buffer;
  readonly signature: MimeEntity;
  readonly around: readonly string[];
} {
  const boundary = boundaryOf(entity.contentType, entity.around);
  const range = { start: entity.bodyStart, end: entity.bytes.length };
  const { parts, closed, longer } = splitMultipart(entity.bytes, range, boundary);
  const [first, second, ...more] = parts;
  if (first === undefined || second === undefined || more.length > 0 || !closed)
    throw new MailMalformed('multipart/signed must have exactly two parts');
  // What is signed is one part for every reader, whatever multiparts are in it.
  if (longer.size > 0) throw new MailMalformed('almost a delimiter');
  const around = [...entity.around, boundary];
  return {
    signed: slice(entity.bytes, first),
    signature: readEntity(slice(entity.bytes, second), around),
    around,
  };
}
