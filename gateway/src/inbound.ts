/**
 * The way in: accepted → opened → read → routed → delivered, in one job, idempotent from end to end. The spool keeps
 * the letter until the relay has stored its message; whatever dies in between, the job runs again and makes the same
 * rows, the same blobs and the same events. This file knows the order of the stages and nothing else.
 */
import type { DeliverJob } from '@estafette/contracts/queues';
import { QUEUES } from '@estafette/contracts/queues';
import { createTrail } from './audit/trail.ts';
import type { CertificateBook } from './conversation/certificate-book.ts';
import type { LetterKeeper } from './conversation/letter-message.ts';
import type { Routing, RoutingQuestion } from './conversation/route-letter.ts';
import type { EventMaker } from './conversation/sealed-events.ts';
import type { Spool, SpooledLetter } from './intake/spool.ts';
import type { Clock, LastingStore, Log, OpenedLetter, Queues, Vault } from './ports.ts';

export interface InboundOptions {
  readonly spool: Spool;
  /** Opens and reads with the keys of one mailbox. */
  readonly open: (letter: SpooledLetter, mailboxId: string) => Promise<OpenedLetter>;
  readonly route: (question: RoutingQuestion) => Promise<Routing>;
  readonly certificates: CertificateBook;
  readonly keeper: LetterKeeper;
  readonly events: EventMaker;
  readonly store: LastingStore;
  readonly queues: Queues;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when the relay has done the deliver job of this id; rejects after a while. */
  readonly delivered: (jobId: string) => Promise<void>;
}

type Routed = Extract<Routing, { outcome: 'routed' }>;

/** Makes the job that takes one spooled letter all the way. */
export function createInbound(options: InboundOptions): (letterId: string) => Promise<void> {
  const { spool, store, certificates, keeper, events, queues, vault, clock } = options;

  const deliver = async (
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    facts: { answerable: boolean; receivedAt: string },
  ): Promise<void> => {
    const { mailboxId } = routed.conversation;
    const message = await keeper.message(routed, letterId, opened, facts);
    const devices = routed.isNew ? await store.devicesOf(mailboxId, clock.now().getTime()) : [];
    const keys = await events.keys(routed, devices);
    const event = await events.message(routed, { id: events.idFor('message', `${letterId} ${mailboxId}`) }, message);
    const jobId = `${letterId}.${mailboxId}`;
    const done = options.delivered(jobId);
    await queues.add(QUEUES.deliver, jobId, {
      kind: 'append',
      mailboxId,
      events: [...keys, event],
    } satisfies DeliverJob);
    await done;
    await store.transaction(async (inside) => {
      await inside.markDelivered(letterId, mailboxId);
      await createTrail(inside, clock).letterDelivered(letterId, mailboxId);
    });
  };

  const takeTo = async (letterId: string, letter: SpooledLetter, mailboxId: string): Promise<void> => {
    const opened = await options.open(letter, mailboxId);
    const correspondentIndex = certificates.indexOf(opened.headers.from);
    const answerable = await certificates.canAnswer(correspondentIndex, opened);
    const routed = await options.route({
      letterId,
      mailboxId,
      correspondentIndex,
      answerable,
      proven: opened.verdict.show === 'verified',
      headers: opened.headers,
      now: clock.now().getTime(),
      dedupeIndex: vault.index('letter-identity', opened.identity),
      alongside: async (inside) => {
        const trail = createTrail(inside, clock);
        await trail.letterAccepted(letterId, letter.receivedAt);
        await trail.letterOpened(letterId, mailboxId, opened.verdict);
      },
    });
    if (routed.outcome !== 'routed') return;
    await certificates.learn(letterId, correspondentIndex, opened);
    const receivedAt = new Date(letter.receivedAt).toISOString();
    await keeper.keepOriginal(routed, letterId, letter.bytes);
    if (answerable) await keeper.keepContext(routed, letterId, opened, receivedAt);
    await deliver(routed, letterId, opened, { answerable, receivedAt });
  };

  return async (letterId) => {
    const letter = await spool.read(letterId);
    if (letter === null) return;
    for (const mailboxId of letter.mailboxIds) await takeTo(letterId, letter, mailboxId);
    await spool.remove(letterId);
    const ms = clock.now().getTime() - letter.receivedAt;
    options.log.info('letter delivered', { letterId, count: letter.mailboxIds.length, ms });
  };
}
