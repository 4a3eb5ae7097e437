/**
 * The voice of a reply's life towards its devices: every change of state is a row first and an event next, and an
 * event that could not be told is told again at the next start. Statuses are sealed under the conversation key; what
 * has no key any more is said as a code of the catalogue.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { FilingMessage, ReplyMessage } from '@estafette/contracts/message';
import { type DeliverJob, QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import { isCorrection, isProof, mayFollow } from '@estafette/contracts/status';
import type { ChangeReply, Clock, Conversation, Device, LastingStore, Queues, ReplyRow } from '../ports.ts';
import type { ConversationKey, Custody } from './custody.ts';
import { recipientsOf, replyOfMails } from './reply-of-mails.ts';
import type { EventMaker } from './sealed-events.ts';

/** How long a refusal that has no conversation key waits for its device. */
const REFUSAL_TTL_MS = 24 * 3_600_000;

export interface ReplyStatus {
  readonly change: ChangeReply;
  /** Tells the present state, for each recipient where there are several. */
  announce(row: ReplyRow): Promise<void>;
  /**
   * Brings a sealed reply to where its mails are, within a transaction; the row to announce, or null when there is
   * nothing to tell. `hasChanged`: one of its mails has, which is news where there are several.
   */
  follow(inside: LastingStore, replyId: string, hasChanged: boolean): Promise<ReplyRow | null>;
  /** Passes the reply itself on to the other devices of the mailbox. */
  echo(
    place: { conversation: Conversation; key: ConversationKey },
    device: Device,
    reply: ReplyMessage | FilingMessage,
  ): Promise<void>;
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

  /** Says without a key that nothing came of a reply. */
  const refuse = async (
    { id: replyId, mailboxId, conversationId }: Pick<ReplyRow, 'id' | 'mailboxId' | 'conversationId'>,
    failure: string,
  ): Promise<void> => {
    const id = events.idFor('event', `refused ${replyId}`);
    const expiresAt = clock.now().getTime() + REFUSAL_TTL_MS;
    const event = { kind: 'refused', id, conversationId, author: 'gateway', expiresAt, replyId, failure } as const;
    await append(`${replyId}.refused`, { kind: 'append', mailboxId, events: [event] });
  };

  const announce = async (row: ReplyRow): Promise<void> => {
    const conversation = await store.conversation(row.conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation !== null && key !== null) {
      const { id: replyId, state, failure, certain, mailboxId, revision } = row;
      const recipients = recipientsOf(await store.mailsOfReply(replyId));
      const status = {
        ...({ type: 'status', replyId, state, failure, certain, at: clock.now().toISOString(), revision } as const),
        ...(recipients.length === 0 ? {} : { recipients }),
        ...(row.corrected === true ? { correction: true } : {}),
      };
      const event = await events.status({ conversation, key }, revision, status);
      // Named as who has read a letter is: the job does not say which of them it is.
      await append(event.id, { kind: 'append', mailboxId, events: [event] });
    } else if (row.state === 'failed') await refuse(row, row.failure ?? 'conversation-expired');
    await store.markAnnounced(row.id, row.revision);
  };

  return {
    announce,
    async change(row, { state, failure = null, certain = true }) {
      if (!mayFollow(row.state, state)) return row;
      const corrected = isCorrection(row.state, state);
      const wish = { state, failure, certain, corrected, from: row.revision };
      const changed = await store.changeReply(row.id, wish, clock.now().getTime());
      // Another step was quicker: the row is told as it is, and this change is not made.
      await announce(changed);
      return changed;
    },
    async follow(inside, replyId, hasChanged) {
      const row = await inside.reply(replyId);
      const mails = await inside.mailsOfReply(replyId);
      const now = replyOfMails(mails);
      // Before it is sealed, its writer decides; not every mail of it may be posted yet.
      if (row === null || now === null || row.state === 'accepted' || row.state === 'awaiting-key') return null;
      const isSame = row.state === now.state && row.failure === now.failure && row.certain === now.certain;
      // With several recipients there is news even where the whole stays as it was.
      if (isSame && (mails.length === 1 || !hasChanged)) return null;
      const follows = isSame || mayFollow(row.state, now.state) || isProof(row, now);
      const state = follows ? now.state : row.state;
      if (state !== now.state && mails.length === 1) return null;
      const { failure, certain } = state === now.state ? now : row;
      const corrected = isCorrection(row.state, state);
      return inside.changeReply(replyId, { state, failure, certain, corrected }, clock.now().getTime());
    },
    async echo(place, device, reply) {
      const event = await events.message(
        place,
        { id: reply.replyId, author: device.id },
        { ...reply, person: device.person },
      );
      await append(`${reply.replyId}.echo`, { kind: 'append', mailboxId: device.mailboxId, events: [event] });
    },
    refuse: ({ mailboxId, reply: { replyId: id, conversationId } }, failure) =>
      refuse({ id, mailboxId, conversationId }, failure),
  };
}
