import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import { QUEUES } from '@estafette/contracts/queues';
import { RedisAccessStore } from './redis-access-store.ts';
import { PrivateRedis } from './testing/private-redis.ts';
import { sealedEvent } from './testing/sample-events.ts';
import { TestClock } from './testing/test-clock.ts';
import { TestRelay } from './testing/test-relay.ts';

let server: PrivateRedis;
let relay: TestRelay;
before(async () => {
  server = await PrivateRedis.start();
  // Before the watch begins: it must not look in between.
  await new RedisAccessStore(await server.connect(), new TestClock(), RELAY_LIMITS).markIntroduced();
  relay = await TestRelay.start(server, { limits: { ...RELAY_LIMITS, heartbeatSeconds: 0.5 } });
});
after(async () => {
  await relay.relay.close();
  await server.stop();
});

const asked = () => relay.queues.added.filter(({ queue }) => queue === QUEUES.reply).map(({ job }) => job);

test('Redis is emptied while a phone is live: it is sent away, and the gateway is asked who the devices are', async () => {
  const device = await relay.joinedDevice();
  const letter = () => sealedEvent({ conversationId: 'cnv_00000000000000000000000001', expiresAt: relay.inOneHour });
  await relay.append(device.mailboxId, letter(), letter(), letter());
  const { connection, welcome } = await device.connect();
  await connection.eventsUntilLive();
  // The watch has seen that all was well.
  await new Promise((turn) => setTimeout(turn, 300));
  assert.deepEqual(asked(), []);

  await relay.redis.flushall();
  assert.equal(await connection.closed, 1013);
  while (asked().length === 0) await new Promise((turn) => setTimeout(turn, 20));
  assert.deepEqual(asked()[0], { kind: 'introduce' });

  const kept = letter();
  await relay.append(device.mailboxId, kept);
  const { deviceId, mailboxId, signingKey } = device;
  await relay.deliver({ kind: 'device-known', mailboxId, deviceId, signingKey, validUntil: null });
  await relay.deliver({ kind: 'devices-introduced' });
  const again = await device.connect({ epoch: welcome.epoch, cursor: 3 });
  assert.notEqual(again.welcome.epoch, welcome.epoch);
  await again.connection.expect('gap');
  const read = await again.connection.eventsUntilLive();
  assert.deepEqual(
    read.map(({ e }) => e),
    [kept],
  );
  await again.connection.leave();
});
