import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { Message } from '@estafette/contracts/message';
import { letter } from '../test/demo-letters.ts';
import { RelayDouble } from '../test/relay-double.ts';
import { until } from '../test/until.ts';
import { type Clock, systemClock } from './clock.ts';
import { type DeviceSession, openDeviceSession } from './device-session.ts';
import { enrolDevice } from './enrol-device.ts';
import { MemoryDeviceStore } from './memory-device-store.ts';

const HOUR_MS = 3_600_000;
const QUICK = { firstMs: 20, maxMs: 100, laterMs: 50 };
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function open(relay: RelayDouble, store: MemoryDeviceStore, clock: Clock = systemClock): Promise<DeviceSession> {
  const session = await openDeviceSession({ baseUrl: relay.baseUrl, store, reconnect: QUICK, clock });
  assert.ok(session);
  endings.push(() => session.close());
  session.start();
  return session;
}

async function stage() {
  const relay = await RelayDouble.start();
  endings.push(() => relay.stop());
  const store = new MemoryDeviceStore();
  await enrolDevice({ link: relay.gateway.makeLink(relay.baseUrl), baseUrl: relay.baseUrl, store });
  const session = await open(relay, store);
  const conversation = await relay.gateway.openConversation(HOUR_MS * 72);
  await relay.gateway.sendKey(conversation);
  await relay.gateway.sendMessage(conversation, letter({ fileable: true }));
  await until(() => session.getSnapshot().conversations[0]?.fileable === true, 'the letter is shown');
  return { relay, store, session, conversation };
}

const shown = (session: DeviceSession) => session.getSnapshot().conversations[0]?.messages ?? [];
const filings = (session: DeviceSession) => shown(session).flatMap((one) => (one.type === 'filing' ? [one] : []));
const WISH = {
  what: { kind: 'conversation' },
  patient: { from: 'report', letterId: newId('letter'), index: 0 },
} as const;

test('a wish to file is sealed, signed and kept; without a network it leaves later, even hours later, under its id', async () => {
  const { relay, store, session, conversation } = await stage();
  relay.reachable = false;
  relay.cut();
  const replyId = await session.sendFiling(conversation.conversationId, WISH);
  assert.deepEqual(
    filings(session).map(({ mine, progress }) => [mine, progress.state]),
    [[true, 'waiting']],
  );
  session.close();
  relay.reachable = true;
  relay.aheadMs = 5 * HOUR_MS;
  const later = await open(relay, store);
  await until(() => relay.framesOf('reply').length === 1, 'it left, and was not held');
  const [{ deviceId, frame } = {}] = relay.received.filter((one) => one.frame.t === 'reply');
  assert.ok(deviceId !== undefined && frame?.t === 'reply');
  const written = await relay.gateway.openWritten(deviceId, frame.reply);
  assert.deepEqual({ ...written, typedAt: '' }, { type: 'filing', replyId, ...WISH, typedAt: '' });
  await relay.gateway.sendStatus(replyId, conversation.conversationId, { state: 'delivered', revision: 3 });
  await until(() => filings(later)[0]?.progress.state === 'delivered', 'told');
  await relay.gateway.sendMessage(conversation, { ...written, person: 'Inès BERGER' } as Message);
  await until(() => filings(later)[0]?.filing.person === 'Inès BERGER', 'back from the gateway');
  assert.equal(filings(later).length, 1, 'it is shown once');
});

test('a wish that the gateway would not take is refused here', async () => {
  const { session, conversation } = await stage();
  const typed = { from: 'typed', familyName: ' ', givenName: 'A', birthDate: '1949-12-11', sex: 'M' } as const;
  await assert.rejects(session.sendFiling(conversation.conversationId, { ...WISH, patient: typed }));
  await assert.rejects(session.sendFiling(newId('conversation'), WISH), { code: 'conversation-expired' });
  assert.equal(filings(session).length, 0);
});

test('a message of a kind that only a newer app knows is told apart from one that cannot be read', async () => {
  const { relay, session, conversation } = await stage();
  await relay.gateway.sendMessage(conversation, { type: 'poll', question: 'x' } as unknown as Message);
  await relay.gateway.sendMessage(conversation, { type: 'letter' } as unknown as Message);
  await until(() => shown(session).length === 3, 'both are shown');
  assert.deepEqual(
    shown(session).map(({ type }) => type),
    ['letter', 'newer', 'unreadable'],
  );
});
