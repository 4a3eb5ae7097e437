/**
 * Time on the device. The phone's own clock may be wrong by hours, so everything that matters (expiry, ticket
 * times, the age of a waiting reply) is counted by the server's time: our clock plus the offset last learnt
 * from the relay. The offset is kept in the store, so that an offline start still counts rightly.
 */

/** A source of time, milliseconds since 1970; injected so that tests decide what time it is. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** The server's time as this device knows it. */
export class ServerClock implements Clock {
  readonly #clock: Clock;
  #offsetMs: number;
  #confirmed = false;

  constructor(clock: Clock, offsetMs: number) {
    this.#clock = clock;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /** Takes the server's time from a frame or an answer; gives the new offset. */
  learn(serverTime: number): number {
    this.#offsetMs = serverTime - this.#clock.now();
    this.#confirmed = true;
    return this.#offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Whether the relay has told its time since this device started. */
  get confirmed(): boolean {
    return this.#confirmed;
  }
}
