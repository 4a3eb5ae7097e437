/** One trouble must not stop the other steps of a sweep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '@estafette/runtime/log';
import { everyStep } from './every-step.ts';

test('what is over is erased although the folder of what was fetched cannot be read', async () => {
  const done: string[] = [];
  const told: unknown[] = [];
  const trouble = new Error('EACCES');
  const steps = {
    spool: async () => void done.push('spool'),
    status: async () => {
      throw trouble;
    },
    expiry: async () => void done.push('expiry'),
    replies: async () => {
      throw new Error('another');
    },
  };
  const log = {
    ...silentLog,
    warn: (_message: string, fields?: { reason?: string }) => void told.push(fields?.reason),
  };
  await assert.rejects(everyStep(steps, log), trouble);
  assert.deepEqual(
    [done, told],
    [
      ['spool', 'expiry'],
      ['status', 'replies'],
    ],
  );
  await everyStep({ spool: steps.spool }, log);
});
