/**
 * One conversation: who it is with, what came and what was answered, in the order of the relay, and the composer.
 * The list is a log for screen readers; it goes live only after the history is drawn, so that opening a
 * conversation does not read all of it aloud (facts/peers.md section 6).
 */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationView, ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { Composer } from './composer.tsx';
import { ExpiryLabel } from './expiry-label.tsx';
import { formatMoment } from './format.ts';
import { usePageVisible, useServerNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { later } from './later.tsx';
import { LetterBubble, NoticeLine, QuarantineBubble } from './letter-bubble.tsx';
import { ReplyBubble } from './reply-bubble.tsx';
import { patientName } from './result-words.ts';

const FilingLine = later(async () => (await import('./later-parts.tsx')).FilingLine);
const ReminderLine = later(async () => (await import('./later-parts.tsx')).ReminderLine);
const FilingSheet = later(async () => (await import('./later-parts.tsx')).FilingSheet);

const MARGIN_PX = 8;
const NEAR_END_PX = 80;

export function ConversationScreen(props: { conversation: ConversationView; session: DeviceSession }): JSX.Element {
  const { conversation, session } = props;
  const { conversationId, correspondent, patient, messages } = conversation;
  const visible = usePageVisible();
  const now = useServerNow(session, 30_000);
  const [filing, setFiling] = useState(false);
  const onFile = (): void => setFiling(true);
  useEffect(() => {
    if (visible) void session.markRead(conversationId);
  }, [session, conversationId, visible, messages.length]);
  return (
    <>
      <header class="bar">
        <a class="back" href="#/" aria-label={words.back}>
          <Icon name="back" />
        </a>
        <div class="title">
          <h1>{correspondent?.name || correspondent?.address || words.unknownCorrespondent}</h1>
          <p class="meta">
            {patient !== null && <span class="patient">{patientName(patient)}</span>}
            <ExpiryLabel expiresAt={conversation.expiresAt} session={session} />
          </p>
        </div>
        {conversation.fileable && (
          <button type="button" class="file" data-testid="file-it" onClick={onFile}>
            {words.file}
          </button>
        )}
      </header>
      <MessageLog messages={messages}>
        {(shown) => <Shown {...{ shown, conversation, session, now, onFile }} />}
      </MessageLog>
      <Composer conversation={conversation} session={session} />
      {filing && <FilingSheet {...{ conversation, session, now }} onClose={() => setFiling(false)} />}
    </>
  );
}

/** A letter is read from its head, an answer is seen whole; who has scrolled back is left where he reads. */
function MessageLog(props: {
  messages: readonly ShownMessage[];
  children: (shown: ShownMessage) => JSX.Element;
}): JSX.Element {
  const { messages } = props;
  const [live, setLive] = useState(false);
  const log = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  useEffect(() => {
    const timer = setTimeout(() => setLive(true), 500);
    return () => clearTimeout(timer);
  }, []);
  useLayoutEffect(() => {
    const list = log.current;
    const drawn = list?.firstElementChild?.lastElementChild;
    const last = messages.at(-1);
    if (!list || !(drawn instanceof HTMLElement) || last === undefined) return;
    const ours = 'mine' in last && last.mine;
    if (!isFollowing.current && !ours) return;
    const short = 'progress' in last || ['notice', 'reminder', 'newer'].includes(last.type);
    list.scrollTop = short ? list.scrollHeight : drawn.offsetTop - MARGIN_PX;
    let head = list.scrollTop;
    // A banner or a long draft takes room from the log, a reason makes the last answer longer: its end stays in sight.
    // A card that was still to be loaded makes what stands before a letter longer: its head stays where it was put.
    const follow = new ResizeObserver(() => {
      if (isFollowing.current && short) list.scrollTop = list.scrollHeight;
      if (short || list.scrollTop !== head) return;
      list.scrollTop = drawn.offsetTop - MARGIN_PX;
      head = list.scrollTop;
    });
    for (const watched of [list, drawn, drawn.parentElement]) if (watched) follow.observe(watched);
    return () => follow.disconnect();
  }, [messages.length]);
  return (
    <div
      class="log"
      role="log"
      aria-live={live ? 'polite' : 'off'}
      aria-relevant="additions"
      aria-label={words.conversations}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (WCAG 2.1.1).
      tabIndex={0}
      ref={log}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        isFollowing.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      }}
    >
      <ol>
        {messages.map((shown) => (
          <li key={shown.key}>{props.children(shown)}</li>
        ))}
      </ol>
    </div>
  );
}

function Shown(props: {
  shown: ShownMessage;
  conversation: ConversationView;
  session: DeviceSession;
  now: number;
  onFile: () => void;
}): JSX.Element {
  const { shown, session, now, onFile } = props;
  const { conversationId, messages, readings, expiresAt } = props.conversation;
  switch (shown.type) {
    case 'letter':
      return (
        <LetterBubble {...{ letter: shown.letter, messages, readings, session, conversationId, at: shown.at, now }} />
      );
    case 'quarantine':
      return <QuarantineBubble letter={shown.letter} at={shown.at} now={now} />;
    case 'notice':
      return <NoticeLine notice={shown.notice} at={shown.at} now={now} />;
    case 'reply':
      return <ReplyBubble shown={shown} session={session} conversationId={conversationId} now={now} />;
    case 'filing':
      return <FilingLine {...{ shown, messages, now, onFile }} />;
    case 'reminder':
      return <ReminderLine {...{ expiresAt, now, onFile }} />;
    case 'newer':
      return <p class="notice">{words.newer}</p>;
    default:
      return (
        <article class="bubble theirs">
          <p class="sender">
            <span class="strong">
              <Icon name="lock" />
            </span>
            <time>{formatMoment(shown.at, now)}</time>
          </p>
          <p class="muted">{shown.type === 'unreadable' ? words.unreadable : words.waitingForKey}</p>
        </article>
      );
  }
}
