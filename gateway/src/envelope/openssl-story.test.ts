/**
 * The doctor's side is the openssl command: what it signs and encrypts in every way of the main job opens here with the
 * right words, and what is sealed here opens and verifies there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCertificate } from './certificate.ts';
import { octetString } from './der.ts';
import { toWireLines } from './line-ends.ts';
import { OID } from './oids.ts';
import { openEnvelope } from './open-envelope.ts';
import { sealEnvelope } from './seal-envelope.ts';
import {
  authorityExtensions,
  certify,
  DOCTOR_ADDRESS,
  extension,
  mailExtensions,
  type Party,
  PHARMACY_ADDRESS,
  pem,
  policyOver,
  ROOT,
  revocationList,
  rsaKey,
  storeOf,
} from './test-authority.fixture.ts';

const TEXT = 'INR 6,8 : merci de rappeler Mme DESSAINT.';
const HOUR_MS = 3_600_000;
// openssl judges by the clock of the machine and writes its signing time, so this world lives now.
const now = new Date();
const life = { notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + 24 * HOUR_MS) };
const root = certify({ subject: ROOT.name, key: ROOT.key, extensions: authorityExtensions(), ...life });
function person(subject: string, address: string): Party {
  const key = rsaKey();
  const identifier = extension(OID.subjectKeyIdentifier, octetString(Buffer.from(subject)));
  return certify({ subject, key, issuer: ROOT, extensions: [...mailExtensions(address), identifier], ...life });
}
const doctor = person('Dr Claire MARTIN', DOCTOR_ADDRESS);
const pharmacy = person('Pharmacie des Tilleuls', PHARMACY_ADDRESS);
const list = revocationList({ issuer: ROOT, thisUpdate: life.notBefore, nextUpdate: life.notAfter });
const pharmacyKey = { certificate: readCertificate(pharmacy.certificate), privateKey: pharmacy.privateKey };
const policy = policyOver(storeOf([root.certificate], [list]), { keys: [pharmacyKey], at: now });

const folder = mkdtempSync(join(tmpdir(), 'estafette-openssl-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const keyPem = ({ privateKey }: Party): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
writeFileSync(path('root.pem'), pem('CERTIFICATE', root.certificate));
writeFileSync(path('doctor.pem'), pem('CERTIFICATE', doctor.certificate) + keyPem(doctor));
writeFileSync(path('pharmacy.pem'), pem('CERTIFICATE', pharmacy.certificate) + keyPem(pharmacy));
writeFileSync(path('letter.txt'), `Content-Type: text/plain; charset=utf-8\n\n${TEXT}\n`);

function cms(input: string, output: string, ...words: string[]): void {
  const run = spawnSync('openssl', ['cms', '-in', input, '-out', output, ...words], { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
}

const OUTER = ['-from', `Claire MARTIN <${DOCTOR_ADDRESS}>`, '-to', PHARMACY_ADDRESS, '-subject', 'INR'];
const sign = (input: string, output: string, ...words: string[]): void =>
  cms(input, output, '-sign', '-md', 'sha256', '-signer', 'doctor.pem', ...words);
const encrypt = (input: string, output: string, ...words: string[]): void =>
  cms(input, output, '-encrypt', '-aes256', ...words, '-recip', 'pharmacy.pem');
const open = (name: string) => openEnvelope(toWireLines(readFileSync(path(name))), policy);

/** Opens the file and expects the words signature, identity, encryption, show. */
function expectWords(name: string, words: string): void {
  const { verdict, content } = open(name);
  const { signature, identity, encryption, show, reasons } = verdict;
  assert.equal(`${signature} ${identity} ${encryption} ${show}`, words, reasons.join());
  assert.ok(content?.includes(TEXT));
}

test('a detached signature of openssl is verified', () => {
  sign('letter.txt', 'detached.eml', ...OUTER);
  expectWords('detached.eml', 'valid match none verified');
});

test('an opaque signature of openssl is verified, streamed in BER or not', () => {
  sign('letter.txt', 'opaque.eml', '-nodetach', ...OUTER);
  expectWords('opaque.eml', 'valid match none verified');
  sign('letter.txt', 'streamed.eml', '-nodetach', '-stream', ...OUTER);
  expectWords('streamed.eml', 'valid match none verified');
});

test('a signer named by its key identifier, and SHA-512, are verified', () => {
  sign('letter.txt', 'sha512.eml', '-md', 'sha512', ...OUTER);
  expectWords('sha512.eml', 'valid match none verified');
  sign('letter.txt', 'key-identifier.eml', '-keyid', ...OUTER);
  expectWords('key-identifier.eml', 'valid match none verified');
});

test('a text that openssl signed with its LF, as it lay in the file, is verified in every form', () => {
  sign('letter.txt', 'unix.eml', '-binary', ...OUTER);
  expectWords('unix.eml', 'valid match none verified');
  sign('letter.txt', 'unix-opaque.eml', '-binary', '-nodetach', ...OUTER);
  expectWords('unix-opaque.eml', 'valid match none verified');
  sign('letter.txt', 'unix-inner.eml', '-binary');
  encrypt('unix-inner.eml', 'unix-sealed.eml', '-binary', ...OUTER);
  expectWords('unix-sealed.eml', 'valid match opened verified');
});

test('an authenticated envelope of openssl (AES-GCM) opens and needs no mark; CBC without a signature gets one', () => {
  cms('letter.txt', 'gcm.eml', '-encrypt', '-aes-256-gcm', ...OUTER, '-recip', 'pharmacy.pem');
  assert.deepEqual([open('gcm.eml').inert, open('gcm.eml').verdict.reasons], [false, ['not-signed']]);
  encrypt('letter.txt', 'cbc.eml', ...OUTER);
  assert.deepEqual(
    [open('cbc.eml').inert, open('cbc.eml').verdict.reasons],
    [true, ['not-authenticated', 'not-signed']],
  );
});

test('an encrypted letter of openssl opens, streamed in BER or not, unverified', () => {
  encrypt('letter.txt', 'encrypted.eml', ...OUTER);
  expectWords('encrypted.eml', 'none none opened unverified');
  encrypt('letter.txt', 'encrypted-ber.eml', '-stream', ...OUTER);
  expectWords('encrypted-ber.eml', 'none none opened unverified');
  encrypt('letter.txt', 'aes128.eml', '-aes128', ...OUTER);
  expectWords('aes128.eml', 'none none opened unverified');
});

test('signed then encrypted is verified, whether the signature is detached or opaque', () => {
  sign('letter.txt', 'inner.eml');
  encrypt('inner.eml', 'signed-encrypted.eml', ...OUTER);
  expectWords('signed-encrypted.eml', 'valid match opened verified');
  sign('letter.txt', 'inner-opaque.eml', '-nodetach');
  encrypt('inner-opaque.eml', 'opaque-encrypted.eml', ...OUTER);
  expectWords('opaque-encrypted.eml', 'valid match opened verified');
});

test('encrypted then signed opens, and is not called verified', () => {
  encrypt('letter.txt', 'inner-encrypted.eml');
  sign('inner-encrypted.eml', 'encrypted-signed.eml', ...OUTER);
  expectWords('encrypted-signed.eml', 'valid match opened unverified');
});

test('a letter that openssl encrypted for somebody else is not opened', () => {
  cms('letter.txt', 'other.eml', '-encrypt', '-aes256', ...OUTER, '-recip', 'doctor.pem');
  const { verdict, content } = open('other.eml');
  assert.deepEqual([verdict.encryption, verdict.reasons, content], ['refused', ['not-for-us'], null]);
});

const ENTITY = Buffer.from(`Content-Type: text/plain\r\n\r\nBien recu, je rappelle la patiente.\r\n`);
const seal = (entity: Buffer): Buffer =>
  sealEnvelope({
    headers: [`From: <${PHARMACY_ADDRESS}>`, `To: <${DOCTOR_ADDRESS}>`, 'Subject: Re: INR'],
    entity,
    key: { certificate: readCertificate(pharmacy.certificate), chain: [], privateKey: pharmacy.privateKey },
    recipient: readCertificate(doctor.certificate),
    at: now,
  });

test('an answer sealed here is decrypted and verified by openssl, byte for byte', () => {
  writeFileSync(path('answer.eml'), seal(ENTITY));
  cms('answer.eml', 'answer-signed.eml', '-decrypt', '-recip', 'doctor.pem');
  cms('answer-signed.eml', 'answer.txt', '-verify', '-CAfile', 'root.pem', '-purpose', 'smimesign');
  assert.deepEqual(readFileSync(path('answer.txt')), ENTITY);
});

test('an answer sealed here shows nothing of its text, and opens at the other gateway as verified', () => {
  const sealed = seal(ENTITY);
  assert.ok(!sealed.includes('rappelle'));
  assert.ok(sealed.every((byte) => byte < 0x80));
  const keys = [{ certificate: readCertificate(doctor.certificate), privateKey: doctor.privateKey }];
  const { verdict, content } = openEnvelope(sealed, { ...policy, keys });
  assert.deepEqual([verdict.show, verdict.reasons], ['verified', []]);
  assert.deepEqual(content, ENTITY);
});

test('an entity that a relay could rewrite is not signed', () => {
  for (const fragile of ['a: b\n\nx', 'a: b\r\n\r\né', 'a: b\r\n\r\nx\r', 'a: b\r\n\r\n\u007f'])
    assert.throws(() => seal(Buffer.from(fragile)), RangeError);
});
