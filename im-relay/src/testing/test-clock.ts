/** A clock that tests move. */
import type { Clock } from '@estafette/runtime/ports';

export class TestClock implements Clock {
  #ms = Date.now();

  now(): Date {
    return new Date(this.#ms);
  }

  get ms(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}
