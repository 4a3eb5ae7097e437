import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { Redis } from 'ioredis';
import { accessStoreConformance } from './access-store.conformance.ts';
import { RedisAccessStore } from './redis-access-store.ts';
import { PrivateRedis } from './testing/private-redis.ts';
import { TestClock } from './testing/test-clock.ts';

let server: PrivateRedis;
let redis: Redis;
before(async () => {
  server = await PrivateRedis.start();
  redis = await server.connect();
});
after(() => server.stop());

accessStoreConformance((clock) => new RedisAccessStore(redis, clock, RELAY_LIMITS));

test('every proof has an end, and no ticket or token rests in clear', async () => {
  const store = new RedisAccessStore(redis, new TestClock(), RELAY_LIMITS);
  const deviceId = newId('device');
  await store.registerDevice(deviceId, { mailboxId: newId('mailbox'), signingKey: 'key', validUntil: null });
  const ticket = await store.makeTicket(deviceId);
  const token = await store.openSession(deviceId);
  await store.useNonce(deviceId, 'nonce');
  await store.putAnswer(newId('enrolment'), deviceId, { outcome: 'refused', failure: 'enrolment-used' });
  for (const kind of ['ticket', 'session', 'nonce', 'answer']) {
    for (const key of await redis.keys(`relay:${kind}:*`)) {
      assert.ok((await redis.ttl(key)) > 0, key);
      assert.ok(!key.includes(ticket) && !key.includes(token), key);
    }
  }
});

test('a Redis that has answered is reachable, however late we look', async () => {
  const store = new RedisAccessStore(redis, new TestClock(), RELAY_LIMITS);
  const asked = store.isReachable();
  // This process stands still for longer than an answer may take.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_200);
  assert.equal(await asked, true);
});

test('a Redis that is away is not reachable, and is again when it is back', async () => {
  const store = new RedisAccessStore(redis, new TestClock(), RELAY_LIMITS);
  assert.equal(await store.isReachable(), true);
  await server.kill();
  assert.equal(await store.isReachable(), false);
  await server.resume();
  // Two seconds without an answer count as away: on a busy machine that may be said once more.
  while (!(await store.isReachable())) await pause(20);
});
