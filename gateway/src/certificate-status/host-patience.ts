/**
 * Care for the hosts that are asked, and for ourselves: not too often, not too many at once, and a host that failed
 * several times in a row is left alone for a while, so that a dead authority costs the letters of others nothing.
 */
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { Clock } from '../ports.ts';

interface HostState {
  failures: number;
  restsUntil: number;
  running: number;
  /** When the last fetches began, oldest first. */
  begun: number[];
}

const MINUTE_MS = 60_000;

export interface HostPatience {
  /** Whether the host may be asked at all now; false: it rests, or was asked too often. */
  mayAsk(host: string): boolean;
  /** Whether a place for one more fetch from this host is free. */
  hasPlace(host: string): boolean;
  begin(host: string): void;
  /** `isItsFault`: no answer, or trouble of the server; a refusal is an answer. */
  end(host: string, isItsFault: boolean): void;
}

/** Remembers hosts in memory only. */
export function createHostPatience(clock: Clock): HostPatience {
  const hosts = new Map<string, HostState>();

  const stateOf = (host: string): HostState => {
    const known = hosts.get(host) ?? { failures: 0, restsUntil: 0, running: 0, begun: [] };
    hosts.delete(host);
    hosts.set(host, known);
    for (const [oldest, state] of hosts) {
      if (hosts.size <= STATUS_LIMITS.hostsRememberedMax) break;
      if (state.running === 0) hosts.delete(oldest);
    }
    return known;
  };

  return {
    mayAsk(host) {
      const state = stateOf(host);
      const now = clock.now().getTime();
      state.begun = state.begun.filter((at) => at > now - MINUTE_MS);
      // After its rest one fetch tries the host; the others wait for what it finds.
      const isTried = state.failures >= STATUS_LIMITS.hostFailuresMax && state.running > 0;
      return now >= state.restsUntil && !isTried && state.begun.length < STATUS_LIMITS.fetchesPerHostPerMinuteMax;
    },
    hasPlace: (host) => stateOf(host).running < STATUS_LIMITS.fetchesAtOncePerHostMax,
    begin(host) {
      const state = stateOf(host);
      state.running += 1;
      state.begun.push(clock.now().getTime());
    },
    end(host, isItsFault) {
      const state = stateOf(host);
      state.running -= 1;
      state.failures = isItsFault ? state.failures + 1 : 0;
      const tooMany = state.failures - STATUS_LIMITS.hostFailuresMax;
      if (tooMany < 0) return;
      const restMs = STATUS_LIMITS.hostRestFirstMs * 2 ** Math.min(tooMany, 10);
      state.restsUntil = clock.now().getTime() + Math.min(restMs, STATUS_LIMITS.hostRestMaxMs);
    },
  };
}
