/**
 * The voice of a reply's life towards its devices: every change of state is a row first and an event next, and an
 * event that could not be told is told again at the next start. Statuses are sealed under the conversation key; what
 * has no key any more is said as a code of the catalogue.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { ReplyMessage } from '@estafette/contracts/message';
import { type DeliverJob, QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import { mayFollow } from '@estafette/contracts/status';
import type { ChangeReply, Clock, Conversation, Device, LastingStore, Queues, ReplyRow } from '../ports.ts';
import type { ConversationKey, Custody } from './custody.ts';
import type { EventMaker } from './sealed-events.ts';

/** How long a refusal that has no conversation key waits for its device. */
const REFUSAL_TTL_MS = 24 * 3_600_000;

export interface ReplyStatus {
  readonly change: ChangeReply;
  /** Tells the present state. */
  announce(row: ReplyRow): Promise<void>;
  /** Passes the reply itself on to the other devices of the mailbox. */
  echo(place: { conversation: Conversation; key: ConversationKey }, device: Device, reply: ReplyMessage): Promise<void>;
  /** Says that a reply was not taken. */
  refuse(job: Extract<ReplyJob, { kind: 'reply' }>, code: FailureCode): Promise<void>;
}

/** Statuses told through the deliver queue. */
export function createReplyStatus(options: {
  store: LastingStore;
  custody: Custody;
  events: EventMaker;
  queues: Queues;
  clock: Clock;
}): ReplyStatus {
  const { store, custody, events, queues, clock } = options;
  const append = (jobId: string, job: DeliverJob) => queues.add(QUEUES.deliver, jobId, job);

  const announce = async (row: ReplyRow): Promise<void> => {
    const conversation = await store.conversation(row.conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation !== null && key !== null) {
      const { id: replyId, state, failure, certain, mailboxId, revision } = row;
      const status = { type: 'status', replyId, state, failure, certain, at: clock.now().toISOString() } as const;
      const event = await events.status({ conversation, key }, revision, status);
      await append(`${replyId}.r${revision}`, { kind: 'append', mailboxId, events: [event] });
    }
    await store.markAnnounced(row.id, row.revision);
  };

  return {
    announce,
    async change(row, { state, failure = null, certain = true }) {
      if (!mayFollow(row.state, state)) return row;
      const wish = { state, failure, certain, from: row.revision };
      const changed = await store.changeReply(row.id, wish, clock.now().getTime());
      // Another step was quicker: the row is told as it is, and this change is not made.
      await announce(changed);
      return changed;
    },
    async echo(place, device, reply) {
      const event = await events.message(
        place,
        { id: reply.replyId, author: device.id },
        { ...reply, person: device.person },
      );
      await append(`${reply.replyId}.echo`, { kind: 'append', mailboxId: device.mailboxId, events: [event] });
    },
    async refuse({ mailboxId, reply: { replyId, conversationId } }, failure) {
      const id = events.idFor('event', `refused ${replyId}`);
      const expiresAt = clock.now().getTime() + REFUSAL_TTL_MS;
      const event = { kind: 'refused', id, conversationId, author: 'gateway', expiresAt, replyId, failure } as const;
      await append(`${replyId}.refused`, { kind: 'append', mailboxId, events: [event] });
    },
  };
}
