/** How the word of the trust mark was come by: each check with its outcome, and the certificate. Loaded when it is opened. */
import type { Verdict } from '@estafette/contracts/verdict';
import type { JSX } from 'preact';
import { moreWords, reasonSentence } from '../words/words.ts';
import { formatDate } from './format.ts';

interface FactsProps {
  verdict: Verdict;
  subjectProtected: boolean | undefined;
}

export function TrustFacts(props: FactsProps): JSX.Element {
  return (
    <dl>
      {factsOf(props).map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf(props: FactsProps): [string, string][] {
  const { signature, identity, encryption, signer, show, reasons } = props.verdict;
  const texts = moreWords.trust;
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
