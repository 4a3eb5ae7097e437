import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { letter } from '../test/demo-letters.ts';
import type { DoubleConversation } from '../test/gateway-double.ts';
import { RelayDouble } from '../test/relay-double.ts';
import { until } from '../test/until.ts';
import type { Clock } from './clock.ts';
import { type DeviceSession, openDeviceSession } from './device-session.ts';
import { enrolDevice } from './enrol-device.ts';
import { MemoryDeviceStore } from './memory-device-store.ts';

const HOUR_MS = 3_600_000;
const QUICK = { firstMs: 20, maxMs: 100, laterMs: 50 };
const PHOTO = { name: 'ordonnance.jpg', mediaType: 'image/jpeg', bytes: new Uint8Array([0xff, 0xd8, 1, 2, 3]) };
const PAPER = { name: 'note.pdf', mediaType: 'application/pdf', bytes: new Uint8Array(60_000).fill(7) };
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function openSession(relay: RelayDouble, store: MemoryDeviceStore, clock?: Clock): Promise<DeviceSession> {
  const session = await openDeviceSession({ baseUrl: relay.baseUrl, store, reconnect: QUICK, ...(clock && { clock }) });
  assert.ok(session);
  endings.push(() => session.close());
  session.start();
  await until(() => session.getSnapshot().connection.phase === 'live', 'live');
  return session;
}

async function stage(clock?: Clock) {
  const relay = await RelayDouble.start();
  endings.push(() => relay.stop());
  const store = new MemoryDeviceStore();
  await enrolDevice({ link: relay.gateway.makeLink(relay.baseUrl), baseUrl: relay.baseUrl, store });
  const session = await openSession(relay, store, clock);
  const conversation = await relay.gateway.openConversation(HOUR_MS * 72);
  await relay.gateway.sendKey(conversation);
  await relay.gateway.sendMessage(conversation, letter());
  await until(() => session.getSnapshot().conversations[0]?.answerable === true, 'the letter is shown');
  return { relay, store, session, conversation };
}

function shownReplies(session: DeviceSession) {
  return session
    .getSnapshot()
    .conversations.flatMap(({ messages }) => messages)
    .flatMap((shown) => (shown.type === 'reply' ? [shown] : []));
}

async function openedReply(relay: RelayDouble, index = 0) {
  const frame = relay.received.filter(({ frame }) => frame.t === 'reply')[index];
  assert.ok(frame?.frame.t === 'reply');
  return relay.gateway.openReply(frame.deviceId, frame.frame.reply);
}

async function uploaded(relay: RelayDouble, { conversationId }: DoubleConversation): Promise<Uint8Array[]> {
  return Promise.all([...relay.uploads].map(([id, stored]) => relay.gateway.openUpload(conversationId, id, stored)));
}

test('photos and files go first, sealed; then the reply that names them, and its wishes', async () => {
  const { relay, store, session, conversation } = await stage();
  const { conversationId } = conversation;
  const order: string[] = [];
  relay.onUpload = () => 201 + 0 * order.push('upload');
  relay.onReply = () => order.push('reply');
  const answers = session.getSnapshot().conversations[0]?.answers ?? '';
  const wishes = { answers, to: 'all', urgent: true, sendNow: true, files: [PHOTO, PAPER] } as const;
  const replyId = await session.sendReply(conversationId, '', wishes);
  await until(() => shownReplies(session)[0]?.progress.state === 'queued', 'queued');
  assert.deepEqual(order, ['upload', 'upload', 'reply']);
  const { attachments = [], to, urgent, sendNow, ...said } = await openedReply(relay);
  assert.deepEqual([said.answers, answers.slice(0, 4)], [answers, 'ltr_']);
  assert.deepEqual([to, urgent, sendNow], ['all', true, true]);
  assert.deepEqual(
    attachments.map(({ name, bytes }) => `${name} ${bytes}`),
    ['ordonnance.jpg 5', 'note.pdf 60000'],
  );
  assert.deepEqual(
    [...relay.uploads.keys()],
    attachments.map(({ blobId }) => blobId),
  );
  assert.deepEqual(await uploaded(relay, conversation), [PHOTO.bytes, PAPER.bytes]);
  const [first] = attachments;
  assert.ok(first);
  assert.deepEqual(await session.openAttachment(conversationId, first), PHOTO.bytes);
  await relay.gateway.sendStatus(replyId, conversationId, { state: 'accepted' });
  await until(async () => (await store.uploadsOf(replyId)).length === 0, 'what was accepted is not kept twice');
});

test('a cut in the middle: what the relay has is not sent again, the rest is, and the reply leaves once', async () => {
  const { relay, session, conversation } = await stage();
  const tries: string[] = [];
  relay.onUpload = (blobId) => {
    tries.push(blobId);
    if (tries.length !== 2) return 201;
    relay.reachable = false;
    relay.cut();
    return null;
  };
  await session.sendReply(conversation.conversationId, 'Voici.', { files: [PHOTO, PAPER] });
  await until(() => session.getSnapshot().connection.phase === 'offline', 'cut');
  assert.equal(relay.framesOf('reply').length, 0);
  relay.reachable = true;
  await until(() => shownReplies(session)[0]?.progress.state === 'queued', 'queued', 60_000);
  assert.equal(tries.length, 3);
  assert.equal(new Set(tries).size, 2);
  assert.equal(relay.framesOf('reply').length, 1);
  assert.deepEqual(await uploaded(relay, conversation), [PHOTO.bytes, PAPER.bytes]);
});

test('after a restart the sealed bytes are still there and go before the reply; a later answer waits behind', async () => {
  const { relay, store, session, conversation } = await stage();
  relay.reachable = false;
  relay.cut();
  await until(() => session.getSnapshot().connection.phase === 'offline', 'offline');
  await session.sendReply(conversation.conversationId, 'un', { files: [PHOTO] });
  await session.sendReply(conversation.conversationId, 'deux');
  session.close();
  relay.reachable = true;
  const second = await openSession(relay, store);
  await until(() => relay.framesOf('reply').length === 2, 'both left');
  assert.deepEqual([(await openedReply(relay)).text, (await openedReply(relay, 1)).text], ['un', 'deux']);
  assert.deepEqual(await uploaded(relay, conversation), [PHOTO.bytes]);
  assert.equal(shownReplies(second).length, 2);
});

test('an upload that the relay will never take ends the reply with a reason; a full relay is asked again', async () => {
  const { relay, session, conversation } = await stage();
  relay.onUpload = () => 413;
  await session.sendReply(conversation.conversationId, 'un', { files: [PHOTO] });
  await until(() => shownReplies(session)[0]?.progress.state === 'failed', 'refused');
  assert.equal(shownReplies(session)[0]?.progress.failure, 'attachment-missing');
  assert.equal(relay.framesOf('reply').length, 0);
  relay.onUpload = () => 507;
  await session.sendReply(conversation.conversationId, 'deux', { files: [PAPER] });
  await until(() => shownReplies(session)[1]?.progress.state === 'waiting', 'it waits');
  relay.onUpload = () => 201;
  session.wake();
  await until(() => shownReplies(session)[1]?.progress.state === 'queued', 'it left');
});

test('what the relay took half a day ago and may have swept is sent again', async () => {
  let shiftMs = 0;
  const { relay, session, conversation } = await stage({ now: () => Date.now() + shiftMs });
  const uploads: string[] = [];
  relay.onUpload = (blobId) => 201 + 0 * uploads.push(blobId);
  await session.sendReply(conversation.conversationId, 'un', { files: [PHOTO] });
  // Only what is known to be queued: what still waits after so long would be held.
  await until(() => shownReplies(session)[0]?.progress.state === 'queued', 'offered');
  assert.equal(relay.framesOf('reply').length, 1);
  shiftMs = 13 * HOUR_MS;
  relay.aheadMs = 13 * HOUR_MS;
  relay.cut();
  await until(() => relay.framesOf('reply').length === 2, 'not accepted, so offered again');
  assert.deepEqual([uploads.length, new Set(uploads).size], [2, 1]);
});

test('nothing is kept of what the gateway would not take: too many, too large, empty', async () => {
  const { store, session, conversation } = await stage();
  const big = { ...PAPER, bytes: new Uint8Array(7 * 1024 * 1024) };
  const empty = { ...PAPER, bytes: new Uint8Array(0) };
  for (const files of [[big, big], Array.from({ length: 6 }, () => PHOTO), [empty]]) {
    await assert.rejects(session.sendReply(conversation.conversationId, 'x', { files }), RangeError);
  }
  await assert.rejects(session.sendReply(conversation.conversationId, ' '), RangeError);
  assert.equal((await store.load()).replies.length, 0);
});
