/**
 * Seals a letter: header fields into the payload (RFC 9788), then sign, then encrypt to one recipient; RFC 8551 §3. By default detached multipart/signed inside and AES-256-CBC outside, with RSA PKCS#1 v1.5 or, for a
 * recipient whose key is not RSA, an agreed key, because that is what S/MIME clients open (facts: smime.md interop
 * matrix); what else is possible is chosen by choose-sealing.ts. `sealEnvelope` leaves no clear text; `signEnvelope` signs
 * only, and one place calls it: seal-mail.ts, where the policy of the space allows it.
 */
import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { SealingContent, SealingForm, SealingTransport } from '../ports.ts';
import type { Certificate } from './certificate.ts';
import { encryptContent } from './encrypt-content.ts';
import { protectHeaders, refuseBrokenFields } from './protect-headers.ts';
import { type SealingKey, signContent } from './sign-content.ts';

export type { SealingKey } from './sign-content.ts';

const LF = 0x0a;
const CR = 0x0d;
const LINE_CHARACTERS = 76;
const MIME_VERSION = 'MIME-Version: 1.0';

/** Bytes to be written in base64, in lines of 76 characters, CRLF between them. */
interface Base64 {
  readonly text: string;
  readonly breaks: number;
  readonly length: number;
}

function base64(bytes: Buffer): Base64 {
  const text = bytes.toString('base64');
  const breaks = Math.max(0, Math.ceil(text.length / LINE_CHARACTERS) - 1);
  return { text, breaks, length: text.length + 2 * breaks };
}

/** Writes the text at once, then moves its lines apart, the last first. */
function writeBase64(out: Buffer, at: number, { text, breaks }: Base64): void {
  out.write(text, at, 'latin1');
  for (let line = breaks; line > 0; line -= 1) {
    const from = at + line * LINE_CHARACTERS;
    const to = from + 2 * line;
    out.copyWithin(to, from, Math.min(from + LINE_CHARACTERS, at + text.length));
    out[to - 2] = CR;
    out[to - 1] = LF;
  }
}

const lines = (...text: readonly string[]): Buffer => Buffer.from(text.join('\r\n'));

/** The pieces of a mail one after the other, in one piece of memory. */
function joined(pieces: readonly (Buffer | Base64)[]): Buffer {
  const out = Buffer.allocUnsafe(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    if ('text' in piece) writeBase64(out, at, piece);
    else out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** A multipart/signed (RFC 8551 §3.5.3) under the header fields given. */
function multipartSigned(parts: { top: readonly string[]; entity: Buffer; signature: Buffer; micalg: string }): Buffer {
  const { entity, signature } = parts;
  const boundary = `estafette-${randomUUID()}`;
  return joined([
    lines(
      ...parts.top,
      `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=${parts.micalg};`,
      ` boundary="${boundary}"`,
      '',
      `--${boundary}`,
      '',
    ),
    entity,
    lines(
      '',
      `--${boundary}`,
      'Content-Type: application/pkcs7-signature; name="smime.p7s"',
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment; filename="smime.p7s"',
      '',
      '',
    ),
    base64(signature),
    lines('', `--${boundary}--`, ''),
  ]);
}

/** The MIME entity of a CMS object (RFC 8551 §3.2), under the header fields given. */
function cmsEntity(headers: readonly string[], info: Buffer, smimeType: string): Buffer {
  const head = lines(
    ...headers,
    `Content-Type: application/pkcs7-mime; smime-type=${smimeType}; name="smime.p7m"`,
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7m"',
    '',
    '',
  );
  return joined([head, base64(info), lines('', '')]);
}

const ENTITY_LINE_MAX = 998;

/** Whether every line ends with CRLF, holds neither alone, and is short enough. */
function hasPlainLines(text: string): boolean {
  for (let start = 0; ; ) {
    const lf = text.indexOf('\n', start);
    const end = lf < 0 ? text.length : lf - 1;
    const cr = text.indexOf('\r', start);
    if (end - start > ENTITY_LINE_MAX) return false;
    if (lf < 0) return cr < 0;
    if (cr !== end) return false;
    start = lf + 1;
  }
}

/** What a relay or a verifier would rewrite must not be signed: RFC 8551 §3.1.1–3.1.3 wants CRLF and 7 bits (RFC 2045 §2.7). */
function refuseFragileEntity(entity: Buffer): void {
  const isPlain = isAscii(entity) && !entity.includes(0) && !entity.includes(0x7f);
  if (!isPlain || !hasPlainLines(entity.toString('latin1')))
    throw new RangeError('the entity to sign must be 7-bit with CRLF line ends');
}

/** What is to be signed, and how. */
export interface LetterToSign {
  /** Outer header fields, folded, without MIME ones. */
  readonly headers: readonly string[];
  /** The same fields as they are to be believed, inside (RFC 9788); absent: nothing is protected. */
  readonly protectedHeaders?: readonly string[];
  /** MIME entity: Content-* fields, blank line, body; CRLF, 7-bit. */
  readonly entity: Buffer;
  /** Signs: RSA, ECDSA (NIST and brainpool curves) or Ed25519. */
  readonly key: SealingKey;
  /** Default: detached. */
  readonly form?: SealingForm;
  /** The signing time. */
  readonly at: Date;
}

/** What is to be sealed, and how. */
export interface LetterToSeal extends LetterToSign {
  /** RSA, EC (the same curves) or X25519; whether it may be encrypted to is the caller's question (certificate-path.ts). */
  readonly recipient: Certificate;
  /** Default: aes-256-cbc. */
  readonly content?: SealingContent;
  /** For an RSA recipient only. Default: rsa-pkcs1. */
  readonly keyTransport?: SealingTransport;
}

/** The signed MIME entity under these header fields; `outside` as in protectHeaders. */
function signedEntity(letter: LetterToSign, top: readonly string[], outside: readonly string[] | null): Buffer {
  const { headers, protectedHeaders, key, at, form = 'detached' } = letter;
  refuseBrokenFields(headers);
  refuseBrokenFields(protectedHeaders ?? []);
  const payload =
    protectedHeaders === undefined ? letter.entity : protectHeaders(letter.entity, protectedHeaders, outside);
  refuseFragileEntity(payload);
  const { signed, micalg } = signContent(payload, { key, form, at });
  return form === 'opaque'
    ? cmsEntity(top, signed, 'signed-data')
    : multipartSigned({ top, entity: payload, signature: signed, micalg });
}

/**
 * Signs and encrypts one letter to one recipient and gives the whole mail. Throws `RangeError` for a header field that
 * is not exactly one, an entity a relay would rewrite, and keys of kinds that cannot sign or receive.
 */
export function sealEnvelope(letter: LetterToSeal): Buffer {
  const { headers, recipient, content = 'aes-256-cbc', keyTransport = 'rsa-pkcs1' } = letter;
  const clear = signedEntity(letter, [], headers);
  const { sealed, smimeType } = encryptContent(clear, { recipient, content, keyTransport });
  return cmsEntity([...headers, MIME_VERSION], sealed, smimeType);
}

/** Signs one letter and gives the whole mail, readable by everyone on its way. Throws as `sealEnvelope` does. */
export function signEnvelope(letter: LetterToSign): Buffer {
  return signedEntity(letter, [...letter.headers, MIME_VERSION], null);
}
