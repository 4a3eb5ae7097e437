/**
 * What was fetched to judge certificates, as files the letter workers read: NAME.crl, NAME.cer, and NAME.ocsp beside
 * the NAME.ocsp-request it answers; NAME.json says where it came from. A name is a digest, one per address for lists
 * and certificates, so that the next list takes the place of the last. Files appear whole (rename). It is public
 * matter, yet it tells whose letters came: the folder is the owner's only. What is gone can be fetched again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { STATUS_LIMITS, TRUST_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';
import type { Clock, StatusSource } from '../ports.ts';

const EntrySchema = v.object({
  kind: v.picklist(['crl', 'issuer', 'ocsp']),
  url: v.string(),
  bytes: v.number(),
  /** Milliseconds since 1970, all four. The beginning it names: thisUpdate of a list. */
  freshFrom: v.number(),
  fetchedAt: v.number(),
  /** When a letter last asked for it. */
  wantedAt: v.number(),
  /** The end it names: nextUpdate, or the end of a certificate. */
  freshUntil: v.number(),
});
export type StoredStatus = v.InferOutput<typeof EntrySchema> & { readonly name: string };

/** What reading the bytes gave: when they were made and until when they hold, milliseconds since 1970. */
export interface StatusFacts {
  readonly freshFrom: number;
  readonly freshUntil: number | null;
}

export interface StatusStore {
  readonly folder: string;
  /** Grows whenever the files change. */
  version(): number;
  entries(): StoredStatus[];
  entry(name: string): StoredStatus | null;
  /** Keeps what came for a source, in place of what it gave before. */
  put(source: StatusSource, bytes: Uint8Array, facts: StatusFacts, wantedAt: number): Promise<void>;
  /** Removes what is over, then the longest unwanted until the rest fits. */
  expire(): Promise<void>;
}

const SUFFIXES = { crl: ['.crl'], issuer: ['.cer'], ocsp: ['.ocsp-request', '.ocsp'] } as const;
const NAME = /^([0-9a-f]{64})\.json$/;

/** One name for each address; an OCSP answer is one of its question too. */
export function nameOf(source: StatusSource): string {
  const digest = createHash('sha256').update(`${source.kind} ${source.url}`);
  if (source.kind === 'ocsp') digest.update('\0').update(source.request);
  return digest.digest('hex');
}

/** When the file goes: a list stays a while past its end, since the certificates it revokes stay revoked. */
function goneAt({ kind, fetchedAt, wantedAt, freshUntil }: StoredStatus): number {
  if (kind === 'crl') return freshUntil + STATUS_LIMITS.staleListKeptMs;
  return kind === 'ocsp'
    ? freshUntil
    : Math.min(freshUntil, Math.max(fetchedAt, wantedAt) + STATUS_LIMITS.certificateKeptMs);
}

async function readEntries(folder: string): Promise<Map<string, StoredStatus>> {
  const entries = new Map<string, StoredStatus>();
  for (const file of await readdir(folder)) {
    const name = NAME.exec(file)?.[1];
    if (name === undefined) continue;
    try {
      entries.set(name, { name, ...v.parse(EntrySchema, JSON.parse(await readFile(join(folder, file), 'utf8'))) });
    } catch {
      // Half a file after a power cut: what belongs to it goes with the strays.
    }
  }
  return entries;
}

/** Opens (and makes) the store; files that belong to no entry go. */
export async function openStatusStore(folder: string, clock: Clock): Promise<StatusStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = await readEntries(folder);
  for (const file of await readdir(folder))
    if (!entries.has(file.split('.')[0] ?? '')) await rm(join(folder, file), { force: true, recursive: true });
  let version = 1;

  const write = async (file: string, content: Uint8Array | string): Promise<void> => {
    const draft = join(folder, `${randomBytes(12).toString('hex')}.part`);
    try {
      const handle = await open(draft, 'wx', 0o600);
      try {
        await handle.writeFile(content);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(draft, join(folder, file));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  };
  const remove = async (entry: StoredStatus): Promise<void> => {
    entries.delete(entry.name);
    version += 1;
    for (const suffix of [...SUFFIXES[entry.kind].toReversed(), '.json'])
      await rm(join(folder, entry.name + suffix), { force: true });
  };

  return {
    folder,
    version: () => version,
    entries: () => [...entries.values()],
    entry: (name) => entries.get(name) ?? null,

    async put(source, bytes, facts, wantedAt) {
      const [name, now] = [nameOf(source), clock.now().getTime()];
      const { kind, url } = source;
      const freshUntil = facts.freshUntil ?? now + TRUST_LIMITS.ocspAnswerMaxAgeMs;
      const facet = {
        kind,
        url,
        bytes: bytes.length,
        freshFrom: facts.freshFrom,
        fetchedAt: now,
        wantedAt,
        freshUntil,
      };
      if (source.kind === 'ocsp') await write(`${name}.ocsp-request`, source.request);
      await write(`${name}${SUFFIXES[kind].at(-1)}`, bytes);
      // Last: what lies here without it is swept at the next start.
      await write(`${name}.json`, JSON.stringify(facet));
      entries.set(name, { name, ...facet });
      version += 1;
    },

    async expire() {
      const now = clock.now().getTime();
      for (const entry of [...entries.values()]) if (goneAt(entry) <= now) await remove(entry);
      const byUse = [...entries.values()].sort((one, other) => one.wantedAt - other.wantedAt);
      let size = byUse.reduce((sum, { bytes }) => sum + bytes, 0);
      for (const entry of byUse) {
        if (size <= STATUS_LIMITS.storeMaxBytes && entries.size <= TRUST_LIMITS.fetchedFilesMax) return;
        size -= entry.bytes;
        await remove(entry);
      }
    },
  };
}
