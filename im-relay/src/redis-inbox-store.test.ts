import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { Redis } from 'ioredis';
import { inboxStoreConformance } from './inbox-store.conformance.ts';
import { RedisInboxStore } from './redis-inbox-store.ts';
import { PrivateRedis } from './testing/private-redis.ts';
import { sealedEvent } from './testing/sample-events.ts';
import { TestClock } from './testing/test-clock.ts';

let server: PrivateRedis;
let redis: Redis;
before(async () => {
  server = await PrivateRedis.start();
  redis = await server.connect();
});
after(() => server.stop());

inboxStoreConformance((clock) => new RedisInboxStore(redis, clock, RELAY_LIMITS));

test('what was stored is there after Redis was killed, under the same epoch', async () => {
  const clock = new TestClock();
  const store = new RedisInboxStore(redis, clock, RELAY_LIMITS);
  const mailboxId = newId('mailbox');
  const event = sealedEvent({ conversationId: newId('conversation'), expiresAt: clock.ms + 60_000 });
  await store.append(mailboxId, [event]);
  const before = await store.head(mailboxId);
  await server.kill();
  await server.resume();
  assert.deepEqual(await store.head(mailboxId), before);
  assert.deepEqual(await store.append(mailboxId, [event]), [{ seq: 1, isNew: false }]);
});

test('scripts that Redis forgot are sent again', async () => {
  const clock = new TestClock();
  const store = new RedisInboxStore(redis, clock, RELAY_LIMITS);
  const event = () => sealedEvent({ conversationId: newId('conversation'), expiresAt: clock.ms + 60_000 });
  const mailboxId = newId('mailbox');
  await store.append(mailboxId, [event()]);
  await redis.script('FLUSH');
  assert.deepEqual(await store.append(mailboxId, [event()]), [{ seq: 2, isNew: true }]);
});

test('every key of a mailbox lies in its hash slot and ids of events end with a time to live', async () => {
  const clock = new TestClock();
  const store = new RedisInboxStore(redis, clock, RELAY_LIMITS);
  const mailboxId = newId('mailbox');
  const event = sealedEvent({ conversationId: newId('conversation'), expiresAt: clock.ms + 3_600_000 });
  await store.append(mailboxId, [event]);
  await store.acknowledge(mailboxId, newId('device'), 1);
  const keys = await redis.keys(`*${mailboxId}*`);
  assert.ok(keys.length >= 5);
  for (const key of keys) assert.ok(key.includes(`{${mailboxId}}`), key);
  const remembered = await redis.ttl(`relay:{${mailboxId}}:stored:${event.conversationId}`);
  assert.ok(remembered > RELAY_LIMITS.seenAfterExpirySeconds);
});
