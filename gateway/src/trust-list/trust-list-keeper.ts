/**
 * Keeps the trust list of a space: the copy of the last run at once, then what its source gives, as often as the policy
 * says. A list takes the place of the last one only whole and only if it passes (accept-list.ts); until then the last
 * one counts, until it is over (list-age.ts): then nobody is listed, and the door says 451 and the way out waits. Until
 * it is put in force nothing is written: settings that are refused leave the copy, and how new it was, as they were.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import type { Clock, Log, TrustList, TrustListPolicy } from '../ports.ts';
import { compareLists } from './accept-list.ts';
import { type Fetched, fetchList } from './fetch-list.ts';
import { type ListAge, listAge } from './list-age.ts';
import type { ListFolder, ListMemory } from './list-folder.ts';
import { type ListRefusal, ListRefused } from './list-refused.ts';
import type { SignerPolicy } from './list-signer.ts';
import { indexPeers, type ListedPeers } from './listed-peers.ts';
import type { VerifiedList } from './read-list.ts';
import type { TrustListKeeper, TrustListNews, TrustListStanding } from './trust-list-standing.ts';

/** Reads and verifies a list elsewhere than on the event loop; rejects with `ListRefused`. */
export type ReadList = (bytes: Uint8Array, policy: SignerPolicy, at: number | null) => Promise<VerifiedList>;

export interface TrustListOptions {
  readonly space: string;
  readonly policy: TrustListPolicy;
  readonly read: ReadList;
  /** PEM text of a file, or of the files of a folder; rejects when there is none. */
  readonly readAuthorities: (path: string) => Promise<string>;
  readonly folder: ListFolder;
  readonly clock: Clock;
  readonly log: Log;
  /** Told once of each: what the trail of the operator should hold. */
  readonly tell: (news: TrustListNews) => Promise<void>;
  /** From 0 to 1, for the spread of fetches; `Math.random` except in tests. */
  readonly chance?: () => number;
  readonly fetchTimeoutMs?: number;
}

interface Accepted {
  readonly list: VerifiedList;
  readonly peers: ListedPeers;
}

class Keeper implements TrustListKeeper {
  readonly #options: TrustListOptions;
  readonly #closing = new AbortController();
  #accepted: Accepted | null = null;
  #memory: ListMemory | null = null;
  #trouble: TrustListStanding['trouble'] = null;
  #toldAge: ListAge = 'fresh';
  #renewAt = 0;
  #failures = 0;
  #underWay: Promise<'accepted' | 'same' | ListRefusal> | null = null;
  /** What is to be written once it is in force; null: it is. */
  #waiting: (() => Promise<void>)[] | null = [];

  constructor(options: TrustListOptions) {
    this.#options = options;
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }

  /** The list, while it counts. */
  #peers(): ListedPeers | null {
    return this.#accepted === null || this.#age() === 'over' ? null : this.#accepted.peers;
  }

  #age(): ListAge | 'none' {
    if (this.#accepted === null || this.#memory === null) return 'none';
    const { generatedAt } = this.#accepted.list;
    return listAge({ generatedAt, currentAt: this.#memory.currentAt }, this.#options.policy, this.#now());
  }

  check(...[domain, subject]: Parameters<TrustList['check']>): ReturnType<TrustList['check']> {
    return this.#peers()?.check(domain, subject) ?? 'list-unavailable';
  }

  lists(domain: string): ReturnType<TrustList['lists']> {
    const peers = this.#peers();
    if (peers === null) return 'list-unavailable';
    return peers.lists(domain) ? 'listed' : 'domain-not-listed';
  }

  listsName(...[subject]: Parameters<TrustList['listsName']>): ReturnType<TrustList['listsName']> {
    const peers = this.#peers();
    if (peers === null) return 'list-unavailable';
    return peers.listsName(subject) ? 'listed' : 'name-not-listed';
  }

  namesOf(domain: string): readonly string[] | null {
    return this.#accepted?.peers.namesOf(domain) ?? null;
  }

  standing(): TrustListStanding {
    const { space } = this.#options;
    const state = this.#age();
    if (this.#accepted === null || this.#memory === null) return { space, state, list: null, trouble: this.#trouble };
    const { generatedAt, domains, names, oddRowCount, signer } = this.#accepted.list;
    const list = {
      generatedAt,
      currentAt: this.#memory.currentAt,
      domains: domains.length,
      names: names.length,
      oddRows: oddRowCount,
      signer: signer.commonName,
    };
    return { space, state, list, trouble: this.#trouble };
  }

  async #signerPolicy(): Promise<SignerPolicy> {
    const { authorities, commonName } = this.#options.policy.signer;
    return { authorities: await this.#authorities(authorities), commonName };
  }

  async #authorities(path: string): Promise<string> {
    try {
      return await this.#options.readAuthorities(path);
    } catch (error) {
      throw new ListRefused('list-unreachable', 'the file of authorities cannot be read', error);
    }
  }

  /** Takes up the copy of the last run: it was accepted then, and is verified again. */
  async load(): Promise<void> {
    const { folder, policy, read } = this.#options;
    const found = await folder.memory();
    const memory = found?.signer === policy.signer.commonName ? found : null;
    this.#memory = memory;
    try {
      const bytes = await folder.bytes();
      if (bytes === null) return;
      const list = await read(bytes, await this.#signerPolicy(), null);
      const now = this.#now();
      compareLists(list, memory, { now, shrinkMax: 0 });
      const isOfMemory = memory !== null && memory.digest === list.digest;
      this.#memory = isOfMemory ? memory : this.#memoryOf(list, { etag: null, lastModified: null, currentAt: 0 });
      this.#accepted = { list, peers: indexPeers(list) };
    } catch (error) {
      await this.#refused(error);
    }
  }

  #memoryOf(list: VerifiedList, source: Pick<ListMemory, 'etag' | 'lastModified' | 'currentAt'>): ListMemory {
    const { generatedAt, digest, domains } = list;
    const { etag, lastModified, currentAt } = source;
    const { source: address, signer } = this.#options.policy;
    const facts = { signer: signer.commonName, source: address, generatedAt, digest, domains: domains.length };
    return { ...facts, etag, lastModified, currentAt };
  }

  refresh(): Promise<'accepted' | 'same' | ListRefusal> {
    return this.#inTurn(() => this.#renew());
  }

  async #renew(): Promise<'accepted' | 'same' | ListRefusal> {
    const { policy, chance = Math.random, space, log } = this.#options;
    const pauseMs = policy.refreshMinutes * 60_000;
    try {
      const outcome = await this.#take(await this.#fetch());
      this.#failures = 0;
      this.#trouble = null;
      // Spread out, so that not every gateway asks at the same minute.
      this.#renewAt = this.#now() + pauseMs * (0.9 + 0.2 * chance());
      return outcome;
    } catch (error) {
      const retryMs = TRUST_LIST_LIMITS.firstRetryMs * 2 ** Math.min(this.#failures, 20);
      this.#failures += 1;
      this.#renewAt = this.#now() + Math.min(pauseMs, retryMs);
      if (this.#closing.signal.aborted) return 'list-unreachable';
      return await this.#refused(error).catch((failed: unknown) => {
        log.error('what became of the trust list could not be noted', { reason: space, error: failed });
        return 'list-unreachable' as const;
      });
    }
  }

  async #fetch(): Promise<Fetched> {
    const { policy, fetchTimeoutMs = TRUST_LIST_LIMITS.fetchTimeoutMs } = this.#options;
    const { source, serverAuthorities: path } = policy;
    const known = this.#accepted !== null && this.#memory?.source === source ? this.#memory : null;
    const order = {
      source,
      serverAuthorities: path === null ? null : await this.#authorities(path),
      etag: known?.etag ?? null,
      lastModified: known?.lastModified ?? null,
      timeoutMs: fetchTimeoutMs,
    };
    return fetchList(order, this.#closing.signal);
  }

  async #take(fetched: Fetched): Promise<'accepted' | 'same'> {
    const { read, policy } = this.#options;
    const now = this.#now();
    if (fetched.kind === 'same') {
      if (this.#memory !== null) await this.#remember({ ...this.#memory, currentAt: now });
      return 'same';
    }
    const list = await read(fetched.bytes, await this.#signerPolicy(), now);
    const isSame = compareLists(list, this.#memory, { now, shrinkMax: policy.shrinkMax }) === 'same';
    const memory = this.#memoryOf(list, { ...fetched, currentAt: Math.min(fetched.currentAt ?? now, now) });
    if (isSame && this.#accepted !== null) {
      await this.#remember(memory);
      return 'same';
    }
    await this.#put(fetched.bytes, list, memory);
    return 'accepted';
  }

  async #remember(memory: ListMemory): Promise<void> {
    this.#memory = memory;
    await this.#inForce(() => this.#options.folder.remember(memory));
  }

  async #put(bytes: Uint8Array, list: VerifiedList, memory: ListMemory): Promise<void> {
    const { space, log, tell, folder } = this.#options;
    // Swapped in one step: no question is answered from half of each.
    this.#accepted = { list, peers: indexPeers(list) };
    this.#memory = memory;
    this.#toldAge = 'fresh';
    await this.#inForce(() => folder.keep(bytes, memory));
    const generated = new Date(list.generatedAt).toISOString();
    log.info('trust list accepted', { reason: space, count: list.domains.length, bytes: bytes.length });
    await this.#inForce(() => tell({ event: 'accepted', detail: `${generated}, ${list.domains.length} domains` }));
  }

  async #takeForce(): Promise<'same'> {
    const [waiting, mine] = [this.#waiting ?? [], this.#memory];
    this.#waiting = null;
    const found = await this.#options.folder.memory();
    // Another one that was in force meanwhile may have taken a newer list.
    const newest = found?.signer === mine?.signer ? (found?.generatedAt ?? 0) : 0;
    const isOutdated = newest > (mine?.generatedAt ?? 0);
    for (const work of isOutdated ? [() => this.load()] : waiting) await this.#durably(work);
    return 'same';
  }

  async putInForce(): Promise<void> {
    // In turn with what renews it: the older of two must not be written last.
    while (this.#underWay !== null) await this.#underWay;
    await this.#inTurn(() => this.#takeForce());
  }

  #inTurn(work: () => ReturnType<TrustListKeeper['refresh']>): ReturnType<TrustListKeeper['refresh']> {
    this.#underWay ??= work().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Done when these settings are in force. */
  async #inForce(work: () => Promise<void>): Promise<void> {
    if (this.#waiting === null) await this.#durably(work);
    else this.#waiting.push(work);
  }

  /** A disk that is full must not keep the true list out: it counts, and is written with the next one. */
  async #durably(write: () => Promise<void>): Promise<void> {
    const { log, space } = this.#options;
    await write().catch((error: unknown) => log.error('trust list could not be stored', { reason: space, error }));
  }

  async #refused(error: unknown): Promise<ListRefusal> {
    const { space, log, tell } = this.#options;
    const refused = error instanceof ListRefused ? error : new ListRefused('list-unreachable', null, error);
    const { code, message: sentence } = refused;
    log.warn('trust list not taken', { code, reason: `${space}: ${sentence}` });
    const isNews = this.#trouble?.code !== code;
    this.#trouble = { code, sentence, since: isNews ? this.#now() : (this.#trouble?.since ?? this.#now()) };
    if (isNews) await tell({ event: 'refused', detail: code });
    return code;
  }

  async sweep(): Promise<void> {
    const { space, log, tell } = this.#options;
    if (this.#now() >= this.#renewAt && this.#underWay === null) void this.refresh();
    const age = this.#age();
    if (age === 'none' || age === this.#toldAge) return;
    this.#toldAge = age;
    if (age === 'fresh') return;
    log.error('the trust list grows old', { state: age, reason: space });
    await tell({ event: 'ageing', detail: age });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#underWay;
  }
}

/**
 * Opens the trust list of a space, not yet in force. With a copy of an earlier run it is there at once; without one, its source is asked
 * first, in bounded time. A list that cannot be had is no error: every answer is `list-unavailable` until it can.
 */
export async function openTrustList(options: TrustListOptions): Promise<TrustListKeeper> {
  const keeper = new Keeper(options);
  await keeper.load();
  if (keeper.standing().list === null) await keeper.refresh();
  return keeper;
}
