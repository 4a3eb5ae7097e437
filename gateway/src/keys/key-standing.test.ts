/** Which key of a mailbox is for what, from its first day to long after its last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysLeft, standingOf } from './key-standing.ts';
import { DAY_MS, keyFor, usesInWords } from './keys.fixture.ts';

const NOW = Date.UTC(2026, 5, 15);
const both = (from: number, until: number) => keyFor('both', NOW, from, until);
const stand = (...keys: ReturnType<typeof keyFor>[]) => standingOf(keys, usesInWords, NOW);

test('the newest valid key signs and is encrypted to; one before it is spare, one that ended only opens', () => {
  const [ended, older, newer] = [both(-900, -1), both(-300, 20), both(-10, 700)];
  const { keys, signing, encryption } = stand(ended, older, newer);
  assert.deepEqual(signing, [newer, older]);
  assert.equal(encryption, newer);
  assert.deepEqual(
    keys.map(({ state }) => state),
    ['in-use', 'spare', 'opens-only'],
  );
});

test('a key whose time has not come waits, however new', () => {
  const [present, future] = [both(-300, 20), both(1, 700)];
  const { keys, signing, encryption } = stand(present, future);
  assert.deepEqual([signing, encryption], [[present], present]);
  assert.deepEqual(
    keys.map(({ state }) => state),
    ['waiting', 'in-use'],
  );
});

test('signing and encrypting may have a certificate each', () => {
  const [sign, encrypt] = [keyFor('sign', NOW, -5, 300), keyFor('encrypt', NOW, -4, 90)];
  const { signing, encryption, coverage } = stand(sign, encrypt);
  assert.deepEqual([signing, encryption], [[sign], encrypt]);
  assert.deepEqual(coverage, { use: 'encrypt', key: encrypt });
});

test('what is covered lasts over a succession without a gap, and not over one with a gap', () => {
  const [present, next, last] = [both(-300, 20), both(15, 400), both(390, 800)];
  assert.equal(stand(last, present, next).coverage?.key, last);
  const late = both(21, 400);
  assert.equal(stand(present, late).coverage?.key, present);
});

test('without a valid key for a use there is no cover, and the use is named', () => {
  assert.deepEqual(stand().missing, ['sign', 'encrypt']);
  const { missing, coverage, signing } = stand(keyFor('encrypt', NOW, -5, 300), both(-50, -1));
  assert.deepEqual([missing, coverage, signing], [['sign'], null, []]);
});

test('a key ends at its very last millisecond and begins at its first', () => {
  const key = both(0, 1);
  assert.deepEqual(standingOf([key], usesInWords, NOW - 1).signing, []);
  assert.deepEqual(standingOf([key], usesInWords, NOW).signing, [key]);
  assert.deepEqual(standingOf([key], usesInWords, NOW + DAY_MS).signing, []);
});

test('days left are rounded up and never below none', () => {
  assert.deepEqual([daysLeft(NOW + 1, NOW), daysLeft(NOW + 7 * DAY_MS, NOW), daysLeft(NOW - 5, NOW)], [1, 7, 0]);
});
