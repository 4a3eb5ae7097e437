/** What a text newly says, apart from what it quotes. Pure. */
import type { TextRange } from '@estafette/contracts/document';

/** The fresh parts, each on lines of its own; null where there are none to tell apart, or the ranges are not sound. */
export function freshOf(text: string, ranges: readonly TextRange[] = []): string | null {
  let end = 0;
  for (const { from, to } of ranges) {
    if (!(from >= end && to > from && to <= text.length)) return null;
    end = to;
  }
  const fresh = ranges.map(({ from, to }) => text.slice(from, to).trim()).filter((part) => part !== '');
  const told = fresh.join('\n');
  return told === '' || told === text.trim() ? null : told;
}
