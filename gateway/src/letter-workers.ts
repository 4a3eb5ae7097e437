/**
 * The pool of worker threads behind `open` and `seal`. A letter that keeps a worker too long, or eats its memory,
 * costs that worker and gets the verdict `too-complex`; everyone else goes on. A TLS peer goes ahead of letters: its
 * operator waits for an answer to MAIL.
 */
import { ENVELOPE_LIMITS, PEER_LIMITS } from '@estafette/contracts/limits';
import type { Verdict } from '@estafette/contracts/verdict';
import { Piscina } from 'piscina';
import { letterIdentity } from './letter-identity.ts';
import type { ListsTask, OpenTask, PeerFinding, PeerTask, SealTask, StatusTask } from './letter-worker.ts';
import { type ConfiguredList, NO_HEADERS, type OpenedLetter, type SealMail, type StatusSource } from './ports.ts';
import { createTurnstile } from './turnstile.ts';

export interface LetterWorkers {
  open(task: Omit<OpenTask, 'kind'>): Promise<OpenedLetter>;
  seal(task: Omit<SealTask, 'kind'>): ReturnType<SealMail>;
  /** Judges the certificate of a TLS peer; one that eats a worker's memory is malformed, one without an answer in time unknown. */
  judgePeer(task: Omit<PeerTask, 'kind'>): Promise<PeerFinding>;
  /** Reads what was fetched: from when until when it holds; null when it is of no use, or too much for a worker. */
  readStatus(
    source: StatusSource['kind'],
    bytes: Uint8Array,
  ): Promise<{ readonly freshFrom: number; readonly freshUntil: number | null } | null>;
  /** The revocation lists in configured files. */
  readLists(path: string): Promise<readonly ConfiguredList[]>;
  close(): Promise<void>;
}

const TOO_COMPLEX: Verdict = {
  signature: 'none',
  identity: 'none',
  encryption: 'none',
  show: 'quarantine',
  reasons: ['too-complex'],
  signer: null,
};

/** What a letter is taken for that was too much for a worker. */
const tooComplex = (letter: Uint8Array): OpenedLetter => ({
  verdict: TOO_COMPLEX,
  layers: [],
  headers: NO_HEADERS,
  documents: [],
  wants: [],
  senderCertificate: null,
  noticeCertificate: null,
  identity: letterIdentity(Buffer.from(letter)),
});

const isOutOfMemory = (error: unknown): boolean => (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY';

/** Whether the task was too much. A pool that closes ends tasks in the words of a time limit: that says nothing of them. */
const isExhaustion = (error: unknown, time: AbortSignal): boolean =>
  isOutOfMemory(error) || (time.aborted && (error as { name?: string }).name === 'AbortError');

/** A peer that was too much; where time ran out, perhaps through our own load, nothing is said for good: 454, not 554. */
const unjudged = (standing: 'malformed' | 'status-unknown'): PeerFinding => ({
  judgement: { standing, wants: [] },
  until: Number.POSITIVE_INFINITY,
});

const startPool = (threads: number): Piscina =>
  new Piscina({
    filename: new URL('./letter-worker.ts', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: ENVELOPE_LIMITS.workerHeapMaxMib },
  });

/**
 * Starts `threads` workers (at least one); `timeout` gives what ends a task, or a wait. A task has its time from the
 * moment a thread is free for it: waiting for others is no fault of its own. What a closing pool did not do rejects.
 */
export function startLetterWorkers(
  threads: number,
  timeout: (ms: number) => AbortSignal = AbortSignal.timeout,
): LetterWorkers {
  const pool = startPool(threads);
  const turnstile = createTurnstile(threads, PEER_LIMITS.aheadInARowMax);
  const run = async <Found>(task: SealTask | ListsTask): Promise<Found> => {
    const leave = await turnstile.enter();
    try {
      return await pool.run(task);
    } finally {
      leave();
    }
  };
  /** What was too much for a worker gives what `exhausted` says. */
  const runWithin = async <Found>(
    ms: number,
    { task, exhausted, leave }: { task: unknown; exhausted: (error: unknown) => Found; leave: () => void },
  ): Promise<Found> => {
    const time = timeout(ms);
    try {
      return await pool.run(task, { signal: time });
    } catch (error) {
      if (!isExhaustion(error, time)) throw error;
      return exhausted(error);
    } finally {
      leave();
    }
  };
  return {
    async open(given) {
      const task: OpenTask = { kind: 'open', ...given };
      const leave = await turnstile.enter();
      return runWithin(ENVELOPE_LIMITS.openTimeoutMs, { task, exhausted: () => tooComplex(given.letter), leave });
    },
    seal: (given) => run({ kind: 'seal', ...given }),
    async judgePeer(given) {
      const task: PeerTask = { kind: 'peer', ...given };
      const leave = await turnstile.enterInHaste(timeout(PEER_LIMITS.waitMaxMs));
      if (leave === null) return unjudged('status-unknown');
      const exhausted = (error: unknown) => unjudged(isOutOfMemory(error) ? 'malformed' : 'status-unknown');
      return runWithin(PEER_LIMITS.timeoutMs, { task, exhausted, leave });
    },
    async readStatus(source, bytes) {
      const task: StatusTask = { kind: 'status', source, bytes };
      const leave = await turnstile.enter();
      return runWithin(ENVELOPE_LIMITS.openTimeoutMs, { task, exhausted: () => null, leave });
    },
    readLists: (path) => run({ kind: 'lists', path }),
    async close() {
      turnstile.close();
      await pool.close();
    },
  };
}
