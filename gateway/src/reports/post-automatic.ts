/**
 * Posts an automatic mail, once and within its limits: one mail has the claim, so a step that runs twice makes the same
 * mail; counters per correspondent and per mailbox and hour stop what rules miss; the null sender keeps everybody from
 * answering it by machine. What cannot be sealed as the trust space asks is not sent, and the trail says so.
 */
import { Refusal } from '@estafette/contracts/failure';
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import type { Clock, LastingStore, Mailbox, MailKind, Outbox } from '../ports.ts';
import type { AutomaticDraft, ComposedMail } from './compose-automatic.ts';

/** An automatic mail that is due. */
export interface AutomaticErrand {
  readonly kind: Extract<MailKind, 'absence' | 'disposition' | 'delivery-report'>;
  /** What may be sent once: `absence`, correspondent and day; a receipt of one letter. */
  readonly claim: string;
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  /** Trust space of the letter; null: the default one. */
  readonly space: string | null;
  readonly to: string;
  /** Message-ID of the letter. */
  readonly about: string;
  readonly compose: (draft: AutomaticDraft) => ComposedMail;
}

/** Seals like an answer to this address, in the way its trust space asks; throws `Refusal`. */
export type SealAutomatic = (given: {
  readonly mailbox: Mailbox;
  readonly to: string;
  readonly space: string | null;
  readonly compose: (style: { readonly name: string; readonly productNumber: string | null }) => ComposedMail;
}) => Promise<{ readonly bytes: Uint8Array; readonly space: string }>;

export interface PostOptions {
  readonly store: LastingStore;
  readonly outbox: Pick<Outbox, 'has' | 'post'>;
  readonly seal: SealAutomatic;
  readonly mailIdFor: (name: string) => string;
  readonly messageIdFor: (conversationId: string, name: string) => string;
  readonly messageIdIndex: (messageId: string) => Buffer;
  readonly correspondentIndex: (address: string) => Buffer;
  readonly trail: { automaticWithheld(letterId: string, mailboxId: string, why: string): Promise<void> };
  readonly clock: Clock;
}

const HOUR_MS = 3_600_000;

/**
 * The post of automatic mail; gives whether the mail is posted, now or before. What it throws may be tried again: the claim
 * and the id of the mail stay the same.
 */
export function createAutomaticPost(options: PostOptions): (errand: AutomaticErrand) => Promise<boolean> {
  const { store, outbox, clock } = options;
  /** One at a time: two mails of a moment must not both be the last one allowed. */
  let turn: Promise<unknown> = Promise.resolve();

  const isWithinLimits = async (mailboxId: string, recipientIndex: Buffer): Promise<boolean> => {
    const since = clock.now().getTime() - HOUR_MS;
    const toHim = await store.countAutomaticMails(mailboxId, recipientIndex, since);
    if (toHim >= REPORT_LIMITS.mailsPerPairAndHourMax) return false;
    return (await store.countAutomaticMails(mailboxId, null, since)) < REPORT_LIMITS.mailsPerMailboxAndHourMax;
  };

  const make = async (errand: AutomaticErrand, id: string): Promise<void> => {
    const { kind, letterId, mailboxId, conversationId, to, about } = errand;
    const mailbox = await store.mailboxById(mailboxId);
    if (mailbox === null) throw new Error('a letter without its mailbox');
    const messageId = options.messageIdFor(conversationId, `${kind} ${letterId} ${mailboxId}`);
    const at = clock.now();
    const sealed = await options.seal({
      mailbox,
      to,
      space: errand.space,
      compose: ({ name, productNumber }) =>
        errand.compose({ from: { name, address: mailbox.address }, to, messageId, about, at, productNumber }),
    });
    const messageIdIndex = options.messageIdIndex(messageId);
    await store.rememberMessageId({ mailboxId, conversationId, messageIdIndex, subject: letterId, direction: 'out' });
    await outbox.post({
      ...{ id, kind, mailboxId, conversationId, to, messageId },
      subject: letterId,
      recipientIndex: options.correspondentIndex(to),
      space: sealed.space,
      urgent: false,
      asksReports: false,
      replyIds: [],
      from: '',
      bytes: sealed.bytes,
    });
  };

  const run = async (errand: AutomaticErrand): Promise<boolean> => {
    const { kind, claim, letterId, mailboxId, to } = errand;
    const id = options.mailIdFor(`${kind} ${letterId} ${mailboxId}`);
    if (await outbox.has(id)) return true;
    const recipientIndex = options.correspondentIndex(to);
    const withhold = async (why: string): Promise<false> => {
      await options.trail.automaticWithheld(letterId, mailboxId, `${kind}, ${why}`);
      return false;
    };
    if (!(await isWithinLimits(mailboxId, recipientIndex))) return withhold('limit');
    const at = clock.now().getTime();
    if (!(await store.claimAutomaticMail({ claim, mailId: id, mailboxId, recipientIndex, at }))) return false;
    try {
      await make(errand, id);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return withhold(error.code);
    }
  };

  return (errand) => {
    const done = turn.then(() => run(errand));
    turn = done.catch(() => {});
    return done;
  };
}
