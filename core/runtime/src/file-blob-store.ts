/**
 * Blobs as files: written beside their place, fsynced, renamed, and the folder fsynced, so that a name either
 * holds everything or does not exist. What a crash leaves half-written lies in `partial/` and is swept at start.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { BlobStore } from './ports.ts';

const NAME = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_.-]+)*$/;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: FileHandle, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
  if (content instanceof Uint8Array) {
    await file.writeFile(content);
    return content.length;
  }
  let bytes = 0;
  for await (const chunk of content) {
    let offset = 0;
    while (offset < chunk.length) offset += (await file.write(chunk, offset, chunk.length - offset)).bytesWritten;
    bytes += chunk.length;
  }
  return bytes;
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * Opens (and makes) a blob store in `folder`. `sweep` removes what a crash left half-written: only for the one server
 * of the folder, never for a command beside it.
 */
export async function openFileBlobStore(
  folder: string,
  options: { sweep: boolean } = { sweep: false },
): Promise<BlobStore> {
  const partial = join(folder, 'partial');
  if (options.sweep) await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  const madeFolders = new Set<string>();

  const placeOf = (name: string): string => {
    if (!NAME.test(name) || name.includes('..')) throw new RangeError('not a blob name');
    return join(folder, name);
  };
  const makeFolder = async (path: string): Promise<void> => {
    if (madeFolders.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    for (let at = path; at.startsWith(folder) && at !== dirname(folder); at = dirname(at)) await syncFolder(at);
    madeFolders.add(path);
  };

  return {
    async put(name, content) {
      const place = placeOf(name);
      const draft = join(partial, randomBytes(12).toString('hex'));
      try {
        const file = await open(draft, 'wx', 0o600);
        let bytes: number;
        try {
          bytes = await writeAll(file, content);
          await file.datasync();
        } finally {
          await file.close();
        }
        await makeFolder(dirname(place));
        await rename(draft, place);
        await syncFolder(dirname(place));
        return { bytes };
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    async get(name) {
      try {
        return await readFile(placeOf(name));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async open(name) {
      const place = placeOf(name);
      try {
        const { size } = await stat(place);
        return { stream: createReadStream(place), bytes: size };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async delete(name) {
      try {
        await unlink(placeOf(name));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
    async *list(prefix) {
      const root = placeOf(prefix.replace(/\/$/, ''));
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const facts = await stat(path).catch(() => null);
        if (facts === null) continue;
        yield { name: relative(folder, path).split(sep).join('/'), bytes: facts.size, modifiedAt: facts.mtime };
      }
    },
  };
}
