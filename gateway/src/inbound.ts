/**
 * The way in: accepted → opened → read → routed → delivered, in one job, idempotent from end to end. The spool keeps
 * the letter until the relay has stored its message; whatever dies in between, the job runs again and makes the same
 * rows, the same blobs and the same events. This file knows the order of the stages and nothing else.
 */
import type { DeliverJob } from '@estafette/contracts/queues';
import { QUEUES } from '@estafette/contracts/queues';
import { passed } from '@estafette/runtime/steps';
import { createTrail } from './audit/trail.ts';
import type { LetterWaits } from './certificate-status/letter-waits.ts';
import type { CertificateBook } from './conversation/certificate-book.ts';
import { holdOpposed } from './conversation/hold-opposed.ts';
import type { SenderDesk } from './conversation/know-sender.ts';
import type { LetterFacts, LetterKeeper } from './conversation/letter-message.ts';
import type { Quarantine } from './conversation/quarantine.ts';
import type { Routing } from './conversation/route-letter.ts';
import type { RoutingQuestion } from './conversation/routing-question.ts';
import type { EventMaker } from './conversation/sealed-events.ts';
import type { Spool, SpooledLetter } from './intake/spool.ts';
import type { Clock, LastingStore, Log, OpenedLetter, Queues, Spaces, Vault } from './ports.ts';
import type { RefusedLetter } from './reply/refusal-notice.ts';
import type { LetterSeen } from './reports/automatic-desk.ts';
import type { DeliveredLetter } from './reports/courtesies.ts';

export interface InboundOptions {
  readonly spool: Spool;
  /** Opens and reads with the keys of one mailbox. */
  readonly open: (letter: SpooledLetter, mailboxId: string) => Promise<OpenedLetter>;
  /** Takes automatic mail, which is no letter: then null; else gives back the letter, with what a machine may do for it. */
  readonly automatic: (seen: LetterSeen) => Promise<OpenedLetter | null>;
  /** What the gateway sends by itself when a letter lies in its mailbox. */
  readonly courtesies: (letter: DeliveredLetter) => Promise<void>;
  /** Sets aside a letter that must not be shown before its signer's revocation status is known. */
  readonly waits: Pick<LetterWaits, 'mustWait' | 'hasWaited' | 'forget'>;
  readonly route: (question: RoutingQuestion) => Promise<Routing>;
  readonly certificates: Pick<CertificateBook, 'learn'>;
  /** What is known of the people of a letter. */
  readonly know: SenderDesk;
  readonly spaces: Pick<Spaces, 'judging'>;
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

  const deliver = async (routed: Routed, letterId: string, opened: OpenedLetter, facts: LetterFacts): Promise<void> => {
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
    passed('letter-posted');
    await done;
    passed('letter-stored');
    await store.transaction(async (inside) => {
      await inside.markDelivered(letterId, mailboxId);
      await createTrail(inside, clock).letterDelivered(letterId, mailboxId);
    });
    passed('letter-recorded');
  };

  /** Who wrote it, and into which conversation it goes. */
  const route = async (
    letterId: string,
    letter: SpooledLetter,
    { mailboxId, opened }: { mailboxId: string; opened: OpenedLetter },
  ) => {
    const space = options.spaces.judging(letter.space);
    const ownAddress = (await store.mailboxById(mailboxId))?.address ?? '';
    const sender = await options.know(opened, { space, carrier: letter.carrier, ownAddress });
    const { correspondentIndex, proof, answerable, participants: people } = sender;
    const routed = await options.route({
      letterId,
      mailboxId,
      correspondentIndex,
      proof,
      answerable,
      people,
      space: space.name,
      headers: opened.headers,
      now: clock.now().getTime(),
      dedupeIndex: vault.index('letter-identity', opened.identity),
      alongside: async (inside) => {
        const trail = createTrail(inside, clock);
        await trail.letterAccepted(letterId, letter.receivedAt);
        await trail.letterOpened(letterId, mailboxId, opened.verdict);
      },
    });
    return { routed, sender, space: space.name };
  };

  /** What carried a letter counts in the space whose door it came through; when that is gone, it proves nothing in another. */
  const asJudged = ({ carrier, ...letter }: SpooledLetter): SpooledLetter =>
    carrier !== undefined && letter.space === options.spaces.judging(letter.space).name
      ? { ...letter, carrier }
      : letter;

  const takeTo = async (letterId: string, given: SpooledLetter, mailboxId: string): Promise<'done' | 'waits'> => {
    const openedAt = clock.now().getTime();
    const { mailFrom, receivedAt: arrived, wishes } = given;
    const found = await options.open(given, mailboxId);
    passed('letter-opened');
    // Before it is taken for automatic mail: a letter that would be verified is never a report by its words or marks.
    const waiting = { letterId, mailboxId, receivedAt: arrived, openedAt, space: given.space };
    if (await waits.mustWait(waiting, found)) return 'waits';
    const { carrier } = asJudged(given);
    const letterOfPerson = await options.automatic({
      letterId,
      mailboxId,
      opened: found,
      mailFrom,
      receivedAt: arrived,
      carrier,
    });
    if (letterOfPerson === null) return 'done';
    const opened = await holdOpposed(store, mailboxId, letterOfPerson);
    // A reload may have come meanwhile: asked in the same breath as the space is.
    const letter = asJudged(given);
    const { routed, sender, space } = await route(letterId, letter, { mailboxId, opened });
    if (routed.outcome !== 'routed') return 'done';
    passed('letter-routed');
    const { correspondentIndex: senderIndex } = sender;
    const { changed } = await certificates.learn(letterId, senderIndex, opened);
    const receivedAt = new Date(letter.receivedAt).toISOString();
    await keeper.keepOriginal(routed, letterId, letter.bytes);
    const facts = { sender, receivedAt, carrier: letter.carrier };
    if (sender.proof !== null) await keeper.keepContext(routed, letterId, opened, { ...facts, space });
    passed('letter-kept');
    const isRefused = opened.verdict.show === 'quarantine';
    const refused = { ...letter, letterId, opened, senderIndex };
    if (isRefused) await options.quarantine.hold(routed, refused);
    const mark = changed ? ({ senderCertificateChanged: true } as const) : {};
    await deliver(routed, letterId, opened, { ...facts, ...mark });
    const place = { letterId, mailboxId, conversationId: routed.conversation.id };
    if (isRefused) await options.notify({ ...refused, ...place });
    const isProven = sender.proof !== null;
    await options.courtesies({ ...place, space, opened, mailFrom, receivedAt: arrived, isProven, wishes });
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
    const outcomes: ('done' | 'waits' | { trouble: unknown })[] = [];
    for (const mailboxId of letter.mailboxIds) {
      if (done.includes(mailboxId)) continue;
      // What keeps one mailbox from its letter keeps no other.
      outcomes.push(await takeTo(letterId, letter, mailboxId).catch((trouble: unknown) => ({ trouble })));
    }
    for (const outcome of outcomes) if (typeof outcome === 'object') throw outcome.trouble;
    if (outcomes.includes('waits')) return;
    await spool.remove(letterId);
    passed('letter-finished');
    waits.forget(letterId);
    const ms = clock.now().getTime() - letter.receivedAt;
    options.log.info('letter delivered', { letterId, count: letter.mailboxIds.length, ms });
  };
}
