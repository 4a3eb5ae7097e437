/** What every blob store promises, in code. Takes a factory; run by the test file of each adapter. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { BlobStore } from './ports.ts';

async function* pieces(...chunks: (Uint8Array | Error)[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield chunk;
  }
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}

/** Tests every promise on a store of the factory. */
export function blobStoreConformance(place: string, open: () => Promise<BlobStore>): void {
  const promise = (title: string, work: (blobs: BlobStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('bytes come back as they were put, at once or in pieces', async (blobs) => {
    const bytes = randomBytes(200_000);
    assert.deepEqual(await blobs.put('spool/one', bytes), { bytes: bytes.length });
    const cut = [bytes.subarray(0, 7), Buffer.alloc(0), bytes.subarray(7)];
    assert.deepEqual(await blobs.put('spool/two', pieces(...cut)), { bytes: bytes.length });
    for (const name of ['spool/one', 'spool/two']) assert.deepEqual(await blobs.get(name), bytes);
    const opened = await blobs.open('spool/two');
    assert.equal(opened?.bytes, bytes.length);
    assert.deepEqual(Buffer.concat((await opened?.stream.toArray()) ?? []), bytes);
  });

  promise('empty content is content', async (blobs) => {
    await blobs.put('empty', Buffer.alloc(0));
    assert.deepEqual(await blobs.get('empty'), Buffer.alloc(0));
  });

  promise('what does not exist is null, and may be deleted', async (blobs) => {
    assert.equal(await blobs.get('spool/none'), null);
    assert.equal(await blobs.open('none'), null);
    await blobs.delete('spool/none');
    assert.deepEqual(await all(blobs.list('none/')), []);
  });

  promise('a later put replaces, a deleted blob is gone', async (blobs) => {
    await blobs.put('a/b', Buffer.from('longer than the next'));
    await blobs.put('a/b', Buffer.from('short'));
    assert.equal((await blobs.get('a/b'))?.toString(), 'short');
    await blobs.delete('a/b');
    await blobs.delete('a/b');
    assert.equal(await blobs.get('a/b'), null);
  });

  promise('content that breaks off keeps nothing, and leaves the blob before it as it was', async (blobs) => {
    const broken = () => pieces(Buffer.from('half'), new Error('broken off'));
    await assert.rejects(blobs.put('new', broken()), /broken off/);
    assert.equal(await blobs.get('new'), null);
    await blobs.put('old', Buffer.from('whole'));
    await assert.rejects(blobs.put('old', broken()), /broken off/);
    assert.equal((await blobs.get('old'))?.toString(), 'whole');
    assert.deepEqual(await all(blobs.list('partial/')), []);
  });

  promise('a list names what lies under a prefix, whole', async (blobs) => {
    for (const name of ['blobs/x/1', 'blobs/x/2', 'blobs/xy/3', 'other/4']) await blobs.put(name, Buffer.from(name));
    const found = await all(blobs.list('blobs/x/'));
    assert.deepEqual(found.map(({ name, bytes }) => `${name} ${bytes}`).sort(), ['blobs/x/1 9', 'blobs/x/2 9']);
    assert.equal((await all(blobs.list('blobs/'))).length, 3);
    assert.ok(found.every(({ modifiedAt }) => modifiedAt instanceof Date));
  });

  promise('many puts of one name at the same time leave one whole content', async (blobs) => {
    const contents = Array.from({ length: 20 }, () => randomBytes(20_000));
    await Promise.all(contents.map((content) => blobs.put('same/name', content)));
    const left = await blobs.get('same/name');
    assert.ok(contents.some((content) => left?.equals(content)));
  });

  promise('a name that could lead elsewhere is refused', async (blobs) => {
    for (const name of ['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/..', '.hidden', 'a\0b', 'a b', 'a/']) {
      await assert.rejects(async () => blobs.put(name, Buffer.alloc(1)), RangeError, JSON.stringify(name));
      await assert.rejects(async () => blobs.get(name), RangeError);
      await assert.rejects(async () => blobs.delete(name), RangeError);
    }
  });
}
