/**
 * The book of certificates: learns from verified letters, never backwards in time, says a change once as an event and
 * each time as a mark of the letter that brought it.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { createTrail } from '../audit/trail.ts';
import { type CertificateBook, openCertificateBook } from '../conversation/certificate-book.ts';
import { type LearnableCertificate, NO_HEADERS, type OpenedLetter } from '../ports.ts';
import { openWorld, START, type World } from './world.fixture.ts';

let world: World;
let book: CertificateBook;
let index: Buffer;
beforeEach(async () => {
  world = await openWorld();
  book = openCertificateBook({ ...world, trailOf: (store) => createTrail(store, world.clock) });
  index = book.indexOf('claire.martin@cabinet.example');
});
afterEach(() => world.close());

const certificate = (print: string, change: Partial<LearnableCertificate> = {}): LearnableCertificate => ({
  der: Buffer.from(`certificate ${print}`),
  chain: [Buffer.from('authority')],
  fingerprint: print,
  capabilities: null,
  signedAt: START,
  signer: print,
  ...change,
});
const letter = (senderCertificate: LearnableCertificate | null): OpenedLetter => ({
  verdict: { signature: 'valid', identity: 'match', encryption: 'opened', show: 'verified', reasons: [], signer: null },
  layers: [],
  headers: NO_HEADERS,
  documents: [],
  wants: [],
  senderCertificate,
  noticeCertificate: null,
  identity: 'x',
});

const learn = async (found: LearnableCertificate | null, letterId = newId('letter')) => {
  const { changed } = await book.learn(letterId, index, letter(found));
  const events = (await world.store.trace(letterId)).map(({ event, detail }) => `${event} ${detail}`);
  return { changed, events };
};
const known = async () => {
  const row = await world.store.correspondent(index);
  return [row?.fingerprint, row?.capabilities, row?.signedAt];
};

test('the first certificate is learnt, and the address is found in any case', async () => {
  assert.deepEqual(await learn(certificate('a')), { changed: false, events: ['certificate-learnt a'] });
  assert.deepEqual(await known(), ['a', null, START]);
  assert.deepEqual(book.indexOf('Claire.MARTIN@cabinet.EXAMPLE'), index);
});

test('another certificate is an event once, and a mark as often as its letter is taken up', async () => {
  await learn(certificate('a'));
  const letterId = newId('letter');
  const change = { changed: true, events: ['certificate-changed b'] };
  assert.deepEqual(await learn(certificate('b', { signedAt: START + 1_000 }), letterId), change);
  assert.deepEqual(await learn(certificate('b', { signedAt: START + 1_000 }), letterId), change);
  assert.deepEqual(await learn(certificate('b', { signedAt: START + 2_000 })), { changed: false, events: [] });
  assert.deepEqual(await learn(certificate('b', { signedAt: START + 1_000 }), letterId), change);
});

test('another certificate for signing is a change as well', async () => {
  await learn(certificate('a'));
  const found = certificate('a', { signer: 'another', signedAt: START + 1_000 });
  assert.deepEqual(await learn(found), { changed: true, events: ['certificate-changed a'] });
});

test('prevents: an old letter sent again bringing back an old key or weaker ciphers', async () => {
  await learn(certificate('a', { signedAt: START - 2_000 }));
  await learn(certificate('b', { capabilities: ['aes-256-gcm'] }));
  for (const signedAt of [START - 1_000, START])
    assert.deepEqual(await learn(certificate('a', { signedAt })), { changed: false, events: [] });
  await learn(certificate('b', { capabilities: ['aes-128-cbc'], signedAt: START - 1_000 }));
  assert.deepEqual(await known(), ['b', ['aes-256-gcm'], START]);
});

test('newer capabilities replace the older ones, without being a change of certificate', async () => {
  await learn(certificate('a', { capabilities: ['aes-256-cbc'] }));
  const newer = certificate('a', { capabilities: ['aes-256-gcm'], signedAt: START + 1_000 });
  assert.deepEqual(await learn(newer), { changed: false, events: [] });
  assert.deepEqual(await known(), ['a', ['aes-256-gcm'], START + 1_000]);
});

test('a letter that says the same writes nothing, until it is much newer', async () => {
  await learn(certificate('a'));
  await learn(certificate('a', { signedAt: START + ENVELOPE_LIMITS.learntTimeStepMs }));
  assert.deepEqual(await known(), ['a', null, START]);
  const later = START + ENVELOPE_LIMITS.learntTimeStepMs + 1;
  assert.deepEqual(await learn(certificate('a', { signedAt: later })), { changed: false, events: [] });
  assert.deepEqual(await known(), ['a', null, later]);
});

test('a letter that brings nothing teaches nothing; a certificate is known when it comes or came before', async () => {
  assert.deepEqual(await learn(null), { changed: false, events: [] });
  assert.equal(await book.knows(index, letter(null)), false);
  assert.equal(await book.knows(index), false);
  assert.equal(await book.knows(index, letter(certificate('a'))), true);
  await learn(certificate('a'));
  assert.equal(await book.knows(index, letter(null)), true);
  assert.equal(await book.knows(index), true);
});
