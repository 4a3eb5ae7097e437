/**
 * The way out: accepted → gathered → sealed → posted, each step its own and idempotent. A reply is accepted once (its id is
 * the key), waits a moment for others typed in a row, is composed and sealed with them or refused with a reason, and
 * posted; sending is the outbox's. A mailbox without a good key holds its replies (`awaiting-key`) until it has one or
 * the conversation ends. Every change of state reaches the phone. This file knows the order of the stages and nothing else.
 */
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { QUEUES, type ReplyJob, type SendJob } from '@estafette/contracts/queues';
import { passed } from '@estafette/runtime/steps';
import type { Trail } from './audit/trail.ts';
import type { ConversationKey, Custody } from './conversation/custody.ts';
import { openContext } from './conversation/letter-message.ts';
import type { ReplyStatus } from './conversation/reply-status.ts';
import type { Clock, Conversation, LastingStore, Log, Outbox, OwnKeys, Queues, ReplyRow } from './ports.ts';
import type { AdmittedReply } from './reply/admit-reply.ts';
import type { Gatherer } from './reply/gather-replies.ts';
import type { OpenedConversation, SealedReplies } from './reply/seal-reply.ts';

type GivenReply = Extract<ReplyJob, { kind: 'reply' }>;

/** A conversation whose key is there, for reading all that it keeps. */
export type FilingPlace = OpenedConversation & { readonly conversationKey: ConversationKey };

export interface OutboundOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly status: ReplyStatus;
  readonly admit: (given: GivenReply) => Promise<AdmittedReply<ConversationKey>>;
  readonly gatherer: Gatherer;
  readonly sealReplies: (rows: readonly ReplyRow[], opened: OpenedConversation) => Promise<SealedReplies>;
  /** Makes the mail of a filing. */
  readonly sealFiling: (row: ReplyRow, opened: FilingPlace) => Promise<SealedReplies>;
  readonly outbox: Outbox;
  readonly ownKeys: Pick<OwnKeys, 'mayTry' | 'refused' | 'worked'>;
  readonly queues: Queues;
  /** Keyed digest of a Message-ID. */
  readonly messageIdIndex: (messageId: string) => Buffer;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Outbound {
  /** Takes a reply of a device. */
  accept(given: GivenReply): Promise<void>;
  /** Makes mails of what was typed in a conversation and has waited long enough. */
  compose(conversationId: string): Promise<void>;
  /** Tells and makes what could not be told or made while Redis was away; run often. */
  retell(): Promise<void>;
  /** Goes on with what a crash or a forgetful Redis left behind; run before anything consumes. */
  resume(): Promise<void>;
}

/** Makes the way out. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { store, custody, status, ownKeys, queues, trail, clock, log } = options;
  const beingSealed = new Set<string>();

  /** The conversation with its key; throws `conversation-expired` when there is none any more. */
  const open = async (conversation: Conversation | null): Promise<FilingPlace> => {
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation === null || key === null) throw new Refusal('conversation-expired');
    return {
      conversation,
      key: key.key,
      conversationKey: key,
      context: (letterId, sealed) => openContext(key, conversation, letterId, sealed),
    };
  };

  /** Whether a reply that waits must leave or be given up now, while its author can still be told. */
  const isEnding = (conversation: Conversation | null): boolean =>
    conversation === null || conversation.expiresAt - KEY_LIMITS.lastCallMs <= clock.now().getTime();

  const fail = async (row: ReplyRow, failure: FailureCode): Promise<void> => {
    log.warn('reply failed', { replyId: row.id, code: failure });
    await trail.replyFailed(row, failure);
    await status.change(row, { state: 'failed', failure });
  };

  /** Keeps the reply as it came until the mailbox has a good key; says so once. */
  const hold = async (row: ReplyRow): Promise<void> => {
    if (row.state === 'awaiting-key') return;
    const { mailboxId, id: replyId } = row;
    log.warn('reply held', { replyId, mailboxId, code: 'own-certificate-unusable' });
    await trail.replyHeld(row.id, 'own-certificate-unusable');
    await status.change(row, { state: 'awaiting-key', failure: 'own-certificate-unusable' });
  };

  /** The sealed mails; null when the replies were held or have failed instead. */
  const seal = async (rows: readonly ReplyRow[], conversationId: string, mailboxId: string) => {
    const conversation = await store.conversation(conversationId);
    try {
      const opened = await open(conversation);
      const [filing] = rows.filter(({ purpose }) => purpose === 'filing');
      return await (filing === undefined ? options.sealReplies(rows, opened) : options.sealFiling(filing, opened));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const isKeyMissing = error.code === 'own-certificate-unusable';
      if (isKeyMissing && !isEnding(conversation)) {
        await ownKeys.refused(mailboxId);
        for (const row of rows.filter(isWaiting)) await hold(row);
      } else {
        for (const row of rows.filter(isWaiting)) await fail(row, isKeyMissing ? 'conversation-expired' : error.code);
      }
      return null;
    }
  };

  const sealAndPost = async (groupId: string): Promise<void> => {
    const rows = (await store.repliesOfGroup(groupId)).filter(({ state }) => state !== 'failed');
    const [first] = rows.filter(isWaiting);
    if (first === undefined) return;
    const { mailboxId, conversationId } = first;
    const made = await seal(rows, conversationId, mailboxId);
    if (made === null) return;
    passed('mail-sealed');
    ownKeys.worked(mailboxId);
    const messageIdIndex = options.messageIdIndex(made.messageId);
    for (const { id: subject } of rows)
      await store.rememberMessageId({ mailboxId, conversationId, subject, messageIdIndex, direction: 'out' });
    if (made.inClear > 0) for (const row of rows.filter(isWaiting)) await trail.replySignedOnly(row.id, made.inClear);
    await options.outbox.postTogether(made.mails, made.refused);
  };

  const sealGroup = async (groupId: string): Promise<void> => {
    // Two runs at once would make two mails of one reply.
    if (beingSealed.has(groupId)) return;
    beingSealed.add(groupId);
    try {
      await sealAndPost(groupId);
    } finally {
      beingSealed.delete(groupId);
    }
  };

  const compose: Outbound['compose'] = async (conversationId) => {
    const ending = isEnding(await store.conversation(conversationId));
    const { groupIds, nextAt } = await options.gatherer.gather(conversationId, ending);
    for (const groupId of groupIds) await sealGroup(groupId);
    if (nextAt === null) return;
    const job: SendJob = { kind: 'compose', conversationId };
    const delayMs = Math.max(0, nextAt - clock.now().getTime());
    await queues.add(QUEUES.send, `${conversationId}.compose.${nextAt}`, job, { delayMs });
  };

  /** Seals a group that waits for a key when there is one, or a last time when its conversation ends first. */
  const goOn = async (row: ReplyRow): Promise<void> => {
    if (row.state === 'accepted') return row.groupId === null ? compose(row.conversationId) : sealGroup(row.groupId);
    const isLastCall = isEnding(await store.conversation(row.conversationId));
    if (isLastCall || (await ownKeys.mayTry(row.mailboxId))) await sealGroup(row.groupId ?? row.id);
  };
  const goOnSafely = (row: ReplyRow): Promise<void> =>
    goOn(row).catch((error: unknown) => log.warn('a reply has to wait on', { replyId: row.id, error }));

  /** What waits, one of each group and of each conversation: the others go with it. */
  const goOnWithAll = async (waiting: readonly ReplyRow[]): Promise<void> => {
    const named = new Map(waiting.map((row) => [row.groupId ?? row.conversationId, row]));
    for (const row of named.values()) await goOnSafely(row);
  };

  return {
    compose,
    async accept(given) {
      let admitted: AdmittedReply<ConversationKey>;
      try {
        admitted = await options.admit(given);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        log.warn('reply refused', { replyId: given.reply.replyId, code: error.code });
        await trail.replyRefused(given.reply.replyId, error.code);
        return status.refuse(given, error.code);
      }
      const { row, place, device, message } = admitted;
      await status.echo(place, device, message);
      await status.announce(row);
      if (row.state === 'accepted') await goOn(row);
    },
    async retell() {
      const unfinished = await store.unfinishedReplies();
      for (const row of unfinished) if (row.announcedRevision < row.revision) await status.announce(row);
      await goOnWithAll(unfinished.filter(isWaiting));
    },
    async resume() {
      const unfinished = await store.unfinishedReplies();
      for (const row of unfinished) if (row.announcedRevision < row.revision) await status.announce(row);
      await goOnWithAll(unfinished.filter(({ state }) => state === 'accepted'));
    },
  };
}

/** Not sealed yet. */
const isWaiting = ({ state }: ReplyRow): boolean => state === 'accepted' || state === 'awaiting-key';
