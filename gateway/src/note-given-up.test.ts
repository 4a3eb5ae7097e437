/** A job that is given up is noted; one that only failed is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GiveUp } from '@estafette/runtime/ports';
import { notingGivenUp } from './note-given-up.ts';
import type { GivenUpJob } from './ports.ts';

test('a job that is given up is noted with its reason, one that only failed is not', async () => {
  const noted: GivenUpJob[] = [];
  const store = { noteGivenUp: async (job: GivenUpJob) => void noted.push(job) };
  const clock = { now: () => new Date(5) };
  const failing = (error: Error) =>
    notingGivenUp('reply', () => Promise.reject(error), { store, clock })({ secret: 'content' }, 1);
  await assert.rejects(failing(new Error('for now')), /for now/);
  await assert.rejects(failing(new GiveUp('does not fit')), GiveUp);
  assert.deepEqual(noted, [{ queue: 'reply', reason: 'does not fit', at: 5 }]);
});

test('what cannot be noted is not given up', async () => {
  const store = { noteGivenUp: () => Promise.reject(new Error('database away')) };
  const handler = notingGivenUp('reply', () => Promise.reject(new GiveUp('x')), {
    store,
    clock: { now: () => new Date() },
  });
  await assert.rejects(handler({}, 1), /database away/);
});
