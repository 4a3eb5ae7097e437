/**
 * The way out: accepted → sealed → sent, each step its own and idempotent. A reply is accepted once (its id is the
 * key), sealed or refused with a reason, kept as sealed bytes, and sent by a job of its own. Every change of state
 * reaches the phone. This file knows the order of the stages and nothing else.
 */
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import type { ReplyJob } from '@estafette/contracts/queues';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import type { Trail } from './audit/trail.ts';
import type { Custody } from './conversation/custody.ts';
import { openContext } from './conversation/letter-message.ts';
import type { ReplyStatus } from './conversation/reply-status.ts';
import type { Sender } from './dispatch/send-reply.ts';
import type { Clock, Conversation, LastingStore, Log, ReplyRow } from './ports.ts';
import { checkReplyAuthor, openReply } from './reply/open-reply.ts';
import type { OpenedConversation, SealedReplyMail } from './reply/seal-reply.ts';

export interface OutboundOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly status: ReplyStatus;
  readonly sealReply: (row: ReplyRow, opened: OpenedConversation) => Promise<SealedReplyMail>;
  readonly sender: Sender;
  /** Keyed digest of a Message-ID. */
  readonly messageIdIndex: (messageId: string) => Buffer;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Outbound {
  /** Takes a reply of a device. */
  accept(job: Extract<ReplyJob, { kind: 'reply' }>): Promise<void>;
  /** Tells and queues what could not be told or queued while Redis was away; run often. */
  retell(): Promise<void>;
  /** Goes on with what a crash or a forgetful Redis left behind; run before anything consumes. */
  resume(): Promise<void>;
}

/** Makes the way out. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { store, custody, status, sender, trail, clock, log } = options;

  /** The conversation with its key; throws `conversation-expired` when there is none any more. */
  const open = async (conversation: Conversation | null): Promise<OpenedConversation> => {
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation === null || key === null) throw new Refusal('conversation-expired');
    return {
      conversation,
      key: key.key,
      context: (letterId, sealed) => openContext(key, conversation, letterId, sealed),
    };
  };

  const fail = async (row: ReplyRow, failure: FailureCode): Promise<void> => {
    log.warn('reply failed', { replyId: row.id, code: failure });
    await trail.replyFailed(row.id, failure);
    await status.change(row, { state: 'failed', failure });
  };

  const sealAndSend = async (asked: ReplyRow): Promise<void> => {
    const row = (await store.reply(asked.id)) ?? asked;
    if (row.state !== 'accepted') return;
    let mail: SealedReplyMail;
    try {
      mail = await options.sealReply(row, await open(await store.conversation(row.conversationId)));
    } catch (error) {
      if (error instanceof Refusal) return fail(row, error.code);
      throw error;
    }
    const { mailboxId, conversationId, id: subject } = row;
    const messageIdIndex = options.messageIdIndex(mail.messageId);
    await store.rememberMessageId({ mailboxId, conversationId, subject, messageIdIndex, direction: 'out' });
    await sender.keep(row.id, mail.to, mail.sealed);
    await trail.replySealed(row.id);
    await sender.schedule(await status.change(row, { state: 'sealed' }));
  };

  /** Checks author, conversation and content; the row is new, or as an earlier run left it. */
  const admit = async ({
    mailboxId,
    deviceId,
    reply,
  }: {
    mailboxId: string;
    deviceId: string;
    reply: SealedReply;
  }): Promise<ReplyRow> => {
    const now = clock.now().getTime();
    const device = await checkReplyAuthor(await store.device(deviceId, now), mailboxId, reply);
    const conversation = await store.conversation(reply.conversationId);
    if (conversation === null || conversation.mailboxId !== mailboxId) throw new Refusal('conversation-unanswerable');
    const key = conversation.expiresAt <= now ? null : await custody.unwrap(conversation);
    if (key === null) throw new Refusal('conversation-expired');
    const opened = await openReply(key.key, device.id, reply);
    const row: ReplyRow = {
      id: reply.replyId,
      mailboxId,
      conversationId: conversation.id,
      deviceId: device.id,
      state: 'accepted',
      failure: null,
      certain: true,
      revision: 1,
      announcedRevision: 0,
      attempts: 0,
      sealed: { iv: reply.iv, ct: reply.ct },
    };
    const isNew = await store.addReply(row, now);
    if (isNew) await trail.replyAccepted(row.id, conversation.id);
    await status.echo({ conversation, key }, device, opened);
    return isNew ? row : ((await store.reply(row.id)) ?? row);
  };

  return {
    async accept(job) {
      let row: ReplyRow;
      try {
        row = await admit(job);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        log.warn('reply refused', { replyId: job.reply.replyId, code: error.code });
        await trail.replyRefused(job.reply.replyId, error.code);
        return status.refuse(job, error.code);
      }
      await status.announce(row);
      if (row.state === 'accepted') await sealAndSend(row);
      if (row.state === 'sealed' && row.attempts === 0) await sender.schedule(row);
    },
    async retell() {
      for (const row of await store.unfinishedReplies()) {
        if (row.announcedRevision < row.revision) await status.announce(row);
        if (row.state === 'sealed' && row.attempts === 0) await sender.schedule(row);
      }
    },
    async resume() {
      await sender.tidy();
      for (const row of await store.unfinishedReplies()) {
        if (row.announcedRevision < row.revision) await status.announce(row);
        if (row.state === 'accepted') await sealAndSend(row);
        if (row.state === 'sealed' || row.state === 'delayed') await sender.schedule(row);
      }
    },
  };
}
