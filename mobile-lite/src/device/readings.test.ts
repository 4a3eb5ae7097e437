/** What a device tells of the letters its person has read, and what it hears of the others'. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { LetterMessage, Message } from '@estafette/contracts/message';
import { letter } from '../test/demo-letters.ts';
import { RelayDouble } from '../test/relay-double.ts';
import { until } from '../test/until.ts';
import { type DeviceSession, openDeviceSession } from './device-session.ts';
import { enrolDevice } from './enrol-device.ts';
import { MemoryDeviceStore } from './memory-device-store.ts';

const HOUR_MS = 3_600_000;
const QUICK = { firstMs: 20, maxMs: 100, laterMs: 50 };
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function openSession(relay: RelayDouble, store: MemoryDeviceStore): Promise<DeviceSession> {
  const session = await openDeviceSession({ baseUrl: relay.baseUrl, store, reconnect: QUICK });
  assert.ok(session);
  endings.push(() => session.close());
  session.start();
  await until(() => session.getSnapshot().connection.phase === 'live', 'live');
  return session;
}

/** A device with two conversations of a letter each, the second one later. */
async function stage() {
  const relay = await RelayDouble.start();
  endings.push(() => relay.stop());
  const store = new MemoryDeviceStore();
  await enrolDevice({ link: relay.gateway.makeLink(relay.baseUrl), baseUrl: relay.baseUrl, store });
  const session = await openSession(relay, store);
  const [first, second] = [letter({ subject: 'un' }), letter({ subject: 'deux' })];
  const conversation = await relay.gateway.openConversation(HOUR_MS * 72);
  const later = await relay.gateway.openConversation(HOUR_MS * 72);
  for (const [place, message] of [[conversation, first] as const, [later, second] as const]) {
    await relay.gateway.sendKey(place);
    await relay.gateway.sendMessage(place, message);
    await until(() => session.getSnapshot().conversations[0]?.subject === message.subject, 'the letter is shown');
  }
  return { relay, store, session, conversation, first };
}

const listOf = (session: DeviceSession) =>
  session.getSnapshot().conversations.map(({ subject, unread, lastActivityAt, messages }) => ({
    ...{ subject, unread, lastActivityAt },
    messages: messages.map(({ type }) => type),
  }));

const readBy = ({ letterId }: LetterMessage, person: string): Message => ({
  ...{ type: 'read', letterId, person },
  at: new Date().toISOString(),
});

test('every letter that was seen is told as read once, signed, and offered again until the relay has it', async () => {
  const { relay, store, session, conversation } = await stage();
  const { conversationId } = conversation;
  const [plain, asking] = [letter(), letter({ asksReceipt: true, subject: 'demande' })];
  await relay.gateway.sendMessage(conversation, asking);
  relay.notesReceipts = false;
  await session.markSeen(conversationId, asking);
  await session.markSeen(conversationId, asking);
  await until(() => relay.framesOf('read').length === 1, 'told');
  relay.cut();
  await until(() => relay.framesOf('read').length === 2, 'offered again');
  relay.notesReceipts = true;
  relay.cut();
  await until(async () => (await store.load()).receipts[0]?.noted === true, 'noted');
  await session.markSeen(conversationId, plain);
  await until(async () => (await store.load()).receipts.every(({ noted }) => noted), 'the other one too');
  const told = relay.received.flatMap((one) =>
    one.frame.t === 'read' ? [{ ...one, receipt: one.frame.receipt }] : [],
  );
  assert.deepEqual(
    told.map(({ receipt }) => receipt.letterId),
    [asking.letterId, asking.letterId, asking.letterId, plain.letterId],
  );
  for (const { deviceId, receipt } of told) assert.equal(await relay.gateway.isSigned(deviceId, receipt), true);
  session.close();
  const second = await openSession(relay, store);
  await second.markSeen(conversationId, asking);
  await second.markSeen(conversationId, plain);
  assert.equal(relay.framesOf('read').length, 4);
});

test('however many letters wait to be told as read, the relay bears the pace, and an answer does not wait for them', async () => {
  const { relay, store, session, conversation, first } = await stage();
  const letters = Array.from({ length: 24 }, () => letter());
  relay.reachable = false;
  relay.cut();
  await until(() => session.getSnapshot().connection.phase !== 'live', 'offline');
  for (const one of [first, ...letters]) await session.markSeen(conversation.conversationId, one);
  await session.sendReply(conversation.conversationId, 'Entendu.');
  relay.framesAtOnceMax = 12;
  relay.reachable = true;
  session.wake();
  await until(async () => (await store.load()).receipts.every(({ noted }) => noted), 'all are told');
  assert.equal(relay.closedForHaste, 0);
  assert.equal(relay.framesOf('read').length, 25);
  const order = relay.received.map(({ frame }) => frame.t);
  assert.ok(order.indexOf('reply') < order.indexOf('read') + 3, order.join(' '));
});

test('who has read a letter is known, and nothing of it is unread, a message, or a reason to come up in the list', async () => {
  const { relay, store, session, conversation, first } = await stage();
  await session.markRead(conversation.conversationId);
  const before = listOf(session);
  const heard: string[] = [];
  session.onMessage(({ message }) => heard.push(message.type));
  const event = await relay.gateway.sendMessage(conversation, readBy(first, 'Camille'));
  await relay.gateway.sendMessage(conversation, readBy(first, 'Noé'));
  relay.store(event);
  const readersIn = (at: DeviceSession): string[] =>
    at.getSnapshot().conversations.flatMap(({ readings }) => readings.map(({ person }) => person));
  await until(() => readersIn(session).length === 2, 'both are known');
  assert.deepEqual(readersIn(session), ['Camille', 'Noé']);
  assert.deepEqual(listOf(session), before);
  assert.deepEqual(heard, ['read', 'read']);
  session.close();
  const again = await openSession(relay, store);
  assert.deepEqual(readersIn(again), ['Camille', 'Noé']);
  assert.deepEqual(listOf(again), before);
});

test('an app that does not know what is told as a status shows nothing of it: how an older one takes who has read', async () => {
  const { relay, session, conversation } = await stage();
  const before = listOf(session);
  const unknown = { type: 'looked-at', letterId: 'x' } as unknown as Message;
  relay.store(await relay.gateway.sealMessage(conversation, 'status', unknown));
  const { cursor = 0 } = relay.framesOf('ack').at(-1) ?? {};
  await until(() => (relay.framesOf('ack').at(-1)?.cursor ?? 0) > cursor, 'taken');
  assert.deepEqual(listOf(session), before);
});

test('what is told before the key has come is known when it comes', async () => {
  const { relay, session } = await stage();
  const place = await relay.gateway.openConversation(HOUR_MS);
  const late = letter({ subject: 'trois' });
  await relay.gateway.sendMessage(place, late);
  await relay.gateway.sendMessage(place, readBy(late, 'Camille'));
  await relay.gateway.sendKey(place);
  await until(() => session.getSnapshot().conversations[0]?.readings.length === 1, 'known');
  assert.equal(session.getSnapshot().conversations[0]?.unread, 1);
});
