/**
 * The last list that was accepted, for the next start: SPACE.xml with its bytes, verified again when it is read, and
 * SPACE.json with what must not be forgotten even if the list is lost: how new the newest was. Both appear whole
 * (fsync, rename). To take an older or a much shorter list on purpose, the operator removes both.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readListFile } from './fetch-list.ts';
import { ListRefused } from './list-refused.ts';

const MemorySchema = v.object({
  /** Common name of the signer it was accepted from: for another one, none of this counts. */
  signer: v.string(),
  source: v.string(),
  /** Milliseconds since 1970. */
  generatedAt: v.number(),
  /** SHA-256 of the signed octets. */
  digest: v.string(),
  domains: v.number(),
  etag: v.nullable(v.string()),
  lastModified: v.nullable(v.string()),
  /** When its source last gave it as the current one. */
  currentAt: v.number(),
});
export type ListMemory = v.InferOutput<typeof MemorySchema>;

export interface ListFolder {
  /** Null: none, or one that cannot be read. */
  memory(): Promise<ListMemory | null>;
  /** The bytes kept; null: none. Throws `ListRefused` when they cannot be read. */
  bytes(): Promise<Buffer | null>;
  keep(bytes: Uint8Array, memory: ListMemory): Promise<void>;
  remember(memory: ListMemory): Promise<void>;
}

async function writeWhole(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${name}.${randomBytes(6).toString('hex')}.part`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(folder, name));
    const directory = await open(folder, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The copy of a space in a folder that need not exist. */
export function listFolder(folder: string, space: string): ListFolder {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$/.test(space)) throw new RangeError('not the name of a trust space');
  const [list, memory] = [`${space}.xml`, `${space}.json`];
  const remember = (facts: ListMemory): Promise<void> => writeWhole(folder, memory, `${JSON.stringify(facts)}\n`);
  return {
    async memory() {
      try {
        const found = v.safeParse(MemorySchema, JSON.parse(await readFile(join(folder, memory), 'utf8')));
        return found.success ? found.output : null;
      } catch {
        return null;
      }
    },
    async bytes() {
      try {
        return (await readListFile(join(folder, list))).bytes;
      } catch (error) {
        const { cause } = error as { cause?: NodeJS.ErrnoException };
        if (error instanceof ListRefused && cause?.code === 'ENOENT') return null;
        throw error;
      }
    },
    async keep(bytes, facts) {
      await writeWhole(folder, list, bytes);
      await remember(facts);
    },
    remember,
  };
}
