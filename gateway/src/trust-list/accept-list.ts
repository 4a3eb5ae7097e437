/**
 * Whether a verified list may take the place of the last one: not from the future (it would keep every true one out),
 * never older, never another one of the same date, and not so much shorter that something must have gone wrong.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import type { ListMemory } from './list-folder.ts';
import { ListRefused } from './list-refused.ts';
import type { VerifiedList } from './read-list.ts';

/** What is remembered of the newest list accepted so far. */
export type NewestList = Pick<ListMemory, 'generatedAt' | 'digest' | 'domains'>;

const secondsOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** `same`: it is the one that was accepted last; throws `ListRefused`. */
export function compareLists(
  list: Pick<VerifiedList, 'generatedAt' | 'digest' | 'domains'>,
  newest: NewestList | null,
  { now, shrinkMax }: { now: number; shrinkMax: number },
): 'same' | 'newer' {
  const { generatedAt, digest, domains } = list;
  if (generatedAt > now + TRUST_LIST_LIMITS.clockSkewMs)
    throw new ListRefused('list-from-future', `generated ${secondsOf(generatedAt)}`);
  if (newest === null) return 'newer';
  if (digest === newest.digest) return 'same';
  if (generatedAt < newest.generatedAt)
    throw new ListRefused('list-older', `${secondsOf(generatedAt)} before ${secondsOf(newest.generatedAt)}`);
  if (generatedAt === newest.generatedAt) throw new ListRefused('list-same-date', secondsOf(generatedAt));
  if (domains.length < newest.domains * shrinkMax)
    throw new ListRefused('list-shrunk', `${domains.length} domains after ${newest.domains}`);
  return 'newer';
}
