/**
 * Frames are worked one after the other, in the order they came; events that wait together are taken as one
 * burst, so that a catch-up is a few transactions and not hundreds. Frames of a socket that has been given up are
 * dropped unread: they were not acknowledged, so the relay gives them again.
 */
import type { RelayFrame } from '@estafette/contracts/frames';
import type { EventFrame } from './inbox.ts';

const BURST_MAX = 200;

export interface FrameLaneParts {
  /** The number of the present connection try. */
  attempt(): number;
  takeEvents(burst: readonly EventFrame[]): Promise<void>;
  obey(frame: Exclude<RelayFrame, { t: 'event' }>): Promise<void>;
  /** The work on a frame failed (the store could not keep it). */
  onTrouble(error: unknown): void;
}

export class FrameLane {
  readonly #parts: FrameLaneParts;
  readonly #waiting: { readonly frame: RelayFrame; readonly attempt: number }[] = [];
  #working: Promise<void> | null = null;

  constructor(parts: FrameLaneParts) {
    this.#parts = parts;
  }

  push(frame: RelayFrame, attempt: number): void {
    this.#waiting.push({ frame, attempt });
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  /** Resolves when nothing is being worked on. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.attempt !== this.#parts.attempt()) continue;
      try {
        if (next.frame.t === 'event') await this.#parts.takeEvents(this.#burst(next.frame, next.attempt));
        else await this.#parts.obey(next.frame);
      } catch (error) {
        this.#parts.onTrouble(error);
      }
    }
  }

  #burst(first: EventFrame, attempt: number): EventFrame[] {
    const burst = [first];
    while (burst.length < BURST_MAX) {
      const next = this.#waiting[0];
      if (next === undefined || next.frame.t !== 'event' || next.attempt !== attempt) break;
      burst.push(next.frame);
      this.#waiting.shift();
    }
    return burst;
  }
}
