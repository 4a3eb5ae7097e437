/**
 * Letters that wait because revocation (or the issuer) of their signer is not known yet. A letter is set aside, not
 * kept in a job: it stays in the spool, nobody waits behind it, and it comes back by itself: when what it wants was
 * fetched, or after a pause that grows. A trust space says how long it may wait for nothing but the revocation status;
 * then, or when too many wait, it goes on as it is. All this is memory: after a restart the sweep of the spool brings
 * every letter back, and its time still counts from when it was received.
 */
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { Verdict } from '@estafette/contracts/verdict';
import type { Clock, Log, OpenedLetter } from '../ports.ts';
import type { StatusFetcher } from './status-fetcher.ts';

export interface WaitingLetter {
  readonly letterId: string;
  readonly mailboxId: string;
  /** Milliseconds since 1970, both; `openedAt` from before it was opened. */
  readonly receivedAt: number;
  readonly openedAt: number;
  /** Trust space it came through; absent: the default one. */
  readonly space?: string | undefined;
}

export interface LetterWaits {
  /** Whether the letter, opened like this, must not be shown yet; then it is set aside. */
  mustWait(letter: WaitingLetter, opened: Pick<OpenedLetter, 'verdict' | 'wants'>): Promise<boolean>;
  isAside(letterId: string): boolean;
  /** Whether it was set aside before, and is not forgotten. */
  hasWaited(letterId: string): boolean;
  asideCount(): number;
  /** Brings back the letters whose pause is over. */
  wakeDue(): void;
  /** The letter left the spool. */
  forget(letterId: string): void;
}

export interface LetterWaitsOptions {
  readonly fetcher: Pick<StatusFetcher, 'mayHelp' | 'cameSince' | 'fetch'>;
  /** How long a trust space lets a letter wait for nothing but the revocation status. */
  readonly holdMsOf: (space: string | undefined) => number;
  /** Puts the letter back into the queue. */
  readonly comeBack: (letterId: string) => void;
  /** Writes into the trail that it waits, once, and until when at most. */
  readonly tellHeld: (letterId: string, mailboxId: string, until: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, for the jitter. */
  readonly chance: () => number;
}

interface Wait {
  /** null while it is not aside; infinite while something is fetched for it. */
  dueAt: number | null;
  fetches: number;
  pauses: number;
  /** The last fetch brought nothing: no other before the next pause. */
  isFetchedOut: boolean;
}

/** Reasons that do not keep a letter from being verified. */
const HARMLESS: readonly string[] = ['not-encrypted', 'revocation-unknown'];

/** Whether it would be verified if only the revocation status were known, and good. */
export function lacksOnlyRevocation({ show, signature, identity, reasons }: Verdict): boolean {
  return (
    show === 'unverified' &&
    signature === 'untrusted' &&
    identity === 'match' &&
    reasons.includes('revocation-unknown') &&
    reasons.every((reason) => HARMLESS.includes(reason))
  );
}

/** How long after a pause of this number the letter is looked at again. */
function pauseMs(pauses: number, chance: number): number {
  const { holdPausesMs } = STATUS_LIMITS;
  const base = holdPausesMs[Math.min(pauses, holdPausesMs.length - 1)] ?? 0;
  return base * (0.9 + chance / 5);
}

/** The letters of one gateway that wait. */
export function createLetterWaits(options: LetterWaitsOptions): LetterWaits {
  const { fetcher, clock, holdMsOf } = options;
  const waits = new Map<string, Wait>();
  let aside = 0;

  const setAside = (wait: Wait, dueAt: number): void => {
    if (wait.dueAt === null) aside += 1;
    wait.dueAt = dueAt;
  };
  const bringBack = (letterId: string): void => {
    const wait = waits.get(letterId);
    if (wait === undefined || wait.dueAt === null) return;
    wait.dueAt = null;
    aside -= 1;
    options.comeBack(letterId);
  };

  const fetchFor = async (letterId: string, wait: Wait, sources: OpenedLetter['wants']): Promise<void> => {
    const queueEndsItsJob = new Promise((resolve) => {
      setTimeout(resolve, STATUS_LIMITS.letterBackMinMs);
    });
    const [stored] = await Promise.all([fetcher.fetch(sources), queueEndsItsJob]);
    wait.isFetchedOut = !stored;
    bringBack(letterId);
  };

  const hold = async ({ letterId, mailboxId, receivedAt, space }: WaitingLetter, wait: Wait): Promise<boolean> => {
    const [now, until] = [clock.now().getTime(), receivedAt + holdMsOf(space)];
    if (now >= until || aside >= STATUS_LIMITS.lettersHeldMax) return false;
    setAside(wait, Math.min(now + pauseMs(wait.pauses, options.chance()), until));
    wait.pauses += 1;
    wait.fetches = 0;
    wait.isFetchedOut = false;
    await options.tellHeld(letterId, mailboxId, until);
    options.log.info('letter waits for its revocation status', { letterId, attempt: wait.pauses });
    return true;
  };

  return {
    async mustWait(letter, { verdict, wants }) {
      const { letterId } = letter;
      if (verdict.show !== 'unverified') return false;
      const wait = waits.get(letterId) ?? { dueAt: null, fetches: 0, pauses: 0, isFetchedOut: false };
      const mayFetch = fetcher.mayHelp(wants) || fetcher.cameSince(wants, letter.openedAt);
      // Aside already, for another of its mailboxes: this one waits along.
      if (wait.dueAt !== null) return mayFetch || (holdMsOf(letter.space) > 0 && lacksOnlyRevocation(verdict));
      waits.set(letterId, wait);
      if (mayFetch && !wait.isFetchedOut && wait.fetches < STATUS_LIMITS.fetchRoundsMax) {
        wait.fetches += 1;
        setAside(wait, Number.POSITIVE_INFINITY);
        void fetchFor(letterId, wait, wants);
        return true;
      }
      return lacksOnlyRevocation(verdict) && hold(letter, wait);
    },
    isAside: (letterId) => (waits.get(letterId)?.dueAt ?? null) !== null,
    hasWaited: (letterId) => waits.has(letterId),
    asideCount: () => aside,
    wakeDue() {
      const now = clock.now().getTime();
      for (const [letterId, { dueAt }] of waits) if (dueAt !== null && dueAt <= now) bringBack(letterId);
    },
    forget(letterId) {
      if ((waits.get(letterId)?.dueAt ?? null) !== null) aside -= 1;
      waits.delete(letterId);
    },
  };
}
