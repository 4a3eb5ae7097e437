/** docs/protocol.md against the code: tables that drift are worse than none. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { CLOSE_CODES } from '@estafette/contracts/close-codes';
import { DeviceFrameSchema, RelayFrameSchema } from '@estafette/contracts/frames';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';
import { HTTP_REFUSALS } from './http-refusal.ts';

let page: string;
before(async () => {
  page = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
});

/** The rows of the table under a heading, cells trimmed, code marks removed. */
function tableUnder(heading: string): string[][] {
  const section = page.split(/^#+ /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** All JSON examples that are frames of one direction. */
function examples(): unknown[] {
  return [...page.matchAll(/^```json\n([\s\S]*?)^```/gm)].map((found) => JSON.parse(found[1] ?? ''));
}

test('the table of close codes is the one of the contracts', () => {
  const expected = Object.entries(CLOSE_CODES).map(([code, { name, advice, meaning }]) => [
    code,
    name,
    advice,
    meaning,
  ]);
  assert.deepEqual(tableUnder('Close codes'), expected);
});

test('the table of HTTP refusals is the one of the code', () => {
  const expected = Object.entries(HTTP_REFUSALS).map(([code, { status }]) => [String(status), code]);
  assert.deepEqual(
    tableUnder('Refusals over HTTP').map((row) => row.slice(0, 2)),
    expected,
  );
});

test('the table of limits is the one of the contracts', () => {
  const known = new Map(Object.entries(RELAY_LIMITS));
  const rows = tableUnder('Limits');
  assert.ok(rows.length >= 10);
  for (const [name = '', value] of rows) assert.equal(value, String(known.get(name)), name);
});

test('every frame is documented with an example that fits its schema', () => {
  const frames = examples().filter((one) => typeof one === 'object' && one !== null && 't' in one);
  for (const schema of [DeviceFrameSchema, RelayFrameSchema]) {
    for (const option of schema.options) {
      const name = option.entries.t.literal;
      const found = frames.find((frame) => (frame as { t: string }).t === name);
      assert.ok(found !== undefined && v.is(schema, found), name);
    }
  }
  for (const frame of frames) {
    assert.ok(v.is(DeviceFrameSchema, frame) || v.is(RelayFrameSchema, frame), JSON.stringify(frame));
  }
});
