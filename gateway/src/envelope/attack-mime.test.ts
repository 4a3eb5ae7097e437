/**
 * The attack checklist, lines 15, 22, 23 and 24, at the height of a whole letter: headers inside and outside, MIME that
 * two readers take apart differently, and structures made to exhaust the reader. Each is tried where it is signed and
 * encrypted rightly, because the danger is a right signature over an ambiguous letter.
 */
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
const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'));
const signed = (entity: Buffer): Buffer => multipartSigned(entity, signedData(entity));

/** Every way an entity can come under a right signature. */
const WAYS: Readonly<Record<string, (entity: Buffer) => Buffer>> = {
  detached: (entity) => mail(signed(entity)),
  opaque: (entity) => mail(opaqueEntity(entity)),
  encrypted: (entity) => mail(encryptedEntity(signed(entity))),
  triple: (entity) => mail(signed(encryptedEntity(opaqueEntity(entity)))),
};

function assertRefused(entity: Buffer, because: string, reason: ReasonCode = 'mail-malformed'): void {
  for (const [way, make] of Object.entries(WAYS)) {
    const { verdict, content } = open(make(entity));
    assert.equal(verdict.show, 'quarantine', `${because}, ${way}: ${verdict.reasons.join()}`);
    assert.ok(verdict.reasons.includes(reason), `${because}, ${way}: ${verdict.reasons.join()}`);
    assert.equal(content, null);
  }
}

const part = (...head: string[]): string => [...head, '', 'texte', ''].join('\r\n');
const mixed = (body: string, type = 'multipart/mixed; boundary=q'): Buffer => lines(`Content-Type: ${type}`, '', body);
const PLAIN = part('Content-Type: text/plain');
const RIGHT = `--q\r\n${PLAIN}--q\r\n${PLAIN}--q--\r\n`;

test('line 22: an honest multipart under any signature is read', () => {
  for (const [way, make] of Object.entries(WAYS)) {
    const { verdict, leaves } = open(make(mixed(RIGHT)));
    assert.deepEqual([verdict.show, leaves.length, leaves[1]?.path], ['verified', 2, '2'], way);
  }
});

test('line 22: whatever two readers take apart differently is refused, though it is signed rightly', () => {
  const head = (...fields: string[]): Buffer => lines(...fields, '', SECRET_TEXT, '');
  const cases: Record<string, Buffer> = {
    'Content-Type twice': head('Content-Type: text/plain', 'Content-Type: text/html'),
    'Content-Type twice, alike': head('Content-Type: text/plain', 'content-type: text/plain'),
    'Content-Type with a space': head('Content-Type : text/html'),
    'transfer encoding twice': head('Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: 7bit'),
    'disposition twice': head('Content-Disposition: inline', 'Content-Disposition: attachment'),
    'an unknown transfer encoding': head('Content-Transfer-Encoding: x-uuencode'),
    'a parameter twice': head('Content-Type: text/plain; charset=utf-8; charset=utf-7'),
    'an unfinished quote': head('Content-Type: text/plain; charset="utf-8'),
    'a line without a colon': head('Content-Type: text/plain', 'Prenez le double'),
    'a field without a name': head(': text/plain'),
    'a folded line of blanks': head('Content-Type: text/plain', ' ', 'X: y'),
    'a continuation first': head(' Content-Type: text/html'),
    'message/partial': head('Content-Type: message/partial; id=a; number=1; total=2'),
    'message/external-body': head('Content-Type: message/external-body; access-type=URL'),
    'multipart without boundary': mixed(RIGHT, 'multipart/mixed'),
    'multipart with an empty boundary': mixed(RIGHT, 'multipart/mixed; boundary=""'),
    'multipart with a boundary ending in a space': mixed(RIGHT, 'multipart/mixed; boundary="q "'),
    'two boundaries': mixed(RIGHT, 'multipart/mixed; boundary=q; boundary=c'),
    'a boundary in pieces': mixed(RIGHT, 'multipart/mixed; boundary*0=q; boundary=q'),
    'a boundary and a comment': mixed(RIGHT, 'multipart/mixed; boundary=q (c)'),
    'a boundary with a blank in it': mixed(RIGHT, 'multipart/mixed; boundary=q c'),
    'multipart without parts': mixed('texte\r\n'),
    'a delimiter after the last': mixed(`${RIGHT}--q\r\n${PLAIN}--q--\r\n`),
    'a delimiter that goes on': mixed(`--qis\r\n${RIGHT}`),
    'a delimiter after a bare LF': mixed(RIGHT.replace('texte\r\n', 'texte\n')),
    'a delimiter after a bare CR': mixed(RIGHT.replace('texte\r\n', 'texte\r')),
    'an encoded multipart': lines('Content-Transfer-Encoding: base64', mixed(RIGHT).toString()),
    'a part of header lines only': mixed(`--q\r\nPrenez: le double\r\n--q--\r\n`),
    'a part with Content-Type twice': mixed(
      `--q\r\n${part('Content-Type: text/plain', 'Content-Type: text/html')}--q--\r\n`,
    ),
    'a part with bare LF in its header': mixed(`--q\r\nContent-Type: text/plain\nX: y\r\n\r\ntexte\r\n--q--\r\n`),
    'a part with NUL in its header': mixed(`--q\r\nContent-Type: text/plain\0\r\n\r\ntexte\r\n--q--\r\n`),
    'the same boundary within': mixed(`--q\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n${RIGHT}--q--\r\n`),
    'a boundary that begins another': mixed(
      `--qq\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n${RIGHT}--qq--\r\n`,
      'multipart/mixed; boundary=qq',
    ),
  };
  for (const [name, entity] of Object.entries(cases)) assertRefused(entity, name);
});

test('line 22: Eudora’s boundaries, of which one begins another, are read', () => {
  const inner = `Content-Type: multipart/related; boundary="q.REL"\r\n\r\n${RIGHT.replaceAll('--q', '--q.REL')}`;
  const { verdict, leaves } = open(WAYS.encrypted?.(mixed(`--q\r\n${inner}--q--\r\n`)) ?? Buffer.alloc(0));
  assert.deepEqual([verdict.show, leaves.map(({ path }) => path)], ['verified', ['1.1', '1.2']]);
});

test('line 22: what makes the outside ambiguous is refused before anything is opened', () => {
  const letter = detached().toString('latin1');
  for (const [find, become] of [
    ['MIME-Version: 1.0', 'MIME-Version: 1.0\r\nContent-Type: text/plain'],
    ['MIME-Version: 1.0', 'Content-Disposition: inline\r\nContent-Disposition: attachment'],
    ['boundary="', 'boundary=other; boundary="'],
    ['--boundary-of-the-test--', '--boundary-of-the-test--\r\n--boundary-of-the-test'],
    ['Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit'],
    ['Subject: INR', 'Subject: INR\r\n \r\nX: y'],
    ['Subject: INR', 'Subject: INR\r\nsans deux-points'],
  ] as const) {
    const { verdict } = open(Buffer.from(letter.replace(find, become), 'latin1'));
    assert.deepEqual([verdict.show, verdict.reasons], ['quarantine', ['mail-malformed']], become);
  }
});

test('line 23: parts, depth, headers and lines beyond the limits are too complex', () => {
  const deep = (depth: number): Buffer => {
    let entity = PLAIN;
    for (let level = 0; level < depth; level += 1)
      entity = `Content-Type: multipart/mixed; boundary=l${level}.\r\n\r\n--l${level}.\r\n${entity}--l${level}.--\r\n`;
    return Buffer.from(entity);
  };
  assert.equal(open(mail(signed(deep(15)))).verdict.show, 'verified');
  const bombs: Record<string, Buffer> = {
    'thirty thousand parts': mixed(`${'--q\r\n\r\nx\r\n'.repeat(30_000)}--q--\r\n`),
    'thirty thousand empty parts': mixed(`${'--q\r\n'.repeat(30_000)}--q--\r\n`),
    'five hundred parts in nests': mixed(
      `--q\r\n${'Content-Type: multipart/mixed; boundary=c\r\n\r\n'}${'--c\r\n\r\nx\r\n'.repeat(501)}--c--\r\n--q--\r\n`,
    ),
    'depth seventeen': deep(17),
    'depth two thousand': deep(2_000),
    'a hundred thousand header lines': lines(...Array.from({ length: 100_000 }, (_, at) => `X-${at}: y`), '', 'x'),
    'a folded header of ten thousand lines': lines('X: y', ...Array.from({ length: 10_000 }, () => ' y'), '', 'x'),
    'a header of a megabyte': lines(`X: ${'y'.repeat(1_048_576)}`, '', 'x'),
    'delimiters within lines': mixed(`--q\r\n\r\n${'x--q'.repeat(100_000)}\r\n--q--\r\n`),
  };
  for (const [name, entity] of Object.entries(bombs)) assertRefused(entity, name, 'too-complex');
  for (const entity of Object.values(bombs).slice(5, 8)) {
    const { verdict } = open(Buffer.concat([Buffer.from(`${OUTER.join('\r\n')}\r\n`), entity]));
    assert.deepEqual(verdict.reasons, ['too-complex']);
  }
});

test('line 24: a bare CR, a bare LF or a NUL anywhere in the letter as it came is refused', () => {
  for (const letter of [detached(), mail(opaqueEntity(TEXT_ENTITY)), mail(encryptedEntity(signed(TEXT_ENTITY)))]) {
    for (const bad of ['\r', '\n', '\0', '\r\r\n', '\n\r\n', '\r\n.\n']) {
      for (let at = 5; at < letter.length; at += 97) {
        const changed = Buffer.concat([letter.subarray(0, at), Buffer.from(`x${bad}x`), letter.subarray(at)]);
        const { verdict } = open(changed);
        assert.deepEqual([verdict.show, verdict.reasons], ['quarantine', ['mail-malformed']], `${bad} at ${at}`);
      }
    }
  }
});

const protectedBy = (...fields: string[]): Buffer => Buffer.concat([lines(...fields, ''), TEXT_ENTITY]);
const marked = (hp: string, ...fields: string[]): Buffer =>
  lines(...fields, `Content-Type: text/plain; charset=utf-8; hp="${hp}"`, '', SECRET_TEXT, '');

test('line 15: fields inside win over those outside, and only under a layer that protects them', () => {
  const inside = protectedBy('Subject: Dedans', `To: <${PHARMACY_ADDRESS}>`, 'Message-ID: <in@cabinet.example>');
  for (const make of Object.values(WAYS)) {
    const { headers, verdict } = open(make(inside));
    const { subject, subjectProtected, subjectHidden, toProtected, messageId } = headers;
    assert.deepEqual([subject, subjectProtected, subjectHidden, toProtected], ['Dedans', true, true, true]);
    assert.deepEqual([messageId, verdict.show], ['<in@cabinet.example>', 'verified']);
  }
  const unsigned = open(mail(opaqueEntity(inside, { signers: [] }))).headers;
  assert.deepEqual([unsigned.subject, unsigned.subjectProtected], ['INR', false]);
  const outside = open(mail(signed(TEXT_ENTITY))).headers;
  assert.deepEqual([outside.subjectProtected, outside.toProtected], [false, false]);
});

test('line 15: with hp the header outside counts for nothing that is shown, and HP-Outer is no header', () => {
  for (const hp of ['clear', 'cipher', 'CIPHER']) {
    const { headers } = open(mail(encryptedEntity(signed(marked(hp, 'HP-Outer: Subject: [...]', 'Date: Dedans')))));
    assert.deepEqual([headers.subject, headers.to, headers.date], ['', '', 'Dedans']);
    assert.deepEqual([headers.subjectProtected, headers.messageId], [true, '<letter-1@cabinet.example>']);
  }
  assert.equal(open(mail(signed(marked('other')))).headers.subject, 'INR');
});

test('line 15: a From inside that is not the one outside is a mismatch, however it comes in', () => {
  for (const fields of [
    [`From: <${PHARMACY_ADDRESS}>`],
    [`From: <${DOCTOR_ADDRESS}>`, `From: <${PHARMACY_ADDRESS}>`],
    ['From: undisclosed-recipients:;'],
    ['From:'],
    [`From: "${DOCTOR_ADDRESS}" <${PHARMACY_ADDRESS}>`],
  ]) {
    for (const entity of [protectedBy(...fields), marked('cipher', `To: ${PHARMACY_ADDRESS}`, ...fields)]) {
      const { verdict } = open(mail(signed(entity)));
      assert.deepEqual([verdict.identity, verdict.show], ['mismatch', 'unverified'], fields.join());
    }
  }
});

test('line 15: a letter wrapped whole is the letter; a forwarded one is not shown as its signer’s words', () => {
  const wrap = (from: string, parameters = ''): Buffer => {
    const inner = Buffer.concat([lines(`From: <${from}>`, 'Subject: Dedans', ''), TEXT_ENTITY]);
    return Buffer.concat([lines(`Content-Type: message/rfc822${parameters}`, '', ''), inner]);
  };
  for (const parameters of ['', '; forwarded=no']) {
    const { verdict, headers, leaves } = open(mail(signed(wrap(DOCTOR_ADDRESS, parameters))));
    assert.deepEqual([verdict.show, headers.subject, leaves[0]?.type], ['unverified', 'Dedans', 'text/plain']);
    assert.deepEqual(verdict.reasons, ['not-addressed', 'not-encrypted'], 'a whole header without To');
  }
  const forwarded = open(mail(signed(wrap(PHARMACY_ADDRESS))));
  assert.deepEqual([forwarded.headers.subject, forwarded.leaves[0]?.type], ['INR', 'message/rfc822']);
  assert.equal(open(mail(signed(wrap(PHARMACY_ADDRESS, '; forwarded=no')))).verdict.identity, 'mismatch');
  assert.equal(open(mail(signed(wrap(DOCTOR_ADDRESS, '; forwarded=yes')))).leaves[0]?.type, 'message/rfc822');
});
