/**
 * Puts the way out together: replies become mails, mails of every kind are posted, sent, retried, confirmed, and what
 * the operator asks of them is done. Order and rules stand in outbound.ts and dispatch/.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { SendJob } from '@estafette/contracts/queues';
import { assembleReminder } from './assemble-filing.ts';
import type { Ground } from './assemble-ground.ts';
import { assembleReplies } from './assemble-replies.ts';
import { createTrail } from './audit/trail.ts';
import { conversationExtender } from './conversation/extend-conversation.ts';
import { createReplyStatus } from './conversation/reply-status.ts';
import { createAdoption } from './dispatch/adopt-old-mails.ts';
import { createMailLife, type MailLife } from './dispatch/mail-life.ts';
import { openMailSafe } from './dispatch/mail-safe.ts';
import { createMailWishes } from './dispatch/mail-wishes.ts';
import { createOutbox } from './dispatch/outbox.ts';
import { createRoute } from './dispatch/route.ts';
import { createMailSender } from './dispatch/send-mail.ts';
import { createConfirmationWatch } from './dispatch/unconfirmed.ts';
import type { Outbound } from './outbound.ts';
import { correspondentIndexOf, type LastingStore, type Outbox } from './ports.ts';

export interface WayOut {
  readonly outbound: Outbound;
  readonly outbox: Outbox;
  /** What a report says became of a mail; false when nothing is known of it. */
  readonly reported: MailLife['reported'];
  /** Does what a job of the send queue names. */
  readonly send: (job: SendJob) => Promise<void>;
  /** Mails of an older version; run before anything consumes. */
  readonly adopt: () => Promise<void>;
  /** Steps of the sweep. */
  readonly steps: Readonly<Record<string, () => Promise<void>>>;
  /** Begins no attempt any more and waits for those that run. */
  close(): Promise<void>;
}

/** Forgets addresses of mails that ended long ago, now and then. */
function createForgetting({ store, clock }: Ground): () => Promise<void> {
  let last = 0;
  return async () => {
    const now = clock.now().getTime();
    if (now - last < DISPATCH_LIMITS.recipientsForgottenEveryMs) return;
    await store.forgetRecipients(now - DISPATCH_LIMITS.recipientKeptMs);
    last = now;
  };
}

/** The way out on this ground. */
export function assembleOutbound(ground: Ground): WayOut {
  const { config, store, custody, events, queues, vault, safe, clock, log, trail, spaces, messageIdIndex } = ground;
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const status = createReplyStatus({ store, custody, events, queues, clock });
  const mails = openMailSafe({ safe, vault });
  const life = createMailLife({ store, trailOf, replies: status, clock, log, ended: mails.remove });
  const outbox = createOutbox({
    ...{ store, mails, queues, life, replies: status, trailOf, messageIdIndex, clock, log },
    giveUpAfterHoursOf: (space) => spaces.named(space)?.wayOut?.giveUpAfterHours ?? DISPATCH_LIMITS.withoutWayHours,
    extend: conversationExtender(custody),
  });
  const route = createRoute({ ownName: config.ESTAFETTE_MAIL_DOMAIN, judgePeer: ground.peers.judge });
  const wayOf = (name: string) => {
    const policy = spaces.named(name)?.wayOut ?? null;
    return policy === null ? null : { policy, list: spaces.listOf(name) };
  };
  const sender = createMailSender({ store, mails, queues, route, life, trail, wayOf, clock, log });
  const outbound = assembleReplies(ground, outbox, status);
  const recipientIndex = (address: string) => correspondentIndexOf(vault, address);
  const mailIdFor = (name: string) => events.idFor('mail', name);
  return {
    outbound,
    outbox,
    reported: life.reported,
    send: (job) => (job.kind === 'mail' ? sender.wake(job.mailId) : outbound.compose(job.conversationId)),
    adopt: createAdoption({
      ...{ store, safe, vault, outbox, mailIdFor, recipientIndex, log },
      space: () => spaces.judging(undefined).name,
      lost: (row) => status.change(row, { state: 'failed', failure: 'sealed-mail-missing', certain: false }),
    }),
    steps: {
      mails: sender.wakeDue,
      'mail wishes': createMailWishes({ store, life, sender, trail, clock, log }),
      confirmations: createConfirmationWatch({ store, life, clock }),
      recipients: createForgetting(ground),
      reminders: assembleReminder(ground),
    },
    close: sender.close,
  };
}
