import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import { WebSocket } from 'ws';
import { PrivateRedis } from './testing/private-redis.ts';
import { sealedEvent } from './testing/sample-events.ts';
import { sampleReply, TestConnection } from './testing/test-device.ts';
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

/** Stops the clock that silence is measured by, until the end of the test; gives what lets milliseconds pass. */
function holdTime(t: TestContext): (ms: number) => void {
  let nowMs = performance.now();
  t.mock.method(performance, 'now', () => nowMs);
  return (ms) => {
    nowMs += ms;
  };
}

/** Closes with this code when the device, being live, sends these bytes. */
async function closeCodeAfter(send: (connection: TestConnection) => void): Promise<number> {
  const device = await relay.joinedDevice();
  const { connection } = await device.connect();
  await connection.expect('live');
  send(connection);
  return connection.closed;
}

test('a missing, wrong, or used ticket is told with 4401, so that a browser can see it', async () => {
  const device = await relay.joinedDevice();
  const { connection } = await device.connect();
  const used = connection.ws.url.split('ticket=')[1];
  for (const query of ['', '?ticket=', `?ticket=${'A'.repeat(43)}`, `?ticket=${used}`, '?ticket[]=1&ticket=%00']) {
    const refused = new TestConnection(`ws://${relay.address}/v1/socket${query}`, {});
    assert.equal(await refused.closed, 4401);
  }
  await connection.leave();
});

test('text that is no frame, a frame out of turn, and binary frames close with 4400', async () => {
  const hello = { t: 'hello', v: 1, epoch: null, cursor: 0 };
  const wrong = [
    (c: TestConnection) => c.ws.send('{'),
    (c: TestConnection) => c.ws.send(Buffer.from(JSON.stringify({ t: 'ping' })), { binary: true }),
    (c: TestConnection) => c.send({ t: 'shout' }),
    (c: TestConnection) => c.send({ t: 'ack', cursor: -1 }),
    (c: TestConnection) => c.send({ t: 'ack', cursor: 1.5 }),
    (c: TestConnection) => c.send(hello),
    (c: TestConnection) => c.send({ t: 'reply', reply: { ...sampleReply(), ct: 'A'.repeat(32 * 1024 + 1) } }),
    (c: TestConnection) => c.ws.send(Buffer.from([0xc3, 0x28]), { binary: false }),
  ];
  for (const send of wrong) assert.equal(await closeCodeAfter(send), 4400);
  const device = await relay.joinedDevice();
  for (const early of [{ t: 'ping' }, { ...hello, v: 2 }]) {
    const connection = await device.dial();
    connection.send(early);
    assert.equal(await connection.closed, 4400);
  }
});

test('a frame above its limit closes with 4413', async () => {
  assert.equal(await closeCodeAfter((c) => c.ws.send('x'.repeat(RELAY_LIMITS.frameMaxBytes + 1))), 4413);
});

test('frames above their rate close with 4429', async () => {
  const code = await closeCodeAfter((connection) => {
    for (let i = 0; i < RELAY_LIMITS.framesBurstMax * 3; i += 1) connection.send({ t: 'ping' });
  });
  assert.equal(code, 4429);
});

test('a newer socket of a device replaces the older one, on another node too', async () => {
  const other = await TestRelay.start(server);
  const device = await relay.joinedDevice();
  const { connection: first } = await device.connect();
  await first.expect('live');
  const ticket = await device.ticket();
  const second = new TestConnection(`ws://${other.address}/v1/socket?ticket=${ticket}`, {});
  await once(second.ws, 'open');
  second.send({ t: 'hello', v: 1, epoch: null, cursor: 0 });
  await second.expect('welcome');
  await second.expect('live');
  assert.equal(await first.closed, 4409);
  const { connection: third } = await device.connect();
  assert.equal(await second.closed, 4409);
  await third.leave();
  await other.relay.close();
});

test('an event delivered by one node reaches a device on another', async () => {
  const other = await TestRelay.start(server);
  const device = await relay.joinedDevice();
  const { connection } = await device.connect();
  await connection.expect('live');
  const event = sealedEvent({ conversationId: newId('conversation'), expiresAt: other.inOneHour });
  await other.append(device.mailboxId, event);
  assert.deepEqual((await connection.expect('event')).e, event);
  await connection.leave();
  await other.relay.close();
});

test('a revoked device is closed with 4403 on every node and gets no ticket any more', async () => {
  const other = await TestRelay.start(server);
  const device = await relay.joinedDevice();
  const colleague = await relay.joinedDevice(device.mailboxId);
  const { connection } = await device.connect();
  const { connection: untouched } = await colleague.connect();
  await connection.expect('live');
  await untouched.expect('live');
  await other.deliver({ kind: 'device-revoked', mailboxId: device.mailboxId, deviceId: device.deviceId });
  assert.equal(await connection.closed, 4403);
  await assert.rejects(device.ticket(), /unknown-device/);
  untouched.send({ t: 'ping' });
  await untouched.expect('pong');
  await untouched.leave();
  await other.relay.close();
});

test('a device revoked between ticket and greeting is closed with 4403', async () => {
  const device = await relay.joinedDevice();
  const connection = await device.dial();
  await relay.deliver({ kind: 'device-revoked', mailboxId: device.mailboxId, deviceId: device.deviceId });
  connection.send({ t: 'hello', v: 1, epoch: null, cursor: 0 });
  assert.equal(await connection.closed, 4403);
});

test('a silent socket is closed with 4408; one that answers pings is not', async (t) => {
  const passes = holdTime(t);
  const own = await TestRelay.start(server, { limits: { heartbeatSeconds: 0.05, silenceSeconds: 0.4 } });
  const device = await own.joinedDevice();
  const silent = await device.dial({ autoPong: false });
  const colleague = await own.joinedDevice(device.mailboxId);
  const { connection } = await colleague.connect();
  await connection.expect('live');
  // Time passes with each ping that was answered: however slow the machine, nobody else is silent.
  connection.ws.on('ping', () => passes(60));
  passes(60);
  assert.equal(await silent.closed, 4408);
  connection.send({ t: 'ping' });
  await connection.expect('pong');
  await connection.leave();
  await own.relay.close();
});

test('a terminal past its validity is closed with 4403', async () => {
  const own = await TestRelay.start(server, { limits: { heartbeatSeconds: 0.05 } });
  const device = await own.joinedDevice(newId('mailbox'), own.clock.ms + 60_000);
  const { connection } = await device.connect();
  await connection.expect('live');
  own.clock.advance(60_000);
  assert.equal(await connection.closed, 4403);
  await own.relay.close();
});

test('a device that reads too slowly makes the relay wait, and is closed with 4430 when it stays so', async (t) => {
  const passes = holdTime(t);
  const limits = { socketBacklogMaxBytes: 256 * 1024, heartbeatSeconds: 0.05, silenceSeconds: 2 };
  const own = await TestRelay.start(server, { limits });
  t.after(() => own.relay.close());
  const device = await own.joinedDevice();
  const ct = 'A'.repeat(100_000);
  const conversationId = newId('conversation');
  const expiresAt = own.inOneHour;
  for (let i = 0; i < 20; i += 1) {
    const page = Array.from({ length: 10 }, () => sealedEvent({ conversationId, expiresAt, ct }));
    await own.append(device.mailboxId, ...page);
  }
  const connection = await device.dial();
  connection.send({ t: 'hello', v: 1, epoch: null, cursor: 0 });
  await connection.expect('welcome');
  connection.ws.pause();
  // Time passes only while it talks: it is slow, never silent.
  while (!own.log.lines.some((line) => line.includes('reading-too-slowly'))) {
    connection.send({ t: 'ping' });
    passes(100);
    await pause(15);
  }
  connection.ws.terminate();
  // The same device, reading: everything comes, in order.
  const { connection: again } = await device.connect();
  const seqs = (await again.eventsUntilLive()).map((frame) => frame.seq);
  assert.deepEqual(
    seqs,
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  await again.leave();
});

test('a node that stops says 1001 to every socket, greeted or not', async () => {
  const own = await TestRelay.start(server);
  const device = await own.joinedDevice();
  const colleague = await own.joinedDevice(device.mailboxId);
  const { connection } = await device.connect();
  const ungreeted = await colleague.dial();
  await own.relay.close();
  assert.deepEqual(await Promise.all([connection.closed, ungreeted.closed]), [1001, 1001]);
  await assert.rejects(colleague.ticket());
});

test('a page of another site cannot open a socket', async () => {
  const own = await TestRelay.start(server, { allowedOrigins: ['https://app.example'] });
  const device = await own.joinedDevice();
  for (const [origin, isAllowed] of [
    ['https://evil.example', false],
    ['null', false],
    [`http://${own.address}`, true],
    ['https://app.example', true],
  ] as const) {
    const ws = new WebSocket(`ws://${own.address}/v1/socket?ticket=${await device.ticket()}`, { origin });
    ws.on('error', () => undefined);
    const outcome = await Promise.race([
      once(ws, 'open').then(() => 'open'),
      once(ws, 'unexpected-response').then(([, response]) => response.statusCode),
    ]).catch(() => 'error');
    assert.equal(outcome, isAllowed ? 'open' : 403, origin);
    ws.terminate();
  }
  await own.relay.close();
});

test('an upgrade elsewhere is refused', async () => {
  const ws = new WebSocket(`ws://${relay.address}/v2/socket`);
  const [, response] = await once(
    ws.on('error', () => undefined),
    'unexpected-response',
  );
  assert.equal(response.statusCode, 404);
  ws.terminate();
});
