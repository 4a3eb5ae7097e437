/**
 * Opens a reply, or the wish to file something, from a device: the device is known and of this mailbox, its signature covers the sealed bytes, the
 * conversation key opens them, and they fit their schema. Each refusal is a code of the catalogue. The relay can
 * neither write nor move a reply: it holds no key and cannot sign.
 */
import { openJson, replySignatureInput } from '@estafette/contracts/conversation-seal';
import { verifyDeviceSignature } from '@estafette/contracts/device-keys';
import { Refusal } from '@estafette/contracts/failure';
import {
  type FilingMessage,
  FilingMessageSchema,
  type ReplyMessage,
  ReplyMessageSchema,
} from '@estafette/contracts/message';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import type { Device } from '../ports.ts';

/** Whether the frame was signed by this device of this mailbox; throws `Refusal` when not. */
export async function checkReplyAuthor(device: Device | null, mailboxId: string, reply: SealedReply): Promise<Device> {
  if (device === null || device.mailboxId !== mailboxId) throw new Refusal('reply-author-unknown');
  const right = await verifyDeviceSignature(device.signingKey, reply.signature, replySignatureInput(device.id, reply));
  if (!right) throw new Refusal('reply-author-unknown', 'signature');
  return device;
}

type Sealed = Pick<SealedReply, 'replyId' | 'conversationId' | 'iv' | 'ct'>;

const AskedSchema = v.variant('type', [ReplyMessageSchema, FilingMessageSchema]);

/** What was asked, in clear; throws `Refusal` when it does not open or does not fit. */
export async function openAsked(
  key: CryptoKey,
  deviceId: string,
  reply: Sealed,
): Promise<ReplyMessage | FilingMessage> {
  const binding = { kind: 'reply', conversationId: reply.conversationId, id: reply.replyId, author: deviceId } as const;
  const clear = await openJson(key, binding, reply).catch((error: unknown) => {
    throw new Refusal('reply-malformed', 'does not open', { cause: error });
  });
  const parsed = v.safeParse(AskedSchema, clear);
  if (!parsed.success || parsed.output.replyId !== reply.replyId)
    throw new Refusal('reply-malformed', 'does not fit its schema');
  const { output } = parsed;
  if (output.type === 'reply' && output.text.trim() === '' && (output.attachments ?? []).length === 0)
    throw new Refusal('reply-malformed', 'says nothing');
  return output;
}

/** The reply in clear. */
export async function openReply(key: CryptoKey, deviceId: string, reply: Sealed): Promise<ReplyMessage> {
  const asked = await openAsked(key, deviceId, reply);
  if (asked.type !== 'reply') throw new Refusal('reply-malformed', 'no reply');
  return asked;
}
