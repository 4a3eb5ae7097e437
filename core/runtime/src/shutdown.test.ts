import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from './ports.ts';
import { createShutdown } from './shutdown.ts';

test('what was started last stops first, one after the other, and a failure does not keep the rest', async () => {
  const told: unknown[] = [];
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_, fields) => told.push(fields?.reason) };
  const shutdown = createShutdown(log);
  const order: string[] = [];
  shutdown.add('redis', () => void order.push('redis'));
  shutdown.add('queues', async () => {
    await Promise.resolve();
    order.push('queues');
  });
  shutdown.add('intake', () => {
    order.push('intake');
    throw new Error('stuck');
  });
  await Promise.all([shutdown.run(), shutdown.run()]);
  await shutdown.run();
  assert.deepEqual(order, ['intake', 'queues', 'redis']);
  assert.deepEqual(told, ['intake']);
});
