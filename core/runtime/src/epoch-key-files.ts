/**
 * Epoch keys as files, one per epoch, sealed under the vault. Destroying one overwrites the file with noise, fsyncs
 * and removes it, and leaves a mark so that the same epoch is never made again. On a file system that copies on
 * write the old blocks may survive underneath until they are reused: the vault key still protects them
 * (docs/security-model.md).
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochKeys, Vault } from './ports.ts';

const KEY_BYTES = 32;
const NAME = /^[0-9]{8}T[0-9]{6}Z$/;

async function writeDurably(file: string, bytes: Buffer, flag: 'wx' | 'r+'): Promise<void> {
  const handle = await open(file, flag, 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const missingAsNull = (error: unknown): null => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
};

/** Opens the folder of epoch keys. */
export async function openEpochKeyFiles(folder: string, vault: Vault): Promise<EpochKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = new Map<string, Buffer>();
  const making = new Map<string, Promise<Buffer>>();
  const fileOf = (epoch: string): string => {
    if (!NAME.test(epoch)) throw new RangeError('not an epoch');
    return join(folder, `${epoch}.key`);
  };
  const markOf = (epoch: string) => join(folder, `${epoch}.destroyed`);

  const namesEnding = async (ending: string): Promise<string[]> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(ending));
    return names.map((name) => name.slice(0, -ending.length)).filter((name) => NAME.test(name));
  };

  const get = async (epoch: string): Promise<Buffer | null> => {
    const before = known.get(epoch);
    if (before !== undefined) return before;
    const sealed = await readFile(fileOf(epoch)).catch(missingAsNull);
    if (sealed === null) return null;
    const key = vault.open('epoch', epoch, sealed);
    known.set(epoch, key);
    return key;
  };

  const make = async (epoch: string): Promise<Buffer> => {
    const existing = await get(epoch);
    if (existing !== null) return existing;
    if ((await readFile(markOf(epoch)).catch(missingAsNull)) !== null)
      throw new Error('the key of this epoch was destroyed');
    const key = randomBytes(KEY_BYTES);
    const draft = `${fileOf(epoch)}.${randomBytes(6).toString('hex')}`;
    await writeDurably(draft, vault.seal('epoch', epoch, key), 'wx');
    await rename(draft, fileOf(epoch));
    const handle = await open(folder, 'r');
    await handle.sync();
    await handle.close();
    known.set(epoch, key);
    return key;
  };

  return {
    get,
    getOrMake(epoch) {
      const running = making.get(epoch) ?? make(epoch).finally(() => making.delete(epoch));
      making.set(epoch, running);
      return running;
    },
    async destroy(epoch) {
      known.get(epoch)?.fill(0);
      known.delete(epoch);
      const sealed = await readFile(fileOf(epoch)).catch(missingAsNull);
      if (sealed === null) return false;
      await writeFile(markOf(epoch), '', { mode: 0o600 });
      await writeDurably(fileOf(epoch), randomBytes(sealed.length), 'r+');
      await unlink(fileOf(epoch));
      return true;
    },
    list: () => namesEnding('.key'),
    destroyed: () => namesEnding('.destroyed'),
  };
}
