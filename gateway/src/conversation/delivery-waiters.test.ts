import assert from 'node:assert/strict';
import { afterEach, beforeEach, it, mock } from 'node:test';
import { createDeliveryWaiters } from './delivery-waiters.ts';

const LONG_MS = 15_000;

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

it('a delivery that nobody awaits any more does not end the process', async () => {
  createDeliveryWaiters().delivered('job');
  mock.timers.tick(LONG_MS);
  await new Promise((resolve) => setImmediate(resolve));
});

it('one who gave up does not take the place of the next', async () => {
  const waiters = createDeliveryWaiters();
  const first = waiters.delivered('job');
  mock.timers.tick(LONG_MS - 1);
  const second = waiters.delivered('job');
  mock.timers.tick(1);
  await assert.rejects(first);
  waiters.onCompleted('job');
  await second;
});
