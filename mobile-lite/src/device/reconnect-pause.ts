/**
 * How long to wait before the next connection: doubling with full jitter, so that a thousand phones do not come
 * back in the same second, and a longer floor when the relay said "later" (contracts/close-codes.ts).
 */

export interface ReconnectPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Shortest pause when the relay asked us to come back later. */
  readonly laterMs: number;
}

export const RECONNECT_POLICY: ReconnectPolicy = { firstMs: 500, maxMs: 30_000, laterMs: 3_000 };

/** The pause before attempt `attempt` (1 for the first after a loss). `random` gives 0 ≤ x < 1. */
export function reconnectPauseMs(
  policy: ReconnectPolicy,
  attempt: number,
  advice: 'retry-now' | 'retry-later',
  random: () => number,
): number {
  const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt - 1, 16));
  const floor = advice === 'retry-later' ? policy.laterMs : 0;
  return Math.round(floor + ceiling * (0.25 + 0.75 * random()));
}
