/**
 * Tells the devices that a conversation will end and was not filed since its last letter or answer: once for each end, and
 * only where its mailbox files at all. The event is named by the conversation and its end, so that a run that is repeated
 * tells nothing twice.
 */
import { FILING_LIMITS } from '@estafette/contracts/limits';
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Clock, Conversation, LastingStore, Log, Queues } from '../ports.ts';
import type { Custody } from './custody.ts';
import type { EventMaker } from './sealed-events.ts';

/** What is written of reminders. */
interface ReminderTrail {
  conversationReminded(conversationId: string, mailboxId: string, end: string): Promise<void>;
}

/** The step that reminds; run often. */
export function createReminder(options: {
  store: LastingStore;
  custody: Pick<Custody, 'unwrap'>;
  events: Pick<EventMaker, 'message' | 'idFor'>;
  queues: Queues;
  trailOf: (store: LastingStore) => ReminderTrail;
  clock: Clock;
  log: Log;
}): () => Promise<void> {
  const { store, custody, events, queues, trailOf, clock, log } = options;

  const remind = async (conversation: Conversation): Promise<void> => {
    const { id: conversationId, mailboxId, expiresAt: end } = conversation;
    const key = await custody.unwrap(conversation);
    if (key === null) return;
    const expiresAt = new Date(end).toISOString();
    const id = events.idFor('message', `reminder ${conversationId} ${end}`);
    const reminder = { type: 'reminder', expiresAt, at: clock.now().toISOString() } as const;
    const event = await events.message({ conversation, key }, { id }, reminder);
    const job: DeliverJob = { kind: 'append', mailboxId, events: [event] };
    await queues.add(QUEUES.deliver, `${conversationId}.reminder.${end}`, job);
    await store.transaction(async (inside) => {
      await inside.markReminded(conversationId, end);
      await trailOf(inside).conversationReminded(conversationId, mailboxId, expiresAt);
    });
  };

  return async () => {
    const { reminderLeadMs: leadMs, reminderLifeParts: lifeParts, remindersAtOnceMax: limit } = FILING_LIMITS;
    const due = await store.unfiledConversations({ now: clock.now().getTime(), leadMs, lifeParts, limit });
    for (const conversation of due)
      await remind(conversation).catch((error: unknown) =>
        log.warn('a reminder has to wait', { conversationId: conversation.id, error }),
      );
  };
}
