/** An answer of ours, and how far it has come, in words. A held one asks; a failed one says why. */
import type { JSX } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { ReplyProgress } from '../device/reply-progress.ts';
import { failureSentence, words } from '../words/words.ts';
import { formatMoment } from './format.ts';

type ShownReply = Extract<ShownMessage, { type: 'reply' }>;

const LOOKS: Partial<Record<ReplyProgress['state'], string>> = {
  failed: 'red',
  delayed: 'amber',
  'awaiting-key': 'amber',
  unknown: 'amber',
  held: 'amber',
};

export function ReplyBubble(props: { shown: ShownReply; session: DeviceSession; now: number }): JSX.Element {
  const { shown, session, now } = props;
  const { reply, progress, mine, at } = shown;
  return (
    <article class="bubble ours">
      <p class="sender">
        <span class="strong">{mine ? words.you : (reply.person ?? words.you)}</span>
        <time>{formatMoment(at, now)}</time>
      </p>
      <p class="text">{reply.text}</p>
      <p class={`state ${LOOKS[progress.state] ?? ''}`} data-testid="reply-state" data-state={progress.state}>
        {stateSentence(progress, now)}
      </p>
      {progress.state === 'held' && (
        <div class="held">
          <p>{words.replyHeld}</p>
          <button type="button" class="primary" onClick={() => void session.confirmReply(reply.replyId)}>
            {words.replyHeldSend}
          </button>
          <button type="button" class="quiet" onClick={() => void session.discardReply(reply.replyId)}>
            {words.replyHeldDrop}
          </button>
        </div>
      )}
    </article>
  );
}

/** «partie à 14:03», «échec : …», «correction, finalement remise à 14:10». */
export function stateSentence(progress: ReplyProgress, now: number): string {
  const { state, failure, certain, corrected, at } = progress;
  const timed = state === 'sent' || state === 'delivered' || state === 'read';
  const word = state === 'failed' && !certain ? words.replyUncertain : words.replyStates[state];
  const told = timed && at !== null ? words.replyAt(word, formatMoment(Date.parse(at), now)) : word;
  if (corrected) return `${words.replyCorrected} ${told}`;
  const explained = failure !== null || state === 'failed';
  return explained ? `${told} : ${failureSentence(failure)}` : told;
}
