/**
 * What was found about who wrote: three looks, each with its sign and its word. The name shown as verified is the
 * certificate's, never the one the letter gives itself. Opened, it says how the word was come by.
 */
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { reasonSentence, words } from '../words/words.ts';
import { Icon, type IconName } from './icons.tsx';
import { later } from './later.tsx';

const ICONS: Record<Verdict['show'], IconName> = { verified: 'check', unverified: 'bolt', quarantine: 'stop' };

const TrustFacts = later(async () => (await import('./later-parts.tsx')).TrustFacts);

export function TrustMark(props: { verdict: Verdict; subjectProtected?: boolean }): JSX.Element {
  const { verdict } = props;
  const [open, setOpen] = useState(false);
  const texts = words.trust;
  const word =
    verdict.show === 'verified' && verdict.signer !== null
      ? texts.verified(verdict.signer.name)
      : texts[verdict.show === 'quarantine' ? 'quarantine' : 'unverified'];
  return (
    <details
      class={`trust ${verdict.show}`}
      data-testid="trust-mark"
      data-show={verdict.show}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon name={ICONS[verdict.show]} />
        <span>
          <span class="strong">{word}</span>
          {verdict.show !== 'verified' && verdict.reasons.length > 0 && (
            <span class="reasons">
              {toldReasons(verdict).map((code) => (
                <span key={code}>{reasonSentence(code)}</span>
              ))}
            </span>
          )}
        </span>
      </summary>
      {open && <TrustFacts verdict={verdict} subjectProtected={props.subjectProtected} />}
    </details>
  );
}

/** "Neither signed nor encrypted" says what two other reasons would say again. */
function toldReasons({ reasons }: Verdict): ReasonCode[] {
  const implied: ReasonCode[] = reasons.includes('unprotected') ? ['not-signed', 'not-encrypted'] : [];
  return reasons.filter((code) => !implied.includes(code));
}
