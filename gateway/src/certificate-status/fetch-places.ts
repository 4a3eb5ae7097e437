/**
 * Places for fetches: so many at once, so few for one host, and a line in front that does not grow for ever. Whoever
 * waits for a host that must not be asked any more is sent away.
 */
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { HostPatience } from './host-patience.ts';

export interface FetchPlaces {
  /** Resolves with true when the place is taken, with false when there is none to be had. */
  take(host: string): Promise<boolean>;
  /** Gives the place back; `isItsFault` as in `HostPatience.end`. */
  leave(host: string, isItsFault: boolean): void;
}

/** Places over the patience with each host. */
export function createFetchPlaces(hosts: HostPatience): FetchPlaces {
  let line: { readonly host: string; readonly answer: (hasPlace: boolean) => void }[] = [];
  let running = 0;

  /** The answer to somebody in the line; null: go on waiting. */
  const answerFor = (host: string): boolean | null => {
    if (!hosts.mayAsk(host)) return false;
    if (running >= STATUS_LIMITS.fetchesAtOnceMax || !hosts.hasPlace(host)) return null;
    running += 1;
    hosts.begin(host);
    return true;
  };

  return {
    async take(host) {
      const now = answerFor(host);
      if (now !== null) return now;
      if (line.length >= STATUS_LIMITS.fetchesWaitingMax) return false;
      return new Promise((answer) => line.push({ host, answer }));
    },
    leave(host, isItsFault) {
      running -= 1;
      hosts.end(host, isItsFault);
      line = line.filter(({ host: wanted, answer }) => {
        const now = answerFor(wanted);
        if (now !== null) answer(now);
        return now === null;
      });
    },
  };
}
