/** Pauses between attempts, and the end of patience. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { nextAttemptAt, pauseBeforeAttempt } from './schedule.ts';

const HOUR_MS = 3_600_000;

test('pauses grow from the first to the longest, with jitter, and no further', () => {
  for (let attempt = 0; attempt <= 200; attempt += 1) {
    const pause = pauseBeforeAttempt(attempt);
    assert.ok(pause >= DISPATCH_LIMITS.firstRetryMs * 0.8 && pause <= DISPATCH_LIMITS.longestRetryMs * 1.2);
  }
  assert.ok(pauseBeforeAttempt(20) > pauseBeforeAttempt(1));
  assert.ok(new Set(Array.from({ length: 20 }, () => pauseBeforeAttempt(9))).size > 1);
});

test('the last attempt stands at the end of the time a mail has, and then it is given up', () => {
  const mail = { sealedAt: 1_000, attempts: 30 };
  const end = 1_000 + 48 * HOUR_MS;
  assert.equal(nextAttemptAt(mail, 48, end - 1_000), end);
  assert.ok((nextAttemptAt(mail, 48, 1_000) ?? 0) < end);
  assert.equal(nextAttemptAt(mail, 48, end), null);
});
