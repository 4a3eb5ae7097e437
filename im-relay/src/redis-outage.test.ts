import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@estafette/contracts/ids';
import { PrivateRedis } from './testing/private-redis.ts';
import { sealedEvent } from './testing/sample-events.ts';
import { post } from './testing/test-device.ts';
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

test('Redis goes away and comes back: phones are sent off with 1013, return by themselves and miss nothing', async () => {
  const device = await relay.joinedDevice();
  const event = () => sealedEvent({ conversationId: newId('conversation'), expiresAt: relay.inOneHour });
  const { connection, welcome } = await device.connect();
  await connection.expect('live');
  await relay.append(device.mailboxId, event());
  await connection.expect('event');

  await server.kill();
  assert.equal(await connection.closed, 1013);
  const health = await fetch(`http://${relay.address}/healthz`);
  assert.deepEqual([health.status, await health.json()], [503, { status: 'unavailable' }]);
  const refused = await post(relay.address, '/v1/tickets', await device.ticketRequest(Date.now()));
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as { code: string }).code, 'unavailable');
  const delivered = relay.append(device.mailboxId, event(), event());

  await server.resume();
  await delivered;
  // Two seconds without an answer count as away: on a busy machine that may be said once more.
  while ((await fetch(`http://${relay.address}/healthz`)).status !== 200) await pause(20);
  const { connection: again } = await device.connect({ epoch: welcome.epoch, cursor: 1 });
  assert.deepEqual(
    (await again.eventsUntilLive()).map((frame) => frame.seq),
    [2, 3],
  );
  await relay.append(device.mailboxId, event());
  assert.equal((await again.expect('event')).seq, 4);
  await again.leave();
});
