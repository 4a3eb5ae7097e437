import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '@estafette/contracts/ids';
import * as v from 'valibot';
import { monotonicFactory } from './ulid.ts';

/** The time of a ULID: its first ten letters, Crockford's base 32. */
function timeOf(id: string): number {
  return [...id.slice(0, 10)].reduce(
    (time, letter) => time * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter),
    0,
  );
}

test('an identifier of the browser has the form of the others, says its time, and sorts after the one before', () => {
  const next = monotonicFactory();
  const made = Array.from({ length: 1_000 }, next);
  assert.ok(made.every((one) => v.is(idOf('reply'), `rep_${one}`)));
  assert.deepEqual(made, [...made].sort());
  assert.equal(new Set(made).size, 1_000);
  assert.ok(Math.abs(timeOf(made[0] ?? '') - Date.now()) < 60_000);
});
