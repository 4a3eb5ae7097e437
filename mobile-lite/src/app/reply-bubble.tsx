/**
 * An answer of ours, what it brings, and how far it has come, in words; one by one where it went to several people. A
 * held one asks; a failed one says why; what is taken back is said as such.
 */
import type { JSX } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { ReplyProgress } from '../device/reply-progress.ts';
import { words } from '../words/words.ts';
import { formatMoment } from './format.ts';
import { later } from './later.tsx';
import { UrgentBadge } from './letter-bubble.tsx';

type ShownReply = Extract<ShownMessage, { type: 'reply' }>;

const ReplyTiles = later(async () => (await import('./later-parts.tsx')).ReplyTiles);

const Held = later(async () => (await import('./later-parts.tsx')).Held);
const FailureText = later(async () => (await import('./later-parts.tsx')).FailureText);

const LOOKS: Partial<Record<ReplyProgress['state'], string>> = {
  failed: 'red',
  delayed: 'amber',
  'awaiting-key': 'amber',
  unknown: 'amber',
  held: 'amber',
};

interface ReplyProps {
  shown: ShownReply;
  session: DeviceSession;
  conversationId: string;
  now: number;
}

export function ReplyBubble({ shown, session, conversationId, now }: ReplyProps): JSX.Element {
  const { reply, progress, mine, at } = shown;
  const { recipients = [] } = progress;
  const look = progress.corrected ? 'corrected' : '';
  return (
    <article class="bubble ours">
      <p class="sender">
        <span>
          <span class="strong">{mine ? words.you : (reply.person ?? words.you)}</span> {reply.urgent && <UrgentBadge />}
          {reply.to === 'all' && <span class="address">{words.replyWentToAll}</span>}
        </span>
        <time>{formatMoment(at, now)}</time>
      </p>
      {reply.text !== '' && <p class="text">{reply.text}</p>}
      {reply.attachments && (
        <ReplyTiles session={session} conversationId={conversationId} attachments={reply.attachments} />
      )}
      <p class={`state ${LOOKS[progress.state] ?? ''} ${look}`} data-testid="reply-state" data-state={progress.state}>
        {stateSentence(progress, now)}
        <Why {...progress} />
      </p>
      {recipients.length > 1 && (
        <ul class="recipients" data-testid="reply-recipients">
          {recipients.map((one) => (
            <li key={one.address} class={LOOKS[one.state] ?? ''} data-state={one.state}>
              {one.address} : {timed(words.replyStates[one.state], one, now)}
              <Why {...one} />
            </li>
          ))}
        </ul>
      )}
      {progress.state === 'held' && <Held session={session} replyId={reply.replyId} />}
    </article>
  );
}

/** «envoyé à 14:03», «échec», «Rectification : finalement remis à 14:10». */
function stateSentence(progress: ReplyProgress, now: number): string {
  const { state, certain, corrected, upload } = progress;
  if (upload !== undefined) return words.replyUploading(upload.sent, upload.total);
  const told = timed(state === 'failed' && !certain ? words.replyUncertain : words.replyStates[state], progress, now);
  return corrected ? `${words.replyCorrected} ${told}` : told;
}

/** A word, with its time where the moment matters. */
function timed(word: string, { state, at }: Pick<ReplyProgress, 'state' | 'at'>, now: number): string {
  const matters = state === 'sent' || state === 'delivered' || state === 'read';
  return matters && at !== null ? words.replyAt(word, formatMoment(Date.parse(at), now)) : word;
}

/** The reason, where there is one. */
function Why({ state, failure }: Pick<ReplyProgress, 'state' | 'failure'>): JSX.Element | null {
  if (failure === null && state !== 'failed') return null;
  return (
    <>
      {' : '}
      <FailureText code={failure} />
    </>
  );
}
