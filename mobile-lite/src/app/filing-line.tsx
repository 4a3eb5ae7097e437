/**
 * A filing as a line of the conversation: how far it has come, what, in whose record, who asked; and the reminder that the
 * conversation will be gone without it.
 */
import type { FilingMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { ReplyProgress } from '../device/reply-progress.ts';
import { failureSentence, moreWords, words } from '../words/words.ts';
import { lettersIn } from './filing-choices.ts';
import { documentName } from './filing-draft.ts';
import { formatMoment } from './format.ts';
import { Icon } from './icons.tsx';
import { fullName } from './report-words.ts';

interface LineProps {
  messages: readonly ShownMessage[];
  now: number;
  onFile: () => void;
}

export function FilingLine({
  shown,
  messages,
  now,
  onFile,
}: LineProps & { shown: Extract<ShownMessage, { type: 'filing' }> }): JSX.Element {
  const { filing, progress, mine, at } = shown;
  const texts = moreWords.filing;
  const { state } = progress;
  const told = [whatOf(filing, messages), patientOf(filing, messages), typeOf(filing)].filter((part) => part !== '');
  const look = state === 'failed' ? 'red' : state === 'delayed' || state === 'unknown' ? 'amber' : '';
  return (
    <div class={`notice filed ${look}`} data-testid="filing" data-state={state}>
      <p class="strong">
        <Icon name="file" /> {stateSentence(progress, now)}
      </p>
      <p>{told.join(' · ')}</p>
      <p class="from">
        {mine ? words.you : (filing.person ?? words.you)}, <time>{formatMoment(at, now)}</time>
      </p>
      {state === 'failed' && (
        <button type="button" onClick={onFile}>
          {texts.again}
        </button>
      )}
    </div>
  );
}

export function ReminderLine(props: { expiresAt: number; now: number; onFile: () => void }): JSX.Element {
  const texts = moreWords.filing;
  const expires = words.replyAt(texts.expires, formatMoment(props.expiresAt, props.now));
  return (
    <div class="notice filed amber" data-testid="reminder">
      <p class="strong">
        <Icon name="clock" /> {texts.reminder(expires)}
      </p>
      <button type="button" class="primary" onClick={props.onFile}>
        {texts.title}
      </button>
    </div>
  );
}

/** "Versé au dossier : remis à 14:03", "Versement au dossier : échec : …". */
function stateSentence({ state, failure, certain, corrected, at }: ReplyProgress, now: number): string {
  const texts = moreWords.filing;
  const why = failure === null && state !== 'failed' ? '' : `\u00a0: ${failureSentence(failure)}`;
  if (state === 'unknown' || (state === 'failed' && !certain)) return `${texts.doubtful}${why}`;
  if (state === 'failed') return `${texts.failedState}${why}`;
  if (state === 'sent' || state === 'delivered' || state === 'read') {
    const word = words.replyStates[state];
    const told = at === null ? word : words.replyAt(word, formatMoment(Date.parse(at), now));
    return [corrected ? words.replyCorrected : '', `${texts.done}\u00a0: ${told}`]
      .filter((part) => part !== '')
      .join(' ');
  }
  return `${texts.underWay}\u00a0: ${words.replyStates[state]}${why}`;
}

function whatOf({ what }: FilingMessage, messages: readonly ShownMessage[]): string {
  const texts = moreWords.filing;
  if (what.kind === 'conversation') return texts.conversation;
  const letter = lettersIn(messages).find(({ letterId }) => letterId === what.letterId);
  if (what.kind === 'original') return texts.letterNamed(letter?.subject || words.noSubject);
  const document = letter?.documents[what.index];
  return document === undefined ? texts.document : texts.documentNamed(documentName(document));
}

function patientOf({ patient }: FilingMessage, messages: readonly ShownMessage[]): string {
  const texts = moreWords.filing;
  if (patient.from === 'typed') return texts.of(fullName({ birthName: '', ins: null, ...patient }));
  const letter = lettersIn(messages).find(({ letterId }) => letterId === patient.letterId);
  const document = letter?.documents[patient.index];
  return document?.kind === 'report' ? texts.of(fullName(document.report.patient)) : '';
}

function typeOf({ documentType }: FilingMessage): string {
  return documentType === undefined ? '' : moreWords.filing.types[documentType];
}
