/**
 * Turns an accepted reply into a sealed mail, or into a refusal that says what is missing. There is no path from here
 * to a mail in clear: without the correspondent's certificate, without a valid own key, without a letter to answer,
 * nothing is made (design, promise 6).
 */
import { Refusal } from '@estafette/contracts/failure';
import type {
  AnsweredLetter,
  Clock,
  Conversation,
  Correspondent,
  LastingStore,
  MailboxKey,
  OwnKeys,
  ReplyRow,
  SealMail,
  TrustPaths,
} from '../ports.ts';
import { type ComposedReply, composeReply } from './compose-reply.ts';
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
  readonly ownKeys: Pick<OwnKeys, 'forSealing'>;
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

  const recipientOf = async ({ conversation }: OpenedConversation): Promise<SealingRecipient> => {
    const correspondent = await store.correspondent(conversation.correspondentIndex);
    if (correspondent === null) throw new Refusal('certificate-missing');
    return sealingRecipient(correspondent);
  };

  return async (row, opened) => {
    const letter = await letterOf(opened);
    const to = await recipientOf(opened);
    const mailbox = await store.mailboxById(row.mailboxId);
    if (mailbox === null) throw new Error('a reply without its mailbox');
    const frame = { replyId: row.id, conversationId: row.conversationId, ...row.sealed };
    const { text } = await openReply(opened.key, row.deviceId, frame);
    const messageId = options.messageIdFor(row.conversationId, row.id);
    const mail = await composeReply({ mailbox, letter, text, messageId, at: clock.now() });
    return { to: letter.from, messageId, sealed: await sealWithOwnKeys(options, row.mailboxId, to, mail) };
  };
}

/** To whom a mail is sealed, and how he likes it. */
export type SealingRecipient = Pick<
  Parameters<SealMail>[0],
  'recipient' | 'recipientChain' | 'capabilities' | 'wishes'
>;

/** A known correspondent as a recipient. */
export function sealingRecipient({ certificate, chain, capabilities, wishes }: Correspondent): SealingRecipient {
  return { recipient: certificate, recipientChain: chain, capabilities, wishes };
}

/** Seals with the newest good key of a mailbox; throws a `Refusal` when there is none, or none to encrypt to. */
export async function sealWithOwnKeys(
  options: Pick<ReplySealerOptions, 'ownKeys' | 'seal' | 'trust' | 'clock'>,
  mailboxId: string,
  to: SealingRecipient,
  mail: ComposedReply,
): Promise<Uint8Array> {
  const { signing, encryption } = await options.ownKeys.forSealing(mailboxId);
  const facts = { ...to, ...mail, trust: options.trust, at: options.clock.now().getTime() };
  for (const key of signing) {
    const result = await options.seal({ ...facts, ...sealingKey(key, encryption) });
    if ('sealed' in result) return result.sealed;
    // A newest key whose issuer is not trusted here must not stop a mailbox that has another good one.
    if (result.refused !== 'own-certificate-unusable') throw new Refusal(result.refused);
  }
  throw new Refusal('own-certificate-unusable');
}

/** The signing key, and the certificate that answers should be encrypted to: receivers learn it. */
function sealingKey(signing: MailboxKey, encryption: MailboxKey | null) {
  const { certificate, chain, privateKey } = signing;
  const isOne = encryption === null || encryption.certificate.equals(certificate);
  const both = isOne ? chain : [...chain, ...encryption.chain.filter((der) => !chain.some((own) => own.equals(der)))];
  return { certificate, privateKey, chain: both, encryptionCertificate: encryption?.certificate ?? null };
}
