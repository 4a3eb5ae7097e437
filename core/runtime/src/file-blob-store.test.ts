import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { blobStoreConformance } from './blob-store.conformance.ts';
import { openFileBlobStore } from './file-blob-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-blobs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let next = 0;
const newFolder = (): string => {
  next += 1;
  return join(folder, String(next));
};

blobStoreConformance('files', () => openFileBlobStore(newFolder()));

test('what was put is there after the folder is opened again, and only for us', async () => {
  const place = newFolder();
  await (await openFileBlobStore(place)).put('a/b', Buffer.from('x'));
  assert.equal((await (await openFileBlobStore(place, { sweep: true })).get('a/b'))?.toString(), 'x');
  assert.equal(statSync(join(place, 'a/b')).mode & 0o077, 0);
  assert.equal(statSync(join(place, 'a')).mode & 0o077, 0);
});

test('what a crash left half-written is swept by the server only', async () => {
  const place = newFolder();
  await openFileBlobStore(place);
  const half = join(place, 'partial', 'half');
  writeFileSync(half, 'half');
  await openFileBlobStore(place);
  assert.equal(existsSync(half), true);
  await openFileBlobStore(place, { sweep: true });
  assert.equal(existsSync(half), false);
});
