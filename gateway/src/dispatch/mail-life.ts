/**
 * The life of a mail: which state may follow which, and what a change brings with it, in one transaction: the row, the
 * trail, the replies it carries, the notice it is. What people are told goes out after the commit, and again at the
 * next sweep when that failed. A proven report that a mail arrived, which we offered and do not know to have left, is
 * believed and nothing is sent any more; no other report may end a mail that has not left: it would be lost.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { isProof } from '@estafette/contracts/status';
import {
  type Clock,
  type LastingStore,
  type Log,
  type MailReport,
  type MailState,
  type OutgoingMail,
  passed,
  type ReplyRow,
} from '../ports.ts';

const NEXT: Record<MailState, readonly MailState[]> = {
  sealed: ['delayed', 'held', 'sent', 'delivered', 'read', 'failed', 'dropped'],
  delayed: ['delayed', 'held', 'sent', 'delivered', 'read', 'failed', 'unknown', 'dropped'],
  held: ['sealed', 'sent', 'delivered', 'read', 'failed', 'dropped'],
  sent: ['delayed', 'delivered', 'read', 'failed', 'unknown'],
  unknown: ['delayed', 'delivered', 'read', 'failed'],
  delivered: ['read', 'failed'],
  read: [],
  failed: ['delivered', 'read'],
  dropped: ['sent', 'delivered', 'read'],
};

type Told = Pick<OutgoingMail, 'state' | 'certain'>;

/** Whether the other side took it, as a report says. */
export const hasArrived = ({ state }: Pick<OutgoingMail, 'state'>): boolean =>
  state === 'delivered' || state === 'read';

/** Whether an attempt may have left it with the other side: nobody heard the answer, or its process died in it. */
export const isInDoubt = ({ failure, hasOpenAttempt }: Pick<OutgoingMail, 'failure' | 'hasOpenAttempt'>): boolean =>
  failure === 'outcome-unknown' || hasOpenAttempt;

/** What was held or dropped may turn out to have perhaps left. */
const isDoubt = (from: Told, to: Told): boolean =>
  (from.state === 'held' || from.state === 'dropped') && from.state === to.state && from.certain && !to.certain;

/** A failure that nobody proved, of what is proven to have arrived. */
const isHearsay = (from: Told, to: Told): boolean =>
  hasArrived(from) && from.certain && to.state === 'failed' && !to.certain;

/** Whether a mail may come from one state into another. */
const mayFollow = (from: Told, to: Told): boolean =>
  (NEXT[from.state].includes(to.state) && !isHearsay(from, to)) || isProof(from, to) || isDoubt(from, to);

/** Whether there is something to send: a delay that a report told of a mail that has left is another thing. */
export const isToBeSent = ({ state, sentAt }: Pick<OutgoingMail, 'state' | 'sentAt'>): boolean =>
  (state === 'sealed' || state === 'delayed') && sentAt === null;

/** Whether a report changes anything, and may. */
function isNews(mail: OutgoingMail, report: MailReport, now: number): boolean {
  if (mail.sentAt === null) {
    // Whoever got another copy under the same Message-ID can name this one, which may not even have been offered.
    if (mail.attempts === 0 || !report.certain) return false;
    const hasEnded = mail.state === 'failed' || mail.state === 'dropped';
    if (report.state === 'delayed' || (report.state === 'failed' && !hasEnded)) return false;
  }
  // Nobody tries for so long: a mail cannot be late for ever.
  if (report.state === 'delayed' && (mail.sentAt ?? 0) + DISPATCH_LIMITS.reportedDelayMaxMs <= now) return false;
  if (isProof(mail, report)) return true;
  return mayFollow(mail, report) && (mail.state !== report.state || mail.failure !== (report.failure ?? null));
}

/** What is written of mails. */
export interface MailTrail {
  mailPosted(mail: OutgoingMail): Promise<void>;
  mailAttempted(mail: OutgoingMail): Promise<void>;
  mailPutOff(mail: OutgoingMail, code: string): Promise<void>;
  mailRetried(mail: OutgoingMail): Promise<void>;
  mailChanged(mail: OutgoingMail): Promise<void>;
  replyFollowed(row: ReplyRow): Promise<void>;
  noticeSent(letterId: string, mailboxId: string): Promise<void>;
  noticeDelayed(letterId: string, mailboxId: string, code: string): Promise<void>;
  noticeFailed(letterId: string, mailboxId: string, code: string): Promise<void>;
}

/** How replies follow their mails. */
export interface FollowingReplies {
  /** The reply as its mails make it now, of which one has changed or none; null when there is nothing to tell. */
  follow(inside: LastingStore, replyId: string, hasChanged: boolean): Promise<ReplyRow | null>;
  announce(row: ReplyRow): Promise<void>;
}

export interface MailChange {
  readonly state: MailState;
  readonly failure?: FailureCode | null;
  readonly certain?: boolean;
  readonly sentAt?: number;
  readonly nextAttemptAt?: number;
}

export interface MailLife {
  /** The mail as it is then: unchanged when the state may not follow, or another step was quicker. */
  change(mail: OutgoingMail, change: MailChange): Promise<OutgoingMail>;
  /** What a report says; false when nothing is known of the mail. */
  reported(mailId: string, report: MailReport): Promise<boolean>;
  /** Brings the replies of a mail to where their mails are. */
  settle(mailId: string): Promise<void>;
}

const NOTICE_ENDS: Partial<Record<MailState, 'sent' | 'failed'>> = {
  sent: 'sent',
  delivered: 'sent',
  failed: 'failed',
  dropped: 'failed',
};

/** Mails over the lasting store. */
export function createMailLife(options: {
  store: LastingStore;
  trailOf: (store: LastingStore) => MailTrail;
  replies: FollowingReplies;
  clock: Clock;
  log: Log;
  /** Called when nothing will be sent of a mail any more. */
  ended: (mailId: string) => Promise<void>;
}): MailLife {
  const { store, trailOf, replies, clock, log } = options;

  const moveNotice = async (inside: LastingStore, mail: OutgoingMail): Promise<void> => {
    if (mail.kind !== 'notice') return;
    const { subject: letterId, mailboxId, failure } = mail;
    const trail = trailOf(inside);
    if (mail.state === 'delayed') return trail.noticeDelayed(letterId, mailboxId, failure ?? 'none');
    const end = NOTICE_ENDS[mail.state];
    if (end === undefined) return;
    // The notifier may not have noted yet that it was sealed.
    const moved =
      (await inside.moveNotice(letterId, mailboxId, 'sealed', end)) ||
      (await inside.moveNotice(letterId, mailboxId, 'none', end));
    if (!moved) return;
    if (end === 'sent') await trail.noticeSent(letterId, mailboxId);
    else await trail.noticeFailed(letterId, mailboxId, failure ?? 'none');
  };

  const followAll = async (inside: LastingStore, mailId: string, hasChanged: boolean): Promise<ReplyRow[]> => {
    const changed: ReplyRow[] = [];
    for (const replyId of await inside.repliesOfMail(mailId)) {
      const row = await replies.follow(inside, replyId, hasChanged);
      if (row === null) continue;
      await trailOf(inside).replyFollowed(row);
      changed.push(row);
    }
    return changed;
  };

  /** What cannot be told now is told by the sweep: the change itself stands. */
  const announceAll = async (rows: readonly ReplyRow[]): Promise<void> => {
    for (const row of rows)
      await replies
        .announce(row)
        .catch((error: unknown) => log.warn('a state is told later', { replyId: row.id, error }));
  };

  const settle = async (mailId: string): Promise<void> =>
    announceAll(await store.transaction((inside) => followAll(inside, mailId, false)));

  const change: MailLife['change'] = async (mail, { failure = null, certain = true, ...rest }) => {
    if (!mayFollow(mail, { state: rest.state, certain })) return mail;
    const isAsBefore = mail.state === rest.state && mail.failure === failure;
    if (isAsBefore && rest.nextAttemptAt !== undefined) {
      await store.putOffMail(mail.id, rest.nextAttemptAt);
      return { ...mail, nextAttemptAt: rest.nextAttemptAt };
    }
    const { changed, told } = await store.transaction(async (inside) => {
      const wish = { ...rest, failure, certain, from: mail.revision };
      const before = await inside.mail(mail.id);
      if (before === null || before.revision !== mail.revision) return { changed: before ?? mail, told: [] };
      const changed = await inside.changeMail(mail.id, wish, clock.now().getTime());
      await trailOf(inside).mailChanged(changed);
      await moveNotice(inside, changed);
      return { changed, told: await followAll(inside, mail.id, true) };
    });
    if (changed.state === 'sent') passed('mail-recorded');
    if (!isToBeSent(changed) && changed.state !== 'held')
      await options.ended(changed.id).catch((error: unknown) => log.warn('bytes stay until the next start', { error }));
    if (changed.state === 'sent') passed('mail-finished');
    await announceAll(told);
    return changed;
  };

  return {
    change,
    settle,
    async reported(mailId, report) {
      for (;;) {
        const mail = await store.mail(mailId);
        if (mail === null) return false;
        if (!isNews(mail, report, clock.now().getTime())) {
          await settle(mailId);
          return true;
        }
        const sentAt = mail.sentAt ?? clock.now().getTime();
        const { state, failure = null, certain } = report;
        const changed = await change(mail, { state, failure, certain, sentAt });
        if (changed.state === state && changed.certain === certain) return true;
      }
    },
  };
}
