/**
 * Turns an accepted reply into a sealed mail, or into a refusal that says what is missing. There is no path from here
 * to a mail in clear: without the correspondent's certificate, without a valid own key, without a letter to answer,
 * nothing is made (design, promise 6).
 */
import { Refusal } from '@estafette/contracts/failure';
import type { AnsweredLetter, Clock, Conversation, LastingStore, ReplyRow, SealMail, TrustPaths } from '../ports.ts';
import { composeReply } from './compose-reply.ts';
import { openReply } from './open-reply.ts';

/** A conversation whose key is there. */
export interface OpenedConversation {
  readonly conversation: Conversation;
  readonly key: CryptoKey;
  /** What was kept of a letter, opened. */
  readonly context: (letterId: string, sealed: Buffer) => Promise<AnsweredLetter>;
}

export interface SealedReplyMail {
  readonly to: string;
  readonly messageId: string;
  readonly sealed: Uint8Array;
}

export interface ReplySealerOptions {
  readonly store: LastingStore;
  readonly seal: SealMail;
  readonly trust: TrustPaths;
  readonly clock: Clock;
  readonly messageIdFor: (conversationId: string, replyId: string) => string;
}

/** The sealer of replies: gives the mail, throws a `Refusal` when it must not be made. */
export function createReplySealer(
  options: ReplySealerOptions,
): (row: ReplyRow, opened: OpenedConversation) => Promise<SealedReplyMail> {
  const { store, clock } = options;

  const letterOf = async ({ conversation, context }: OpenedConversation): Promise<AnsweredLetter> => {
    const answered = await store.lastAnswerableLetter(conversation.id);
    const sealed = answered === null ? null : await store.letterContext(answered.letterId, answered.mailboxId);
    if (answered === null || sealed === null) throw new Refusal('conversation-unanswerable');
    return context(answered.letterId, sealed);
  };

  const keysFor = async ({ conversation }: OpenedConversation) => {
    const correspondent = await store.correspondent(conversation.correspondentIndex);
    if (correspondent === null) throw new Refusal('certificate-missing');
    const now = clock.now().getTime();
    const own = (await store.keysOf(conversation.mailboxId)).find((key) => key.notBefore <= now && key.notAfter > now);
    if (own === undefined) throw new Refusal('own-certificate-unusable');
    return {
      recipient: correspondent.certificate,
      recipientChain: correspondent.chain,
      certificate: own.certificate,
      chain: own.chain,
      privateKey: own.privateKey,
    };
  };

  return async (row, opened) => {
    const letter = await letterOf(opened);
    const keys = await keysFor(opened);
    const mailbox = await store.mailboxById(row.mailboxId);
    if (mailbox === null) throw new Error('a reply without its mailbox');
    const frame = { replyId: row.id, conversationId: row.conversationId, ...row.sealed };
    const { text } = await openReply(opened.key, row.deviceId, frame);
    const messageId = options.messageIdFor(row.conversationId, row.id);
    const mail = await composeReply({ mailbox, letter, text, messageId, at: clock.now() });
    const result = await options.seal({ ...keys, ...mail, trust: options.trust, at: clock.now().getTime() });
    if ('refused' in result) throw new Refusal(result.refused);
    return { to: letter.from, messageId, sealed: result.sealed };
  };
}
