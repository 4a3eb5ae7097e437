/** The app of an enrolled device: the list, and beside it (or in its place, on a phone) one conversation. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { DeviceSession } from '../device/device-session.ts';
import type { DeviceSnapshot } from '../device/device-snapshot.ts';
import { words } from '../words/words.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { ConversationList } from './conversation-list.tsx';
import { ConversationScreen } from './conversation-screen.tsx';
import { useRoute, useSnapshot } from './hooks.ts';

export function SessionScreen({ session }: { session: DeviceSession }): JSX.Element {
  const snapshot = useSnapshot(session);
  const route = useRoute();
  const selected = route.at === 'conversation' ? route.conversationId : null;
  const { mailboxName, person, address } = snapshot.membership;
  const unread = snapshot.conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${words.appName}` : words.appName;
  }, [unread]);
  return (
    <div class={`panes ${route.at}`}>
      <nav class="pane-list" aria-label={words.conversations}>
        <header class="bar">
          <div class="title">
            <h1>{mailboxName}</h1>
            <p class="muted">{person === mailboxName ? address : person}</p>
          </div>
        </header>
        {snapshot.lostReplies > 0 && (
          <p class="note amber" role="alert">
            {words.lostReplies(snapshot.lostReplies)}
          </p>
        )}
        <ConversationList conversations={snapshot.conversations} session={session} selected={selected} />
      </nav>
      <main class="pane-conversation">
        <Chosen snapshot={snapshot} session={session} selected={selected} />
      </main>
      <ConnectionBanner connection={snapshot.connection} session={session} />
    </div>
  );
}

function Chosen(props: { snapshot: DeviceSnapshot; session: DeviceSession; selected: string | null }): JSX.Element {
  const { snapshot, session, selected } = props;
  const conversation = snapshot.conversations.find(({ conversationId }) => conversationId === selected);
  if (conversation !== undefined) {
    return <ConversationScreen key={conversation.conversationId} conversation={conversation} session={session} />;
  }
  return (
    <div class="empty">
      <p>{selected === null ? words.chooseConversation : words.conversationGone}</p>
      {selected !== null && (
        <a class="button" href="#/">
          {words.back}
        </a>
      )}
    </div>
  );
}
