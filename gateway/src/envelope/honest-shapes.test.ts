/**
 * The shapes in which honest letters come (RFC 8551 §3): every one is opened and, where it is signed rightly, verified.
 * What is refused here is refused to a doctor who did nothing wrong.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encryptedEntity,
  envelopedData,
  mail,
  multipartSigned,
  opaqueEntity,
  SECRET_TEXT,
  signedData,
  TEXT_ENTITY,
} from './letters.fixture.ts';
import { toUnixLines, toWireLines } from './line-ends.ts';
import { openEnvelope } from './open-envelope.ts';
import { goodPolicy } from './test-authority.fixture.ts';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.ts';

const text = (bytes: Buffer): string => bytes.toString('latin1');
const bytesOf = (letter: string): Buffer => Buffer.from(letter, 'latin1');
const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'));
const signed = (entity: Buffer = TEXT_ENTITY): Buffer => multipartSigned(entity, signedData(entity));

function assertVerified(letter: Buffer, because: string, content: Buffer = TEXT_ENTITY): void {
  const opened = openEnvelope(letter, goodPolicy);
  assert.equal(opened.verdict.show, 'verified', `${because}: ${opened.verdict.reasons.join()}`);
  assert.deepEqual(opened.content, content, because);
}

const CMS_HEADS = [
  'Content-Type: application/pkcs7-mime',
  'Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m',
  'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
  'Content-Type: application/pkcs7-mime; smime-type=unheard-of',
  'Content-type:application/x-pkcs7-mime;smime-type="signed-data";name="smime.p7m"',
  'CONTENT-TYPE: APPLICATION/PKCS7-MIME; NAME=SMIME.P7M',
  'Content-Type: application/octet-stream; name=smime.p7m',
  'Content-Type: application/octet-stream; name="Message chiffré.P7M"',
  "Content-Type: application/octet-stream; name*=utf-8''smime.p7m",
  'Content-Type: application/octet-stream; name*0=smi; name*1="me.p7m"',
  "Content-Type: application/octet-stream; name*0*=utf-8''smime; name*1*=.p7m",
  'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=smime.p7m',
  'Content-Type: application/octet-stream\r\nContent-Disposition: attachment;\r\n filename="smime.p7m"',
  "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''smime.p7m",
  'Content-Type: application/octet-stream; name=smime.p7s',
];

const base64 = (info: Buffer): Buffer => bytesOf(info.toString('base64').replace(/.{64}/g, '$&\r\n'));
const quotedPrintable = (info: Buffer): Buffer =>
  bytesOf(
    [...info]
      .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join('')
      .replace(/.{72}/g, '$&=\r\n'),
  );

test('a CMS root is known by its type or its name, in every way they are written', () => {
  for (const info of [signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY }), envelopedData(signed())]) {
    for (const head of CMS_HEADS)
      assertVerified(
        mail(Buffer.concat([lines(head, 'Content-Transfer-Encoding: base64', '', ''), base64(info)])),
        head,
      );
  }
});

test('CMS comes in base64 of any line length, in quoted-printable, or as it is', () => {
  const info = envelopedData(signed());
  const bodies: [string, Buffer][] = [
    ['base64', base64(info)],
    ['BASE64', bytesOf(`${info.toString('base64')}\r\n\r\n`)],
    ['base64', bytesOf(info.toString('base64').replace(/.{77}/g, '$&\r\n'))],
    ['base64', bytesOf(info.toString('base64').replace(/.{76}/g, '$& \r\n '))],
    ['quoted-printable', quotedPrintable(info)],
    ['binary', info],
  ];
  for (const [encoding, body] of bodies) {
    const head = lines('Content-Type: application/pkcs7-mime', `Content-Transfer-Encoding: ${encoding}`, '', '');
    assertVerified(mail(Buffer.concat([head, body])), encoding);
  }
});

test('a detached signature is known by its type or its name; protocol, micalg and quoting do not matter', () => {
  const letter = text(mail(signed()));
  const type = 'application/pkcs7-signature; name=smime.p7s';
  const changes: [string, string][] = [
    [type, 'application/x-pkcs7-signature'],
    [type, 'application/octet-stream; name=smime.p7s'],
    [type, 'application/octet-stream\r\nContent-Disposition: attachment; filename="smime.p7s"'],
    ['protocol="application/pkcs7-signature"; ', ''],
    ['protocol="application/pkcs7-signature"; ', 'protocol=application/x-pkcs7-signature; '],
    ['protocol="application/pkcs7-signature"; ', 'protocol="application/pgp-signature"; '],
    ['micalg=sha-256; ', ''],
    ['micalg=sha-256; ', 'micalg=sha1; '],
    ['micalg=sha-256; ', 'micalg="sha-256,sha-512";\r\n\t'],
    ['boundary="boundary-of-the-test"', 'boundary=boundary-of-the-test;'],
    ['multipart/signed', 'Multipart/Signed'],
    ['\r\n\r\n--boundary', '\r\n\r\nThis is an S/MIME signed message\r\n\r\n--boundary'],
    ['--boundary-of-the-test--\r\n', '--boundary-of-the-test--'],
    ['--boundary-of-the-test--\r\n', '--boundary-of-the-test--\r\n\r\n_____\r\nliste de diffusion\r\n'],
    ['--boundary-of-the-test\r\n', '--boundary-of-the-test  \r\n'],
  ];
  for (const [find, become] of changes) {
    assert.ok(letter.includes(find));
    assertVerified(bytesOf(letter.replace(find, become)), become);
  }
});

test('layers nest either way, up to three', () => {
  const opaque = opaqueEntity(TEXT_ENTITY);
  const nests: Record<string, Buffer> = {
    'opaque in detached': signed(opaque),
    'detached in opaque': opaqueEntity(signed()),
    'opaque in opaque': opaqueEntity(opaque),
    'signed, encrypted': encryptedEntity(signed()),
    'opaque, encrypted': encryptedEntity(opaque),
    'triple-wrapped': signed(encryptedEntity(signed())),
    'triple-wrapped, opaque': opaqueEntity(encryptedEntity(opaque)),
    'encrypted twice': encryptedEntity(encryptedEntity(signed())),
  };
  for (const [name, entity] of Object.entries(nests)) assertVerified(mail(entity), name);
});

test('what a Unix tool wrote inside a layer is read with the lines of mail', () => {
  const unix = toUnixLines(TEXT_ENTITY);
  assert.ok(!unix.includes('\r'));
  assertVerified(mail(opaqueEntity(unix)), 'opaque');
  assertVerified(mail(encryptedEntity(toUnixLines(signed()))), 'a whole multipart/signed, signed over CRLF');
  assertVerified(mail(encryptedEntity(toUnixLines(opaqueEntity(TEXT_ENTITY)))), 'opaque in LF');
});

test('a signature made over LF fits the same text with the CRLF of mail, and no other text', () => {
  const unix = toUnixLines(TEXT_ENTITY);
  const signature = signedData(unix);
  assertVerified(mail(multipartSigned(TEXT_ENTITY, signature)), 'signed over LF');
  assertVerified(mail(encryptedEntity(multipartSigned(TEXT_ENTITY, signature))), 'and encrypted');
  const other = bytesOf(text(TEXT_ENTITY).replace(SECRET_TEXT, `${SECRET_TEXT}\r\n`));
  const { verdict } = openEnvelope(mail(multipartSigned(other, signature)), goodPolicy);
  assert.deepEqual([verdict.signature, verdict.reasons[0]], ['invalid', 'content-altered']);
  assert.deepEqual(toWireLines(unix), TEXT_ENTITY);
});

test('binary content stays as it was signed', () => {
  const binary = Buffer.concat([
    lines('Content-Type: application/pdf', 'Content-Transfer-Encoding: binary', '', ''),
    Buffer.from([0, 10, 13, 13, 10, 255, 10]),
  ]);
  assertVerified(mail(opaqueEntity(binary)), 'opaque', binary);
  assertVerified(mail(encryptedEntity(signed(binary))), 'encrypted', binary);
});

test('base64 and quoted-printable are decoded exactly or not at all', () => {
  const right = Buffer.from('Médecin traitant : Dr Claire MARTIN, à Lille, ce jour. '.repeat(40));
  for (const width of [4, 16, 60, 64, 76, 77, 998]) {
    const encoded = right.toString('base64').replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
    for (const end of ['', '\r\n', '\r\n\r\n', ' \r\n']) assert.deepEqual(decodeBase64(bytesOf(encoded + end)), right);
    for (const bad of ['-', '_', '%', '=', '\0', '\r', '\n', '\x0b', '\u00e9', 'A']) {
      for (const at of [0, 5, 76, encoded.length >> 1, encoded.length - 1])
        assert.throws(() => decodeBase64(bytesOf(encoded.slice(0, at) + bad + encoded.slice(at))), `${bad} at ${at}`);
    }
  }
  assert.equal(text(decodeQuotedPrintable(bytesOf('a=3Db=\r\nc \t\r\nd= \r\ne=3d'))), 'a=bc\r\nde=');
  for (const bad of ['=', '=4', '=G0', '=\n', '= x'].map((end) => `x${end}y`))
    assert.throws(() => decodeQuotedPrintable(bytesOf(bad)), bad);
});
