/**
 * Lanes: work of one domain runs beside that of the others, so many pieces of one lane and so many in all at a time. A
 * domain that hangs keeps its own lane busy and nobody else's; a domain that failed rests, first for a while, then
 * twice as long, and its mails wait without being counted against it.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { Later } from './smtp-session.ts';

interface Lane {
  readonly waiting: (() => Promise<void>)[];
  running: number;
  max: number;
}

export interface Lanes {
  /** Runs `work` when the lane has room; work must not throw. */
  enter(lane: string, max: number, work: () => Promise<void>): void;
  /** Begins nothing any more; resolves when what runs has ended. */
  close(): Promise<void>;
}

/** Lanes with a limit for all of them together; the lanes take turns. */
export function createLanes(atOnceMax: number = DISPATCH_LIMITS.attemptsAtOnceMax): Lanes {
  const lanes = new Map<string, Lane>();
  let running = 0;
  let isClosing = false;
  let idle: (() => void) | null = null;

  const begin = (name: string, lane: Lane): void => {
    const work = lane.waiting.shift();
    if (work === undefined) return;
    lane.running += 1;
    running += 1;
    void work().finally(() => {
      lane.running -= 1;
      running -= 1;
      if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(name);
      if (isClosing) {
        if (running === 0) idle?.();
      } else pump();
    });
  };

  const pump = (): void => {
    for (let hasBegun = true; hasBegun && running < atOnceMax; ) {
      hasBegun = false;
      for (const [name, lane] of lanes) {
        if (running >= atOnceMax) break;
        if (lane.waiting.length === 0 || lane.running >= lane.max) continue;
        begin(name, lane);
        // Its next turn comes after everybody else's.
        lanes.delete(name);
        lanes.set(name, lane);
        hasBegun = true;
        break;
      }
    }
  };

  return {
    enter(name, max, work) {
      if (isClosing) return;
      const lane = lanes.get(name) ?? { waiting: [], running: 0, max };
      lane.max = max;
      lane.waiting.push(work);
      lanes.set(name, lane);
      pump();
    },
    async close() {
      isClosing = true;
      for (const lane of lanes.values()) lane.waiting.length = 0;
      if (running > 0)
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
    },
  };
}

interface Rest {
  readonly failures: number;
  readonly until: number;
  readonly failure: Later['failure'];
}

export interface Rests {
  /** Null: it may be tried. */
  resting(lane: string, now: number): { until: number; failure: Later['failure'] } | null;
  failed(lane: string, failure: Later['failure'], now: number): void;
  worked(lane: string): void;
}

/** What is remembered of domains that failed. */
export function createRests(): Rests {
  const rests = new Map<string, Rest>();
  return {
    resting(lane, now) {
      const rest = rests.get(lane);
      return rest === undefined || rest.until <= now ? null : { until: rest.until, failure: rest.failure };
    },
    failed(lane, failure, now) {
      const before = rests.get(lane);
      // Others of the same moment say nothing new.
      if (before !== undefined && before.until > now) return;
      const failures = (before?.failures ?? 0) + 1;
      const pause = Math.min(DISPATCH_LIMITS.restFirstMs * 2 ** Math.min(failures - 1, 20), DISPATCH_LIMITS.restMaxMs);
      rests.delete(lane);
      rests.set(lane, { failures, failure, until: now + Math.round(pause * (0.8 + Math.random() * 0.4)) });
      if (rests.size <= DISPATCH_LIMITS.domainsRememberedMax) return;
      const oldest = rests.keys().next().value;
      if (oldest !== undefined) rests.delete(oldest);
    },
    worked: (lane) => void rests.delete(lane),
  };
}
