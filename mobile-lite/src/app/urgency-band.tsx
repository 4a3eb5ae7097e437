/**
 * The band at the head of a letter that presses: how, why, and whom to call. Chat never replaces the phone, so a critical
 * letter always says how to telephone, or that no number is known. Where later reports have taken the place of all that the
 * letter reported, nothing of it presses any more: the later letter says how it is.
 */
import type { LetterMessage, Urgency } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import { moreWords } from '../words/words.ts';
import { Icon } from './icons.tsx';
import { historyOf } from './report-history.ts';
import { TelephoneLinks } from './telephone-links.tsx';
import { urgencyText } from './urgency-words.ts';

export function UrgencyBand({
  letter,
  urgency,
  messages,
}: {
  letter: LetterMessage;
  urgency: Urgency;
  messages: readonly ShownMessage[];
}): JSX.Element | null {
  const texts = moreWords.urgency;
  if (isPast(letter, messages)) return null;
  const { level, phones } = urgency;
  const { title, lines } = urgencyText(urgency);
  const [first = '', ...others] = lines;
  return (
    <section class={`urgency ${level}`} aria-label={title} data-testid="urgency" data-level={level}>
      <p class="why">
        <Icon name="alert" />
        <strong>{first === '' ? title : `${title}\u00a0: ${first}`}</strong>
      </p>
      {others.length > 0 && (
        <ul>
          {others.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {phones.length > 0 && <TelephoneLinks phones={phones} />}
      {phones.length > 0 && letter.verdict.show !== 'verified' && <p>{texts.unproven}</p>}
      {phones.length === 0 && level === 'critical' && (
        <p>
          {texts.noPhone} {moreWords.report.callText}
        </p>
      )}
    </section>
  );
}

function isPast({ documents }: LetterMessage, messages: readonly ShownMessage[]): boolean {
  const reports = documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
  return reports.length > 0 && reports.every((report) => historyOf(report, messages).replacedBy !== null);
}
