/** What passes through DATA: the same judgement wherever the chunks end, and the limit on the size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { ENVELOPE_LIMITS, SMTP_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { readHeaderFirst, watchedLetter } from './letter-stream.ts';

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
    for await (const chunk of watchedLetter(chunks(), SMTP_LIMITS)) passed.push(chunk);
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
    { seed: 20260112, numRuns: 2_000 },
  );
});

test('every single chunk boundary of a smuggling attempt is caught', async () => {
  for (const text of ['a\r\n.\n.\r\nb', 'a\n.\r\nMAIL FROM:<x>\r\n', 'a\r.\r\n', 'end\r', '\n', '\r\r\n', '\0']) {
    for (let cut = 0; cut <= text.length; cut += 1)
      assert.equal(await pass(Buffer.from(text), [cut]), 'line-ending-bare', JSON.stringify([text, cut]));
  }
});

test('the largest letter passes and one byte more is refused', async () => {
  const line = Buffer.from(`${'a'.repeat(1_022)}\r\n`);
  const largest = Buffer.alloc(SMTP_LIMITS.letterMaxBytes, line);
  const passed = await pass(largest, [1, 1_000_000]);
  assert.ok(Buffer.isBuffer(passed) && passed.length === largest.length);
  assert.equal(await pass(Buffer.concat([largest, Buffer.from('b')]), [1_000_000]), 'letter-too-large');
});

test('a letter that is refused is refused at once, and not ended for whoever reads on', async () => {
  let next = 0;
  async function* chunks(): AsyncIterable<Uint8Array> {
    for (const chunk of ['a\nb', 'more', 'and more']) {
      next += 1;
      yield Buffer.from(chunk);
    }
  }
  await assert.rejects(async () => {
    for await (const chunk of watchedLetter(chunks(), SMTP_LIMITS)) assert.fail(`passed ${chunk.length} octets`);
  }, Refusal);
  assert.equal(next, 1);
});

test('the longest line passes and one octet more is refused, wherever the chunks end', async () => {
  const longest = `${'x'.repeat(SMTP_LIMITS.textLineMaxBytes - 2)}\r\n`;
  const passed = await pass(Buffer.from(`a\r\n${longest}b`), [5, 70_000]);
  assert.ok(Buffer.isBuffer(passed));
  for (const places of [[], [1, 2], [500_000]])
    assert.equal(await pass(Buffer.from(`a\r\nx${longest}b`), places), 'line-too-long');
});

/** The header of the letter cut at these places, and the letter as it came out. */
async function split(letter: string, cuts: readonly number[], maxBytes = 1_000): Promise<[string | null, string]> {
  async function* chunks(): AsyncIterable<Uint8Array> {
    const places = [0, ...[...cuts].map((cut) => cut % (letter.length + 1)).sort((a, b) => a - b), letter.length];
    for (const [at, from] of places.slice(0, -1).entries()) yield Buffer.from(letter.slice(from, places[at + 1]));
  }
  const { header, content } = await readHeaderFirst(chunks(), maxBytes);
  const read: Uint8Array[] = [];
  for await (const chunk of content) read.push(chunk);
  return [header?.toString() ?? null, Buffer.concat(read).toString()];
}

test('the header is what stands before the first blank line, wherever the chunks end, and the letter stays whole', async () => {
  const places = fc.array(fc.nat(60), { maxLength: 8 });
  const text = fc.array(fc.constantFrom('\r\n', 'a', ': ', 'b\r\n'), { maxLength: 20 }).map((all) => all.join(''));
  await fc.assert(
    fc.asyncProperty(text, places, async (letter, cuts) => {
      const end = letter.startsWith('\r\n') ? 0 : letter.indexOf('\r\n\r\n');
      assert.deepEqual(await split(letter, cuts), [end < 0 ? letter : letter.slice(0, end), letter]);
    }),
    { seed: 20260112, numRuns: 2_000 },
  );
});

test('a header without end is none', async () => {
  const long = 'x'.repeat(1_000);
  assert.deepEqual(await split(`${long}\r\n\r\nbody`, [500]), [long, `${long}\r\n\r\nbody`]);
  assert.deepEqual(await split(`x${long}\r\n\r\nbody`, [500]), [null, `x${long}\r\n\r\nbody`]);
});

test('prevents: a letter that comes octet by octet costing an object for each', async () => {
  const bytes = ENVELOPE_LIMITS.headerMaxBytes;
  async function* octets(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes; at += 1) yield Buffer.alloc(1, 'a');
    for (let at = 0; at < 10; at += 1) yield Buffer.from('\r\n\r\n');
  }
  const { header, content } = await readHeaderFirst(octets(), bytes);
  assert.equal(header?.length, bytes);
  const read: Uint8Array[] = [];
  for await (const piece of content) read.push(piece);
  assert.ok(read.length < 64, `${read.length} pieces`);
  assert.equal(Buffer.concat(read).toString(), `${'a'.repeat(bytes)}${'\r\n\r\n'.repeat(10)}`);
});
