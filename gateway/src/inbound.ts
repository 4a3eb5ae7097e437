/**
 * The way in: accepted → opened → read → routed → delivered, in one job, idempotent from end to end. The spool keeps
 * the letter until the relay has stored its message; whatever dies in between, the job runs again and makes the same
 * rows, the same blobs and the same events. This file knows the order of the stages and nothing else.
 */
import type { DeliverJob } from '@estafette/contracts/queues';
import { QUEUES } from '@estafette/contracts/queues';
import { createTrail } from './audit/trail.ts';
import type { LetterWaits } from './certificate-status/letter-waits.ts';
import type { CertificateBook } from './conversation/certificate-book.ts';
import type { LetterKeeper } from './conversation/letter-message.ts';
import type { Quarantine } from './conversation/quarantine.ts';
import type { Routing, RoutingQuestion } from './conversation/route-letter.ts';
import type { EventMaker } from './conversation/sealed-events.ts';
import type { Spool, SpooledLetter } from './intake/spool.ts';
import type { Clock, LastingStore, Log, OpenedLetter, Queues, Vault } from './ports.ts';
import type { RefusedLetter } from './reply/refusal-notice.ts';

export interface InboundOptions {
  readonly spool: Spool;
  /** Opens and reads with the keys of one mailbox. */
  readonly open: (letter: SpooledLetter, mailboxId: string) => Promise<OpenedLetter>;
  /** Sets aside a letter that must not be shown before its signer's revocation status is known. */
  readonly waits: Pick<LetterWaits, 'mustWait' | 'hasWaited' | 'forget'>;
  readonly route: (question: RoutingQuestion) => Promise<Routing>;
  readonly certificates: CertificateBook;
  readonly keeper: LetterKeeper;
  readonly quarantine: Pick<Quarantine, 'hold'>;
  /** Tells a proven sender that his letter could not be opened, or decides not to. */
  readonly notify: (letter: RefusedLetter) => Promise<void>;
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
  const { spool, store, waits, certificates, keeper, events, queues, vault, clock } = options;

  const deliver = async (
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    facts: Parameters<LetterKeeper['message']>[3],
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

  const takeTo = async (letterId: string, letter: SpooledLetter, mailboxId: string): Promise<'done' | 'waits'> => {
    const openedAt = clock.now().getTime();
    const opened = await options.open(letter, mailboxId);
    const waiting = { letterId, mailboxId, receivedAt: letter.receivedAt, openedAt };
    if (await waits.mustWait(waiting, opened)) return 'waits';
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
    if (routed.outcome !== 'routed') return 'done';
    const { changed } = await certificates.learn(letterId, correspondentIndex, opened);
    const receivedAt = new Date(letter.receivedAt).toISOString();
    await keeper.keepOriginal(routed, letterId, letter.bytes);
    if (answerable) await keeper.keepContext(routed, letterId, opened, receivedAt);
    const isRefused = opened.verdict.show === 'quarantine';
    const refused = { ...letter, letterId, opened, senderIndex: correspondentIndex };
    if (isRefused) await options.quarantine.hold(routed, refused);
    const mark = changed ? ({ senderCertificateChanged: true } as const) : {};
    await deliver(routed, letterId, opened, { answerable, receivedAt, ...mark });
    if (isRefused) await options.notify({ ...refused, mailboxId, conversationId: routed.conversation.id });
    return 'done';
  };

  /** Mailboxes that have the letter already, when it comes back for the others. */
  const doneFor = async (letterId: string): Promise<string[]> => {
    const rows = waits.hasWaited(letterId) ? await store.lettersOf(letterId) : [];
    return rows.filter(({ state }) => state === 'delivered').map(({ mailboxId }) => mailboxId);
  };

  return async (letterId) => {
    const letter = await spool.read(letterId);
    if (letter === null) return;
    const done = await doneFor(letterId);
    let waiting = 0;
    for (const mailboxId of letter.mailboxIds)
      if (!done.includes(mailboxId) && (await takeTo(letterId, letter, mailboxId)) === 'waits') waiting += 1;
    if (waiting > 0) return;
    await spool.remove(letterId);
    waits.forget(letterId);
    const ms = clock.now().getTime() - letter.receivedAt;
    options.log.info('letter delivered', { letterId, count: letter.mailboxIds.length, ms });
  };
}
