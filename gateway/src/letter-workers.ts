/**
 * The pool of worker threads behind `open` and `seal`. A letter that keeps a worker too long, or eats its memory,
 * costs that worker and gets the verdict `too-complex`; everyone else goes on.
 */
import { createHash } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { Verdict } from '@estafette/contracts/verdict';
import { Piscina } from 'piscina';
import type { ListsTask, OpenTask, SealTask, StatusTask } from './letter-worker.ts';
import { type ConfiguredList, NO_HEADERS, type OpenedLetter, type SealMail, type StatusSource } from './ports.ts';

export interface LetterWorkers {
  open(task: Omit<OpenTask, 'kind'>): Promise<OpenedLetter>;
  seal(task: Omit<SealTask, 'kind'>): ReturnType<SealMail>;
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

function isExhaustion(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'AbortError' || name === 'TimeoutError' || code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Lets `places` through at a time, in order; each gives back its place. */
function createTurnstile(places: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = places;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return leave;
  };
}

/** Starts `threads` workers (at least one). */
export function startLetterWorkers(threads: number): LetterWorkers {
  const pool = new Piscina({
    filename: new URL('./letter-worker.ts', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: ENVELOPE_LIMITS.workerHeapMaxMib },
  });
  const turn = createTurnstile(threads);
  return {
    async open(task) {
      // The time of a letter begins when a thread is free for it: waiting for others is no fault of its own.
      const leave = await turn();
      try {
        return (await pool.run(
          { kind: 'open', ...task },
          { signal: AbortSignal.timeout(ENVELOPE_LIMITS.openTimeoutMs) },
        )) as OpenedLetter;
      } catch (error) {
        if (!isExhaustion(error)) throw error;
        return {
          verdict: TOO_COMPLEX,
          layers: [],
          headers: NO_HEADERS,
          documents: [],
          wants: [],
          senderCertificate: null,
          noticeCertificate: null,
          identity: createHash('sha256').update(task.letter).digest('hex'),
        };
      } finally {
        leave();
      }
    },
    seal: (task) => pool.run({ kind: 'seal', ...task } satisfies SealTask) as ReturnType<SealMail>,
    async readStatus(source, bytes) {
      const leave = await turn();
      try {
        const task: StatusTask = { kind: 'status', source, bytes };
        return await pool.run(task, { signal: AbortSignal.timeout(ENVELOPE_LIMITS.openTimeoutMs) });
      } catch (error) {
        if (!isExhaustion(error)) throw error;
        return null;
      } finally {
        leave();
      }
    },
    readLists: (path) => pool.run({ kind: 'lists', path } satisfies ListsTask),
    close: () => pool.close(),
  };
}
