import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import { QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import { PrivateRedis } from './testing/private-redis.ts';
import { keyEvent, sealedEvent } from './testing/sample-events.ts';
import { sampleReply } from './testing/test-device.ts';
import { TestRelay } from './testing/test-relay.ts';

let server: PrivateRedis;
let relay: TestRelay;
before(async () => {
  server = await PrivateRedis.start();
  relay = await TestRelay.start(server);
});
after(async () => {
  await relay.relay.close();
  await server.stop();
});

/** An event of a new conversation that lives for an hour. */
function letter(fields: { conversationId?: string; ct?: string } = {}) {
  return sealedEvent({ conversationId: newId('conversation'), expiresAt: relay.inOneHour, ...fields });
}

test('a device joins, reads three events in order, loses the network, and gets exactly the missing ones', async () => {
  const device = await relay.joinedDevice();
  const conversationId = newId('conversation');
  const events = Array.from({ length: 5 }, () => letter({ conversationId }));
  await relay.append(device.mailboxId, ...events.slice(0, 3));

  const { connection: first, welcome } = await device.connect();
  const read = await first.eventsUntilLive();
  assert.deepEqual(
    read.map((frame) => frame.e),
    events.slice(0, 3),
  );
  assert.deepEqual(
    read.map((frame) => frame.seq),
    [1, 2, 3],
  );
  first.send({ t: 'ack', cursor: 3 });
  first.send({ t: 'ping' });
  await first.expect('pong');
  await first.loseNetwork();

  await relay.append(device.mailboxId, ...events.slice(3));
  const { connection: second } = await device.connect({ epoch: welcome.epoch, cursor: 3 });
  const missing = await second.eventsUntilLive();
  assert.deepEqual(
    missing.map((frame) => frame.e),
    events.slice(3),
  );
  await second.leave();
});

test('an event that comes while the device is live is pushed at once, with the time of storing', async () => {
  const device = await relay.joinedDevice();
  const { connection } = await device.connect();
  await connection.expect('live');
  const event = letter();
  await relay.append(device.mailboxId, event);
  assert.deepEqual(await connection.expect('event'), { t: 'event', seq: 1, at: relay.clock.ms, e: event });
  await connection.leave();
});

test('a wrapped key goes to its own device and to no other', async () => {
  const phone = await relay.joinedDevice();
  const counter = await relay.joinedDevice(phone.mailboxId);
  const conversationId = newId('conversation');
  const keys = [phone, counter].map(({ deviceId }) =>
    keyEvent({ conversationId, expiresAt: relay.inOneHour, device: deviceId }),
  );
  const message = letter({ conversationId });
  await relay.append(phone.mailboxId, ...keys, message);
  for (const [i, device] of [phone, counter].entries()) {
    const { connection } = await device.connect();
    const read = await connection.eventsUntilLive();
    assert.deepEqual(
      read.map((frame) => frame.e),
      [keys[i], message],
    );
    await connection.leave();
  }
});

test('events that arrive while a device catches up keep their order and none is lost', async () => {
  const device = await relay.joinedDevice();
  const old = Array.from({ length: RELAY_LIMITS.catchUpPageEvents * 2 + 7 }, () => letter());
  await relay.append(device.mailboxId, ...old);
  const connection = await device.dial();
  connection.send({ t: 'hello', v: 1, epoch: null, cursor: 0 });
  const fresh = Array.from({ length: 40 }, () => letter());
  const appends = fresh.map((event) => relay.append(device.mailboxId, event));
  await connection.expect('welcome');
  const seqs: number[] = [];
  while (seqs.length < old.length + fresh.length) {
    const frame = await connection.next();
    if (frame.t === 'event') seqs.push(frame.seq);
  }
  assert.deepEqual(
    seqs,
    Array.from({ length: old.length + fresh.length }, (_, i) => i + 1),
  );
  await Promise.all(appends);
  await connection.leave();
});

test('a reply is queued once, under the device and mailbox of the socket', async () => {
  const { deviceId, mailboxId, ...device } = await relay.joinedDevice().then((one) => ({
    deviceId: one.deviceId,
    mailboxId: one.mailboxId,
    connect: () => one.connect(),
  }));
  const { connection } = await device.connect();
  await connection.expect('live');
  const reply = sampleReply();
  connection.send({ t: 'reply', reply, mailboxId: newId('mailbox'), deviceId: newId('device') });
  connection.send({ t: 'reply', reply });
  for (let i = 0; i < 2; i += 1) assert.equal((await connection.expect('queued')).replyId, reply.replyId);
  const jobsOf = () =>
    relay.queues.added
      .map(({ job }) => job as ReplyJob)
      .filter((job) => job.kind === 'reply' && job.reply.replyId === reply.replyId);
  assert.deepEqual(jobsOf(), [{ kind: 'reply', mailboxId, deviceId, reply }]);
  const other = { ...reply, ct: sampleReply().ct, signature: reply.signature.replace(/^./, 'B') };
  connection.send({ t: 'reply', reply: other });
  await connection.expect('queued');
  assert.equal(jobsOf().length, 2, 'other bytes under its id are refused by the gateway: they must reach it');
  await connection.leave();
});

test('a receipt is queued once, under the device and mailbox of the socket, and noted; not when the queue is away', async () => {
  const device = await relay.joinedDevice();
  const { deviceId, mailboxId } = device;
  const { connection } = await device.connect();
  await connection.expect('live');
  const letterId = newId('letter');
  const receipt = { letterId, conversationId: newId('conversation'), readAt: 1_764_000_000_000, signature: 'c2ln' };
  relay.queues.isFailing = true;
  connection.send({ t: 'read', receipt });
  connection.send({ t: 'ping' });
  await connection.expect('pong');
  relay.queues.isFailing = false;
  for (let i = 0; i < 2; i += 1) connection.send({ t: 'read', receipt, mailboxId: newId('mailbox') });
  for (let i = 0; i < 2; i += 1) assert.equal((await connection.expect('noted')).letterId, letterId);
  const jobs = relay.queues.added.flatMap(({ queue, job }) =>
    queue === QUEUES.reply && (job as { kind: string }).kind === 'read' ? [job] : [],
  );
  assert.deepEqual(jobs, [{ kind: 'read', mailboxId, deviceId, receipt }]);
  await connection.leave();
});

test('a reply that the queue cannot take is refused for later, and nothing is promised', async () => {
  const device = await relay.joinedDevice();
  const { connection } = await device.connect();
  await connection.expect('live');
  const reply = sampleReply();
  relay.queues.isFailing = true;
  connection.send({ t: 'reply', reply });
  const refused = await connection.expect('refused');
  relay.queues.isFailing = false;
  assert.deepEqual(refused, { t: 'refused', replyId: reply.replyId, code: 'store-unavailable', retry: 'later' });
  connection.send({ t: 'reply', reply });
  await connection.expect('queued');
  await connection.leave();
});

test('an acknowledgement is kept for the device and never goes back or beyond what was sent', async () => {
  const device = await relay.joinedDevice();
  await relay.append(device.mailboxId, letter(), letter());
  const { connection } = await device.connect();
  await connection.eventsUntilLive();
  for (const cursor of [2, 1, 99]) connection.send({ t: 'ack', cursor });
  connection.send({ t: 'ping' });
  await connection.expect('pong');
  assert.equal(await relay.redis.hget(`relay:{${device.mailboxId}}:cursors`, device.deviceId), '2');
  await connection.leave();
});

describe('a cursor that means nothing here any more gets a gap and everything that still lives', () => {
  test('after Redis forgot, the epoch is another one', async () => {
    const device = await relay.joinedDevice();
    await relay.append(device.mailboxId, letter(), letter());
    const { connection, welcome } = await device.connect();
    await connection.eventsUntilLive();
    await connection.leave();
    await relay.redis.flushall();
    // Else the watch over what Redis holds sends every socket away, from now on.
    await relay.deliver({ kind: 'devices-introduced' });
    await relay.join(device);
    const kept = letter();
    await relay.append(device.mailboxId, kept);
    const again = await device.connect({ epoch: welcome.epoch, cursor: 2 });
    assert.notEqual(again.welcome.epoch, welcome.epoch);
    assert.equal((await again.connection.expect('gap')).epoch, again.welcome.epoch);
    const read = await again.connection.eventsUntilLive();
    assert.deepEqual(
      read.map((frame) => [frame.seq, frame.e]),
      [[1, kept]],
    );
    await again.connection.leave();
  });

  for (const [title, cursor, hasEpoch] of [
    ['a cursor beyond the last number', 7, true],
    ['a cursor without an epoch', 1, false],
  ] as const) {
    test(title, async () => {
      const device = await relay.joinedDevice();
      await relay.append(device.mailboxId, letter());
      const { connection: probe, welcome } = await device.connect();
      await probe.leave();
      const { connection } = await device.connect({ epoch: hasEpoch ? welcome.epoch : null, cursor });
      await connection.expect('gap');
      assert.equal((await connection.eventsUntilLive()).length, 1);
      await connection.leave();
    });
  }
});

test('events of an expired conversation are gone, and the cursor still means the same', async () => {
  const own = await TestRelay.start(server, { sweepEveryMs: 20 });
  const device = await own.joinedDevice();
  const short = sealedEvent({ conversationId: newId('conversation'), expiresAt: own.clock.ms + 1_000 });
  const long = letter();
  await own.append(device.mailboxId, short, long);
  own.clock.advance(1_000);
  while ((await own.redis.xlen(`relay:{${device.mailboxId}}:log`)) > 1) await pause(10);
  const { connection } = await device.connect();
  const read = await connection.eventsUntilLive();
  assert.deepEqual(
    read.map((frame) => [frame.seq, frame.e]),
    [[2, long]],
  );
  await connection.leave();
  await own.relay.close();
});

test('a delivery repeated after a crash is stored once', async () => {
  const device = await relay.joinedDevice();
  const event = letter();
  await relay.append(device.mailboxId, event);
  await relay.append(device.mailboxId, event);
  const { connection } = await device.connect();
  assert.equal((await connection.eventsUntilLive()).length, 1);
  await connection.leave();
});

test('a delivery that does not fit its schema is given up and blocks no other', async () => {
  const device = await relay.joinedDevice();
  const before = relay.queues.givenUp.length;
  await relay.deliver({ kind: 'append', mailboxId: device.mailboxId, events: [{ kind: 'message', text: 'clear' }] });
  await relay.deliver({ kind: 'nonsense' });
  const huge = letter({ ct: 'A'.repeat(RELAY_LIMITS.eventMaxBytes) });
  await relay.append(device.mailboxId, huge);
  assert.equal(relay.queues.givenUp.length, before + 3);
  await relay.append(device.mailboxId, letter());
  const { connection } = await device.connect();
  assert.equal((await connection.eventsUntilLive()).length, 1);
  await connection.leave();
});

test('the log names ids and codes only', async () => {
  const device = await relay.joinedDevice();
  const event = letter({ ct: 'c2VjcmV0' });
  await relay.append(device.mailboxId, event);
  const { connection, welcome } = await device.connect();
  await connection.eventsUntilLive();
  connection.ws.send('nonsense');
  await connection.closed;
  const lines = relay.log.lines.join('\n');
  assert.ok(lines.includes(device.deviceId));
  for (const secret of [event.ct, welcome.session, device.signingKey]) assert.ok(!lines.includes(secret));
});
