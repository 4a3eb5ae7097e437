/**
 * What was found about who wrote: three looks, each with its sign and its word. The name shown as verified is the
 * certificate's, never the one the letter gives itself. Opened, it says how the word was come by.
 */
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { JSX } from 'preact';
import { reasonSentence, words } from '../words/words.ts';
import { formatDate } from './format.ts';
import { Icon, type IconName } from './icons.tsx';

const ICONS: Record<Verdict['show'], IconName> = { verified: 'check', unverified: 'bolt', quarantine: 'stop' };

export function TrustMark(props: { verdict: Verdict; subjectProtected?: boolean }): JSX.Element {
  const { verdict } = props;
  const texts = words.trust;
  const word =
    verdict.show === 'verified' && verdict.signer !== null
      ? texts.verified(verdict.signer.name)
      : texts[verdict.show === 'quarantine' ? 'quarantine' : 'unverified'];
  return (
    <details class={`trust ${verdict.show}`} data-testid="trust-mark" data-show={verdict.show}>
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
      <dl>
        {factsOf(props).map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** "Neither signed nor encrypted" says what two other reasons would say again. */
function toldReasons({ reasons }: Verdict): ReasonCode[] {
  const implied: ReasonCode[] = reasons.includes('unprotected') ? ['not-signed', 'not-encrypted'] : [];
  return reasons.filter((code) => !implied.includes(code));
}

function factsOf(props: { verdict: Verdict; subjectProtected?: boolean }): [string, string][] {
  const { signature, identity, encryption, signer, show, reasons } = props.verdict;
  const texts = words.trust;
  const facts: [string, string][] = [
    [texts.signature, texts.signatures[signature]],
    [texts.identity, texts.identities[identity]],
    [texts.encryption, texts.encryptions[encryption]],
  ];
  if (show === 'quarantine') facts.unshift([texts.codes, reasons.join(', ')]);
  if (show === 'verified' && reasons.length > 0) facts[0] = [texts.signature, reasons.map(reasonSentence).join(' ')];
  if (props.subjectProtected === false) facts.push([texts.subject, texts.subjectOpen]);
  if (signer === null) return facts;
  facts.push([texts.signer, signer.name]);
  if (signer.organization && signer.organization !== signer.name) facts.push([texts.organization, signer.organization]);
  facts.push(
    [texts.addresses, signer.addresses.join(', ')],
    [texts.issuer, signer.issuer],
    [texts.notAfter, formatDate(signer.notAfter)],
    [texts.fingerprint, signer.fingerprint.replace(/(.{4})(?=.)/g, '$1 ')],
  );
  return facts;
}
