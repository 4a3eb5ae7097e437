/**
 * The way out: accepted → sealed → sent, each step its own and idempotent. A reply is accepted once (its id is the
 * key), sealed or held with a reason, spooled as sealed bytes, and sent by a job that does nothing after the 250 but
 * record it. If the outcome of a send is unknown, the same bytes with the same Message-ID go again. Every change of
 * state reaches the phone. This file knows the order of the stages and nothing else.
 */
import { openBytes } from '@estafette/contracts/conversation-seal';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { ReplyMessage } from '@estafette/contracts/message';
import { type DeliverJob, QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import { mayFollow, type ReplyState } from '@estafette/contracts/status';
import type { Trail } from './audit/trail.ts';
import type { ConversationKey, Custody } from './conversation/custody.ts';
import type { EventMaker } from './conversation/sealed-events.ts';
import type { ThreadTokens } from './conversation/thread-token.ts';
import { type NextHop, pauseBeforeAttempt } from './dispatch/next-hop.ts';
import type { SealedLetter, TrustPaths } from './letter-worker.ts';
import type { LetterWorkers } from './letter-workers.ts';
import type {
  BlobStore,
  Clock,
  Conversation,
  Correspondent,
  LastingStore,
  Log,
  MailboxKey,
  Queues,
  ReplyRow,
  Vault,
} from './ports.ts';
import { type AnsweredLetter, composeReply } from './reply/compose-reply.ts';
import { checkReplyAuthor, openReply } from './reply/open-reply.ts';

export interface OutboundOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly events: EventMaker;
  readonly tokens: ThreadTokens;
  readonly workers: LetterWorkers;
  readonly safe: BlobStore;
  readonly queues: Queues;
  readonly vault: Vault;
  readonly nextHop: NextHop;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: TrustPaths;
  readonly indexOf: (kind: 'message-id', value: string) => Buffer;
}

export interface Outbound {
  /** Takes a reply of a device. */
  accept(job: Extract<ReplyJob, { kind: 'reply' }>): Promise<void>;
  /** Sends a sealed reply, or finds that there is nothing left to send. */
  send(replyId: string): Promise<void>;
  /** Goes on with what a crash or a forgetful Redis left behind. */
  resume(): Promise<void>;
}

interface Sealable {
  readonly conversation: Conversation;
  readonly key: ConversationKey;
  readonly letter: AnsweredLetter;
  readonly correspondent: Correspondent;
  readonly own: MailboxKey;
}

const OUT = 'out/';
/** How long a refusal that has no conversation key waits for its device. */
const REFUSAL_TTL_MS = 24 * 3_600_000;

/** Makes the way out. */
export function createOutbound(options: OutboundOptions): Outbound {
  const { store, custody, events, tokens, workers, safe, queues, vault, trail, clock, log } = options;
  const now = () => clock.now().getTime();

  const announce = async (row: ReplyRow): Promise<void> => {
    const conversation = await store.conversation(row.conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation !== null && key !== null) {
      const status = {
        type: 'status',
        replyId: row.id,
        state: row.state,
        failure: row.failure,
        certain: row.certain,
        at: clock.now().toISOString(),
      } as const;
      const event = await events.status({ conversation, key, revision: row.revision }, status);
      const job: DeliverJob = { kind: 'append', mailboxId: row.mailboxId, events: [event] };
      await queues.add(QUEUES.deliver, `${row.id}.r${row.revision}`, job);
    }
    await store.markAnnounced(row.id, row.revision);
  };

  const change = async (
    row: ReplyRow,
    state: ReplyState,
    failure: FailureCode | null = null,
    certain = true,
  ): Promise<ReplyRow> => {
    if (!mayFollow(row.state, state)) return row;
    const changed = await store.changeReply(row.id, { state, failure, certain }, now());
    await announce(changed);
    return changed;
  };

  const fail = async (row: ReplyRow, code: FailureCode, certain = true): Promise<void> => {
    await trail.replyFailed(row.id, code);
    log.warn('reply failed', { replyId: row.id, code });
    await change(row, 'failed', code, certain);
  };

  /** Says to the devices that a reply was not taken, where there is no key to say it under. */
  const refuse = async (job: Extract<ReplyJob, { kind: 'reply' }>, code: FailureCode): Promise<void> => {
    const { replyId, conversationId } = job.reply;
    await trail.replyRefused(replyId, code);
    const id = events.idFor('event', `refused ${replyId}`);
    const refusal: DeliverJob = {
      kind: 'append',
      mailboxId: job.mailboxId,
      events: [
        {
          kind: 'refused',
          id,
          conversationId,
          author: 'gateway',
          expiresAt: now() + REFUSAL_TTL_MS,
          replyId,
          failure: code,
        },
      ],
    };
    await queues.add(QUEUES.deliver, `${replyId}.refused`, refusal);
  };

  /** What sealing needs, or a `Refusal` that says what is missing. */
  const gather = async (row: ReplyRow): Promise<Sealable> => {
    const conversation = await store.conversation(row.conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation === null || key === null) throw new Refusal('conversation-expired');
    const answered = await store.lastAnswerableLetter(conversation.id);
    const context = answered === null ? null : await store.letterContext(answered.letterId, answered.mailboxId);
    if (answered === null || context === null) throw new Refusal('conversation-unanswerable');
    const correspondent = await store.correspondent(conversation.correspondentIndex);
    if (correspondent === null) throw new Refusal('certificate-missing');
    const own = (await store.keysOf(row.mailboxId)).find(
      (candidate) => candidate.notBefore <= now() && candidate.notAfter > now(),
    );
    if (own === undefined) throw new Refusal('own-certificate-unusable');
    const binding = {
      kind: 'context',
      conversationId: conversation.id,
      id: answered.letterId,
      author: 'gateway',
    } as const;
    const clear = await openBytes(
      key.key,
      binding,
      new Uint8Array(context.subarray(0, 12)),
      new Uint8Array(context.subarray(12)),
    );
    return {
      conversation,
      key,
      correspondent,
      own,
      letter: JSON.parse(Buffer.from(clear).toString()) as AnsweredLetter,
    };
  };

  const composeAndSeal = async (row: ReplyRow, parts: Sealable, reply: ReplyMessage): Promise<SealedLetter> => {
    const mailbox = await store.mailboxById(row.mailboxId);
    if (mailbox === null) throw new Error('a reply without its mailbox');
    const messageId = tokens.messageIdFor(row.conversationId, row.id);
    const mail = await composeReply({ mailbox, letter: parts.letter, text: reply.text, messageId, at: clock.now() });
    await store.rememberMessageId({
      mailboxId: row.mailboxId,
      messageIdIndex: options.indexOf('message-id', messageId),
      conversationId: row.conversationId,
      subject: row.id,
      direction: 'out',
    });
    const { own, correspondent } = parts;
    return workers.seal({
      headers: mail.headers,
      entity: mail.entity,
      certificate: own.certificate,
      chain: own.chain,
      privateKey: own.privateKey,
      recipient: correspondent.certificate,
      trust: options.trust,
      at: now(),
    });
  };

  /** The sealed mail with its envelope, as it waits: sealed once more under the vault, for the envelope's sake. */
  const keepSealed = async (row: ReplyRow, to: string, sealed: Uint8Array): Promise<void> => {
    const head = Buffer.from(`${JSON.stringify({ to })}\n`);
    await safe.put(OUT + row.id, vault.seal('spool', row.id, Buffer.concat([head, sealed])));
  };

  const seal = async (row: ReplyRow): Promise<void> => {
    try {
      const parts = await gather(row);
      const frame = { replyId: row.id, conversationId: row.conversationId, ...row.sealed };
      const reply = await openReply(parts.key.key, row.deviceId, frame);
      const result = await composeAndSeal(row, parts, reply);
      if ('refused' in result) throw new Refusal(result.refused);
      await keepSealed(row, parts.letter.from, result.sealed);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await fail(row, error.code, error.certain);
      return;
    }
    await trail.replySealed(row.id);
    const sealed = await change(row, 'sealed');
    await queues.add(QUEUES.send, `${row.id}.${sealed.attempts}`, { replyId: row.id });
  };

  const accept: Outbound['accept'] = async (job) => {
    const { reply, mailboxId } = job;
    try {
      const device = await checkReplyAuthor(await store.device(job.deviceId, now()), mailboxId, reply);
      const conversation = await store.conversation(reply.conversationId);
      if (conversation === null || conversation.mailboxId !== mailboxId) throw new Refusal('conversation-unanswerable');
      const key = conversation.expiresAt <= now() ? null : await custody.unwrap(conversation);
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
      const isNew = await store.addReply(row, now());
      if (isNew) await trail.replyAccepted(row.id, conversation.id);
      const current = isNew ? row : ((await store.reply(row.id)) ?? row);
      const echo = await events.message({ conversation, key, id: row.id }, { ...opened, person: device.person });
      await queues.add(QUEUES.deliver, `${row.id}.echo`, {
        kind: 'append',
        mailboxId,
        events: [echo],
      } satisfies DeliverJob);
      await announce(current);
      if (current.state === 'accepted') await seal(current);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      log.warn('reply refused', { replyId: reply.replyId, code: error.code });
      await refuse(job, error.code);
    }
  };

  const readSealed = async (row: ReplyRow): Promise<{ to: string; bytes: Buffer } | null> => {
    const stored = await safe.get(OUT + row.id);
    if (stored === null) return null;
    const clear = vault.open('spool', row.id, stored);
    const end = clear.indexOf(0x0a);
    const { to } = JSON.parse(clear.subarray(0, end).toString()) as { to: string };
    return { to, bytes: clear.subarray(end + 1) };
  };

  const later = async (row: ReplyRow, attempts: number, failure: FailureCode): Promise<void> => {
    if (attempts >= DISPATCH_LIMITS.attemptsMax) return fail(row, 'next-hop-gave-up', false);
    await trail.replyDelayed(row.id, failure);
    if (row.state !== 'delayed' || row.failure !== failure) await change(row, 'delayed', failure, false);
    await queues.add(
      QUEUES.send,
      `${row.id}.${attempts}`,
      { replyId: row.id },
      { delayMs: pauseBeforeAttempt(attempts) },
    );
  };

  const send: Outbound['send'] = async (replyId) => {
    const row = await store.reply(replyId);
    if (row === null || (row.state !== 'sealed' && row.state !== 'delayed')) return;
    const mail = await readSealed(row);
    const mailbox = await store.mailboxById(row.mailboxId);
    if (mail === null || mailbox === null) throw new Error('sealed bytes of a reply are missing');
    const attempts = await store.countAttempt(row.id);
    await trail.replyAttempted(row.id, attempts);
    const result = await options.nextHop.send({ from: mailbox.address, to: mail.to, bytes: mail.bytes });
    if (result.outcome === 'later') return later(row, attempts, result.failure);
    if (result.outcome === 'refused') return fail(row, 'next-hop-refused');
    await trail.replySent(row.id);
    await change(row, 'sent');
    await safe.delete(OUT + row.id);
  };

  return {
    accept,
    send,
    async resume() {
      for (const row of await store.unfinishedReplies()) {
        if (row.announcedRevision < row.revision) await announce(row);
        if (row.state === 'accepted') await seal(row);
        if (row.state === 'sealed' || row.state === 'delayed')
          await queues.add(QUEUES.send, `${row.id}.${row.attempts}`, { replyId: row.id });
      }
    },
  };
}
