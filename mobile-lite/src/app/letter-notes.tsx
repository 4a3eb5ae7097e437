/** What is said of a letter beside its verdict: who else it went to, who carried it, what is odd about it. */
import type { LetterMessage, MailPerson } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';
import { Icon } from './icons.tsx';

const nameOf = ({ name, address }: MailPerson): string => name || address;

export function People({ letter: { people = [], peopleLeftOut = 0 } }: { letter: LetterMessage }): JSX.Element | null {
  const also = people.filter(({ role }) => role !== 'from');
  const answers = people.filter(({ role }) => role === 'from').map(nameOf);
  const names = also.map((one) => (one.role === 'cc' ? moreWords.peopleCopy(nameOf(one)) : nameOf(one)));
  if (people.length === 0) return null;
  return (
    <p class="people" data-testid="people">
      {names.length > 0 && <span>{moreWords.peopleAlso(names.join(', '), peopleLeftOut)}</span>}
      {answers.length > 0 && <span>{moreWords.answersTo(answers.join(', '))}</span>}
    </p>
  );
}

export function LetterNotes({ letter }: { letter: LetterMessage }): JSX.Element {
  return (
    <>
      {letter.operator && (
        <p class="operator" data-testid="operator-mark">
          <Icon name="operator" />
          <span>{moreWords.trust.operator(letter.operator.name)}</span>
        </p>
      )}
      {letter.route === 'new-expired' && <p class="muted">{moreWords.routeExpired}</p>}
      {letter.route === 'new-unproven' && <p class="note amber">{moreWords.routeUnproven}</p>}
      {letter.senderCertificateChanged && <p class="note amber">{moreWords.certificateChanged}</p>}
      {letter.sameMessageId && <p class="note amber">{moreWords.sameMessageId}</p>}
      {letter.subjectChanged && <p class="muted">{moreWords.subjectChanged}</p>}
    </>
  );
}
