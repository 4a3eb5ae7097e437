/**
 * Sends the sealed bytes of a mail, and does nothing after the 250 but record it. Bytes and Message-ID are the same at
 * every attempt: where the outcome of one is unknown, a receiver can drop the second copy; a loss nobody could mend.
 * Before anything is offered a mark in the database says who tries, and is renewed while it lasts: no second worker,
 * here or elsewhere, sends the same mail meanwhile. A domain outside the trust space is refused before it is tried.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { FailureCode } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import {
  type Clock,
  type LastingStore,
  type Log,
  type MailState,
  type OutgoingMail,
  passed,
  type Queues,
} from '../ports.ts';
import { createLanes, createRests } from './lanes.ts';
import { hasArrived, isInDoubt, isToBeSent, type MailChange, type MailLife, type MailTrail } from './mail-life.ts';
import type { MailEnvelope, MailSafe } from './mail-safe.ts';
import { wakeMail } from './outbox.ts';
import { domainOf, reachOf } from './reach.ts';
import type { Route, Way } from './route.ts';
import { nextAttemptAt } from './schedule.ts';
import { type Later, later, type SendOutcome } from './smtp-session.ts';

/** Slack of clocks and timers: a job may come a little before its time. */
const EARLY_MS = 1_000;
/** Pauses between attempts to record what became of a mail. */
const RECORD_AGAIN_MS = 500;
/** Of timers that keep no process alive. */
const UNSEEN = { ref: false };

export interface Sender {
  /** Takes a mail into the lane of its domain, when it may be tried; `asked` by the operator: even where it rests. */
  wake(mailId: string, options?: { asked: boolean }): Promise<void>;
  /** Wakes every mail that may be tried. */
  wakeDue(): Promise<void>;
  /** One attempt; finds nothing to do when the mail has left, is held or failed. */
  attempt(mailId: string): Promise<void>;
  /** Whether a mail is being tried in this process; one that waits in its lane is not. */
  isBeingTried(mailId: string): boolean;
  /** Begins no attempt any more and waits for those that run. */
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly store: LastingStore;
  readonly mails: MailSafe;
  readonly queues: Queues;
  readonly route: Route;
  readonly life: Pick<MailLife, 'change'>;
  readonly trail: Pick<MailTrail, 'mailAttempted' | 'mailPutOff'>;
  /** The way out of a trust space as it is now; null: there is none. */
  readonly wayOf: (space: string) => Way | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of what lies in the safe and does not open. */
const UNREADABLE = 'sealed-mail-unreadable';

/** By the operator, while it was being offered. */
const KEPT_BACK: Partial<Record<MailState, FailureCode>> = { held: 'held-by-operator', dropped: 'dropped-by-operator' };

interface Task {
  readonly mail: OutgoingMail;
  readonly kept: { readonly envelope: MailEnvelope; readonly bytes: Buffer };
  readonly way: Way;
  readonly domain: string;
  readonly lane: string;
}

/** The sender of mails. */
export function createMailSender(options: SenderOptions): Sender {
  const { store, mails, queues, route, life, trail, wayOf, clock, log } = options;
  const lanes = createLanes();
  const rests = createRests();
  /** In a lane, waiting or running. */
  const underWay = new Set<string>();
  const beingTried = new Set<string>();
  const by = randomUUID();
  let isClosing = false;
  const now = (): number => clock.now().getTime();

  /** What has happened is written down over whatever was decided meanwhile, but no failure over a proven arrival. */
  const insist = async (mail: OutgoingMail, change: MailChange): Promise<void> => {
    let before = mail;
    for (;;) {
      const after = await life.change(before, change);
      if (after.state === change.state || after.revision === before.revision) return;
      if (change.state === 'failed' && hasArrived(after)) return;
      before = after;
    }
  };
  /** Perhaps the other side has it from an earlier attempt: no later refusal takes that back. */
  const fail = (mail: OutgoingMail, failure: FailureCode, { isSure }: { isSure: boolean }): Promise<void> =>
    insist(mail, { state: 'failed', failure, certain: isSure && !isInDoubt(mail) });

  /** Delayed until then, or given up. */
  const putOff = async (
    mail: OutgoingMail,
    failure: Later['failure'] | typeof UNREADABLE,
    hours: number,
    until?: number,
  ): Promise<void> => {
    const next = nextAttemptAt(mail, hours, now());
    if (next === null) return fail(mail, failure === UNREADABLE ? failure : 'next-hop-gave-up', { isSure: false });
    const at = Math.max(next, until ?? 0);
    const isDoubtful = failure === 'outcome-unknown' || isInDoubt(mail);
    const reason = isDoubtful ? 'outcome-unknown' : failure;
    const after = await life.change(mail, { state: 'delayed', failure: reason, certain: false, nextAttemptAt: at });
    const keptBack = KEPT_BACK[after.state];
    if (isDoubtful && keptBack !== undefined)
      return insist(after, { state: after.state, failure: keptBack, certain: false });
    await wakeMail(queues, mail.id, `${mail.attempts}.${at}`, at - now()).catch(() => {});
  };

  /** What lies in the safe; null when there is nothing to be sent of it now. */
  const read = async (mail: OutgoingMail, way: Way | null): Promise<Task['kept'] | null> => {
    try {
      const kept = await mails.read(mail.id);
      if (kept === null) await fail(mail, 'sealed-mail-missing', { isSure: false });
      return kept;
    } catch (error) {
      // A disk may come back, a flipped bit does not: it ends like everything that waits.
      if (mail.failure !== UNREADABLE) log.error('a sealed mail cannot be read', { reason: mail.id, error });
      await putOff(mail, UNREADABLE, way?.policy.giveUpAfterHours ?? DISPATCH_LIMITS.withoutWayHours);
      return null;
    }
  };

  /** What is to be sent and how; null when that was decided without an attempt. */
  const prepare = async (mailId: string): Promise<Task | null> => {
    const mail = await store.mail(mailId);
    // What the operator wants kept back waits for the step that does so.
    const isUnwanted = mail?.wish === 'hold' || mail?.wish === 'drop';
    if (mail === null || !isToBeSent(mail) || isUnwanted) return null;
    const way = wayOf(mail.space);
    const kept = await read(mail, way);
    if (kept === null) return null;
    if (way === null) {
      await putOff(mail, 'way-out-missing', DISPATCH_LIMITS.withoutWayHours);
      return null;
    }
    const domain = domainOf(kept.envelope.to);
    const reach = reachOf(way.policy, way.list, domain);
    if (reach === 'outside') await fail(mail, 'domain-outside-space', { isSure: true });
    else if (reach === 'list-unavailable') await putOff(mail, 'peer-list-unavailable', way.policy.giveUpAfterHours);
    else return { mail, kept, way, domain, lane: route.laneOf(mail.space, way, domain) };
    return null;
  };

  /** Keeps the mark of an attempt alive while the work lasts. */
  const marked = async <T>(mailId: string, work: () => Promise<T>): Promise<T> => {
    const renew = setInterval(() => {
      store
        .keepMailAttempt(mailId, { by, until: now() + DISPATCH_LIMITS.markMs })
        .catch((error: unknown) => log.warn('the mark of an attempt could not be renewed', { reason: mailId, error }));
    }, DISPATCH_LIMITS.markRenewedEveryMs).unref();
    try {
      return await work();
    } finally {
      clearInterval(renew);
    }
  };

  /**
   * What happened must be written down, however long the database is away: to forget a 250 is to send twice. Ends the
   * mark then; one that is left open says to the next process that nobody knows.
   */
  const record = async (task: Task, outcome: SendOutcome): Promise<void> => {
    for (;;) {
      try {
        await recordOnce(task, outcome);
        return await store.keepMailAttempt(task.mail.id, { by, until: null });
      } catch (error) {
        log.error('the outcome of a mail is not recorded yet', { reason: task.mail.id, state: outcome.outcome, error });
        if (isClosing) return await store.keepMailAttempt(task.mail.id, { by, until: now() });
        await pause(RECORD_AGAIN_MS, undefined, UNSEEN);
      }
    }
  };

  const recordOnce = async ({ mail, way, lane }: Task, outcome: SendOutcome): Promise<void> => {
    if (outcome.outcome === 'sent') {
      rests.worked(lane);
      await insist(mail, { state: 'sent', sentAt: now() });
    } else if (outcome.outcome === 'refused') {
      rests.worked(lane);
      await fail(mail, outcome.failure, { isSure: true });
    } else {
      // What is unknown of this mail is not so of the others, which wait for it.
      const ofOthers = outcome.failure === 'outcome-unknown' ? 'next-hop-unreachable' : outcome.failure;
      if (outcome.isOfDomain) rests.failed(lane, ofOthers, now());
      else rests.worked(lane);
      log.info('a mail has to wait', { reason: outcome.failure, jobId: mail.id, attempt: mail.attempts });
      await putOff(mail, outcome.failure, way.policy.giveUpAfterHours, rests.resting(lane, now())?.until);
    }
  };

  const attempt = async (mailId: string): Promise<void> => {
    const task = await prepare(mailId);
    if (task === null) return;
    const rest = rests.resting(task.lane, now());
    if (rest !== null) {
      if (task.mail.state !== 'delayed') await trail.mailPutOff(task.mail, rest.failure);
      return putOff(task.mail, rest.failure, task.way.policy.giveUpAfterHours, rest.until);
    }
    beingTried.add(mailId);
    try {
      await tryNow(task);
    } finally {
      beingTried.delete(mailId);
    }
  };

  const tryNow = async (task: Task): Promise<void> => {
    const { id: mailId } = task.mail;
    const begun = await store.beginMailAttempt(mailId, { by, now: now(), until: now() + DISPATCH_LIMITS.markMs });
    if (begun === null) return;
    await marked(mailId, async () => {
      await trail.mailAttempted(begun);
      passed('mail-attempted');
      const { envelope, bytes } = task.kept;
      const sending = { mailId, ...envelope, bytes, asksReports: begun.asksReports };
      const { way, lane, domain } = task;
      const outcome = await route.send(sending, { ...way, lane, domain }).catch((error: unknown): SendOutcome => {
        log.error('an attempt failed unexpectedly', { reason: mailId, error });
        return later('next-hop-unreachable', { isOfDomain: false });
      });
      if (outcome.outcome === 'sent') passed('mail-answered');
      await record({ ...task, mail: begun }, outcome);
    });
  };

  const run = async (mailId: string): Promise<void> => {
    try {
      await attempt(mailId);
    } catch (error) {
      log.warn('a mail has to wait for the sweep', { reason: mailId, error });
    } finally {
      underWay.delete(mailId);
    }
  };

  const wake: Sender['wake'] = async (mailId, { asked } = { asked: false }) => {
    if (isClosing || underWay.has(mailId)) return;
    const mail = await store.mail(mailId);
    if (mail === null || !isToBeSent(mail) || mail.nextAttemptAt > now() + EARLY_MS || underWay.has(mailId)) return;
    const way = wayOf(mail.space);
    const lane = way === null ? mail.space : route.laneOf(mail.space, way, domainOf(mail.to ?? ''));
    if (asked) rests.worked(lane);
    underWay.add(mailId);
    lanes.enter(lane, way?.policy.connectionsPerDomainMax ?? 1, () => run(mailId));
  };

  return {
    wake,
    attempt,
    isBeingTried: (mailId) => beingTried.has(mailId),
    async wakeDue() {
      for (const mailId of await store.dueMails(now())) await wake(mailId);
    },
    async close() {
      isClosing = true;
      const idle = lanes.close();
      const stillRuns = await Promise.race([idle.then(() => false), pause(DISPATCH_LIMITS.closeGraceMs, true, UNSEEN)]);
      if (stillRuns) {
        route.abort();
        await Promise.race([idle, pause(DISPATCH_LIMITS.closeGraceMs, undefined, UNSEEN)]);
      }
      route.close();
    },
  };
}
