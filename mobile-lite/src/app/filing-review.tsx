/** What is about to be filed and in whose record, in one sentence; and whether it speaks of somebody else. */
import type { Patient } from '@estafette/contracts/document';
import type { JSX } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import { moreWords } from '../words/words.ts';
import { keyOf, lettersIn, othersNamed } from './filing-choices.ts';
import { chosenDocuments, documentName, type FilingDraft, letterName, type TypedPatient } from './filing-draft.ts';
import { bornLine, fullName } from './report-words.ts';

export function FilingReview(props: {
  draft: FilingDraft;
  messages: readonly ShownMessage[];
  patient: Patient | TypedPatient | null;
  now: number;
}): JSX.Element | null {
  const { draft, messages, now } = props;
  if (props.patient === null) return null;
  const patient = { birthName: '', ins: null, ...props.patient };
  const chosen = chosenDocuments(draft, messages);
  const texts = moreWords.filing;
  const others = new Set(othersNamed(chosen, keyOf(patient)).map(fullName));
  const letter = lettersIn(messages).find(({ letterId }) => letterId === draft.letterId);
  const [document] = chosen;
  const what =
    draft.what === 'conversation'
      ? texts.conversation
      : draft.what === 'document'
        ? document && documentName(document)
        : letter && letterName(letter);
  return (
    <>
      {others.size > 0 && <p class="note amber">{texts.differs([...others].join(', '))}</p>}
      <p class="review" role="status" data-testid="filing-review">
        {texts.summary(what ?? '', `${fullName(patient)}, ${bornLine(patient, now)}`)}
      </p>
    </>
  );
}
