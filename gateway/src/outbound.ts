/**
 * The way out: accepted → sealed → sent, each step its own and idempotent. A reply is accepted once (its id is the
 * key), sealed or refused with a reason, kept as sealed bytes, and sent by a job of its own. A mailbox without a good key
 * holds its replies (`awaiting-key`) until it has one or the conversation ends. Every change of state reaches the phone.
 * This file knows the order of the stages and nothing else.
 */
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import type { ReplyJob } from '@estafette/contracts/queues';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import type { Trail } from './audit/trail.ts';
import type { Custody } from './conversation/custody.ts';
import { openContext } from './conversation/letter-message.ts';
import type { ReplyStatus } from './conversation/reply-status.ts';
import type { Sender } from './dispatch/send-reply.ts';
import type { Clock, Conversation, LastingStore, Log, OwnKeys, ReplyRow } from './ports.ts';
import { checkReplyAuthor, openReply } from './reply/open-reply.ts';
import type { OpenedConversation, SealedReplyMail } from './reply/seal-reply.ts';

export interface OutboundOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly status: ReplyStatus;
  readonly sealReply: (row: ReplyRow, opened: OpenedConversation) => Promise<SealedReplyMail>;
  readonly ownKeys: Pick<OwnKeys, 'mayTry' | 'refused' | 'worked'>;
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
  const { store, custody, status, sender, ownKeys, trail, clock, log } = options;
  const beingSealed = new Set<string>();

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

  /** Whether a reply that waits must be given up now, while its author can still be told. */
  const isEnding = (conversation: Conversation | null): boolean =>
    conversation === null || conversation.expiresAt - KEY_LIMITS.lastCallMs <= clock.now().getTime();

  const fail = async (row: ReplyRow, failure: FailureCode): Promise<void> => {
    log.warn('reply failed', { replyId: row.id, code: failure });
    await trail.replyFailed(row.id, failure);
    await status.change(row, { state: 'failed', failure });
  };

  /** Keeps the reply as it came until the mailbox has a good key; says so once. */
  const hold = async (row: ReplyRow): Promise<void> => {
    await ownKeys.refused(row.mailboxId);
    if (row.state === 'awaiting-key') return;
    const { mailboxId, id: replyId } = row;
    log.warn('reply held', { replyId, mailboxId, code: 'own-certificate-unusable' });
    await trail.replyHeld(row.id, 'own-certificate-unusable');
    await status.change(row, { state: 'awaiting-key', failure: 'own-certificate-unusable' });
  };

  /** The sealed mail; null when the reply was held or has failed instead. */
  const seal = async (row: ReplyRow): Promise<SealedReplyMail | null> => {
    const conversation = await store.conversation(row.conversationId);
    try {
      return await options.sealReply(row, await open(conversation));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== 'own-certificate-unusable') await fail(row, error.code);
      else if (isEnding(conversation)) await fail(row, 'conversation-expired');
      else await hold(row);
      return null;
    }
  };

  const sealAndSend = async (asked: ReplyRow): Promise<void> => {
    // Two runs at once would make two mails of one reply.
    if (beingSealed.has(asked.id)) return;
    beingSealed.add(asked.id);
    try {
      await sealAndKeep((await store.reply(asked.id)) ?? asked);
    } finally {
      beingSealed.delete(asked.id);
    }
  };

  const sealAndKeep = async (row: ReplyRow): Promise<void> => {
    if (row.state !== 'accepted' && row.state !== 'awaiting-key') return;
    const mail = await seal(row);
    if (mail === null) return;
    ownKeys.worked(row.mailboxId);
    const { mailboxId, conversationId, id: subject } = row;
    const messageIdIndex = options.messageIdIndex(mail.messageId);
    await store.rememberMessageId({ mailboxId, conversationId, subject, messageIdIndex, direction: 'out' });
    await sender.keep(row.id, mail.to, mail.sealed);
    await trail.replySealed(row.id);
    await sender.schedule(await status.change(row, { state: 'sealed' }));
  };

  /** A reply that waits for a key: sealed when there is one, tried a last time and failed when its conversation ends first. */
  const goOn = async (row: ReplyRow): Promise<void> => {
    const isLastCall = isEnding(await store.conversation(row.conversationId));
    if (isLastCall || (await ownKeys.mayTry(row.mailboxId))) await sealAndSend(row);
  };
  const goOnSafely = (row: ReplyRow): Promise<void> =>
    goOn(row).catch((error: unknown) => log.warn('a held reply has to wait on', { replyId: row.id, error }));

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
        if (row.state === 'awaiting-key') await goOnSafely(row);
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
