/** Puts the way out together: replies and notices, sealed, kept, sent. Order and rules stand in outbound.ts. */
import type { SendJob } from '@estafette/contracts/queues';
import type { Ground } from './assemble-ground.ts';
import { createReplyStatus } from './conversation/reply-status.ts';
import { createNoticeSender, type NoticeSender } from './dispatch/send-notice.ts';
import { createSender } from './dispatch/send-reply.ts';
import { createOutbound, type Outbound } from './outbound.ts';
import { createReplySealer } from './reply/seal-reply.ts';

export interface WayOut {
  readonly outbound: Outbound;
  readonly notices: NoticeSender;
  /** Sends what a job of the send queue names. */
  readonly send: (job: SendJob) => Promise<void>;
}

/** The way out on this ground. */
export function assembleOutbound(ground: Ground): WayOut {
  const { store, custody, events, queues, vault, safe, trust, clock, log, trail, ownKeys, seal, messageIdIndex } =
    ground;
  const status = createReplyStatus({ store, custody, events, queues, clock });
  const { messageIdFor } = ground.tokens;
  const sealReply = createReplySealer({ store, ownKeys, seal, trust, clock, messageIdFor });
  const sending = { store, safe, vault, queues, nextHop: ground.hop, trail };
  const sender = createSender({ ...sending, change: status.change });
  const notices = createNoticeSender(sending);
  return {
    outbound: createOutbound({
      store,
      custody,
      status,
      sealReply,
      ownKeys,
      sender,
      messageIdIndex,
      trail,
      clock,
      log,
    }),
    notices,
    send: (job) => ('replyId' in job ? sender.attempt(job.replyId) : notices.attempt(job)),
  };
}
