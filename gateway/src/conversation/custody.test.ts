/** Custody of conversation keys on real epoch key files: what is destroyed cannot be read again, from no copy. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { openVault } from '@estafette/runtime/vault';
import { openCustody } from './custody.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-custody-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const vault = openVault(randomBytes(32));
const open = async (name: string) =>
  openCustody(await openEpochKeyFiles(join(folder, name), vault), { epochSeconds: 3_600 });

const AT = Date.UTC(2026, 5, 15, 10, 20);
const END = Date.UTC(2026, 5, 15, 11);

test('an epoch ends at or after the expiry, and is named by its end', async () => {
  const custody = await open('names');
  assert.deepEqual(custody.epochFor(AT), { epoch: '20260615T110000Z', endsAt: END });
  assert.deepEqual(custody.epochFor(END), { epoch: '20260615T110000Z', endsAt: END });
  assert.equal(custody.epochFor(END + 1).epoch, '20260615T120000Z');
});

test('a key comes back from its wrapping, after a restart too', async () => {
  const key = await (await open('restart')).make();
  const id = newId('conversation');
  const wrappedKey = await (await open('restart')).wrap(id, '20260615T110000Z', key);
  assert.ok(!wrappedKey.includes(Buffer.from(key.raw)));
  const found = await (await open('restart')).unwrap({ id, epoch: '20260615T110000Z', wrappedKey });
  assert.deepEqual(found?.raw, key.raw);
});

test('a wrapped key does not open for another conversation, another epoch, or altered', async () => {
  const custody = await open('bound');
  const [id, epoch] = [newId('conversation'), '20260615T110000Z'];
  const wrappedKey = await custody.wrap(id, epoch, await custody.make());
  await custody.wrap(id, '20260615T120000Z', await custody.make());
  const altered = Buffer.from(wrappedKey);
  altered[20] = (altered[20] as number) ^ 1;
  await assert.rejects(custody.unwrap({ id: newId('conversation'), epoch, wrappedKey }));
  await assert.rejects(custody.unwrap({ id, epoch: '20260615T120000Z', wrappedKey }));
  await assert.rejects(custody.unwrap({ id, epoch, wrappedKey: altered }));
  assert.equal(await custody.unwrap({ id, epoch, wrappedKey: Buffer.alloc(0) }), null);
});

test('extending wraps the same key under the later epoch, and the earlier one may go', async () => {
  const custody = await open('extended');
  const [id, key] = [newId('conversation'), await custody.make()];
  await custody.wrap(id, '20260615T110000Z', key);
  const wrappedKey = await custody.wrap(id, '20260615T130000Z', key);
  await custody.destroyOver(END);
  assert.deepEqual(await custody.destroyed(), ['20260615T110000Z']);
  assert.deepEqual((await custody.unwrap({ id, epoch: '20260615T130000Z', wrappedKey }))?.raw, key.raw);
});

test('what was wrapped under a destroyed epoch is unreadable, in memory, after a restart, and in a later backup', async () => {
  const custody = await open('destroyed');
  const [id, epoch] = [newId('conversation'), '20260615T110000Z'];
  const wrappedKey = await custody.wrap(id, epoch, await custody.make());
  await custody.destroyOver(END - 1);
  assert.deepEqual(await custody.destroyed(), []);
  for (let times = 0; times < 2; times += 1) await custody.destroyOver(END);
  assert.deepEqual(await custody.destroyed(), [epoch]);
  cpSync(join(folder, 'destroyed'), join(folder, 'backup'), { recursive: true });
  for (const again of [custody, await open('destroyed'), await open('backup')]) {
    assert.equal(await again.unwrap({ id, epoch, wrappedKey }), null);
    await assert.rejects(again.wrap(id, epoch, await again.make()), /destroyed/);
  }
});
