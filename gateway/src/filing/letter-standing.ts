/** Whether a letter reached a screen: delivered, and never held back, or released since. */
import type { LastingStore, LetterRow } from '../ports.ts';

export type LetterStanding = 'shown' | 'released' | 'unshown';

/** By its rows as they are now. */
export async function letterStanding(
  store: Pick<LastingStore, 'quarantinedLetter'>,
  { letterId, mailboxId, state }: Pick<LetterRow, 'letterId' | 'mailboxId' | 'state'>,
): Promise<LetterStanding> {
  if (state !== 'delivered') return 'unshown';
  const held = await store.quarantinedLetter(letterId, mailboxId);
  if (held === null) return 'shown';
  return held.state === 'released' ? 'released' : 'unshown';
}
