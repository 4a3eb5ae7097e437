/** Puts together what becomes of automatic mail on its way in, and which automatic mails leave. Rules stand in reports/. */
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Ground } from './assemble-ground.ts';
import { createTrail } from './audit/trail.ts';
import { openContext } from './conversation/letter-message.ts';
import { createReadTeller } from './conversation/tell-read.ts';
import type { MailLife } from './dispatch/mail-life.ts';
import { correspondentIndexOf, type LastingStore, type Outbox } from './ports.ts';
import { createAutomaticSealer } from './reply/seal-automatic.ts';
import { type AutomaticDeskOptions, createAutomaticDesk } from './reports/automatic-desk.ts';
import { createCourtesies } from './reports/courtesies.ts';
import { createAutomaticPost } from './reports/post-automatic.ts';
import { createReceiptDesk, type ReceiptDeskOptions } from './reports/receipt-desk.ts';

/** What of the ground it stands on. */
export interface AutomaticGround
  extends Pick<
    Ground,
    | 'store'
    | 'custody'
    | 'events'
    | 'tokens'
    | 'queues'
    | 'waiters'
    | 'vault'
    | 'ownKeys'
    | 'seal'
    | 'trust'
    | 'spaces'
    | 'messageIdIndex'
    | 'trail'
    | 'clock'
    | 'log'
  > {
  readonly config: Pick<Ground['config'], 'ESTAFETTE_MAIL_DOMAIN'>;
}

export interface AutomaticWays {
  /** Takes automatic mail; gives back the letter that goes on, or null. */
  readonly take: ReturnType<typeof createAutomaticDesk>;
  /** What is sent when a letter lies in its mailbox. */
  readonly courtesies: ReturnType<typeof createCourtesies>;
  /** Takes what a device says was read. */
  readonly receipts: ReturnType<typeof createReceiptDesk>;
}

/** Puts a line into a conversation and waits until the relay has it. */
function showingOf({ store, custody, events, queues, waiters }: AutomaticGround): AutomaticDeskOptions['show'] {
  return async (conversationId, name, notice) => {
    const conversation = await store.conversation(conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation === null || key === null) return;
    const event = await events.message({ conversation, key }, { id: events.idFor('message', name) }, notice);
    const { mailboxId } = conversation;
    const jobId = `${notice.letterId}.${mailboxId}.automatic`;
    const done = waiters.delivered(jobId);
    await queues.add(QUEUES.deliver, jobId, { kind: 'append', mailboxId, events: [event] } satisfies DeliverJob);
    await done;
  };
}

/** What was kept of a letter, opened with the key of its conversation. */
function contextsOf({ store, custody }: AutomaticGround): ReceiptDeskOptions['contextOf'] {
  return async (conversationId, letterId, mailboxId) => {
    const conversation = await store.conversation(conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    const sealed = await store.letterContext(letterId, mailboxId);
    if (conversation === null || key === null || sealed === null) return null;
    return openContext(key, conversation, letterId, sealed);
  };
}

/** Automatic mail in and out on this ground. */
export function assembleAutomatic(
  ground: AutomaticGround,
  wayOut: { readonly outbox: Outbox; readonly reported: MailLife['reported'] },
): AutomaticWays {
  const { config, store, events, tokens, vault, clock, log, trail, ownKeys, seal, trust, spaces } = ground;
  const { messageIdIndex } = ground;
  const correspondentIndex = (address: string) => correspondentIndexOf(vault, address);
  const gateway = config.ESTAFETTE_MAIL_DOMAIN;
  const post = createAutomaticPost({
    ...{ store, outbox: wayOut.outbox, messageIdIndex, correspondentIndex, trail, clock },
    seal: createAutomaticSealer({ store, spaces, correspondentIndex, ownKeys, seal, trust, clock }),
    mailIdFor: (name) => events.idFor('mail', name),
    messageIdFor: (conversationId, name) => tokens.messageIdFor(conversationId, events.idFor('message', name)),
  });
  return {
    take: createAutomaticDesk({
      ...{ store, messageIdIndex, correspondentIndex, clock },
      reported: wayOut.reported,
      show: showingOf(ground),
      trailOf: (inside: LastingStore) => createTrail(inside, clock),
    }),
    courtesies: createCourtesies({ store, post, correspondentIndex, gateway, clock, log }),
    receipts: createReceiptDesk({
      ...{ store, post, trail, gateway, clock, log },
      contextOf: contextsOf(ground),
      tell: createReadTeller(ground),
    }),
  };
}
