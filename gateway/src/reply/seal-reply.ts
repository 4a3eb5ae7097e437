/**
 * Turns replies that leave together into sealed mails, one for each recipient, or into refusals that say what is missing.
 * Where the policy encrypts always there is no path from here to a mail in clear: a recipient without a good certificate
 * fails alone, and without a valid own key, or a letter to answer, nothing is made (design, promise 6). Where it encrypts
 * when possible, a recipient without a good certificate gets it signed only; then nothing of a letter that came encrypted
 * is quoted in any of the copies, because all of them say the same.
 */
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { ReplyMessage } from '@estafette/contracts/message';
import {
  type AnsweredLetter,
  type AnswerPolicy,
  type Conversation,
  canonicalAddress,
  domainOf,
  type LastingStore,
  type Mailbox,
  type NewMail,
  type Outbox,
  type RefusedMail,
  type ReplyRow,
  type Spaces,
} from '../ports.ts';
import { type ComposedReply, composeReply } from './compose-reply.ts';
import { openReply } from './open-reply.ts';
import type { AttachmentKeeper } from './reply-attachments.ts';
import { isWritable, recipientsOf } from './reply-recipients.ts';
import { type SealingParts, type SealingRecipient, sealingRecipient, sealWithOwnKeys } from './seal-with-own-keys.ts';

/** A conversation whose key is there. */
export interface OpenedConversation {
  readonly conversation: Conversation;
  readonly key: CryptoKey;
  /** What was kept of a letter, opened. */
  readonly context: (letterId: string, sealed: Buffer) => Promise<AnsweredLetter>;
}

/** What became of a group of replies. */
export interface SealedReplies {
  readonly messageId: string;
  /** To be posted: those that were not before. */
  readonly mails: readonly NewMail[];
  readonly refused: readonly { readonly mail: RefusedMail; readonly failure: FailureCode }[];
  /** How many of `mails` are signed only. */
  readonly inClear: number;
}

export interface ReplySealerOptions extends SealingParts {
  readonly store: LastingStore;
  readonly spaces: Pick<Spaces, 'judging' | 'reaching'>;
  readonly outbox: Pick<Outbox, 'has'>;
  readonly attachments: Pick<AttachmentKeeper, 'open'>;
  readonly messageIdFor: (conversationId: string, replyId: string) => string;
  readonly mailIdFor: (name: string) => string;
  /** Keyed digest of an address. */
  readonly correspondentIndex: (address: string) => Buffer;
}

/** One copy of the mail on its way to being made. */
interface Copy {
  readonly mail: RefusedMail;
  /** Null: no certificate is known. */
  readonly to: SealingRecipient | null;
  readonly answers: AnswerPolicy;
  readonly wasPosted: boolean;
}

/** Everything the copies have in common. */
interface Draft {
  readonly rows: readonly [ReplyRow, ...ReplyRow[]];
  readonly mailbox: Mailbox;
  readonly letter: AnsweredLetter;
  readonly messages: readonly ReplyMessage[];
  readonly messageId: string;
  readonly policy: AnswerPolicy;
  readonly recipients: ReturnType<typeof recipientsOf>;
}

type Outcome = { readonly bytes: Uint8Array } | { readonly failure: FailureCode };

/** The sealer of replies: gives the mails of a group, throws a `Refusal` when none may be made. */
export function createReplySealer(
  options: ReplySealerOptions,
): (rows: readonly ReplyRow[], opened: OpenedConversation) => Promise<SealedReplies> {
  const { store, spaces } = options;

  const letterOf = async ({ answers, mailboxId }: ReplyRow, opened: OpenedConversation): Promise<AnsweredLetter> => {
    const sealed = answers === null ? null : await store.letterContext(answers, mailboxId);
    if (answers === null || sealed === null) throw new Refusal('conversation-unanswerable');
    return opened.context(answers, sealed);
  };

  const draftOf = async (rows: Draft['rows'], opened: OpenedConversation): Promise<Draft> => {
    const [first] = rows;
    const letter = await letterOf(first, opened);
    const mailbox = await store.mailboxById(first.mailboxId);
    if (mailbox === null) throw new Error('a reply without its mailbox');
    const messages: ReplyMessage[] = [];
    for (const { id: replyId, conversationId, deviceId, sealed } of rows)
      messages.push(await openReply(opened.key, deviceId, { replyId, conversationId, ...sealed }));
    const messageId = options.messageIdFor(first.conversationId, first.groupId ?? first.id);
    const recipients = recipientsOf(letter, first.to, mailbox.address);
    const policy = spaces.judging(letter.space).answers;
    return { rows, mailbox, letter, messages, messageId, policy, recipients };
  };

  const copyFor = async (draft: Draft, address: string): Promise<Copy> => {
    const { rows, letter, mailbox, messages, messageId, policy } = draft;
    const [{ id: first, groupId, mailboxId, conversationId }] = rows;
    const recipientIndex = options.correspondentIndex(address);
    const known = await store.correspondent(recipientIndex);
    const home = spaces.judging(letter.space);
    // Where nothing reaches him, the way out refuses the mail before it is tried, with its reason.
    const space = spaces.reaching(domainOf(address), home.name) ?? home;
    // The stricter of two spaces: an answer to a letter of one that always encrypts does not leave another in clear.
    const encrypts = policy.encrypts === 'always' ? 'always' : space.answers.encrypts;
    const answers = { ...space.answers, encrypts } as const;
    const id = options.mailIdFor(`${groupId ?? first} ${canonicalAddress(address)}`);
    const mail: RefusedMail = {
      id,
      kind: 'reply',
      mailboxId,
      conversationId,
      subject: groupId ?? first,
      recipientIndex,
      space: space.name,
      urgent: messages.some(({ urgent }) => urgent === true),
      asksReports: policy.asksReports !== false,
      replyIds: rows.map((row) => row.id),
      from: mailbox.address,
      to: address,
      messageId,
    };
    const to = known === null ? null : sealingRecipient(known, answers);
    return { mail, to, answers, wasPosted: await options.outbox.has(id) };
  };

  const compose = async (draft: Draft, opened: OpenedConversation, isInClear: boolean) => {
    const { rows, mailbox, letter, messages, messageId, policy, recipients } = draft;
    const [{ mailboxId, conversationId, gatheredAt }] = rows;
    const place = { mailboxId, conversationId, key: opened.key };
    const attachments = [];
    for (const message of messages) attachments.push(...(await options.attachments.open(place, message)));
    const writable = recipients.filter(({ address }) => isWritable(address));
    return composeReply({
      mailbox,
      letter,
      recipients: writable.length === 0 ? recipients : writable,
      policy,
      messageId,
      isInClear,
      attachments,
      texts: messages.map(({ text }) => text),
      at: gatheredAt === null ? options.clock.now() : new Date(gatheredAt),
      asksReports: policy.asksReports !== false,
      urgent: messages.some(({ urgent }) => urgent === true),
      closes: messages.some(({ closes }) => closes === true),
    });
  };

  const isClearAllowed = ({ answers, mail }: Copy): boolean =>
    answers.encrypts === 'when-possible' && isWritable(mail.to);
  const inClearTo = ({ to, answers }: Copy): SealingRecipient => ({
    ...(to?.wishes === undefined ? {} : { wishes: to.wishes }),
    recipient: null,
    recipientChain: [],
    answers,
  });

  const sealedFor = async (
    draft: Draft,
    copy: Copy,
    to: SealingRecipient | null,
    mail: ComposedReply,
  ): Promise<Outcome> => {
    if (!isWritable(copy.mail.to)) return { failure: 'address-not-ascii' };
    return to === null ? { failure: 'certificate-missing' } : sealed(draft.mailbox.id, to, mail);
  };

  const sealed = async (mailboxId: string, to: SealingRecipient, mail: ComposedReply): Promise<Outcome> => {
    try {
      const bytes = await sealWithOwnKeys(options, mailboxId, to, mail);
      if (bytes.length > DISPATCH_LIMITS.mailMaxBytes) throw new Refusal('reply-too-large');
      return { bytes };
    } catch (error) {
      if (error instanceof Refusal && error.code === 'certificate-unusable') return { failure: error.code };
      throw error;
    }
  };

  /** Seals every copy; those of `clear` signed only. A copy whose certificate turns out not to be good joins them. */
  const sealAll = async (draft: Draft, opened: OpenedConversation, copies: readonly Copy[]) => {
    const clear = new Set(copies.filter((copy) => copy.to === null && isClearAllowed(copy)));
    for (;;) {
      const mail = await compose(draft, opened, clear.size > 0);
      const outcomes = new Map<Copy, Outcome>();
      const joining: Copy[] = [];
      for (const copy of copies.filter(({ wasPosted }) => !wasPosted)) {
        const to = clear.has(copy) ? inClearTo(copy) : copy.to;
        const outcome = await sealedFor(draft, copy, to, mail);
        outcomes.set(copy, outcome);
        if ('failure' in outcome && isClearAllowed(copy)) joining.push(copy);
      }
      if (joining.length === 0) return { outcomes, clear };
      for (const copy of joining) clear.add(copy);
    }
  };

  return async (rows, opened) => {
    const [first, ...others] = rows;
    if (first === undefined) throw new Error('a mail without replies');
    const draft = await draftOf([first, ...others], opened);
    const copies: Copy[] = [];
    for (const { address } of draft.recipients) copies.push(await copyFor(draft, address));
    const { messageId } = draft;
    if (copies.every(({ wasPosted }) => wasPosted)) return { messageId, mails: [], refused: [], inClear: 0 };
    const { outcomes, clear } = await sealAll(draft, opened, copies);
    const mails: NewMail[] = [];
    const refused: { mail: RefusedMail; failure: FailureCode }[] = [];
    for (const [{ mail }, outcome] of outcomes) {
      if ('bytes' in outcome) mails.push({ ...mail, bytes: outcome.bytes });
      else refused.push({ mail, failure: outcome.failure });
    }
    if (refused[0] !== undefined && refused.length === copies.length) throw new Refusal(refused[0].failure);
    const inClear = [...clear].filter((copy) => !copy.wasPosted).length;
    return { messageId, mails, refused, inClear };
  };
}
