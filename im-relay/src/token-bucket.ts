/** A token bucket: `burst` at once, `perSecond` in the long run. Time is monotonic milliseconds, given by the caller. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  constructor(rate: { perSecond: number; burst: number }, nowMs: number) {
    this.#perMs = rate.perSecond / 1_000;
    this.#burst = rate.burst;
    this.#tokens = rate.burst;
    this.#filledAt = nowMs;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    const filled = this.#tokens + (nowMs - this.#filledAt) * this.#perMs;
    this.#tokens = Math.min(this.#burst, filled);
    this.#filledAt = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
