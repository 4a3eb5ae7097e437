import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLog } from './log.ts';
import { newRedisFolder, REDIS_PROGRAM } from './private-redis.fixture.ts';
import { queuesConformance } from './queue.conformance.ts';
import { openQueues } from './queue.ts';
import { type PrivateRedis, startPrivateRedis } from './redis-server.ts';

const folder = newRedisFolder();
let server: PrivateRedis;
before(async () => {
  server = await startPrivateRedis({ program: REDIS_PROGRAM, folder, log: silentLog });
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = () => openQueues({ socket: server.socket }, silentLog);
queuesConformance('BullMQ', open);

test('jobs outlive a Redis that is killed, and consumers come back by themselves', async (t) => {
  const queues = open();
  t.after(() => queues.close());
  const seen: number[] = [];
  await queues.consume<{ n: number }>('survivors', async ({ n }) => void seen.push(n), { concurrency: 1 });
  await queues.add('survivors', 'first', { n: 1 });
  const pid = server.pid() as number;
  process.kill(pid, 'SIGKILL');
  for (let waited = 0; server.pid() === pid; waited += 50) {
    assert.ok(waited < 60_000);
    await pause(50);
  }
  // Adding is refused while Redis starts, however long that takes; who adds comes again, as the gateway's sweep does.
  const add = () =>
    queues.add('survivors', 'second', { n: 2 }).then(
      () => true,
      () => false,
    );
  for (let waited = 0; !(await add()); waited += 50) {
    assert.ok(waited < 60_000);
    await pause(50);
  }
  for (let waited = 0; !(seen.includes(1) && seen.includes(2)); waited += 50) {
    assert.ok(waited < 60_000, seen.join());
    await pause(50);
  }
});
