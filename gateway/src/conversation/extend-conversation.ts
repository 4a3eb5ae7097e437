/**
 * Lets a conversation live longer: its key is wrapped under the later epoch, within the transaction of what makes it
 * live. Never shorter, and never again once its key is destroyed.
 */
import type { Conversation, LastingStore } from '../ports.ts';
import type { Custody } from './custody.ts';

/** The conversation as it is then. */
export async function extendConversation(
  inside: LastingStore,
  custody: Pick<Custody, 'epochFor' | 'unwrap' | 'wrap'>,
  conversation: Conversation,
  until: number,
): Promise<Conversation> {
  const { epoch, endsAt } = custody.epochFor(until);
  if (endsAt <= conversation.expiresAt) return conversation;
  const key = await custody.unwrap(conversation);
  if (key === null) return conversation;
  const change = { epoch, wrappedKey: await custody.wrap(conversation.id, epoch, key), expiresAt: endsAt };
  await inside.extendConversation(conversation.id, change);
  return { ...conversation, ...change };
}

/** The same for who knows only its id; one that is over stays so, even where its key is not destroyed yet. */
export const conversationExtender =
  (custody: Parameters<typeof extendConversation>[1]) =>
  async (
    inside: LastingStore,
    conversationId: string,
    { now, until }: { now: number; until: number },
  ): Promise<void> => {
    const conversation = await inside.conversation(conversationId);
    if (conversation === null || conversation.expiresAt <= now) return;
    await extendConversation(inside, custody, conversation, until);
  };
