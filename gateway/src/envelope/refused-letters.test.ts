/** Letters in quarantine: whose sender is proven nevertheless, and what an operator's release may read of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  detached,
  encryptedEntity,
  mail,
  multipartSigned,
  opaqueEntity,
  SECRET_TEXT,
  signedData,
  TEXT_ENTITY,
} from './letters.fixture.ts';
import { openEnvelope } from './open-envelope.ts';
import { doctor, goodPolicy, pharmacy, policyOver, storeOf } from './test-authority.fixture.ts';

const released = { ...goodPolicy, released: true };
const changed = (letter: Buffer): Buffer =>
  Buffer.from(letter.toString('latin1').replace(SECRET_TEXT, SECRET_TEXT.replace('6.8', '1.8')), 'latin1');

test('a good signature around what is not for us proves the sender: his certificate serves a notice and nothing else', () => {
  const opened = openEnvelope(mail(opaqueEntity(encryptedEntity(TEXT_ENTITY, { recipient: doctor }))), goodPolicy);
  const { show, signature, identity, encryption, reasons } = opened.verdict;
  assert.deepEqual([show, signature, identity, encryption], ['quarantine', 'valid', 'match', 'refused']);
  assert.ok(reasons.includes('not-for-us'));
  assert.deepEqual(opened.noticeCertificate, doctor.certificate);
  assert.deepEqual([opened.senderCertificate, opened.content], [null, null]);
});

test('nobody is proven by a signature inside what cannot be opened, nor by one that nobody vouches for', () => {
  const inside = multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY));
  const sealed = openEnvelope(mail(encryptedEntity(inside, { recipient: doctor })), goodPolicy);
  const outside = mail(opaqueEntity(encryptedEntity(TEXT_ENTITY, { recipient: doctor })));
  const unknown = openEnvelope(outside, policyOver(storeOf([pharmacy.certificate], [])));
  for (const { verdict, noticeCertificate } of [sealed, unknown]) {
    assert.deepEqual([verdict.show, noticeCertificate], ['quarantine', null]);
    assert.notEqual(verdict.signature, 'valid');
  }
});

test('a verified letter needs no notice', () => {
  assert.equal(openEnvelope(detached(), goodPolicy).noticeCertificate, null);
});

test('an altered letter is read only when it was released, as plain words, and stays what it is', () => {
  const letter = changed(detached());
  assert.equal(openEnvelope(letter, goodPolicy).content, null);
  const opened = openEnvelope(letter, released);
  assert.equal(opened.verdict.show, 'quarantine');
  assert.match(opened.content?.toString() ?? '', /1\.8/);
  assert.deepEqual([opened.inert, opened.senderCertificate, opened.noticeCertificate], [true, null, null]);
});

test('a release opens nothing that no key opens', () => {
  const opened = openEnvelope(mail(encryptedEntity(TEXT_ENTITY, { recipient: doctor })), released);
  assert.deepEqual([opened.content, opened.leaves], [null, []]);
});
