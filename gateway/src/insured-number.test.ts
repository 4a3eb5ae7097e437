/** National numbers: read in every spelling, their key checked, compared without it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasRightKey, insuredNumber, mayBeHisOwn, withoutKey } from './insured-number.ts';

test('a number is read with its spaces, in either case, with and without its key', () => {
  for (const text of ['2 79 03 51 215 189 89', '279035121518989', ' 2.79.03.51.215.189.89 '])
    assert.equal(insuredNumber(text), '279035121518989');
  assert.equal(insuredNumber('2790351215189'), '2790351215189');
  assert.equal(insuredNumber('2 55 01 2a 004 025 55'), '255012A00402555');
});

test('what is no number is none', () => {
  for (const text of ['', '27903512151898', '5790351215189', '279032C215189', 'A790351215189', '2790351215189890'])
    assert.equal(insuredNumber(text), null, text);
});

test('the key belongs to the number, in Corsica and abroad as well', () => {
  for (const number of ['279035121518989', '255012A00402555', '255012B00402582', '185059935012329', '2790351215189'])
    assert.equal(hasRightKey(number), true, number);
  for (const number of ['279035121518988', '279035121519889', '255012A00402582', '185059935012300'])
    assert.equal(hasRightKey(number), false, number);
});

test('two digits that changed places are found by the key', () => {
  const digits = fc.integer({ min: 1_000_000_000_000, max: 2_999_999_999_999 }).map(String);
  fc.assert(
    fc.property(digits, fc.integer({ min: 1, max: 11 }), (number, at) => {
      const key = String(97 - (Number(number) % 97)).padStart(2, '0');
      assert.equal(hasRightKey(number + key), true);
      const [one, other] = [number[at] ?? '', number[at + 1] ?? ''];
      fc.pre(one !== other);
      assert.equal(hasRightKey(number.slice(0, at) + other + one + number.slice(at + 2) + key), false);
    }),
    { seed: 20260112 },
  );
});

test('the number with its key and without it name one patient', () => {
  assert.equal(withoutKey('255012A00402555'), withoutKey('255012A004025'));
  assert.notEqual(withoutKey('255012A00402555'), withoutKey('255012B00402582'));
});

test('a number tells the month of birth: the one of a parent is not the child’s own', () => {
  assert.equal(mayBeHisOwn('279035121518989', '1979-03-28'), true);
  assert.equal(mayBeHisOwn('279035121518989', '2011-03-28'), false);
  assert.equal(mayBeHisOwn('279035121518989', '1979-04-28'), false);
  // The month was not known when the number was given (months 20 and above).
  assert.equal(mayBeHisOwn('279305121518989', '1979-04-28'), true);
});
