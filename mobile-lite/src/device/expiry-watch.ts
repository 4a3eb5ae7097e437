/**
 * Knows when each conversation expires (the latest that any of its events said; it only ever moves later) and
 * calls for erasure at that time, by the server's clock. While the relay has not told its time since the start,
 * our clock may be wrong: then nothing is erased until a day after (it is hidden at once all the same), so that
 * a phone with a wrong date does not lose what nobody has read.
 */
import type { InboxEvent } from '@estafette/contracts/sealed-event';
import type { ServerClock } from './clock.ts';

const ERASE_GRACE_MS = 24 * 3_600_000;
const TIMER_MAX_MS = 3_600_000;
const TIMER_MIN_MS = 50;

export class ExpiryWatch {
  readonly #time: ServerClock;
  readonly #onExpired: (conversationIds: string[]) => void;
  readonly #expiries = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #plannedAt = Number.POSITIVE_INFINITY;

  /** `onExpired` is called by the timer, at each expiry, with what may be erased (perhaps nothing yet). */
  constructor(time: ServerClock, onExpired: (conversationIds: string[]) => void) {
    this.#time = time;
    this.#onExpired = onExpired;
  }

  /** Learns an expiry; an earlier one than known changes nothing. */
  see(conversationId: string, expiresAt: number): void {
    const latest = Math.max(this.#expiries.get(conversationId) ?? 0, expiresAt);
    this.#expiries.set(conversationId, latest);
    if (latest < this.#plannedAt) this.#plan(latest);
  }

  /** Learns the expiry an event tells; a refusal lives by a time of its own, which is not its conversation's. */
  seeEvent(event: InboxEvent): void {
    if (event.kind !== 'refused') this.see(event.conversationId, event.expiresAt);
  }

  isOver(conversationId: string): boolean {
    return (this.#expiries.get(conversationId) ?? 0) <= this.#time.now();
  }

  /** Conversations whose keys and events are to be erased now; plans the next look. */
  due(): string[] {
    const now = this.#time.now();
    const due: string[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [conversationId, expiresAt] of this.#expiries) {
      const eraseAt = this.#time.confirmed ? expiresAt : expiresAt + ERASE_GRACE_MS;
      if (eraseAt <= now) due.push(conversationId);
      else next = Math.min(next, expiresAt > now ? expiresAt : eraseAt);
    }
    this.#plan(next);
    return due;
  }

  forget(conversationId: string): void {
    this.#expiries.delete(conversationId);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#plannedAt = Number.POSITIVE_INFINITY;
  }

  #plan(at: number): void {
    clearTimeout(this.#timer);
    this.#plannedAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const pause = Math.min(TIMER_MAX_MS, Math.max(TIMER_MIN_MS, at - this.#time.now()));
    this.#timer = setTimeout(() => this.#onExpired(this.due()), pause);
  }
}
