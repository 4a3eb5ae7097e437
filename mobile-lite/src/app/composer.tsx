/**
 * Where an answer is written. Quick replies fill the field and do not send: the person always sees what leaves. The
 * field is emptied only when the answer is on the disk. What was typed survives a look at another conversation.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { ConversationView } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { Icon } from './icons.tsx';

const MAX = CONVERSATION_LIMITS.replyMaxCharacters;
const WARN_BELOW = 200;
const drafts = new Map<string, string>();

export function Composer(props: { conversation: ConversationView; session: DeviceSession }): JSX.Element {
  const { conversationId, correspondent, answerable } = props.conversation;
  const [text, setText] = useState(drafts.get(conversationId) ?? '');
  const [failed, setFailed] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const write = (draft: string): void => {
    drafts.set(conversationId, draft);
    setText(draft);
  };
  const empty = text.trim() === '';
  const left = MAX - text.length;
  const send = async (): Promise<void> => {
    if (empty || left < 0) return;
    try {
      const sent = text;
      write('');
      await props.session.sendReply(conversationId, sent).catch((error: unknown) => {
        write(sent);
        throw error;
      });
      setFailed(false);
    } catch {
      setFailed(true);
    }
    field.current?.focus();
  };
  if (!answerable) return <NoAnswer conversation={props.conversation} />;
  return (
    <form
      class="composer"
      data-testid="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset class="quick">
        <legend class="aside">{words.replyQuickLabel}</legend>
        {words.replyQuick.map((quick) => (
          <button
            key={quick}
            type="button"
            onClick={() => {
              write(empty ? quick : `${text.trimEnd()} ${quick}`);
              field.current?.focus();
            }}
          >
            {quick}
          </button>
        ))}
      </fieldset>
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          // Else the browser keeps what is typed, in clear, in its session files.
          autocomplete="off"
          value={text}
          aria-label={words.replyLabel(correspondent?.name ?? '')}
          placeholder={words.replyPlaceholder}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
          }}
        />
        <button class="primary" type="submit" data-testid="send" disabled={empty || left < 0}>
          <Icon name="send" />
          <span>{words.replySend}</span>
        </button>
      </div>
      {left < WARN_BELOW && (
        <p class={left < 0 ? 'note red' : 'muted'} role="status">
          {words.replyLeft(left)}
        </p>
      )}
      {failed && (
        <p class="note red" role="alert">
          {words.replyNotKept}
        </p>
      )}
    </form>
  );
}

function NoAnswer({ conversation }: { conversation: ConversationView }): JSX.Element {
  const { messages } = conversation;
  const waits = messages.some((message) => message.type === 'waiting-for-key');
  const proven = messages.some((message) => message.type === 'letter' && message.letter.verdict.show === 'verified');
  const reason = proven ? words.replyImpossible : words.replyUnproven;
  return (
    <p class="composer muted" data-testid="no-answer">
      {waits ? words.replyNeedsKey : reason}
    </p>
  );
}
