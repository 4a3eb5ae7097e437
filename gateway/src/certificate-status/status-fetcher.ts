/**
 * Fetches what is missing to judge certificates, and fetches lists again before they end. Each source is fetched once
 * at a time, whoever asks; what gave nothing is not asked again for a while; hosts are spared (host-patience.ts). What
 * comes is read by a worker before it is stored: only what is of the right kind, whole and still good gets in. Whether
 * it is signed by the right one is judged where certificates are judged, each time anew.
 */
import { ENVELOPE_LIMITS, STATUS_LIMITS, TRUST_LIMITS } from '@estafette/contracts/limits';
import type { Clock, Log, StatusSource } from '../ports.ts';
import { type AllowedHost, allowedAddress, hostNameOf } from './allowed-address.ts';
import { createFetchPlaces } from './fetch-places.ts';
import { type ExchangeOrder, exchange, FetchFailure, type Network } from './guarded-exchange.ts';
import { createHostPatience } from './host-patience.ts';
import { nameOf, type StatusFacts, type StatusStore, type StoredStatus } from './status-store.ts';

export interface StatusFetcherOptions {
  readonly allowed: readonly AllowedHost[];
  readonly network: Network;
  readonly store: StatusStore;
  /** Reads what came, in a worker; null when it is not what was asked for, or not usable. */
  readonly read: (kind: StatusSource['kind'], bytes: Uint8Array) => Promise<StatusFacts | null>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StatusFetcher {
  /** Whether a source is on the allow-list and not known to give nothing just now. */
  mayHelp(sources: readonly StatusSource[]): boolean;
  /** Whether one of the sources was stored since then: who opened a letter before that did not see it. */
  cameSince(sources: readonly StatusSource[], since: number): boolean;
  /** Fetches what may help; true when something new is stored. Settles after `letterWaitMs` at the latest. */
  fetch(sources: readonly StatusSource[]): Promise<boolean>;
  /** Fetches the lists again whose time has come. Does not wait for them. */
  refresh(): void;
  /** Breaks off what is under way, and begins nothing any more. */
  close(): Promise<void>;
}

const ACCEPT = { crl: 'application/pkix-crl', issuer: 'application/pkix-cert', ocsp: 'application/ocsp-response' };
const MAX_BYTES = {
  crl: TRUST_LIMITS.listMaxBytes,
  issuer: ENVELOPE_LIMITS.certificateMaxBytes,
  ocsp: TRUST_LIMITS.ocspResponseMaxBytes,
};
/** Failures that say something of the host, not of what was asked. */
const HOST_FAULTS: readonly string[] = ['name-not-found', 'not-reachable', 'too-slow', 'server-trouble'];

function orderFor(source: StatusSource): ExchangeOrder {
  return {
    url: source.url,
    // RFC 6960 appendix A.1: the request by POST.
    ...(source.kind === 'ocsp' ? { body: { bytes: source.request, type: 'application/ocsp-request' } } : {}),
    accept: ACCEPT[source.kind],
    maxBytes: MAX_BYTES[source.kind],
    timeoutMs: source.kind === 'crl' ? STATUS_LIMITS.listTimeoutMs : STATUS_LIMITS.answerTimeoutMs,
  };
}

/**
 * When a list is fetched again: after three quarters of what it had left, at the latest after some hours, and up to a
 * fifth sooner, by its name, so that not all are fetched at the same moment.
 */
export function refreshAt({ name, freshUntil, fetchedAt }: StoredStatus): number {
  const lifeMs = Math.max(freshUntil - fetchedAt, 0) * 0.75;
  const sooner = Number.parseInt(name.slice(0, 8), 16) / 2 ** 32 / 5;
  const waitMs = Math.min(lifeMs, STATUS_LIMITS.listRefreshMaxMs) * (1 - sooner);
  return fetchedAt + Math.max(waitMs, STATUS_LIMITS.listRefreshMinMs);
}

/** Names that gave nothing and are not asked for a while. */
function createSilences(clock: Clock) {
  const until = new Map<string, number>();
  return {
    holds: (name: string): boolean => (until.get(name) ?? 0) > clock.now().getTime(),
    begin(name: string, ms: number): void {
      for (const [oldest] of until) {
        if (until.size < STATUS_LIMITS.failuresRememberedMax) break;
        until.delete(oldest);
      }
      until.set(name, clock.now().getTime() + ms);
    },
  };
}

const pause = (ms: number): Promise<false> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });

/** The fetcher over its store. */
export function createStatusFetcher(options: StatusFetcherOptions): StatusFetcher {
  const { allowed, network, store, clock, log } = options;
  const hosts = createHostPatience(clock);
  const places = createFetchPlaces(hosts);
  const closing = new AbortController();
  const underWay = new Map<string, Promise<boolean>>();
  const silences = createSilences(clock);

  /** Whose patience a fetch is on; null: it is not allowed. */
  const hostOf = ({ kind, url: text }: Pick<StatusSource, 'kind' | 'url'>): string | null => {
    const url = allowedAddress(text, allowed);
    if (url === null) return null;
    // Anybody can ask for an issuer, by a letter signed with nothing: that must not use up what lists need.
    return kind === 'issuer' ? `${hostNameOf(url)} (issuers)` : hostNameOf(url);
  };
  /** Asked a moment ago: it gave nothing, or something good that is still not what the certificate needs. */
  const isRemembered = (source: StatusSource): boolean => {
    const [name, now] = [nameOf(source), clock.now().getTime()];
    if (silences.holds(name)) return true;
    const entry = store.entry(name);
    return entry !== null && entry.freshUntil > now && entry.fetchedAt > now - STATUS_LIMITS.refusalRememberedMs;
  };
  const mayTry = (source: StatusSource): boolean => {
    const host = hostOf(source);
    const fits = source.kind !== 'ocsp' || source.request.length <= STATUS_LIMITS.requestMaxBytes;
    return host !== null && fits && !isRemembered(source) && hosts.mayAsk(host);
  };
  const remember = (source: StatusSource, ms: number): void => {
    // Each OCSP request has a nonce of its own and is never asked again; only its host is remembered.
    if (source.kind !== 'ocsp') silences.begin(nameOf(source), ms);
  };

  const take = async (source: StatusSource, wantedAt: number): Promise<'stored' | 'unusable'> => {
    const bytes = await exchange(orderFor(source), allowed, network, closing.signal);
    const facts = await options.read(source.kind, bytes);
    const now = clock.now().getTime();
    if (facts === null || (facts.freshUntil !== null && facts.freshUntil <= now)) return 'unusable';
    if (facts.freshFrom > now + TRUST_LIMITS.clockSkewMs) return 'unusable';
    // Who sits on the way may send an old list, still good by its dates, that does not know the latest revocations.
    const before = store.entry(nameOf(source));
    if (before !== null && before.freshUntil > now && facts.freshFrom < before.freshFrom) return 'unusable';
    await store.put(source, bytes, facts, wantedAt);
    return 'stored';
  };

  const fetchOne = async (source: StatusSource, host: string, wantedAt: number): Promise<boolean> => {
    if (!(await places.take(host))) return false;
    let isItsFault = false;
    try {
      if ((await take(source, wantedAt)) === 'stored') return true;
      remember(source, STATUS_LIMITS.refusalRememberedMs);
      log.warn('certificate status unusable', { reason: `${source.kind} of ${host}` });
    } catch (error) {
      const code = error instanceof FetchFailure ? error.code : 'not-stored';
      isItsFault = HOST_FAULTS.includes(code);
      remember(source, isItsFault ? STATUS_LIMITS.failureRememberedMs : STATUS_LIMITS.refusalRememberedMs);
      log.warn('certificate status not fetched', { code, reason: `${source.kind} of ${host}` });
    } finally {
      places.leave(host, isItsFault);
    }
    return false;
  };
  const begin = (source: StatusSource, wantedAt: number): Promise<boolean> => {
    const [name, host] = [nameOf(source), hostOf(source)];
    const known = underWay.get(name);
    if (known !== undefined) return known;
    if (host === null || closing.signal.aborted) return Promise.resolve(false);
    const fetching = fetchOne(source, host, wantedAt).finally(() => underWay.delete(name));
    underWay.set(name, fetching);
    return fetching;
  };

  return {
    mayHelp: (sources) => sources.some((source) => underWay.has(nameOf(source)) || mayTry(source)),

    cameSince: (sources, since) =>
      sources.some((source) => (store.entry(nameOf(source))?.fetchedAt ?? Number.NEGATIVE_INFINITY) >= since),

    async fetch(sources) {
      const now = clock.now().getTime();
      const tried = sources.filter((source) => underWay.has(nameOf(source)) || mayTry(source));
      const fetching = tried.slice(0, STATUS_LIMITS.sourcesPerLetterMax).map((source) => begin(source, now));
      const all = Promise.all(fetching).then((outcomes) => outcomes.includes(true));
      return Promise.race([all, pause(STATUS_LIMITS.letterWaitMs)]);
    },

    refresh() {
      const now = clock.now().getTime();
      for (const entry of store.entries()) {
        const { kind, url, name, wantedAt } = entry;
        if (kind !== 'crl' || now - wantedAt > STATUS_LIMITS.listRefreshedForMs) continue;
        const host = hostOf(entry);
        if (refreshAt(entry) > now || host === null || silences.holds(name) || !hosts.mayAsk(host)) continue;
        void begin({ kind, url }, wantedAt);
      }
    },

    async close() {
      closing.abort();
      await Promise.allSettled(underWay.values());
    },
  };
}
