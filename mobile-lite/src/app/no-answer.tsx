/** Why a conversation cannot be answered from here. */
import type { JSX } from 'preact';
import type { ConversationView } from '../device/conversation-view.ts';
import { moreWords } from '../words/words.ts';

export function NoAnswer({ conversation }: { conversation: ConversationView }): JSX.Element {
  const { messages } = conversation;
  const waits = messages.some((message) => message.type === 'waiting-for-key');
  const proven = messages.some((message) => message.type === 'letter' && message.letter.verdict.show === 'verified');
  const reason = proven ? moreWords.replyImpossible : moreWords.replyUnproven;
  return (
    <p class="composer muted" data-testid="no-answer">
      {waits ? moreWords.replyNeedsKey : reason}
    </p>
  );
}
