/**
 * Mails as the harness of the interop matrix writes and takes them apart, for the tools that know CMS but not mail (NSS,
 * gpgsm). Apart from the product on purpose: what the product reads or writes must not be judged by its own code.
 */
import { randomUUID } from 'node:crypto';
import { DOCTOR, PHARMACY } from './world.ts';

const CRLF = '\r\n';

const inLines = (bytes: Buffer): string => (bytes.toString('base64').match(/.{1,76}/g) ?? []).join(CRLF);

/** CRLF at every line end. */
export const wireLines = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, CRLF), 'latin1');

/** application/pkcs7-mime around a ContentInfo. */
export function cmsEntity(cms: Buffer, kind: 'signed-data' | 'enveloped-data' | 'authEnveloped-data'): Buffer {
  const head = [
    `Content-Type: application/pkcs7-mime; smime-type=${kind}; name="smime.p7m"`,
    'Content-Transfer-Encoding: base64',
    '',
    '',
  ].join(CRLF);
  return Buffer.from(`${head}${inLines(cms)}${CRLF}`);
}

/** multipart/signed of an entity and its detached signature (RFC 8551 §3.5.3). */
export function multipartSigned(entity: Buffer, signature: Buffer, digest: string): Buffer {
  const boundary = `interop-${randomUUID()}`;
  const micalg = digest.replace('sha', 'sha-');
  const head = `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=${micalg}; boundary="${boundary}"`;
  const tail = [
    '',
    `--${boundary}`,
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    'Content-Transfer-Encoding: base64',
    '',
    inLines(signature),
    `--${boundary}--`,
    '',
  ].join(CRLF);
  return Buffer.concat([Buffer.from([head, '', `--${boundary}`, ''].join(CRLF)), entity, Buffer.from(tail)]);
}

/** A letter of the doctor to the pharmacy around an entity. */
export function letterOf(entity: Buffer): Buffer {
  const wire = wireLines(entity);
  const head = [
    `From: "Claire MARTIN" <${DOCTOR}>`,
    `To: <${PHARMACY}>`,
    'Subject: INR',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@cabinet.example>`,
    ...(/^MIME-Version:/im.test(headOf(wire)) ? [] : ['MIME-Version: 1.0']),
    '',
  ].join(CRLF);
  return Buffer.concat([Buffer.from(head), wire]);
}

export const headOf = (entity: Buffer): string => entity.subarray(0, entity.indexOf('\r\n\r\n')).toString('latin1');
export const bodyOf = (entity: Buffer): Buffer => entity.subarray(entity.indexOf('\r\n\r\n') + 4);

/** One header field of an entity, unfolded; '' when absent. */
export function headerOf(entity: Buffer, name: string): string {
  const unfolded = headOf(entity).replace(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1] ?? '';
}

/** The bytes of a base64 body. */
export const decodedBody = (entity: Buffer): Buffer => Buffer.from(bodyOf(entity).toString('latin1'), 'base64');

/** The two parts of multipart/signed, or null for anything else. */
export function signedPartsOf(entity: Buffer): { signed: Buffer; signature: Buffer } | null {
  const type = headerOf(entity, 'Content-Type');
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (!type.startsWith('multipart/signed') || boundary === undefined) return null;
  const body = bodyOf(entity);
  const first = body.indexOf(`--${boundary}\r\n`) + boundary.length + 4;
  const second = body.indexOf(`\r\n--${boundary}\r\n`, first);
  const end = body.indexOf(`\r\n--${boundary}--`, second + 1);
  const signature = body.subarray(second + boundary.length + 6, end);
  return { signed: body.subarray(first, second), signature: decodedBody(signature) };
}
