/** What passes through DATA: the same judgement wherever the chunks end, and the limit on the size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { watchedLetter } from './letter-stream.ts';

/** The letter cut at these places; gives what passed, or the code of the refusal. */
async function pass(letter: Uint8Array, cuts: readonly number[]): Promise<Buffer | string> {
  async function* chunks(): AsyncIterable<Uint8Array> {
    const places = [
      0,
      ...cuts.map((cut) => cut % (letter.length + 1)).sort((one, other) => one - other),
      letter.length,
    ];
    for (const [at, from] of places.slice(0, -1).entries()) yield letter.subarray(from, places[at + 1]);
  }
  const passed: Uint8Array[] = [];
  try {
    for await (const chunk of watchedLetter(chunks())) passed.push(chunk);
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
  return Buffer.concat(passed);
}

const isBare = (text: string): boolean => /\0|\r(?!\n)|(?<!\r)\n/.test(text);
const anyText = fc
  .array(fc.constantFrom('\r\n', '\r', '\n', '\0', '.', 'a', ' '), { maxLength: 30 })
  .map((all) => all.join(''));
const cleanText = fc.array(fc.constantFrom('\r\n', '.', 'a', ' ', 'é'), { maxLength: 30 }).map((all) => all.join(''));
const cuts = fc.array(fc.nat(60), { maxLength: 8 });

test('a bare CR, bare LF or NUL is refused, and nothing else, wherever the chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(anyText, cleanText), cuts, async (text, places) => {
      const letter = Buffer.from(text);
      const passed = await pass(letter, places);
      assert.deepEqual(passed, isBare(text) ? 'line-ending-bare' : letter);
    }),
    { numRuns: 2_000 },
  );
});

test('every single chunk boundary of a smuggling attempt is caught', async () => {
  for (const text of ['a\r\n.\n.\r\nb', 'a\n.\r\nMAIL FROM:<x>\r\n', 'a\r.\r\n', 'end\r', '\n', '\r\r\n', '\0']) {
    for (let cut = 0; cut <= text.length; cut += 1)
      assert.equal(await pass(Buffer.from(text), [cut]), 'line-ending-bare', JSON.stringify([text, cut]));
  }
});

test('the largest letter passes and one byte more is refused', async () => {
  const largest = Buffer.alloc(SMTP_LIMITS.letterMaxBytes, 0x61);
  const passed = await pass(largest, [1, 1_000_000]);
  assert.ok(Buffer.isBuffer(passed) && passed.length === largest.length);
  assert.equal(await pass(Buffer.concat([largest, Buffer.from('b')]), [1_000_000]), 'letter-too-large');
});

test('a letter that is refused is read to its end, so that the peer can hear why', async () => {
  let ended = false;
  async function* chunks(): AsyncIterable<Uint8Array> {
    yield Buffer.from('a\nb');
    yield Buffer.from('more');
    ended = true;
  }
  const passed: Uint8Array[] = [];
  await assert.rejects(async () => {
    for await (const chunk of watchedLetter(chunks())) passed.push(chunk);
  }, Refusal);
  assert.deepEqual([ended, passed.length], [true, 0]);
});
