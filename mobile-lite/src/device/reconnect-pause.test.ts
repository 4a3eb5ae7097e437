import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECONNECT_POLICY, reconnectPauseMs } from './reconnect-pause.ts';

test('pauses double up to their ceiling, spread by chance, with a floor when the relay asked for patience', () => {
  const pause = (attempt: number, chance: number, advice: 'retry-now' | 'retry-later' = 'retry-now') =>
    reconnectPauseMs(RECONNECT_POLICY, attempt, advice, () => chance);
  assert.equal(pause(1, 0), 125);
  assert.ok(pause(1, 0.999) <= 500);
  assert.ok(pause(3, 0.999) > 1_500 && pause(3, 0.999) <= 2_000);
  assert.ok(pause(50, 0.999) <= 30_000);
  assert.ok(pause(1, 0, 'retry-later') >= 3_000);
});
