/**
 * Tells every device of a mailbox that a person has read a letter, sealed under the conversation key like all that is told.
 * The event and its job are named by letter, person and whether the sender was told: a step that runs again after a crash, a
 * device that says it again and another device of the same person change nothing, unless the sender has been told since.
 * What is over is not spoken of any more. No name stands in the job, nor that it is of this kind.
 */
import type { ReadMessage } from '@estafette/contracts/message';
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Clock, LastingStore, Queues } from '../ports.ts';
import type { Custody } from './custody.ts';
import type { EventMaker } from './sealed-events.ts';

/** Makes the voice. */
export function createReadTeller(options: {
  store: Pick<LastingStore, 'conversation'>;
  custody: Pick<Custody, 'unwrap'>;
  events: Pick<EventMaker, 'read'>;
  queues: Pick<Queues, 'add'>;
  clock: Clock;
}): (conversationId: string, read: Omit<ReadMessage, 'type'>) => Promise<void> {
  const { store, custody, events, queues, clock } = options;
  return async (conversationId, read) => {
    const conversation = await store.conversation(conversationId);
    if (conversation === null || conversation.erasedAt !== null) return;
    const key = conversation.expiresAt > clock.now().getTime() ? await custody.unwrap(conversation) : null;
    if (key === null) return;
    const event = await events.read({ conversation, key }, { type: 'read', ...read });
    const job: DeliverJob = { kind: 'append', mailboxId: conversation.mailboxId, events: [event] };
    await queues.add(QUEUES.deliver, event.id, job);
  };
}
