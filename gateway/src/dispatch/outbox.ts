/**
 * The outbox: bytes into the safe, then the row, then a word to the queue. A mail that is posted is durable and will
 * leave, or its failure will be seen; posting it again changes nothing, so that bytes and Message-ID stay the same at
 * every attempt (duplicates can be told; losses cannot). The replies it carries are `sealed` with the row, and their
 * conversation lives until after the last attempt, so that what becomes of them can be told.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { QUEUES, type SendJob } from '@estafette/contracts/queues';
import {
  type Clock,
  type LastingStore,
  type Log,
  type NewMail,
  type Outbox,
  type OutgoingMail,
  passed,
  type Queues,
  type RefusedCopy,
  type RefusedMail,
  type ReplyRow,
} from '../ports.ts';
import type { FollowingReplies, MailLife, MailTrail } from './mail-life.ts';
import type { MailSafe } from './mail-safe.ts';

export interface OutboxOptions {
  readonly store: LastingStore;
  readonly mails: MailSafe;
  readonly queues: Queues;
  readonly life: Pick<MailLife, 'settle'>;
  readonly replies: Pick<FollowingReplies, 'announce'>;
  readonly trailOf: (store: LastingStore) => Pick<MailTrail, 'mailPosted' | 'mailChanged' | 'replyFollowed'>;
  readonly messageIdIndex: (messageId: string) => Buffer;
  /** How long a mail into a trust space is tried. */
  readonly giveUpAfterHoursOf: (space: string) => number;
  /** Lets a conversation live at least until then, within a transaction. */
  readonly extend: (
    inside: LastingStore,
    conversationId: string,
    time: { readonly now: number; readonly until: number },
  ) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Wakes the sender for a mail; `name` tells the wake-ups of one mail apart. */
export const wakeMail = (queues: Queues, mailId: string, name: string, delayMs = 0): Promise<void> =>
  queues.add(
    QUEUES.send,
    `${mailId}.${name}`,
    { kind: 'mail', mailId } satisfies SendJob,
    delayMs <= 0 ? {} : { delayMs: Math.ceil(delayMs) },
  );

function rowOf(mail: RefusedMail, now: number): OutgoingMail {
  const { id, kind, mailboxId, conversationId, subject, recipientIndex, space, urgent, asksReports, to } = mail;
  return {
    ...{ id, kind, mailboxId, conversationId, subject, recipientIndex, space, urgent, asksReports, to },
    state: 'sealed',
    failure: null,
    certain: true,
    revision: 1,
    attempts: 0,
    hasOpenAttempt: false,
    sealedAt: now,
    sentAt: null,
    changedAt: now,
    nextAttemptAt: now,
    wish: null,
  };
}

/** The outbox over safe, store and queue. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { store, mails, queues, trailOf, messageIdIndex, clock, log } = options;
  const underWay = new Map<string, Promise<void>>();

  const sealReplies = async (inside: LastingStore, replyIds: readonly string[], now: number): Promise<ReplyRow[]> => {
    const told: ReplyRow[] = [];
    for (const replyId of replyIds) {
      const row = await inside.reply(replyId);
      if (row === null || (row.state !== 'accepted' && row.state !== 'awaiting-key')) continue;
      const sealed = await inside.changeReply(replyId, { state: 'sealed', failure: null, certain: true }, now);
      await trailOf(inside).replyFollowed(sealed);
      told.push(sealed);
    }
    return told;
  };

  /** The answers of this mail can be spoken of for as long as it is tried. */
  const keepPlace = async (inside: LastingStore, mail: NewMail, now: number): Promise<void> => {
    if (mail.conversationId === null || mail.replyIds.length === 0) return;
    const lastAttemptAt = now + options.giveUpAfterHoursOf(mail.space) * 3_600_000;
    await options.extend(inside, mail.conversationId, { now, until: lastAttemptAt + DISPATCH_LIMITS.lastWordMs });
  };

  const announce = async (rows: readonly ReplyRow[]): Promise<void> => {
    for (const row of rows)
      await options.replies
        .announce(row)
        .catch((error: unknown) => log.warn('a state is told later', { replyId: row.id, error }));
  };

  const keepNew = async (given: readonly NewMail[]): Promise<NewMail[]> => {
    const fresh: NewMail[] = [];
    for (const mail of given) {
      if ((await store.mail(mail.id)) !== null) continue;
      await mails.keep(mail.id, mail, mail.bytes);
      fresh.push(mail);
    }
    return fresh;
  };

  const postTogether = async (given: readonly NewMail[], refused: readonly RefusedCopy[]): Promise<void> => {
    const fresh = await keepNew(given);
    passed('mail-kept');
    const now = clock.now().getTime();
    const told = await store.transaction(async (inside) => {
      const trail = trailOf(inside);
      const replyIds = new Set<string>();
      for (const mail of fresh) {
        const row = rowOf(mail, now);
        if (!(await inside.addMail(row, mail.replyIds, messageIdIndex(mail.messageId)))) continue;
        await trail.mailPosted(row);
        await keepPlace(inside, mail, now);
        for (const replyId of mail.replyIds) replyIds.add(replyId);
      }
      for (const { mail, failure } of refused) {
        const row: OutgoingMail = { ...rowOf(mail, now), state: 'failed', failure };
        if (!(await inside.addMail(row, mail.replyIds, messageIdIndex(mail.messageId)))) continue;
        await trail.mailChanged(row);
        for (const replyId of mail.replyIds) replyIds.add(replyId);
      }
      return sealReplies(inside, [...replyIds], now);
    });
    passed('mail-posted');
    await announce(told);
    for (const { mail } of refused) await options.life.settle(mail.id);
    for (const { id } of given)
      wakeMail(queues, id, '0').catch((error: unknown) =>
        log.warn('a mail is found by the sweep', { reason: id, error }),
      );
  };

  /** Two runs at once would keep two sets of bytes under one id. */
  const once = (given: readonly NewMail[], refused: readonly RefusedCopy[]): Promise<void> => {
    const name = [...given, ...refused.map(({ mail }) => mail)].map(({ id }) => id).join(' ');
    const run = underWay.get(name) ?? postTogether(given, refused).finally(() => underWay.delete(name));
    underWay.set(name, run);
    return run;
  };

  return {
    has: async (id) => (await store.mail(id)) !== null,
    post: (mail) => once([mail], []),
    postTogether: once,
  };
}
