/**
 * How long a list counts. Its age is counted from when its source last gave it as the current one, or from when it was
 * generated, whichever is later: the publisher need not renew what did not change. Yet a list that is given out for
 * ever is a list frozen by somebody, so its generation bounds it too. All of it project choices (mssante.md 1.3).
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import type { TrustListPolicy } from '../ports.ts';

const HOUR_MS = 3_600_000;

export type ListAge = 'fresh' | 'ageing' | 'not-renewed' | 'over';

/** The age of a list now; when it is over, nobody is listed any more. */
export function listAge(
  list: { readonly generatedAt: number; readonly currentAt: number },
  { alarmAfterHours, failAfterHours }: Pick<TrustListPolicy, 'alarmAfterHours' | 'failAfterHours'>,
  now: number,
): ListAge {
  const { generatedAt, currentAt } = list;
  const age = now - Math.max(generatedAt, Math.min(currentAt, now));
  const sinceGeneration = now - generatedAt;
  if (age > failAfterHours * HOUR_MS || sinceGeneration > TRUST_LIST_LIMITS.generationMaxMs) return 'over';
  if (age > alarmAfterHours * HOUR_MS) return 'ageing';
  return sinceGeneration > TRUST_LIST_LIMITS.generationAlarmMs ? 'not-renewed' : 'fresh';
}
