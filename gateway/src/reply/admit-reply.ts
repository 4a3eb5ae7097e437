/**
 * Takes a reply of a device: its author, its conversation, its content and what it brings are checked, then it is durable,
 * once (its id is the key). Nothing of a refused reply is kept. What was uploaded for it moves into the conversation
 * after the row that names it, so that expiry finds it whatever happens in between.
 */
import { Refusal } from '@estafette/contracts/failure';
import type { FilingMessage, ReplyMessage } from '@estafette/contracts/message';
import type { ReplyJob } from '@estafette/contracts/queues';
import {
  type AnsweredLetter,
  type Clock,
  type Conversation,
  type Device,
  type LastingStore,
  passed,
  type ReplyRow,
} from '../ports.ts';
import { checkReplyAuthor, openAsked } from './open-reply.ts';
import type { AttachmentKeeper } from './reply-attachments.ts';
import { isPatientAddress } from './reply-headers.ts';
import { recipientsOf } from './reply-recipients.ts';

/** What is written of replies that are taken. */
interface AcceptanceTrail {
  replyAccepted(replyId: string, conversationId: string): Promise<void>;
}

export interface AdmittedReply<K> {
  /** New, or as an earlier run left it. */
  readonly row: ReplyRow;
  readonly device: Device;
  readonly message: ReplyMessage | FilingMessage;
  readonly place: { readonly conversation: Conversation; readonly key: K };
}

type GivenReply = Extract<ReplyJob, { kind: 'reply' }>;

const newRow = (
  { mailboxId, deviceId, reply }: GivenReply,
  { urgent, sendNow, closes, to }: Pick<ReplyMessage, 'urgent' | 'sendNow' | 'closes' | 'to'>,
  facts: Pick<ReplyRow, 'answers' | 'bytes' | 'createdAt'>,
): ReplyRow => ({
  id: reply.replyId,
  mailboxId,
  conversationId: reply.conversationId,
  deviceId,
  state: 'accepted',
  failure: null,
  certain: true,
  revision: 1,
  announcedRevision: 0,
  attempts: 0,
  sealed: { iv: reply.iv, ct: reply.ct },
  to: to ?? 'sender',
  // What is urgent does not wait for what else may be typed; what closes the exchange is the last word.
  isPressing: sendNow === true || urgent === true || closes === true,
  groupId: null,
  gatheredAt: null,
  ...facts,
});

/** A mail of its own, about no letter; gathered with nothing. */
const filingRow = (given: GivenReply, createdAt: number): ReplyRow => ({
  ...newRow(given, { sendNow: true }, { answers: null, bytes: 0, createdAt }),
  groupId: given.reply.replyId,
  gatheredAt: createdAt,
  purpose: 'filing',
});

/** Whether the row was made of these very bytes: an id that was used already names no other reply. */
const isOfRow = ({ conversationId, deviceId, sealed }: ReplyRow, { deviceId: author, reply }: GivenReply): boolean =>
  conversationId === reply.conversationId && deviceId === author && sealed.iv === reply.iv && sealed.ct === reply.ct;

/** The step that admits; throws a `Refusal` that says why not. */
export function createAdmission<K extends { readonly key: CryptoKey }>(options: {
  store: LastingStore;
  unwrap: (conversation: Conversation) => Promise<K | null>;
  /** What was kept of a letter, opened. */
  openContext: (key: K, conversation: Conversation, letterId: string, sealed: Buffer) => Promise<AnsweredLetter>;
  attachments: AttachmentKeeper;
  /** Takes the wish to file something: checks it and makes it durable, once. */
  admitFiling: (
    row: ReplyRow,
    message: FilingMessage,
    place: { readonly conversation: Conversation; readonly key: K },
  ) => Promise<void>;
  trail: AcceptanceTrail;
  clock: Clock;
}): (given: GivenReply) => Promise<AdmittedReply<K>> {
  const { store, attachments, clock } = options;

  const placeOf = async ({ mailboxId, reply }: GivenReply, now: number) => {
    const conversation = await store.conversation(reply.conversationId);
    if (conversation === null || conversation.mailboxId !== mailboxId) throw new Refusal('conversation-unanswerable');
    const key = conversation.expiresAt <= now ? null : await options.unwrap(conversation);
    if (key === null) throw new Refusal('conversation-expired');
    return { conversation, key };
  };

  /** Only an exchange with a patient is closed; refused here, so that it takes no other message down with it. */
  const checkClosing = async (
    place: { conversation: Conversation; key: K },
    message: ReplyMessage,
    answers: string | null,
  ) => {
    if (message.closes !== true) return;
    const { conversation, key } = place;
    const sealed = answers === null ? null : await store.letterContext(answers, conversation.mailboxId);
    if (answers === null || sealed === null) throw new Refusal('conversation-unanswerable');
    const letter = await options.openContext(key, conversation, answers, sealed);
    const mailbox = await store.mailboxById(conversation.mailboxId);
    const recipients = recipientsOf(letter, message.to ?? 'sender', mailbox?.address ?? '');
    if (!recipients.every(({ address }) => isPatientAddress(address))) throw new Refusal('closing-refused');
  };

  /** The letter it answers: the one its author saw, or, where his device does not say, the last one. */
  const answeredBy = async ({ answers }: ReplyMessage, mailboxId: string, conversationId: string) => {
    if (answers === undefined) return (await store.lastAnswerableLetter(conversationId))?.letterId ?? null;
    const rows = await store.lettersOf(answers);
    const isHere = rows.some(
      (row) => row.mailboxId === mailboxId && row.conversationId === conversationId && row.answerable,
    );
    if (!isHere) throw new Refusal('conversation-unanswerable', 'no letter of this conversation, or not answerable');
    return answers;
  };

  /** Checks what it brings, and makes it durable. */
  const add = async (
    given: GivenReply,
    message: ReplyMessage,
    place: { conversation: Conversation; key: K },
    now: number,
  ): Promise<void> => {
    const { mailboxId, reply } = given;
    const { conversationId } = reply;
    const bytes = await attachments.check({ mailboxId, conversationId, key: place.key.key }, message);
    const answers = await answeredBy(message, mailboxId, conversationId);
    await checkClosing(place, message, answers);
    const row = newRow(given, message, { answers, bytes, createdAt: now });
    const isNew = await store.transaction(async (inside) => {
      if (!(await inside.addReply(row, now))) return false;
      for (const { blobId } of message.attachments ?? []) await inside.addBlob({ blobId, mailboxId, conversationId });
      return true;
    });
    passed('reply-accepted');
    if (isNew) await options.trail.replyAccepted(row.id, conversationId);
  };

  return async (given) => {
    const { mailboxId, deviceId, reply } = given;
    const now = clock.now().getTime();
    const device = await checkReplyAuthor(await store.device(deviceId, now), mailboxId, reply);
    const place = await placeOf(given, now);
    const message = await openAsked(place.key.key, device.id, reply);
    if ((await store.reply(reply.replyId)) === null) {
      if (message.type === 'reply') await add(given, message, place, now);
      else await options.admitFiling(filingRow(given, now), message, place);
    }
    const row = await store.reply(reply.replyId);
    if (row === null || !isOfRow(row, given)) throw new Refusal('reply-malformed', 'a used id');
    if (message.type === 'reply') await attachments.take(mailboxId, message);
    return { row, device, message, place };
  };
}
