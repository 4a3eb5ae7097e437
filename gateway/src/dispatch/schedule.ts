/** When a mail that could not leave is tried again: soon at first, then rarely, until its trust space gives it up. */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';

/** Pause before the next attempt, in milliseconds: doubling from the first, at most the longest, with jitter. */
export function pauseBeforeAttempt(attempt: number): number {
  const doublings = Math.min(Math.max(attempt - 1, 0), 30);
  const base = Math.min(DISPATCH_LIMITS.firstRetryMs * 2 ** doublings, DISPATCH_LIMITS.longestRetryMs);
  return Math.round(base * (0.8 + Math.random() * 0.4));
}

/** The next attempt, or null: it was time to give up. The last attempt stands at the very end. */
export function nextAttemptAt(
  mail: { readonly sealedAt: number; readonly attempts: number },
  giveUpAfterHours: number,
  now: number,
): number | null {
  const end = mail.sealedAt + giveUpAfterHours * 3_600_000;
  if (now >= end) return null;
  return Math.min(now + pauseBeforeAttempt(mail.attempts), end);
}
