/**
 * Puts together what this folder does for the gateway: the fetched files, the fetcher (none without an allow-list), the
 * letters that wait, the alarms over configured lists, and what the sweep does for all of them.
 */
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type {
  Clock,
  ConfiguredList,
  JudgePeer,
  LastingStore,
  Log,
  OpenedLetter,
  SealMail,
  StatusSource,
  TrustPaths,
} from '../ports.ts';
import type { AllowedHost } from './allowed-address.ts';
import type { Network } from './guarded-exchange.ts';
import { createLetterWaits, type LetterWaits } from './letter-waits.ts';
import { createListAlarms } from './list-alarms.ts';
import { isPublicAddress } from './public-address.ts';
import { resolveName } from './resolve-name.ts';
import { createStatusFetcher } from './status-fetcher.ts';
import { openStatusStore, type StatusFacts } from './status-store.ts';

export interface CertificateStatusOptions {
  readonly folder: string;
  readonly allowed: readonly AllowedHost[];
  /** Absent: the internet. */
  readonly network?: Network;
  readonly trust: TrustPaths;
  /** Files and folders of the lists that TLS peers are judged by: their end is announced too. */
  readonly peerLists?: () => readonly string[];
  /** How long a trust space lets a letter wait, by its name. */
  readonly holdHoursOf: (space: string | undefined) => number;
  readonly readStatus: (kind: StatusSource['kind'], bytes: Uint8Array) => Promise<StatusFacts | null>;
  readonly readLists: (path: string) => Promise<readonly ConfiguredList[]>;
  readonly comeBack: (letterId: string) => void;
  readonly store: Pick<LastingStore, 'trace' | 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface CertificateStatus {
  /** The trust files, with what was fetched so far. */
  trust(): TrustPaths;
  readonly waits: LetterWaits;
  /** Seals over these trust files; fetches what is missing to judge the certificates, and tries again. */
  sealing(seal: SealMail): SealMail;
  /** Judges a TLS peer; while something is unknown, fetches what is missing and judges again. */
  judging(judge: () => ReturnType<JudgePeer>): ReturnType<JudgePeer>;
  /** Opens; while it is unverified, fetches what is missing and opens again. For what must not be set aside: a release. */
  opening(open: () => Promise<OpenedLetter>): Promise<OpenedLetter>;
  /** What the gateway does every few seconds. */
  sweep(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

const INTERNET: Network = { resolve: resolveName, isPublicAddress };
const HOUR_MS = 3_600_000;

/** Opens the store and starts nothing: the first sweep does. */
export async function openCertificateStatus(options: CertificateStatusOptions): Promise<CertificateStatus> {
  const { allowed, clock, log, store, trust } = options;
  const files = await openStatusStore(options.folder, clock);
  const network = options.network ?? INTERNET;
  const fetcher = createStatusFetcher({ allowed, network, store: files, read: options.readStatus, clock, log });
  const tellHeld = async (letterId: string, mailboxId: string, until: number): Promise<void> => {
    const told = await store.trace(letterId);
    if (told.some(({ event, related }) => event === 'letter-held' && related === mailboxId)) return;
    const detail = `revocation-unknown, until ${new Date(until).toISOString()} at the latest`;
    await store.audit({ subject: letterId, event: 'letter-held', detail, related: mailboxId }, clock.now().getTime());
  };
  const waits = createLetterWaits({
    fetcher,
    holdMsOf: (space) => options.holdHoursOf(space) * HOUR_MS,
    comeBack: options.comeBack,
    tellHeld,
    clock,
    log,
    chance: Math.random,
  });
  const { lists } = trust;
  const lookAtLists = createListAlarms({
    read: async () => {
      const paths = new Set([...(lists === null ? [] : [lists]), ...(options.peerLists?.() ?? [])]);
      return (await Promise.all([...paths].map((path) => options.readLists(path)))).flat();
    },
    store,
    clock,
    log,
  });
  const trustNow = (): TrustPaths => ({ ...trust, fetched: { folder: files.folder, version: files.version() } });

  /** Tries, and again after each fetch that brought something, as long as it lacks something. */
  const fetching = async <T>(
    attempt: () => Promise<T>,
    lacks: (found: T) => readonly StatusSource[] | null,
  ): Promise<T> => {
    let found = await attempt();
    for (let round = 0; round < STATUS_LIMITS.fetchRoundsMax; round += 1) {
      const wants = lacks(found);
      if (wants === null || !fetcher.mayHelp(wants) || !(await fetcher.fetch(wants))) break;
      found = await attempt();
    }
    return found;
  };

  return {
    trust: trustNow,
    waits,
    // Our own certificate first, then the correspondent's, each with the authorities above it.
    sealing: (seal) => (task) =>
      fetching(
        () => seal({ ...task, trust: trustNow() }),
        (found) => ('refused' in found ? found.wants : null),
      ),
    judging: (judge) => fetching(judge, (found) => ('wants' in found && found.wants.length > 0 ? found.wants : null)),
    opening: (open) => fetching(open, ({ verdict, wants }) => (verdict.show === 'unverified' ? wants : null)),
    async sweep() {
      waits.wakeDue();
      fetcher.refresh();
      await files.expire();
      await lookAtLists().catch((error: unknown) => log.warn('revocation lists could not be looked at', { error }));
    },
    close: () => fetcher.close(),
  };
}
