/** The conversations, latest first: who, which patient, what is wrong, how urgent, and how long it stays. */
import type { ReplyMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { ConversationView, ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { reasonSentence, words } from '../words/words.ts';
import { ExpiryLabel } from './expiry-label.tsx';
import { formatShortTime } from './format.ts';
import { useServerNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { noticeLine, UrgentBadge } from './letter-bubble.tsx';
import { headline, patientName } from './result-words.ts';
import { conversationHref } from './route.ts';

export function ConversationList(props: {
  conversations: readonly ConversationView[];
  session: DeviceSession;
  selected: string | null;
}): JSX.Element {
  const now = useServerNow(props.session, 30_000);
  if (props.conversations.length === 0) {
    return (
      <div class="empty">
        <Icon name="lock" />
        <p class="strong">{words.noConversations}</p>
        <p>{words.noConversationsText}</p>
      </div>
    );
  }
  return (
    <ul class="conversations" data-testid="conversation-list">
      {props.conversations.map((conversation) => (
        <li key={conversation.conversationId}>
          <ConversationItem
            conversation={conversation}
            session={props.session}
            now={now}
            selected={props.selected === conversation.conversationId}
          />
        </li>
      ))}
    </ul>
  );
}

function ConversationItem(props: {
  conversation: ConversationView;
  session: DeviceSession;
  now: number;
  selected: boolean;
}): JSX.Element {
  const { conversation, session, now, selected } = props;
  const { correspondent, patient, result, unread, expiresAt, lastActivityAt } = conversation;
  return (
    <a
      class={`item ${unread > 0 ? 'unread' : ''} ${conversation.unreadCritical ? 'urgent' : ''}`}
      href={conversationHref(conversation.conversationId)}
      aria-current={selected ? 'page' : undefined}
      data-testid="conversation-item"
    >
      <span class="line">
        <span class="who">{correspondent?.name || correspondent?.address || words.unknownCorrespondent}</span>
        <time class="when">{formatShortTime(lastActivityAt, now)}</time>
      </span>
      {patient !== null && <span class="patient">{patientName(patient)}</span>}
      <span class="line">
        <span class="preview">
          {result?.severity === 'critical' && (
            <span class="badge red">
              <Icon name="alert" />
              {words.critical}
            </span>
          )}{' '}
          {conversation.unreadUrgent && result?.severity !== 'critical' && <UrgentBadge />}{' '}
          <Doubt conversation={conversation} />{' '}
          {conversation.needsAttention && <span class="badge amber">{words.replyFailed}</span>}{' '}
          {conversation.filingFailed && <span class="badge amber">{words.filingFailed}</span>} {preview(conversation)}
        </span>
        {unread > 0 && (
          <span class="dot" title={words.unread(unread)}>
            <span aria-hidden="true">{unread}</span>
            <span class="aside">{words.unread(unread)}</span>
          </span>
        )}
      </span>
      <ExpiryLabel expiresAt={expiresAt} session={session} />
    </a>
  );
}

function preview(conversation: ConversationView): string {
  // What a machine wrote says nothing new of the matter, but that nobody is there.
  const told = conversation.messages.filter((one) =>
    one.type === 'notice' ? one.notice.kind === 'absent' : one.type !== 'newer',
  );
  const last = told.at(-1) ?? conversation.messages.at(-1);
  if (last === undefined) return '';
  if (last.type === 'letter') {
    const reports = last.letter.documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
    if (reports.length > 0) return headline(reports, last.letter);
  }
  return previewOf(last);
}

/** The name of a sender proves nothing: where the latest letter is not verified, the list says so too. */
function Doubt({ conversation }: { conversation: ConversationView }): JSX.Element | null {
  const shows = conversation.messages.flatMap((shown) => ('letter' in shown ? [shown.letter.verdict.show] : []));
  const show = shows.at(-1);
  if (show === undefined || show === 'verified') return null;
  return <span class={`badge ${show === 'quarantine' ? 'red' : 'amber'}`}>{words.trust[show]}</span>;
}

function attachmentNames({ attachments = [] }: ReplyMessage): string {
  return attachments.map(({ name }) => name).join(', ');
}

function previewOf(message: ShownMessage): string {
  switch (message.type) {
    case 'reply':
      return `${message.mine ? words.you : (message.reply.person ?? words.you)} : ${message.reply.text || attachmentNames(message.reply)}`;
    case 'notice':
      return noticeLine(message.notice);
    case 'quarantine':
      return message.letter.verdict.reasons.slice(0, 1).map(reasonSentence).join('');
    case 'filing':
    case 'reminder':
    case 'newer':
      return words[message.type];
    case 'waiting-for-key':
      return words.waitingForKeyShort;
    case 'unreadable':
      return words.unreadableShort;
    case 'letter': {
      const text = message.letter.documents.find((document) => document.kind === 'text')?.text.trim();
      return message.letter.subject || text || words.noSubject;
    }
  }
}
