/**
 * What is counted of peers over time: open connections and letters of an address, letters of an operator or account,
 * failed logins, and whether an address has ever brought a letter. Addresses are those of `peer-address.ts`. Held in
 * memory only, for as many peers as are counted; when there are more, all begin anew.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { Clock } from '../ports.ts';
import type { DoorLimits } from './door-limits.ts';
import { peerOf } from './peer-address.ts';

const MINUTE_MS = 60_000;

/** Events of a name within a window that begins anew when it is over. */
class Windows {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #namesMax: number;
  readonly #counts = new Map<string, { count: number; endsAt: number }>();

  constructor(clock: Clock, windowMs: number, namesMax: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#namesMax = namesMax;
  }

  count(name: string): number {
    const found = this.#counts.get(name);
    return found === undefined || found.endsAt <= this.#clock.now().getTime() ? 0 : found.count;
  }

  add(name: string): void {
    const now = this.#clock.now().getTime();
    const found = this.#counts.get(name);
    if (found !== undefined && found.endsAt > now) found.count += 1;
    else {
      if (this.#counts.size >= this.#namesMax) this.#forget(now);
      this.#counts.set(name, { count: 1, endsAt: now + this.#windowMs });
    }
  }

  /** The window of a name begins anew now. */
  renew(name: string): void {
    this.#counts.delete(name);
    this.add(name);
  }

  #forget(now: number): void {
    for (const [name, { endsAt }] of this.#counts) if (endsAt <= now) this.#counts.delete(name);
    if (this.#counts.size >= this.#namesMax) this.#counts.clear();
  }
}

export interface DoorCounters {
  /** Null: the connection counts from now on, until `left`. */
  arrived(address: string): FailureCode | null;
  left(address: string): void;
  /** Null: one letter more of this address, and of this operator or account where there is one. */
  letterBegins(address: string, who: string | null): FailureCode | null;
  /** The address is no stranger for as long as that is remembered, from now on. */
  letterAccepted(address: string): void;
  loginFailed(address: string): void;
  mayLogIn(address: string): boolean;
}

/** Open connections, in all and of each peer. One that has not brought a letter yet has fewer, and never the last ones. */
class Connections {
  readonly #limits: DoorLimits;
  readonly #isKnown: (peer: string) => boolean;
  readonly #open = new Map<string, number>();

  constructor(limits: DoorLimits, isKnown: (peer: string) => boolean) {
    this.#limits = limits;
    this.#isKnown = isKnown;
  }

  add(peer: string): boolean {
    const count = this.#open.get(peer) ?? 0;
    if (!this.#hasRoom(peer, count)) return false;
    this.#open.set(peer, count + 1);
    return true;
  }

  #hasRoom(peer: string, count: number): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    const { strangerConnectionsMax, strangerConnectionsPerAddressMax } = this.#limits;
    const all = [...this.#open];
    const sum = (some: typeof all): number => some.reduce((total, [, one]) => total + one, 0);
    if (count >= connectionsPerAddressMax || sum(all) >= connectionsMax) return false;
    if (this.#isKnown(peer)) return true;
    const strangers = all.filter(([other]) => !this.#isKnown(other));
    return count < strangerConnectionsPerAddressMax && sum(strangers) < strangerConnectionsMax;
  }

  remove(peer: string): void {
    const count = (this.#open.get(peer) ?? 1) - 1;
    if (count > 0) this.#open.set(peer, count);
    else this.#open.delete(peer);
  }
}

/** Counts for one door. */
export function createDoorCounters(limits: DoorLimits, clock: Clock): DoorCounters {
  const letters = new Windows(clock, MINUTE_MS, limits.peersCountedMax);
  const accepted = new Windows(clock, limits.acceptedRememberedMs, limits.peersCountedMax);
  const failures = new Windows(clock, limits.failedLoginsRememberedMs, limits.peersCountedMax);
  const connections = new Connections(limits, (peer) => accepted.count(peer) > 0);
  return {
    arrived: (address) => (connections.add(peerOf(address)) ? null : 'connections-too-many'),
    left: (address) => connections.remove(peerOf(address)),
    letterBegins(address, who) {
      const peer = peerOf(address);
      const operator = who === null ? null : `operator ${who}`;
      if (letters.count(peer) >= limits.lettersPerMinutePerAddressMax) return 'letters-too-fast';
      if (operator !== null && letters.count(operator) >= limits.lettersPerMinutePerOperatorMax)
        return 'letters-too-fast';
      letters.add(peer);
      if (operator !== null) letters.add(operator);
      return null;
    },
    letterAccepted: (address) => accepted.renew(peerOf(address)),
    loginFailed: (address) => failures.add(peerOf(address)),
    mayLogIn: (address) => failures.count(peerOf(address)) < limits.failedLoginsPerAddressMax,
  };
}
