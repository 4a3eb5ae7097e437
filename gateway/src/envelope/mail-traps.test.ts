/** The outside of a letter: who it says it is from, and MIME that two readers could read differently. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReasonCode } from '@estafette/contracts/verdict';
import {
  detached,
  encryptedEntity,
  mail,
  multipartSigned,
  OUTER,
  opaqueEntity,
  SECRET_TEXT,
  signedData,
  TEXT_ENTITY,
} from './letters.fixture.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import { DOCTOR_ADDRESS, goodPolicy, PHARMACY_ADDRESS } from './test-authority.fixture.ts';

const open = (letter: Buffer): OpenedEnvelope => openEnvelope(letter, goodPolicy);
const signed = (entity: Buffer = TEXT_ENTITY): Buffer => multipartSigned(entity, signedData(entity));
const withFrom = (...values: string[]): OpenedEnvelope =>
  open(mail(signed(), [...values.map((value) => `From: ${value}`), ...OUTER.slice(1)]));
const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'));

function assertQuarantined({ verdict, content }: OpenedEnvelope, reason: ReasonCode): void {
  assert.equal(verdict.show, 'quarantine');
  assert.notEqual(verdict.signature, 'valid');
  assert.ok(verdict.reasons.includes(reason), `${reason} in ${verdict.reasons.join()}`);
  assert.equal(content, null);
}

test('every honest way to write the one From address matches', () => {
  for (const value of [
    DOCTOR_ADDRESS,
    DOCTOR_ADDRESS.toUpperCase(),
    `<${DOCTOR_ADDRESS}>`,
    `Claire MARTIN <${DOCTOR_ADDRESS}>`,
    `"MARTIN, Claire" <${DOCTOR_ADDRESS}>`,
    `${DOCTOR_ADDRESS} (Claire MARTIN)`,
    `"x\\"y" (a \\) b) <${DOCTOR_ADDRESS}>`,
    `=?utf-8?Q?Cl=C3=A9mence?= <${DOCTOR_ADDRESS}>`,
  ]) {
    assert.equal(withFrom(value).verdict.show, 'verified', value);
  }
});

test('a From that is not the address of the certificate is a mismatch', () => {
  for (const value of [
    PHARMACY_ADDRESS,
    `"${DOCTOR_ADDRESS}" <${PHARMACY_ADDRESS}>`,
    `${DOCTOR_ADDRESS} <${PHARMACY_ADDRESS}>`,
    `(${DOCTOR_ADDRESS}) ${PHARMACY_ADDRESS}`,
    'claire.martin@cabinet.example.evil.example',
    'claire.martin@c\u0430binet.example',
  ]) {
    const { verdict } = withFrom(value);
    assert.equal(verdict.identity, 'mismatch', value);
    assert.equal(verdict.show, 'unverified', value);
    assert.ok(verdict.reasons.includes('from-mismatch'));
  }
});

test('a From without exactly one address is nobody, whatever the certificate says', () => {
  for (const value of [
    '',
    `${DOCTOR_ADDRESS}, ${PHARMACY_ADDRESS}`,
    `${DOCTOR_ADDRESS}, ${DOCTOR_ADDRESS}`,
    `Cabinet: ${DOCTOR_ADDRESS};`,
    `<${DOCTOR_ADDRESS}> <${PHARMACY_ADDRESS}>`,
    `<@relay.example:${DOCTOR_ADDRESS}>`,
    `"${DOCTOR_ADDRESS}"`,
    `"claire.martin"@cabinet.example`,
    `${DOCTOR_ADDRESS} (open`,
    `"open ${DOCTOR_ADDRESS}`,
    'claire.martin',
  ]) {
    const { verdict } = withFrom(value);
    assert.equal(verdict.show, 'unverified', value);
    assert.ok(verdict.reasons.includes('from-missing'), value);
  }
});

test('two From fields, or none, are not verified', () => {
  for (const values of [[DOCTOR_ADDRESS, PHARMACY_ADDRESS], [DOCTOR_ADDRESS, DOCTOR_ADDRESS], []]) {
    const { verdict } = withFrom(...values);
    assert.equal(verdict.show, 'unverified');
    assert.ok(verdict.reasons.includes('from-missing'));
  }
});

test('a From inside the signed part that differs from the outer one is a mismatch', () => {
  const inside = (from: string) => Buffer.concat([lines(`From: ${from}`, ''), TEXT_ENTITY]);
  assert.equal(open(mail(signed(inside(DOCTOR_ADDRESS)))).verdict.show, 'verified');
  assert.equal(open(mail(signed(inside(PHARMACY_ADDRESS)))).verdict.identity, 'mismatch');
  const sealed = encryptedEntity(signed(inside(PHARMACY_ADDRESS)));
  assert.equal(open(mail(sealed)).verdict.show, 'unverified');
});

test('a subject inside the protected part replaces the outer one', () => {
  const entity = Buffer.concat([lines('Subject: INR critique', ''), TEXT_ENTITY]);
  const { headers } = open(mail(signed(entity)));
  assert.deepEqual([headers.subject, headers.subjectProtected], ['INR critique', true]);
  const outer = open(detached()).headers;
  assert.deepEqual([outer.subject, outer.subjectProtected], ['INR', false]);
});

test('a repeated Content-Type, or a repeated boundary, is no mail at all', () => {
  const letter = detached().toString('latin1');
  const twice = letter.replace('MIME-Version: 1.0', 'MIME-Version: 1.0\r\nContent-Type: text/plain');
  assertQuarantined(open(Buffer.from(twice, 'latin1')), 'mail-malformed');
  const boundaries = letter.replace('boundary="', 'boundary="other"; boundary="');
  assertQuarantined(open(Buffer.from(boundaries, 'latin1')), 'mail-malformed');
});

test('a bare CR, a bare LF or a NUL anywhere in the letter is refused', () => {
  for (const bad of ['\r', '\n', '\0']) {
    const letter = detached().toString('latin1');
    for (const place of ['Subject: ', SECRET_TEXT, '--boundary-of-the-test'])
      assertQuarantined(open(Buffer.from(letter.replace(place, `${place}${bad}x`), 'latin1')), 'mail-malformed');
  }
  assertQuarantined(open(Buffer.concat([detached(), Buffer.from('\r')])), 'mail-malformed');
});

test('an encoded multipart, message/partial and message/external-body are refused', () => {
  const letter = detached().toString('latin1');
  for (const encoding of ['base64', 'quoted-printable', 'x-own']) {
    const encoded = letter.replace('MIME-Version: 1.0', `Content-Transfer-Encoding: ${encoding}`);
    assertQuarantined(open(Buffer.from(encoded, 'latin1')), 'mail-malformed');
  }
  for (const type of ['message/partial; id=a; number=1; total=2', 'message/external-body; access-type=URL'])
    assertQuarantined(open(mail(lines(`Content-Type: ${type}`, '', ''))), 'mail-malformed');
});

test('multipart/signed of one, three or unfinished parts is refused', () => {
  const letter = detached().toString('latin1');
  const delimiter = '--boundary-of-the-test';
  const part = `${delimiter}\r\nContent-Type: text/plain\r\n\r\nPrenez le double.\r\n`;
  for (const spoilt of [
    letter.replace(`${delimiter}\r\n`, `${part}${delimiter}\r\n`),
    letter.replace(`${delimiter}--`, `${part}${delimiter}--`),
    letter.replace(`${delimiter}--`, ''),
    letter.replace(`${delimiter}\r\nContent-Type: application`, `${delimiter}--\r\nContent-Type: application`),
  ]) {
    assertQuarantined(open(Buffer.from(spoilt, 'latin1')), 'mail-malformed');
  }
});

test('a preamble that holds a delimiter makes a third part, and one without is not shown', () => {
  const letter = detached().toString('latin1');
  const start = '\r\n\r\n--boundary-of-the-test';
  const fake = letter.replace(
    start,
    `\r\n\r\nPrenez le double.\r\n--boundary-of-the-test\r\nx: y\r\n${start.slice(2)}`,
  );
  assertQuarantined(open(Buffer.from(fake, 'latin1')), 'mail-malformed');
  const preamble = open(Buffer.from(letter.replace(start, `\r\n\r\nPrenez le double.${start.slice(2)}`), 'latin1'));
  assert.deepEqual(preamble.content, TEXT_ENTITY);
});

test('a nested multipart with the same boundary is ambiguous', () => {
  const nested = lines(
    'Content-Type: multipart/mixed; boundary="boundary-of-the-test"',
    '',
    '--boundary-of-the-test',
    '',
    'a',
    '--boundary-of-the-test--',
    '',
  );
  assertQuarantined(open(mail(signed(nested))), 'mail-malformed');
  const almost = lines('Content-Type: text/plain', '', '--boundary-of-the-test and more', '');
  assertQuarantined(open(mail(signed(almost))), 'mail-malformed');
});

const mixedAround = (...parts: Buffer[]): Buffer =>
  Buffer.concat([
    lines('Content-Type: multipart/mixed; boundary="outside"', '', ''),
    ...parts.flatMap((part) => [lines('--outside', ''), part, lines('', '')]),
    lines('--outside--', ''),
  ]);

test('a part prepended outside the signature makes the whole letter unsigned', () => {
  const prepended = lines('Content-Type: text/plain', '', 'Prenez le double.');
  const { verdict } = open(mail(mixedAround(prepended, signed())));
  assert.equal(verdict.signature, 'none');
  assert.equal(verdict.show, 'quarantine');
  assert.deepEqual(verdict.reasons, ['signature-partial', 'not-signed', 'not-encrypted']);
});

test('an encrypted part beside others is never decrypted', () => {
  const exfiltration = lines('Content-Type: text/html', '', '<img src="http://elsewhere.example/');
  const sealed = encryptedEntity(signed());
  const { verdict, layers, content } = open(mail(mixedAround(exfiltration, sealed)));
  assert.deepEqual([verdict.encryption, verdict.show, layers.length, content], ['none', 'quarantine', 0, null]);
  const inside = open(mail(signed(mixedAround(exfiltration, sealed))));
  assert.equal(inside.verdict.encryption, 'none');
  assert.ok(inside.content?.includes(SECRET_TEXT) === false);
});

test('a signature of another kind is unsupported, not ignored', () => {
  const letter = detached()
    .toString('latin1')
    .replace('application/pkcs7-signature; name', 'application/pgp-signature; name');
  assertQuarantined(open(Buffer.from(letter, 'latin1')), 'envelope-unsupported');
});

test('CMS in base64 or quoted-printable that is not exactly that is malformed', () => {
  const letter = mail(opaqueEntity(TEXT_ENTITY)).toString('latin1');
  for (const spoilt of [
    letter.replace('Encoding: base64', 'Encoding: quoted-printable').replace('\r\n\r\nMI', '\r\n\r\n=MI'),
    letter.replace('Encoding: base64', 'Encoding: x-uuencode'),
    letter.replace('\r\n\r\nMI', '\r\n\r\n%MI'),
    letter.replace('\r\n\r\nMI', '\r\n\r\nM-_I'),
    letter.replace('\r\n\r\nMI', '\r\n\r\nMI==AA'),
    letter.replace('Encoding: base64', 'Encoding: base64\r\nContent-Transfer-Encoding: 7bit'),
  ]) {
    assertQuarantined(open(Buffer.from(spoilt, 'latin1')), 'mail-malformed');
  }
});

test('a header block, a header line or a number of lines beyond the limits is malformed', () => {
  const many = Array.from({ length: 30_000 }, (_, at) => `X-${at}: a`);
  const folded = ['X-Long: a', ...Array.from({ length: 30_000 }, () => ' b')];
  for (const outer of [many, folded, [`X-Long: ${'a'.repeat(1_048_576)}`]]) {
    const { verdict } = open(mail(TEXT_ENTITY, outer));
    assert.equal(verdict.show, 'quarantine');
  }
});
