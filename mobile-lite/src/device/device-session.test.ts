import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import { labLetter, letter } from '../test/demo-letters.ts';
import type { DoubleConversation } from '../test/gateway-double.ts';
import { RelayDouble, type RelayDoubleOptions } from '../test/relay-double.ts';
import { until } from '../test/until.ts';
import type { Clock } from './clock.ts';
import { type DeviceSession, openDeviceSession } from './device-session.ts';
import type { OpenedMessage } from './device-snapshot.ts';
import { enrolDevice } from './enrol-device.ts';
import { MemoryDeviceStore } from './memory-device-store.ts';

const HOUR_MS = 3_600_000;
const QUICK = { firstMs: 20, maxMs: 100, laterMs: 50 };
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function enrolled(options: RelayDoubleOptions = {}, clock?: Clock) {
  const relay = await RelayDouble.start(options);
  endings.push(() => relay.stop());
  const store = new MemoryDeviceStore();
  const joined = await enrolDevice({ link: relay.gateway.makeLink(relay.baseUrl), baseUrl: relay.baseUrl, store });
  assert.equal(joined.outcome, 'joined');
  const session = await openSession(relay, store, clock);
  return { relay, store, session, seen: watch(session) };
}

async function openSession(relay: RelayDouble, store: MemoryDeviceStore, clock?: Clock): Promise<DeviceSession> {
  const session = await openDeviceSession({ baseUrl: relay.baseUrl, store, reconnect: QUICK, ...(clock && { clock }) });
  assert.ok(session);
  endings.push(() => session.close());
  session.start();
  await until(() => session.getSnapshot().connection.phase === 'live', 'live');
  return session;
}

function watch(session: DeviceSession): OpenedMessage[] {
  const seen: OpenedMessage[] = [];
  session.onMessage((opened) => seen.push(opened));
  return seen;
}

async function withLetter(relay: RelayDouble, session: DeviceSession): Promise<DoubleConversation> {
  const conversation = await relay.gateway.openConversation(HOUR_MS * 24);
  await relay.gateway.sendKey(conversation);
  await relay.gateway.sendMessage(conversation, labLetter());
  await until(() => session.getSnapshot().conversations[0]?.answerable === true, 'the letter is shown');
  return conversation;
}

function replyStates(session: DeviceSession): string[] {
  return session
    .getSnapshot()
    .conversations.flatMap(({ messages }) => messages)
    .flatMap((shown) => (shown.type === 'reply' ? [shown.progress.state] : []));
}

test('a device joins, reads a result, and its answer is kept until the gateway accepts it', async () => {
  const { relay, store, session, seen } = await enrolled();
  const conversation = await withLetter(relay, session);
  assert.deepEqual(
    seen.map(({ message }) => message.type),
    ['letter'],
  );
  assert.equal(session.getSnapshot().conversations[0]?.result?.severity, 'critical');
  await until(() => relay.framesOf('ack').some(({ cursor }) => cursor === 2), 'both events are acknowledged');

  const taken: { deviceId: string; reply: SealedReply }[] = [];
  relay.onReply = (deviceId, reply) => taken.push({ deviceId, reply });
  const replyId = await session.sendReply(conversation.conversationId, 'Patiente jointe, pas de saignement.');
  await until(() => replyStates(session)[0] === 'queued', 'queued');
  const [first] = taken;
  assert.ok(first);
  const opened = await relay.gateway.openReply(first.deviceId, first.reply);
  assert.equal(opened.text, 'Patiente jointe, pas de saignement.');
  assert.equal((await store.load()).replies[0]?.stage, 'queued');

  await relay.gateway.sendStatus(replyId, conversation.conversationId, { state: 'accepted' });
  await until(() => replyStates(session)[0] === 'accepted', 'accepted');
  await until(async () => (await store.load()).replies[0]?.stage === 'settled', 'settled');
  await relay.gateway.sendStatus(replyId, conversation.conversationId, { state: 'sealed' });
  await relay.gateway.sendStatus(replyId, conversation.conversationId, { state: 'sent' });
  await until(() => replyStates(session)[0] === 'sent', 'sent');
});

test('the network goes in the middle: everything comes once, in order, and the answer leaves when it is back', async () => {
  const { relay, store, session, seen } = await enrolled();
  const conversation = await withLetter(relay, session);
  relay.reachable = false;
  relay.cut();
  await until(() => session.getSnapshot().connection.phase === 'offline', 'offline');
  const replyId = await session.sendReply(conversation.conversationId, 'Écrit hors ligne');
  assert.deepEqual(replyStates(session), ['waiting']);
  const again = await relay.gateway.sendMessage(conversation, letter({ subject: 'deux' }));
  await relay.gateway.sendMessage(conversation, letter({ subject: 'trois' }));
  relay.store(again);
  relay.reachable = true;

  await until(() => replyStates(session)[0] === 'queued', 'the answer left');
  assert.deepEqual(
    seen.map(({ message }) => (message.type === 'letter' ? message.subject : message.type)),
    ['Résultats DESSAINT Marguerite', 'deux', 'trois'],
  );
  assert.deepEqual(
    relay.framesOf('reply').map(({ reply }) => reply.replyId),
    [replyId],
  );

  relay.cut();
  await until(
    () => relay.framesOf('reply').length === 2,
    'not accepted yet, so it is offered again, under the same id',
  );
  await relay.gateway.sendStatus(replyId, conversation.conversationId, { state: 'accepted' });
  await until(async () => (await store.load()).replies[0]?.stage === 'settled', 'settled');
  session.wake();
  await until(() => relay.framesOf('hello').length === 4 && session.getSnapshot().connection.phase === 'live', 'back');
  assert.equal(relay.framesOf('reply').length, 2, 'an accepted answer is not offered again');
});

test('a restart shows what was kept without asking the relay for it again', async () => {
  const { relay, store, session } = await enrolled();
  const conversation = await withLetter(relay, session);
  await session.sendReply(conversation.conversationId, 'Gardée');
  await session.markRead(conversation.conversationId);
  session.close();
  const second = await openSession(relay, store);
  const [shown] = second.getSnapshot().conversations;
  assert.deepEqual(
    shown?.messages.map(({ type }) => type),
    ['letter', 'reply'],
  );
  assert.equal(shown?.unread, 0);
  assert.equal(relay.framesOf('hello').at(-1)?.cursor, 2);
});

test('a gap: the cursor is forgotten, what lives comes again and is shown once, the waiting answer is offered again', async () => {
  const { relay, store, session, seen } = await enrolled();
  const conversation = await withLetter(relay, session);
  await session.sendReply(conversation.conversationId, 'Réponse');
  await until(() => replyStates(session)[0] === 'queued', 'queued');
  relay.forgetNumbers('epoch-2');
  relay.cut();
  await until(() => relay.framesOf('reply').length === 2, 'offered again');
  await relay.gateway.sendMessage(conversation, letter({ subject: 'après' }));
  await until(() => seen.length === 2, 'the new letter');
  assert.equal(session.getSnapshot().conversations[0]?.messages.length, 3);
  const { position } = await store.load();
  assert.deepEqual({ epoch: position.epoch, cursor: position.cursor }, { epoch: 'epoch-2', cursor: 3 });
});

test('a message that comes before its key waits sealed and is opened when the key comes', async () => {
  const { relay, session, seen } = await enrolled();
  const conversation = await relay.gateway.openConversation(HOUR_MS);
  await relay.gateway.sendMessage(conversation, labLetter());
  await until(() => session.getSnapshot().conversations[0]?.messages[0]?.type === 'waiting-for-key', 'it waits');
  assert.equal(session.getSnapshot().conversations[0]?.answerable, false);
  assert.equal(seen.length, 0);
  await session.markRead(conversation.conversationId);
  await relay.gateway.sendKey(conversation);
  await until(() => session.getSnapshot().conversations[0]?.messages[0]?.type === 'letter', 'it is opened');
  assert.equal(seen.length, 1);
  assert.equal(session.getSnapshot().conversations[0]?.unread, 1, 'nobody has read it yet');
});

test('a message the relay moved to another place does not open and is shown as unreadable', async () => {
  const { relay, session } = await enrolled();
  const conversation = await withLetter(relay, session);
  const event = await relay.gateway.sealMessage(conversation, 'message', letter());
  relay.store({ ...event, id: event.id.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) });
  await until(() => session.getSnapshot().conversations[0]?.messages.length === 2, 'it came');
  assert.equal(session.getSnapshot().conversations[0]?.messages[1]?.type, 'unreadable');
});

test('close codes: retry after 1013, stop after 4403, and wake again after another window took over (4409)', async () => {
  const { relay, session } = await enrolled();
  relay.closeSockets(1013);
  await until(() => relay.framesOf('hello').length === 2 && session.getSnapshot().connection.phase === 'live', 'back');
  relay.closeSockets(4409);
  await until(() => session.getSnapshot().connection.phase === 'stopped', 'replaced');
  assert.deepEqual(session.getSnapshot().connection, { phase: 'stopped', reason: 'replaced' });
  session.wake();
  await until(() => session.getSnapshot().connection.phase === 'live', 'taken back');
  relay.closeSockets(4403);
  await until(() => session.getSnapshot().connection.phase === 'stopped', 'revoked');
  assert.deepEqual(session.getSnapshot().connection, { phase: 'stopped', reason: 'revoked' });
  relay.gateway.devices.clear();
  session.wake();
  await until(() => session.getSnapshot().connection.phase === 'stopped', 'still revoked, after a few tries');
  assert.equal(relay.tickets.filter(({ code }) => code === 'unknown-device').length, 5);
});

test('a phone whose clock is a day wrong is corrected by the relay, and counts expiry by the server', async () => {
  const { relay, session, store } = await enrolled({ aheadMs: 24 * HOUR_MS });
  assert.deepEqual(
    relay.tickets.map(({ code }) => code),
    ['clock', 'ok'],
  );
  // As exact as its answers are quick, and a busy machine is slow.
  assert.ok(Math.abs(session.serverNow() - relay.now) < 60_000);
  assert.ok(Math.abs((await store.load()).serverOffsetMs - 24 * HOUR_MS) < 60_000);
});

test('at its expiry a conversation disappears, its key and events are erased, an unsent answer is reported', async () => {
  let shiftMs = 0;
  const { relay, session, store } = await enrolled({}, { now: () => Date.now() + shiftMs });
  const conversation = await relay.gateway.openConversation(HOUR_MS);
  await relay.gateway.sendKey(conversation);
  await relay.gateway.sendMessage(conversation, labLetter());
  await until(() => session.getSnapshot().conversations.length === 1, 'shown');
  relay.answerReply = () => null;
  await session.sendReply(conversation.conversationId, 'Trop tard');
  // Its end is a moment away now; a new connection counts anew how far.
  shiftMs = HOUR_MS - 400;
  relay.aheadMs = shiftMs;
  relay.cut();
  await until(() => session.getSnapshot().conversations.length === 0, 'gone');
  await until(() => session.getSnapshot().lostReplies === 1, 'reported');
  const kept = await store.load();
  assert.deepEqual([kept.keys.length, kept.events.length, kept.replies.length], [0, 0, 0]);
  await assert.rejects(session.sendReply(conversation.conversationId, 'encore'), { code: 'conversation-expired' });
});

test('an answer that waited more than an hour is held and needs the word of the person', async () => {
  let shiftMs = 0;
  const { relay, session } = await enrolled({}, { now: () => Date.now() + shiftMs });
  const conversation = await withLetter(relay, session);
  relay.reachable = false;
  relay.cut();
  await until(() => session.getSnapshot().connection.phase === 'offline', 'offline');
  const first = await session.sendReply(conversation.conversationId, 'À confirmer');
  const second = await session.sendReply(conversation.conversationId, 'À jeter');
  shiftMs = 2 * HOUR_MS;
  relay.aheadMs = 2 * HOUR_MS;
  relay.reachable = true;
  await until(() => session.getSnapshot().connection.phase === 'live', 'live');
  await until(() => replyStates(session).every((state) => state === 'held'), 'held');
  assert.equal(relay.framesOf('reply').length, 0);
  await session.confirmReply(first);
  await session.discardReply(second);
  await until(() => replyStates(session)[0] === 'queued', 'confirmed');
  assert.deepEqual(replyStates(session), ['queued']);
  assert.deepEqual(
    relay.framesOf('reply').map(({ reply }) => reply.replyId),
    [first],
  );
});

test('a refusal of the relay or the gateway is final and carries its code', async () => {
  const { relay, session } = await enrolled();
  const conversation = await withLetter(relay, session);
  relay.answerReply = ({ replyId }) => ({ t: 'refused', replyId, code: 'conversation-expired', retry: 'never' });
  await session.sendReply(conversation.conversationId, 'un');
  await until(() => replyStates(session)[0] === 'failed', 'refused by the relay');
  relay.answerReply = ({ replyId }) => ({ t: 'queued', replyId });
  const replyId = await session.sendReply(conversation.conversationId, 'deux');
  const { conversationId, expiresAt } = conversation;
  const id = `evt_${'0'.repeat(26)}`;
  relay.store({
    kind: 'refused',
    id,
    conversationId,
    author: 'gateway',
    expiresAt,
    replyId,
    failure: 'reply-malformed',
  });
  await until(() => replyStates(session)[1] === 'failed', 'refused by the gateway');
  assert.equal(session.getSnapshot().conversations[0]?.needsAttention, true);
});

test('a photo is fetched sealed, opened and checked; an altered one is refused', async () => {
  const { relay, session } = await enrolled();
  const conversation = await withLetter(relay, session);
  const clear = new Uint8Array([1, 2, 3, 4]);
  const { blobId, stored, sha256 } = await relay.gateway.sealBlob(conversation, clear);
  relay.blobs.set(blobId, stored);
  const photo = {
    kind: 'photo',
    blobId,
    name: 'p.png',
    mediaType: 'image/png',
    bytes: 4,
    sha256,
    width: 1,
    height: 1,
  } as const;
  assert.deepEqual(await session.openAttachment(conversation.conversationId, photo), clear);
  await assert.rejects(session.openAttachment(conversation.conversationId, { ...photo, sha256: '00' }), {
    trouble: 'altered',
  });
  relay.blobs.delete(blobId);
  await assert.rejects(session.openAttachment(conversation.conversationId, photo), { trouble: 'gone' });
});

test('forty answers in a row all leave, at a pace the relay accepts', async () => {
  const { relay, session } = await enrolled();
  const conversation = await withLetter(relay, session);
  const started = performance.now();
  for (let i = 0; i < 40; i += 1) await session.sendReply(conversation.conversationId, `réponse ${i}`);
  await until(() => relay.framesOf('reply').length === 40, 'all left', 60_000);
  assert.ok(performance.now() - started > 1_000, 'not all at once');
  assert.equal(new Set(relay.framesOf('reply').map(({ reply }) => reply.replyId)).size, 40);
});
