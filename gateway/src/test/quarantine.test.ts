/** What the operator decides of a letter in quarantine, done once, and never better than it is. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openJson } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import { type Message, MessageSchema } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';
import * as v from 'valibot';
import { createTrail } from '../audit/trail.ts';
import { openCertificateBook } from '../conversation/certificate-book.ts';
import { openClaimedSender } from '../conversation/kept-original.ts';
import { createLetterKeeper } from '../conversation/letter-message.ts';
import { createQuarantine } from '../conversation/quarantine.ts';
import type { Routing } from '../conversation/route-letter.ts';
import { NO_HEADERS, type OpenedLetter } from '../ports.ts';
import { openWorld, questionIn, START, type World } from './world.fixture.ts';

const LETTER = Buffer.from('From: claire.martin@cabinet.example\r\n\r\nINR');
const ADDRESS = 'claire.martin@cabinet.example';
const FORGED: Verdict = {
  signature: 'invalid',
  identity: 'match',
  encryption: 'opened',
  show: 'quarantine',
  reasons: ['content-altered'],
  signer: null,
};
const CERTIFICATE = {
  der: Buffer.from('certificate'),
  chain: [],
  fingerprint: 'print',
  capabilities: null,
  signedAt: 1,
  signer: 'signer',
};

const opened = (verdict: Verdict, change: Partial<OpenedLetter> = {}): OpenedLetter => ({
  verdict,
  layers: [],
  headers: { ...NO_HEADERS, from: ADDRESS, fromName: 'Dr Claire MARTIN', subject: 'INR' },
  documents: [{ kind: 'text', text: 'INR à 6,8', truncated: false }],
  senderCertificate: null,
  noticeCertificate: null,
  wants: [],
  identity: 'x',
  ...change,
});

let world: World;
/** What the letter is found to be when it is opened again. */
let now: OpenedLetter;
let isRelayAway: boolean;
let isScanning: boolean;
/** What happens while the letter is opened again. */
let meanwhile: () => Promise<unknown>;
beforeEach(async () => {
  meanwhile = async () => {};
  world = await openWorld();
  isRelayAway = false;
  isScanning = true;
});
afterEach(() => world.close());

function rooms() {
  const { store, vault, clock } = world;
  const trailOf = (inside: typeof store) => createTrail(inside, clock);
  const keeper = createLetterKeeper(world);
  const certificates = openCertificateBook({ store, vault, trailOf, clock });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const asked: Buffer[] = [];
  const openReleased = async (bytes: Buffer) => {
    asked.push(bytes);
    await meanwhile();
    return now;
  };
  const delivered = (): Promise<void> => {
    const done = isRelayAway ? Promise.reject(new Error('not yet')) : Promise.resolve();
    done.catch(() => {});
    return done;
  };
  const parts = { ...world, keeper, trailOf, log, openReleased, delivered };
  const quarantine = createQuarantine({
    ...parts,
    get isScanning() {
      return isScanning;
    },
  });
  return { quarantine, keeper, certificates, asked };
}

/** A letter as the way in leaves it: routed, its original kept, held. */
async function heldLetter(found: OpenedLetter = opened(FORGED)) {
  const { quarantine, keeper, certificates, asked } = rooms();
  const senderIndex = certificates.indexOf(ADDRESS);
  const question = questionIn(world, {}, { proof: null, answerable: false, correspondentIndex: senderIndex });
  const { letterId } = question;
  const routed = (await world.route(question)) as Extract<Routing, { outcome: 'routed' }>;
  await keeper.keepOriginal(routed, letterId, LETTER);
  const letter = { letterId, opened: found, senderIndex, receivedAt: world.clock.ms, bytes: LETTER };
  await quarantine.hold(routed, letter);
  await quarantine.hold(routed, letter);
  const ask = async (wish: 'release' | 'delete') => {
    assert.equal(await world.store.wishForQuarantined(letterId, world.mailboxId, wish), true);
    await quarantine.fulfil();
    return world.store.quarantinedLetter(letterId, world.mailboxId);
  };
  /** What the way in does again after a crash. */
  const again = async () => {
    await keeper.keepOriginal(routed, letterId, LETTER);
    await quarantine.hold(routed, letter);
  };
  return { letterId, routed, senderIndex, quarantine, asked, ask, again };
}

/** The messages that were delivered, opened as a phone opens them. */
async function messagesIn(routed: Extract<Routing, { outcome: 'routed' }>): Promise<Message[]> {
  const events = world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
  return Promise.all(
    events.map(async (event) => {
      assert.equal(event.kind, 'message');
      const { id, conversationId, author } = event;
      const sealed = event as Extract<typeof event, { kind: 'message' | 'status' }>;
      return v.parse(
        MessageSchema,
        await openJson(routed.key.key, { kind: 'message', conversationId, id, author }, sealed),
      );
    }),
  );
}

const eventsOf = async (letterId: string) => (await world.store.trace(letterId)).map(({ event }) => event);

test('a held letter is noted once, its claimed sender sealed under the key of its conversation', async () => {
  const { letterId, routed } = await heldLetter();
  const [held] = await world.store.quarantinedLetters(world.clock.ms);
  assert.deepEqual([held?.letterId, held?.bytes, held?.state], [letterId, LETTER.length, 'held']);
  assert.ok(held?.sealedSender && !held.sealedSender.includes('claire'));
  const sender = { name: 'Dr Claire MARTIN', address: ADDRESS };
  assert.deepEqual(await openClaimedSender(routed, letterId, held.sealedSender), sender);
  assert.equal((await eventsOf(letterId)).filter((event) => event === 'letter-quarantined').length, 1);
});

test('a forged letter is shown as unverified with its reasons: nothing is learnt, nobody can be answered', async () => {
  const { letterId, routed, senderIndex, asked, ask } = await heldLetter();
  now = opened(FORGED, { senderCertificate: CERTIFICATE });
  assert.equal((await ask('release'))?.state, 'released');
  assert.deepEqual(asked, [LETTER]);
  const [shown] = await messagesIn(routed);
  assert.ok(shown?.type === 'letter' && shown.documents.length === 1);
  assert.deepEqual([shown.verdict.show, shown.verdict.reasons], ['unverified', ['content-altered', 'released']]);
  assert.equal(shown.answerable, false);
  assert.equal(await world.store.correspondent(senderIndex), null);
  assert.equal((await world.store.lettersOf(letterId))[0]?.answerable, false);
});

test('a letter that is verified now is shown as verified, its certificate learnt, and can be answered', async () => {
  const { letterId, routed, senderIndex, ask } = await heldLetter();
  const verdict: Verdict = { ...FORGED, signature: 'valid', show: 'verified', reasons: [] };
  now = opened(verdict, { senderCertificate: CERTIFICATE });
  await ask('release');
  const [shown] = await messagesIn(routed);
  assert.ok(shown?.type === 'letter' && shown.answerable);
  assert.deepEqual([shown.verdict.show, shown.verdict.reasons], ['verified', []]);
  assert.ok(await world.store.correspondent(senderIndex));
  assert.equal((await world.store.lastAnswerableLetter(routed.conversation.id))?.letterId, letterId);
});

test('a verified letter of somebody else than the notice named cannot be answered there', async () => {
  const { routed, ask } = await heldLetter();
  const headers = { ...NO_HEADERS, from: 'autre@cabinet.example' };
  const verdict: Verdict = { ...FORGED, signature: 'valid', show: 'verified', reasons: [] };
  now = opened(verdict, { headers, senderCertificate: CERTIFICATE });
  await ask('release');
  const [shown] = await messagesIn(routed);
  assert.ok(shown?.type === 'letter' && !shown.answerable);
});

test('what cannot be opened has nothing to show: it stays, and the trail says why', async () => {
  const { letterId, ask } = await heldLetter();
  now = opened({ ...FORGED, encryption: 'refused', reasons: ['not-for-us'] }, { documents: [] });
  const letter = await ask('release');
  assert.deepEqual([letter?.state, letter?.wish, letter?.outcome], ['held', null, 'not-for-us']);
  assert.deepEqual(world.delivered(), []);
  assert.ok((await eventsOf(letterId)).includes('letter-release-failed'));
});

test('a letter that names a patient who opposes stays, whatever it was held for, until the opposition has ended', async () => {
  const { letterId, routed, ask } = await heldLetter();
  const traits = { familyNames: ['Terrieur'], givenName: 'Alex', birthDate: '1979-03-28', sex: null };
  const id = newId('opposition');
  const { store, mailboxId } = world;
  await store.addOpposition({ id, mailboxId, patient: { number: null, traits }, recordedBy: 'operator' }, START);
  const patient = { index: 0, familyName: 'TERRIEUR', birthName: '', givenName: 'ALEX', birthDate: '1979-03-28' };
  now = opened(FORGED, { patients: [{ ...patient, sex: 'F', ins: null }] });
  const kept = await ask('release');
  assert.deepEqual([kept?.state, kept?.outcome, world.delivered()], ['held', 'patient-opposes', []]);
  assert.deepEqual(await store.opposingLetter(letterId, mailboxId), [id]);
  await store.withdrawOpposition(id, START);
  assert.equal((await ask('release'))?.state, 'released');
  assert.equal((await messagesIn(routed)).length, 1);
});

test('while the relay is away the wish waits; then the letter is shown under the same event', async () => {
  const { routed, quarantine, ask } = await heldLetter();
  now = opened(FORGED);
  isRelayAway = true;
  const begun = await ask('release');
  assert.deepEqual([begun?.state, begun?.wish, (await messagesIn(routed)).length], ['released', 'release', 1]);
  isRelayAway = false;
  await quarantine.fulfil();
  const ids = world.delivered().flatMap((job) => (job.kind === 'append' ? job.events.map(({ id }) => id) : []));
  assert.deepEqual([ids.length, new Set(ids).size], [2, 1]);
  await quarantine.fulfil();
  assert.equal(world.delivered().length, 2);
});

test('a deleted letter leaves no bytes and no claimed sender behind', async () => {
  const { letterId, ask } = await heldLetter();
  const letter = await ask('delete');
  assert.deepEqual([letter?.state, letter?.sealedSender], ['deleted', null]);
  const blobs = await world.store.blobsOf(letter?.conversationId ?? '');
  for (const { blobId } of blobs) assert.equal(await world.blobs.get(`blobs/${world.mailboxId}/${blobId}`), null);
  assert.ok((await eventsOf(letterId)).includes('letter-deleted'));
});

test('a release that has begun cannot become a deletion: the letter is on its way to the screen', async () => {
  const { letterId, ask } = await heldLetter();
  now = opened(FORGED);
  isRelayAway = true;
  await ask('release');
  assert.equal(await world.store.wishForQuarantined(letterId, world.mailboxId, 'delete'), false);
});

test('a deletion asked while the letter is opened for a release is done, and nothing is shown', async () => {
  for (const found of [opened(FORGED), opened({ ...FORGED, reasons: ['not-for-us'] }, { documents: [] })]) {
    const { letterId, quarantine, ask } = await heldLetter();
    now = found;
    meanwhile = () => world.store.wishForQuarantined(letterId, world.mailboxId, 'delete');
    assert.deepEqual([(await ask('release'))?.state, world.delivered()], ['held', []]);
    await quarantine.fulfil();
    assert.equal((await world.store.quarantinedLetter(letterId, world.mailboxId))?.state, 'deleted');
  }
});

test('a letter that was deleted stays deleted when the way in has to begin again', async () => {
  const { routed, ask, again } = await heldLetter();
  await ask('delete');
  await again();
  for (const { blobId } of await world.store.blobsOf(routed.conversation.id))
    assert.equal(await world.blobs.get(`blobs/${world.mailboxId}/${blobId}`), null);
});

test('a letter whose conversation is over cannot be released', async () => {
  const { routed, ask } = await heldLetter();
  now = opened(FORGED);
  world.clock.ms = routed.conversation.expiresAt;
  await world.custody.destroyOver(world.clock.ms);
  assert.equal((await ask('release'))?.outcome, 'conversation-expired');
});

test('an infected letter is named in the trail, and released only after a scan that finds nothing', async () => {
  const { letterId, routed, quarantine, ask } = await heldLetter({
    ...opened({ ...FORGED, signature: 'valid', reasons: ['virus-found'] }),
    virus: 'Eicar-Test',
  });
  const [found] = (await world.store.trace(letterId)).filter(({ event }) => event === 'virus-found');
  assert.equal(found?.detail, 'Eicar-Test');
  now = opened({ ...FORGED, signature: 'valid', reasons: ['virus-found'] }, { documents: [] });
  assert.deepEqual([(await ask('release'))?.state, (await ask('release'))?.outcome], ['held', 'virus-found']);
  now = opened({ ...FORGED, signature: 'valid', show: 'verified', reasons: [] });
  isScanning = false;
  assert.equal(
    (await ask('release'))?.outcome,
    'virus-found',
    'without an antivirus nothing says that it is clean now',
  );
  isScanning = true;
  assert.equal((await ask('release'))?.state, 'released');
  assert.equal((await messagesIn(routed)).length, 1);
  await quarantine.close();
});
