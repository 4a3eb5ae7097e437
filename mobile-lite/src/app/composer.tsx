/**
 * Where an answer is written. Quick replies fill the field and do not send: the person always sees what leaves. The
 * field is emptied only when the answer is on the disk. Sending groups: what is sent within a few seconds leaves as one
 * mail, unless it is urgent or asked to leave at once (composer-extras.tsx).
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { aimOf, type ConversationView } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { ReplyWishes } from '../device/write-reply.ts';
import { words } from '../words/words.ts';
import { type Draft, draftOf, EMPTY_DRAFT, forgetPreviews, keepDraft } from './draft.ts';
import { Icon } from './icons.tsx';
import { later } from './later.tsx';

const MAX = CONVERSATION_LIMITS.replyMaxCharacters;
const WARN_BELOW = 200;

const NoAnswer = later(async () => (await import('./later-parts.tsx')).NoAnswer);
const ComposerExtras = later(async () => (await import('./later-parts.tsx')).ComposerExtras);

export function Composer(props: { conversation: ConversationView; session: DeviceSession }): JSX.Element {
  const { conversation, session } = props;
  const { conversationId, answerable, correspondent } = conversation;
  const [draft, setDraft] = useState(draftOf(conversationId));
  const aim = aimOf(conversation.messages, draft.answers);
  const { answers, answersTo, others } = aim;
  const [open, setOpen] = useState(draft.files.length > 0);
  const [failed, setFailed] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const change = (by: (draft: Draft) => Partial<Draft>): void => {
    const known = draftOf(conversationId);
    setDraft(keepDraft(conversationId, { ...known, ...by(known) }, conversation.answers));
  };
  const { text } = draft;
  const write = (written: string): void => change(() => ({ text: written }));
  const empty = text.trim() === '' && draft.files.length === 0;
  const left = MAX - text.length;
  const stopped = empty || left < 0 || draft.preparing > 0;
  const send = async (): Promise<void> => {
    if (stopped) return;
    change(() => EMPTY_DRAFT);
    try {
      await session.sendReply(conversationId, text, { ...wishesOf(draft), ...(answers && { answers }) });
      forgetPreviews(draft.files);
      setOpen(false);
      setFailed(false);
    } catch {
      change(({ preparing }) => ({ ...draft, preparing }));
      setFailed(true);
    }
    field.current?.focus();
  };
  if (!answerable) return <NoAnswer conversation={conversation} />;
  return (
    <form
      class="composer"
      data-testid="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset class="quick" hidden={open}>
        <legend class="aside">{words.replyQuickLabel}</legend>
        {words.replyQuick.map((quick) => (
          <button
            key={quick}
            type="button"
            onClick={() => {
              write(text.trim() === '' ? quick : `${text.trimEnd()} ${quick}`);
              field.current?.focus();
            }}
          >
            {quick}
          </button>
        ))}
      </fieldset>
      {(open || others.length > 0 || draft.files.length > 0) && (
        <ComposerExtras aim={aim} draft={draft} open={open} change={change} />
      )}
      {others.length === 0 && answersTo && answersTo.address !== correspondent?.address && (
        <p class="strong" role="status" data-testid="answers-to">
          {words.replyGoesTo((answersTo.name !== correspondent?.name && answersTo.name) || answersTo.address)}
        </p>
      )}
      <div class="field">
        <button
          type="button"
          class="more"
          data-testid="composer-more"
          aria-expanded={open}
          aria-label={words.replyMore}
          onClick={() => setOpen(!open)}
        >
          <Icon name="plus" />
        </button>
        <textarea
          ref={field}
          rows={1}
          // Else the browser keeps what is typed, in clear, in its session files.
          autocomplete="off"
          value={text}
          aria-label={words.replyLabel(answersTo?.name ?? '')}
          placeholder={words.replyPlaceholder}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
          }}
        />
        <button class="primary" type="submit" data-testid="send" disabled={stopped}>
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

/** Said only where it is wanted: an answer to the sender that may wait is the plain one. */
function wishesOf({ to, urgent, sendNow, files }: Draft): ReplyWishes {
  return {
    ...(to === 'all' && { to }),
    ...(urgent && { urgent }),
    ...(sendNow && { sendNow }),
    ...(files.length > 0 && { files: files.map(({ name, mediaType, bytes }) => ({ name, mediaType, bytes })) }),
  };
}
