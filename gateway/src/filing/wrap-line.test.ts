/** Lines are broken where a reader expects it, and nothing is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printableLines } from './printable.ts';
import { wrapLine } from './wrap-line.ts';

/** Every letter is one wide. */
const wrapped = (line: string, width: number): string[] => [...wrapLine(line, width, (text) => [...text].length)];

test('a line is broken between words, a long word within', () => {
  assert.deepEqual(wrapped('un deux trois', 8), ['un deux', 'trois']);
  assert.deepEqual(wrapped('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(wrapped('', 4), ['']);
});

test('columns and indentation stay', () => {
  assert.deepEqual(wrapped('  INR   6,8', 20), ['  INR   6,8']);
  assert.deepEqual(wrapped(`${' '.repeat(30)}loin`, 20), ['loin']);
});

test('a number is not parted from its unit', () => {
  assert.deepEqual(wrapped('vitamine K 2 mg, puis', 12), ['vitamine K', '2 mg, puis']);
  assert.deepEqual(wrapped('de 12 % environ', 5), ['de', '12 %', 'envir', 'on']);
});

test('no letter is lost, no line is too wide', () => {
  const line = fc.string({ unit: fc.constantFrom(...'ab12 %mgé,\u0301'), maxLength: 200 });
  fc.assert(
    fc.property(line, fc.integer({ min: 2, max: 30 }), (text, width) => {
      const lines = wrapped(text, width);
      assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
      for (const one of lines) assert.ok([...one].length <= Math.max(width, 9) + 9);
    }),
    { seed: 20260112, numRuns: 300 },
  );
});

test('a line of spaces, of marks or of one word is no more work than one of words', () => {
  for (const text of [`a${' '.repeat(2e5)}`, `a${'\u0301\u0323'.repeat(1e5)}`, 'x'.repeat(2e5), '1 '.repeat(1e5)]) {
    const [line = ''] = printableLines(text, () => true);
    assert.ok(wrapped(line, 90).length < 150_000);
  }
});

test('what draws nothing is written as its code', () => {
  const has = (codePoint: number) => codePoint < 0x2000;
  assert.deepEqual(
    [...printableLines('a\u200bb\u0007\tc\r\nd\u{1f48a}', has)],
    ['a[U+200B]b[U+0007]      c', 'd[U+1F48A]'],
  );
  assert.deepEqual([...printableLines(`e${'\u0301'.repeat(10)}`, has)], [`e${'\u0301'.repeat(8)}[U+0301][U+0301]`]);
});
