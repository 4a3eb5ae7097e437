/** What is said of a letter that must not be shown: whether its sender is proven, and what to do. */
import type { Verdict } from '@estafette/contracts/verdict';
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';

export function QuarantineText({ verdict }: { verdict: Verdict }): JSX.Element {
  const isProven = verdict.signature === 'valid' && verdict.identity === 'match';
  const isOpposed = verdict.reasons.includes('patient-opposes');
  return (
    <>
      {!isProven && <p class="note amber">{moreWords.trust.unproven}</p>}
      <p>{isOpposed ? moreWords.trust.opposedText : moreWords.trust.quarantineText}</p>
    </>
  );
}
