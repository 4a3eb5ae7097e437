/** Values as laboratories write them, against a limit of five: decided only where every reading lies on one side. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareWith, likelyReadings, readValue } from './stated-value.ts';

const above = (written: string, isDecimal = false): string => {
  const value = readValue(written, isDecimal);
  return value === null ? 'nothing' : compareWith(value, '>', 5);
};

test('a value is compared in the writings of laboratories', () => {
  for (const written of ['6,8', '6.8', '6,8*', '*6,8 *', '6.8 (HH)', '+6,8', '> 10', '>=5,1', 'supérieur à 10'])
    assert.equal(above(written), 'holds', written);
  for (const written of [
    'SUP. À 10',
    '1 234',
    '12 345,6',
    '1.234,5',
    '1.234.567',
    '1e3',
    '6,8 mmol/l',
    '5,1 - 7',
    '6 à 7',
  ])
    assert.equal(above(written), 'holds', written);
  for (const written of ['5', '5,0', '4.9', '-6', '−6', '< 0,5', '<= 5', 'inférieur à 5', '-2 - 2', '0,5 à 1', '6e-1'])
    assert.equal(above(written), 'fails', written);
});

test('what may lie on either side is not decided', () => {
  for (const written of [
    '> 4',
    '>= 5',
    '< 6',
    '4 - 6',
    '5-7',
    '2.920',
    '2,920',
    '7-5',
    '~6',
    'environ 6',
    '6 8',
    '6,,8',
  ])
    assert.equal(above(written), 'undecided', written);
  for (const written of [
    'incoagulable',
    'positif',
    '6,8 le 12/01/2026',
    '6,8 puis 7,1',
    '5.10^3',
    'NaN',
    '٦',
    '6;8',
    '1 2345',
  ])
    assert.equal(above(written), 'undecided', written);
});

test('what is no result is nothing to compare', () => {
  for (const written of [
    '',
    ' ',
    '---',
    'NR',
    'en cours',
    'Hémolysé',
    'Prélèvement coagulé',
    'à recontrôler',
    'Voir commentaire',
  ])
    assert.equal(above(written), 'nothing', written);
});

test('a point is decimal where the format says so', () => {
  assert.deepEqual([above('4.300', true), above('6.800', true), above('1,950', true)], ['fails', 'holds', 'undecided']);
});

test('of two readings the norms choose, where they have one reading themselves', () => {
  const reading = (written: string, norms: readonly string[]) => {
    const value = readValue(written, false);
    return value && likelyReadings(value, norms).readings.map(({ low }) => low);
  };
  assert.deepEqual(reading('4.300', ['3.5', '4.8']), [4.3]);
  assert.deepEqual(reading('250.000', ['150000', '400000']), [250_000]);
  assert.deepEqual(reading('4.300', []), [4.3, 4300]);
  assert.deepEqual(reading('4.300', ['4.000', '10.000']), [4.3, 4300]);
  assert.deepEqual(reading('4.300', ['normal', '']), [4.3, 4300]);
});

test('a unit behind the number is kept as it is written', () => {
  const unit = (written: string) => readValue(written, false)?.unit;
  assert.deepEqual(
    [unit('< 0.12  mg/L'), unit('6,8 mmol/L *'), unit('50 10*9/L'), unit('6,8 HH')],
    ['mg/L', 'mmol/L', '10*9/L', ''],
  );
});

test('a number on one side is never found on the other, however it is written', () => {
  const seed = { seed: 20260112 };
  const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(numbers, fc.constantFrom('.', ','), fc.constantFrom('', '*', ' *', '(H)'), (number, mark, after) => {
      const fixed = number.toFixed(2);
      const found = above(`${fixed.replace('.', mark)}${after}`);
      assert.equal(found, Number(fixed) > 5 ? 'holds' : 'fails');
    }),
    seed,
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 60, unit: 'grapheme' }), (text) => {
      assert.ok(['holds', 'fails', 'undecided', 'nothing'].includes(above(text)));
      if (!/\d/.test(text)) assert.ok(['undecided', 'nothing'].includes(above(text)), text);
    }),
    seed,
  );
});

test('a value of a megabyte costs no more than a line', () => {
  for (const unit of ['9', '9 ', '9.', ',', '-', 'e', 'non ', '> '])
    assert.notEqual(above(unit.repeat(1_000_000 / unit.length)), 'holds');
});
