/**
 * Puts the trust list of a space together: its worker, its folder in the data folder, its authorities, the trail. Also
 * what the command line needs of it: reading a list file, and the copy of a space, without a running gateway.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import type { Clock, LastingStore, Log, TrustListPolicy } from './ports.ts';
import { canonicalList } from './trust-list/canonical-list.ts';
import { readListFile } from './trust-list/fetch-list.ts';
import { type ListAge, listAge } from './trust-list/list-age.ts';
import { listFolder } from './trust-list/list-folder.ts';
import { ListRefused } from './trust-list/list-refused.ts';
import { readRows } from './trust-list/list-rows.ts';
import type { SignerPolicy } from './trust-list/list-signer.ts';
import { readAuthorities } from './trust-list/read-authorities.ts';
import type { VerifiedList } from './trust-list/read-list.ts';
import { openTrustList, type ReadList } from './trust-list/trust-list-keeper.ts';
import type { TrustListKeeper } from './trust-list/trust-list-standing.ts';
import type { ReadListOutcome, ReadListTask } from './trust-list-worker.ts';

export { comparableDomain } from './trust-list/domain-name.ts';
export { ListRefused } from './trust-list/list-refused.ts';
export type { VerifiedList } from './trust-list/read-list.ts';
export type { TrustListKeeper } from './trust-list/trust-list-standing.ts';

/** Reads a list in a worker that lives as long as that takes; lists come hourly. */
export const readListInWorker: ReadList = async (bytes, policy, at) => {
  const task: ReadListTask = { bytes, policy, at };
  const worker = new Worker(new URL('./trust-list-worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: TRUST_LIST_LIMITS.workerHeapMaxMib },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const outcome = await new Promise<ReadListOutcome>((resolve, reject) => {
      timer = setTimeout(() => reject(new ListRefused('list-too-complex')), TRUST_LIST_LIMITS.readTimeoutMs);
      worker.once('message', resolve);
      worker.once('error', (error) => {
        const isExhaustion = (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(isExhaustion ? new ListRefused('list-too-complex') : error);
      });
      worker.once('exit', () => reject(new ListRefused('list-too-complex')));
    });
    if ('list' in outcome) return outcome.list;
    throw new ListRefused(outcome.refused.code, outcome.refused.detail);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
};

const EVENTS = {
  accepted: 'trust-list-accepted',
  refused: 'trust-list-refused',
  ageing: 'trust-list-ageing',
} as const;

const folderOf = (home: string): string => join(home, 'trust-lists');

/** Opens the trust list of a space over the data folder `home`; see `openTrustList`. */
export function openSpaceTrustList(options: {
  readonly space: string;
  readonly policy: TrustListPolicy;
  readonly home: string;
  readonly store: Pick<LastingStore, 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<TrustListKeeper> {
  const { space, policy, home, store, clock, log } = options;
  return openTrustList({
    space,
    policy,
    clock,
    log,
    read: readListInWorker,
    readAuthorities,
    folder: listFolder(folderOf(home), space),
    tell: ({ event, detail }) =>
      store.audit({ subject: `trust-list ${space}`, event: EVENTS[event], detail }, clock.now().getTime()),
  });
}

/** Reads and verifies a list file; `at`: when its signer must be in date. Rejects with `ListRefused`. */
export async function readListAt(path: string, signer: SignerPolicy, at: number | null): Promise<VerifiedList> {
  return readListInWorker((await readListFile(path)).bytes, signer, at);
}

/** What a list file says, whoever signed it; nothing may be decided by it. Rejects with `ListRefused`. */
export async function readUnverified(path: string): Promise<NamedRows> {
  return readRows(canonicalList((await readListFile(path)).bytes).canonical);
}

export type NamedRows = Pick<VerifiedList, 'domains' | 'namesOf' | 'keys' | 'names'>;

/** For each domain its names as printed, by what they are compared by. */
export function listedNames(list: NamedRows): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const { domains, namesOf, keys, names } = list;
  const named = (place: number): [string, string] => [keys[place] ?? '', names[place] ?? ''];
  return new Map(domains.map((domain, at) => [domain, new Map((namesOf[at] ?? []).map(named))]));
}

/** Certificates of authorities at a path, as `signer.authorities` names them. */
export const signerPolicyOf = async (signer: TrustListPolicy['signer']): Promise<SignerPolicy> => ({
  authorities: await readAuthorities(signer.authorities),
  commonName: signer.commonName,
});

export interface StoredList {
  readonly list: VerifiedList;
  /** When its source last gave it as the current one, milliseconds since 1970; null: not known. */
  readonly currentAt: number | null;
  readonly age: ListAge;
}

/** The copy of a space in the data folder, verified again; null: there is none. Rejects with `ListRefused`. */
export async function readStoredList(
  home: string,
  space: string,
  policy: Pick<TrustListPolicy, 'signer' | 'alarmAfterHours' | 'failAfterHours'>,
  now: number,
): Promise<StoredList | null> {
  const folder = listFolder(folderOf(home), space);
  const bytes = await folder.bytes();
  if (bytes === null) return null;
  const list = await readListInWorker(bytes, await signerPolicyOf(policy.signer), null);
  const memory = await folder.memory();
  const currentAt = memory?.digest === list.digest ? memory.currentAt : null;
  return { list, currentAt, age: listAge({ generatedAt: list.generatedAt, currentAt: currentAt ?? 0 }, policy, now) };
}
