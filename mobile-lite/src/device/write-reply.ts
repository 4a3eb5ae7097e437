/**
 * A reply as it is written: its text, its photos and files, each sealed under the conversation key, and the reply sealed
 * and signed by this device. The wish to file a conversation is written the same way, under the id of a reply, so that
 * the relay cannot tell the two apart. Nothing is kept or sent here.
 */
import type { Bytes } from '@estafette/contracts/bytes';
import { replySignatureInput, sealBlob, sealJson } from '@estafette/contracts/conversation-seal';
import { signWithDevice } from '@estafette/contracts/device-keys';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import { type FilingMessage, FilingMessageSchema, type Message, type ReplyMessage } from '@estafette/contracts/message';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import type { DeviceIdentity, KeptUpload } from './device-store.ts';

/** A photo or file to go with a reply, in clear. */
export interface ReplyFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Bytes;
}

/** What is wanted of a reply beside its text. */
export interface ReplyWishes extends Pick<ReplyMessage, 'answers' | 'to' | 'urgent' | 'sendNow' | 'closes'> {
  readonly files?: readonly ReplyFile[];
}

/** What is filed, for whom, under which type (the mailbox's own when absent). */
export type FilingWish = Pick<FilingMessage, 'what' | 'patient' | 'documentType'>;

/** What a device writes and sends on its way through the outbox. */
export type WrittenMessage = ReplyMessage | FilingMessage;

export function isWritten(message: Message | null): message is WrittenMessage {
  return message?.type === 'reply' || message?.type === 'filing';
}

export interface WrittenReply {
  readonly message: WrittenMessage;
  seal(key: CryptoKey, identity: DeviceIdentity): Promise<{ reply: SealedReply; uploads: KeptUpload[] }>;
}

/** Throws a RangeError for a reply that says nothing, or that the gateway would not take. */
export function writeReply(conversationId: string, text: string, wishes: ReplyWishes, now: number): WrittenReply {
  const { files = [], ...wanted } = wishes;
  checkSize(text, files);
  const replyId = newId('reply');
  const named = files.map((file) => ({ ...file, blobId: newId('blob') }));
  const attachments = named.map(({ bytes, ...name }) => ({ ...name, bytes: bytes.length }));
  const typedAt = new Date(now).toISOString();
  const brings = files.length === 0 ? {} : { attachments };
  const message: ReplyMessage = { type: 'reply', replyId, text, typedAt, ...wanted, ...brings };
  const seal: WrittenReply['seal'] = async (key, identity) => {
    const uploads: KeptUpload[] = [];
    for (const { blobId, bytes } of named) {
      const stored = await sealBlob(key, conversationId, blobId, bytes);
      uploads.push({ blobId, replyId, conversationId, stored, uploadedAt: null });
    }
    return { reply: await sealReply(conversationId, message, key, identity), uploads };
  };
  return { message, seal };
}

/** Throws a ValiError for a wish that the gateway would not take. */
export function writeFiling(conversationId: string, wish: FilingWish, now: number): WrittenReply {
  const written = { type: 'filing', replyId: newId('reply'), ...wish, typedAt: new Date(now).toISOString() };
  const message = v.parse(FilingMessageSchema, written);
  const seal: WrittenReply['seal'] = async (key, identity) => {
    return { reply: await sealReply(conversationId, message, key, identity), uploads: [] };
  };
  return { message, seal };
}

async function sealReply(
  conversationId: string,
  message: WrittenMessage,
  key: CryptoKey,
  { deviceId, signingKeys }: DeviceIdentity,
): Promise<SealedReply> {
  const { replyId } = message;
  const binding = { kind: 'reply', conversationId, id: replyId, author: deviceId } as const;
  const unsigned = { replyId, conversationId, ...(await sealJson(key, binding, message)) };
  const signature = await signWithDevice(signingKeys.privateKey, replySignatureInput(deviceId, unsigned));
  return { ...unsigned, signature };
}

function checkSize(text: string, files: readonly ReplyFile[]): void {
  const { replyMaxCharacters, attachmentsMax, attachmentMaxBytes, attachmentsTotalMaxBytes } = CONVERSATION_LIMITS;
  const isEmpty = text.trim() === '' && files.length === 0;
  if (isEmpty || text.length > replyMaxCharacters) throw new RangeError('reply length');
  const isTooLarge = files.some(({ bytes }) => bytes.length === 0 || bytes.length > attachmentMaxBytes);
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (files.length > attachmentsMax || total > attachmentsTotalMaxBytes || isTooLarge)
    throw new RangeError('attachments');
}
