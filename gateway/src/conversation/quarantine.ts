/**
 * Quarantine: notes a letter of which only a notice reached the mailbox, and does what the operator then asks, once.
 * A release opens the letter again with the keys and the trust of now; what is still not to be trusted is shown as
 * `unverified` with all its reasons and `released`, never as verified: its certificates are not learnt, it cannot be
 * answered. What cannot be opened or read has nothing to show and stays.
 * Danger: this is the one way for a forged letter to a screen; only an operator with the vault and the database opens it.
 */

import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Verdict } from '@estafette/contracts/verdict';
import type {
  BlobStore,
  Conversation,
  LastingStore,
  Log,
  OpenedLetter,
  QuarantinedLetter,
  Queues,
  Spaces,
} from '../ports.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { ConversationKey, Custody } from './custody.ts';
import { opposedBy } from './hold-opposed.ts';
import { deleteOriginal, openOriginal, sealClaimedSender } from './kept-original.ts';
import type { KnownSender, SenderDesk } from './know-sender.ts';
import type { LetterKeeper } from './letter-message.ts';
import type { Routing } from './route-letter.ts';
import type { EventMaker } from './sealed-events.ts';

/** What is written of quarantine. */
interface QuarantineTrail {
  letterQuarantined(letterId: string, mailboxId: string, reasons: Verdict['reasons']): Promise<void>;
  letterOpposed(letterId: string, oppositionId: string): Promise<void>;
  virusFound(letterId: string, mailboxId: string, name: string): Promise<void>;
  letterReleased(letterId: string, mailboxId: string, verdict: Verdict): Promise<void>;
  letterReleaseFailed(letterId: string, mailboxId: string, codes: string): Promise<void>;
  letterDeleted(letterId: string, mailboxId: string): Promise<void>;
}

export interface QuarantineOptions {
  readonly store: LastingStore;
  readonly blobs: BlobStore;
  readonly custody: Custody;
  readonly events: EventMaker;
  readonly keeper: LetterKeeper;
  readonly certificates: Pick<CertificateBook, 'learn'>;
  /** What is known of the people of a letter. */
  readonly know: SenderDesk;
  readonly spaces: Pick<Spaces, 'judging'>;
  readonly queues: Queues;
  readonly trailOf: (store: LastingStore) => QuarantineTrail;
  readonly log: Log;
  /** Whether `openReleased` asks an antivirus as well: what one found before is not released without. */
  readonly isScanning?: boolean;
  /** Opens a letter as at now, and reads it whatever it is worth. */
  readonly openReleased: (letter: Buffer, mailboxId: string, space: string | null) => Promise<OpenedLetter>;
  /** Resolves when the relay has done the deliver job of this id; rejects after a while. */
  readonly delivered: (jobId: string) => Promise<void>;
}

type Routed = Extract<Routing, { outcome: 'routed' }>;

export interface Quarantine {
  /** Notes a letter that must not be shown; a second run changes nothing. */
  hold(
    routed: Routed,
    letter: {
      readonly letterId: string;
      readonly opened: OpenedLetter;
      readonly senderIndex: Buffer;
      readonly receivedAt: number;
      readonly bytes: Uint8Array;
    },
  ): Promise<void>;
  /** Does what the operator asked; run often. What fails is tried again the next time. */
  fulfil(): Promise<void>;
  /** Begins nothing any more and waits for what was begun. */
  close(): Promise<void>;
}

/** What an operator's decision makes of a verdict: never better than unverified. */
function released(opened: OpenedLetter): OpenedLetter {
  const { verdict } = opened;
  if (verdict.show !== 'quarantine') return opened;
  const shown: Verdict = { ...verdict, show: 'unverified', reasons: [...verdict.reasons, 'released'] };
  return { ...opened, verdict: shown, senderCertificate: null };
}

/** Quarantine over the lasting store. */
export function createQuarantine(options: QuarantineOptions): Quarantine {
  const { store, custody, events, keeper, certificates, queues, log } = options;
  const originals = { blobs: options.blobs, idFor: events.idFor };
  let running: Promise<void> | null = null;
  let isClosing = false;

  const deliver = async (
    { letterId, mailboxId }: QuarantinedLetter,
    place: { conversation: Conversation; key: ConversationKey },
    message: Awaited<ReturnType<LetterKeeper['message']>>,
  ): Promise<void> => {
    const id = events.idFor('message', `${letterId} ${mailboxId} released`);
    const jobId = `${letterId}.${mailboxId}.released`;
    const done = options.delivered(jobId);
    const event = await events.message(place, { id }, message);
    await queues.add(QUEUES.deliver, jobId, { kind: 'append', mailboxId, events: [event] } satisfies DeliverJob);
    await done;
  };

  /**
   * The people of a released letter. Who carried it is not kept, so only a signature proves its writer, and only when he
   * is who it was filed under; else nobody takes part and nothing can be answered.
   */
  const knowReleased = async (opened: OpenedLetter, conversation: Conversation): Promise<KnownSender> => {
    const mailbox = await store.mailboxById(conversation.mailboxId);
    const space = options.spaces.judging(conversation.space ?? undefined);
    const found = await options.know(opened, { space, carrier: undefined, ownAddress: mailbox?.address ?? '' });
    const isHis = found.correspondentIndex.equals(conversation.correspondentIndex);
    return isHis ? found : { ...found, proof: null, answerable: false, answerTo: null };
  };

  const admit = async (conversationId: string, sender: KnownSender, since: number): Promise<void> => {
    const writer = { addressIndex: sender.correspondentIndex, role: 'from' } as const;
    for (const { addressIndex, role } of [writer, ...sender.participants])
      await store.addParticipant({ conversationId, addressIndex, role, since }, CONVERSATION_LIMITS.participantsMax);
  };

  /** Shows the letter; gives its verdict, the codes of why there is nothing to show, or null: the wish was taken back. */
  const show = async (letter: QuarantinedLetter): Promise<Verdict | { failed: string } | null> => {
    const { letterId, mailboxId } = letter;
    const conversation = await store.conversation(letter.conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    if (conversation === null || key === null) return { failed: 'conversation-expired' };
    if (letter.reasons.includes('virus-found') && options.isScanning !== true) return { failed: 'virus-found' };
    const original = await openOriginal(originals, { conversation, key }, letterId);
    if (original === null) return { failed: 'original-missing' };
    const found = await options.openReleased(original, mailboxId, conversation.space);
    const oppositions = await opposedBy(store, mailboxId, found);
    if (oppositions.length > 0) {
      await store.noteOpposed(letterId, mailboxId, oppositions, letter.receivedAt);
      return { failed: 'patient-opposes' };
    }
    if (found.documents.length === 0) return { failed: found.verdict.reasons.join(' ') };
    const opened = released(found);
    const sender = await knowReleased(opened, conversation);
    const { marks = [] } = (await store.lettersOf(letterId)).find((row) => row.mailboxId === mailboxId) ?? {};
    const routed: Routed = { outcome: 'routed', conversation, key, route: 'new', isNew: false, marks };
    const receivedAt = new Date(letter.receivedAt).toISOString();
    const isProven = sender.proof !== null;
    const learnt = isProven
      ? await certificates.learn(letterId, sender.correspondentIndex, opened)
      : { changed: false };
    if (isProven) {
      const space = options.spaces.judging(conversation.space ?? undefined).name;
      await keeper.keepContext(routed, letterId, opened, { sender, receivedAt, space });
      await admit(conversation.id, sender, letter.receivedAt);
    }
    if (sender.answerable) await store.markAnswerable(letterId, mailboxId);
    const mark = learnt.changed ? ({ senderCertificateChanged: true } as const) : {};
    const message = await keeper.message(routed, letterId, opened, { sender, receivedAt, ...mark });
    // What lies in the queue will be shown, however long the relay is away: no deletion may be promised any more.
    if (!(await store.beginRelease(letterId, mailboxId))) return null;
    await deliver(letter, routed, message);
    return opened.verdict;
  };

  const release = async (letter: QuarantinedLetter): Promise<void> => {
    const { letterId, mailboxId } = letter;
    const outcome = await show(letter);
    if (outcome === null) return;
    await store.transaction(async (inside) => {
      const trail = options.trailOf(inside);
      if ('failed' in outcome) {
        await inside.settleQuarantined(letterId, mailboxId, { state: 'held', outcome: outcome.failed });
        await trail.letterReleaseFailed(letterId, mailboxId, outcome.failed.replaceAll(' ', ', '));
      } else {
        await inside.settleQuarantined(letterId, mailboxId, { state: 'released', outcome: null });
        await trail.letterReleased(letterId, mailboxId, outcome);
      }
    });
  };

  const remove = async ({ letterId, mailboxId }: QuarantinedLetter): Promise<void> => {
    await deleteOriginal(originals, mailboxId, letterId);
    await store.transaction(async (inside) => {
      await inside.settleQuarantined(letterId, mailboxId, { state: 'deleted', outcome: null });
      await options.trailOf(inside).letterDeleted(letterId, mailboxId);
    });
    // A run of the way in that had to begin again may have kept it anew in between.
    await deleteOriginal(originals, mailboxId, letterId);
  };

  const fulfilAll = async (): Promise<void> => {
    for (const letter of await store.wishedLetters()) {
      if (isClosing) return;
      const { letterId, mailboxId, wish } = letter;
      await (wish === 'release' ? release(letter) : remove(letter)).catch((error: unknown) =>
        log.warn('what the operator asked of a letter has to wait', { letterId, mailboxId, error }),
      );
    }
  };

  return {
    async hold(routed, { letterId, opened, senderIndex, receivedAt, bytes: { length: bytes } }) {
      const { mailboxId } = routed.conversation;
      const { from, fromName } = opened.headers;
      const sealedSender = await sealClaimedSender(routed, letterId, { name: fromName, address: from });
      const { reasons } = opened.verdict;
      await store.transaction(async (inside) => {
        const row = { letterId, mailboxId, receivedAt, bytes, reasons, senderIndex, sealedSender };
        if (!(await inside.quarantineLetter(row))) return;
        // Who proved to have written it is told; his answer to the notice comes back here.
        const writer = { conversationId: routed.conversation.id, addressIndex: senderIndex, role: 'from' } as const;
        if (opened.noticeCertificate !== null)
          await inside.addParticipant({ ...writer, since: receivedAt }, CONVERSATION_LIMITS.participantsMax);
        const trail = options.trailOf(inside);
        const oppositions = opened.opposedBy ?? [];
        await inside.noteOpposed(letterId, mailboxId, oppositions, receivedAt);
        for (const id of oppositions) await trail.letterOpposed(letterId, id);
        if (opened.virus !== undefined) await trail.virusFound(letterId, mailboxId, opened.virus);
        await trail.letterQuarantined(letterId, mailboxId, reasons);
        log.warn('letter in quarantine', { letterId, mailboxId, reason: reasons.join(' ') });
      });
      // The way in begins again after a crash, and keeps the original first: what was deleted since stays deleted.
      const kept = await store.quarantinedLetter(letterId, mailboxId);
      if (kept?.state === 'deleted') await deleteOriginal(originals, mailboxId, letterId);
    },
    fulfil() {
      running ??= fulfilAll().finally(() => {
        running = null;
      });
      return running;
    },
    async close() {
      isClosing = true;
      await running?.catch(() => {});
    },
  };
}
