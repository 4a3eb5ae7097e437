import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshOf } from './fresh-words.ts';

const TEXT = 'Bonjour,\n> Que faire ?\nArrêter ce soir.\n> Merci\n';

test('new words between quoted ones are told together, each on lines of its own', () => {
  const ranges = [
    { from: 0, to: 9 },
    { from: 23, to: 40 },
  ];
  assert.equal(freshOf(TEXT, ranges), 'Bonjour,\nArrêter ce soir.');
});

test('nothing is told apart where all is new, nothing is, or the ranges are not sound', () => {
  assert.equal(freshOf(TEXT), null);
  assert.equal(freshOf(TEXT, [{ from: 0, to: TEXT.length }]), null);
  assert.equal(freshOf(TEXT, [{ from: 8, to: 9 }]), null, 'only a line end');
  for (const [from, to] of [
    [5, 5],
    [5, 1],
    [-1, 3],
    [0, TEXT.length + 1],
    [Number.NaN, 3],
  ] as const)
    assert.equal(freshOf(TEXT, [{ from, to }]), null, `${from}-${to}`);
  const crossing = [
    { from: 4, to: 9 },
    { from: 8, to: 12 },
  ];
  assert.equal(freshOf(TEXT, crossing), null);
});
