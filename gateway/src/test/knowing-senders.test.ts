/** What is known of the people of a letter: whether and where its writer is answered, whom it names, who can be reached. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Verdict } from '@estafette/contracts/verdict';
import { newLearnt } from '../lasting/rows.conformance.ts';
import { type Carrier, type LetterHeaders, NO_HEADERS, type OpenedLetter } from '../ports.ts';
import { openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const VERIFIED: Verdict = {
  signature: 'valid',
  identity: 'match',
  encryption: 'opened',
  show: 'verified',
  reasons: [],
  signer: null,
};
const UNSIGNED: Verdict = { ...VERIFIED, signature: 'none', identity: 'none', encryption: 'none', show: 'unverified' };
const HOSPITAL: Carrier = { kind: 'operator', domain: 'hopital.example', name: 'HOPITAL' };
const OWN = 'pharmacie@officine.example';

const letter = (verdict: Verdict, headers: Partial<LetterHeaders>): OpenedLetter => ({
  verdict,
  layers: [],
  headers: { ...NO_HEADERS, from: 'service.auto@hopital.example', ...headers },
  documents: [],
  wants: [],
  senderCertificate: null,
  noticeCertificate: null,
  identity: 'x',
});

const know = (opened: OpenedLetter, spaceName: string, carrier?: Carrier) =>
  world.know(opened, { space: world.spaces.judging(spaceName), carrier, ownAddress: OWN });
const learn = (address: string) =>
  world.store.saveCorrespondent(newLearnt(world.certificates.indexOf(address)), world.clock.ms);

test('where answers are encrypted when possible, a proven writer is answered without a certificate', async () => {
  assert.equal((await know(letter(UNSIGNED, {}), 'mssante', HOSPITAL)).answerable, true);
  assert.equal((await know(letter(UNSIGNED, {}), 'mssante')).answerable, false);
  assert.equal(
    (await know(letter(UNSIGNED, {}), 'mssante', { ...HOSPITAL, domain: 'labo.example' })).answerable,
    false,
  );
});

test('where answers are always encrypted, his certificate must be known', async () => {
  assert.equal((await know(letter(VERIFIED, {}), 'demo')).answerable, false);
  await learn('service.auto@hopital.example');
  assert.equal((await know(letter(VERIFIED, {}), 'demo')).answerable, true);
  assert.equal((await know(letter(UNSIGNED, {}), 'demo')).answerable, false);
});

test('Reply-To is where answers go when his operator vouches for it and it is of the same domain', async () => {
  const answerTo = async (
    replyTo: string,
    change: Partial<LetterHeaders> = {},
    carrier: Carrier | undefined = HOSPITAL,
  ) => (await know(letter(UNSIGNED, { replyTo, replyToName: 'Service Y', ...change }), 'mssante', carrier)).answerTo;
  const answered = { name: 'Service Y', address: 'service.y@hopital.example' };
  assert.deepEqual(await answerTo('service.y@hopital.example'), answered);
  assert.equal(await answerTo('mallory@labo.example'), null);
  assert.equal(await answerTo('service.y@sub.hopital.example'), null);
  assert.equal(await answerTo(''), null);
  assert.equal(await answerTo('service.y@hopital.example', {}, { ...HOSPITAL, domain: 'labo.example' }), null);
});

test('prevents: a Reply-To added on the way to a signed letter', async () => {
  const replyTo = 'mallory@hopital.example';
  const signed = async (replyToProtected: boolean, space: string) =>
    (await know(letter(VERIFIED, { replyTo, replyToProtected }), space, HOSPITAL)).answerTo;
  assert.equal(await signed(false, 'mssante'), null);
  assert.equal((await signed(true, 'mssante'))?.address, replyTo);
  assert.equal(await signed(true, 'demo'), null, 'its certificate is not known');
  await learn(replyTo);
  assert.equal((await signed(true, 'demo'))?.address, replyTo);
});

test('the others on a letter are named once, without the mailbox and the writer, and said to be reachable or not', async () => {
  const people = [
    { name: '', address: 'Pharmacie@officine.example', role: 'to' },
    { name: 'Labo', address: 'labo@labo.example', role: 'to' },
    { name: '', address: 'LABO@labo.example', role: 'cc' },
    { name: '', address: 'service.auto@HOPITAL.example', role: 'cc' },
    { name: '', address: 'ami@webmail.example', role: 'cc' },
  ] as const;
  const found = await know(letter(UNSIGNED, { people }), 'mssante', HOSPITAL);
  // The demo space reaches any domain, with a certificate; MSSanté the listed ones, without.
  assert.deepEqual(found.people, [
    { name: 'Labo', address: 'labo@labo.example', role: 'to', reachable: true },
    { name: '', address: 'ami@webmail.example', role: 'cc', reachable: false },
  ]);
  await learn('ami@webmail.example');
  const again = await know(letter(UNSIGNED, { people }), 'mssante', HOSPITAL);
  assert.deepEqual(
    again.people.map(({ reachable }) => reachable),
    [true, true],
  );
  assert.deepEqual(
    again.participants.map(({ addressIndex, role }) => [addressIndex.toString('hex'), role]),
    [
      [world.certificates.indexOf('labo@labo.example').toString('hex'), 'to'],
      [world.certificates.indexOf('ami@webmail.example').toString('hex'), 'cc'],
    ],
  );
});

test('who is answered instead of the writer takes part, in the first place', async () => {
  const people = [{ name: '', address: 'service.y@hopital.example', role: 'cc' }] as const;
  const found = await know(letter(UNSIGNED, { people, replyTo: 'service.y@hopital.example' }), 'mssante', HOSPITAL);
  assert.deepEqual(found.people, [{ name: '', address: 'service.y@hopital.example', role: 'from', reachable: true }]);
  // He wrote nothing: only the writer's own letters are found as his.
  assert.deepEqual(found.participants, [
    { addressIndex: world.certificates.indexOf('service.y@hopital.example'), role: 'to' },
  ]);
});

test('prevents: a sign that looks like a letter hiding one recipient behind another, or as the mailbox itself', async () => {
  const addresses = [
    'mark@labo.example',
    'mar\u212a@labo.example',
    'pharmacie@off\u0130cine.example',
    '\u212a@labo.example',
  ];
  const people = addresses.map((address) => ({ name: '', address, role: 'to' }) as const);
  const found = await know(letter(UNSIGNED, { people }), 'mssante', HOSPITAL);
  assert.deepEqual(
    found.people.map(({ address }) => address),
    addresses,
  );
  assert.equal(
    new Set(found.participants.map(({ addressIndex }) => addressIndex.toString('hex'))).size,
    addresses.length,
  );
});
