/** The spool on real files: what was stored comes back whole, what was not stored leaves nothing, what was touched is noticed. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { newId } from '@estafette/contracts/ids';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { openVault } from '@estafette/runtime/vault';
import { openSpool } from './spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-spool-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const vault = openVault(randomBytes(32));
const blobs = await openFileBlobStore(folder);
const spool = openSpool(blobs, vault);
const FACTS = {
  mailFrom: 'claire.martin@cabinet.example',
  mailboxIds: [newId('mailbox')],
  receivedAt: 1_781_518_800_000,
};
const LETTER = Buffer.from('Subject: INR\r\n\r\nINR 6.8 chez Mme DESSAINT\r\n');
const pathOf = (letterId: string) => join(folder, 'spool', letterId);

async function* pieces(...chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

async function spooled(...chunks: Uint8Array[]): Promise<string> {
  const letterId = newId('letter');
  await spool.store(letterId, FACTS, pieces(...chunks));
  return letterId;
}

test('a letter comes back with its facts, however it was cut into chunks', async () => {
  for (const chunks of [
    [LETTER],
    [...LETTER].map((byte) => Buffer.from([byte])),
    [LETTER.subarray(0, 9), Buffer.alloc(0), LETTER.subarray(9)],
  ]) {
    assert.deepEqual(await spool.read(await spooled(...chunks)), { ...FACTS, bytes: LETTER });
  }
  assert.deepEqual((await spool.read(await spooled()))?.bytes, Buffer.alloc(0));
});

test('a letter of megabytes comes back whole', async () => {
  const megabyte = randomBytes(1_048_576);
  const letterId = await spooled(...Array.from({ length: 8 }, () => megabyte));
  assert.deepEqual((await spool.read(letterId))?.bytes, Buffer.concat(Array.from({ length: 8 }, () => megabyte)));
});

test('nothing of a letter, its sender or its recipients lies in the file', async () => {
  const raw = readFileSync(pathOf(await spooled(LETTER)));
  for (const word of ['DESSAINT', 'claire.martin', FACTS.mailboxIds[0] as string, 'Subject'])
    assert.ok(!raw.includes(word));
});

test('the same letter twice gives different bytes', async () => {
  const [one, other] = [await spooled(LETTER), await spooled(LETTER)].map((id) => readFileSync(pathOf(id)));
  assert.notDeepEqual(one?.subarray(-40), other?.subarray(-40));
});

test('a letter that is broken off or refused at its end leaves nothing', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield LETTER;
    throw new Refusal('line-ending-bare');
  }
  const letterId = newId('letter');
  await assert.rejects(spool.store(letterId, FACTS, broken()), Refusal);
  assert.equal(await spool.read(letterId), null);
  assert.deepEqual(readdirSync(join(folder, 'partial')), []);
});

test('any altered, missing or added byte is noticed', async () => {
  const letterId = await spooled(LETTER);
  const raw = readFileSync(pathOf(letterId));
  for (let at = 0; at < raw.length; at += 3) {
    const altered = Buffer.from(raw);
    altered[at] = (altered[at] as number) ^ 1;
    writeFileSync(pathOf(letterId), altered);
    await assert.rejects(spool.read(letterId), `byte ${at}`);
  }
  for (const wrong of [
    raw.subarray(0, -1),
    Buffer.concat([raw, Buffer.alloc(1)]),
    raw.subarray(0, 6),
    Buffer.alloc(0),
  ]) {
    writeFileSync(pathOf(letterId), wrong);
    await assert.rejects(spool.read(letterId));
  }
});

test('a letter does not open under another name, nor under another vault', async () => {
  const [letterId, other] = [await spooled(LETTER), newId('letter')];
  cpSync(pathOf(letterId), pathOf(other));
  await assert.rejects(spool.read(other));
  await assert.rejects(openSpool(blobs, openVault(randomBytes(32))).read(letterId));
});

test('what waits is listed oldest first, and is gone once removed', async () => {
  rmSync(join(folder, 'spool'), { recursive: true });
  const fresh = openSpool(await openFileBlobStore(folder), vault);
  assert.deepEqual(await fresh.waiting(), []);
  const ids = [newId('letter'), newId('letter')];
  for (const id of ids) await fresh.store(id, FACTS, pieces(LETTER));
  const waiting = await fresh.waiting();
  assert.deepEqual(waiting.map(({ letterId }) => letterId).sort(), ids);
  assert.ok(waiting.every(({ storedAt }, at) => storedAt >= (waiting[at - 1]?.storedAt ?? 0)));
  for (const id of [...ids, ids[0] as string]) await fresh.remove(id);
  assert.deepEqual(await fresh.waiting(), []);
});
