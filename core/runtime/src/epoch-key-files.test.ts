import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openEpochKeyFiles } from './epoch-key-files.ts';
import { openVault } from './vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-epochs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const vault = openVault(randomBytes(32));
const open = (name: string) => openEpochKeyFiles(join(folder, name), vault);
const EPOCH = '20260615T110000Z';

test('an epoch key is made once, however many ask at the same time, and lasts', async () => {
  const epochs = await open('once');
  assert.equal(await epochs.get(EPOCH), null);
  const keys = await Promise.all(Array.from({ length: 10 }, () => epochs.getOrMake(EPOCH)));
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1);
  assert.equal(keys[0]?.length, 32);
  assert.deepEqual(await (await open('once')).get(EPOCH), keys[0]);
  assert.deepEqual(await epochs.list(), [EPOCH]);
});

test('a key file is sealed under the vault, for us alone, and does not open as another epoch', async () => {
  const epochs = await open('sealed');
  const key = await epochs.getOrMake(EPOCH);
  const file = join(folder, 'sealed', `${EPOCH}.key`);
  assert.ok(!readFileSync(file).includes(key));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const elsewhere = await openEpochKeyFiles(join(folder, 'sealed'), openVault(randomBytes(32)));
  await assert.rejects(elsewhere.get(EPOCH));
});

test('a destroyed key is gone from memory and disk, and the epoch is never made again', async () => {
  const epochs = await open('destroyed');
  const key = await epochs.getOrMake(EPOCH);
  const before = Buffer.from(key);
  assert.equal(await epochs.destroy(EPOCH), true);
  assert.equal(await epochs.destroy(EPOCH), false);
  assert.ok(key.equals(Buffer.alloc(32)) && !before.equals(key));
  for (const again of [epochs, await open('destroyed')]) {
    assert.equal(await again.get(EPOCH), null);
    assert.deepEqual([await again.list(), await again.destroyed()], [[], [EPOCH]]);
    await assert.rejects(again.getOrMake(EPOCH), /destroyed/);
  }
  assert.deepEqual(readdirSync(join(folder, 'destroyed')), [`${EPOCH}.destroyed`]);
});

test('a name that is no epoch is refused', async () => {
  const epochs = await open('names');
  for (const name of ['', '../20260615T110000Z', '20260615', '20260615T110000Z/x']) {
    await assert.rejects(async () => epochs.get(name), RangeError);
    await assert.rejects(async () => epochs.getOrMake(name), RangeError);
    await assert.rejects(async () => epochs.destroy(name), RangeError);
  }
});
