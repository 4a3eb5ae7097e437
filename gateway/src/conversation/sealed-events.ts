/**
 * Builds what goes into an inbox: messages and statuses sealed under the conversation key, and the key itself wrapped
 * for each device. Ids are derived from what they name, so that a step that runs twice makes the same events and the
 * relay stores them once.
 */
import { sealJson } from '@estafette/contracts/conversation-seal';
import { importWrappingPublicKey, wrapConversationKey } from '@estafette/contracts/device-keys';
import { derivedId } from '@estafette/contracts/ids';
import type { Message, StatusMessage } from '@estafette/contracts/message';
import type { InboxEvent, KeyEvent } from '@estafette/contracts/sealed-event';
import type { Conversation, Device, Vault } from '../ports.ts';
import type { ConversationKey } from './custody.ts';

export interface EventMaker {
  /** The conversation key for each device. */
  keys(
    conversation: Pick<Conversation, 'id' | 'expiresAt'>,
    key: ConversationKey,
    devices: readonly Device[],
  ): Promise<KeyEvent[]>;
  /** A message; `name` decides its id (the letter in its mailbox, or the reply). */
  message(
    at: { conversation: Pick<Conversation, 'id' | 'expiresAt'>; key: ConversationKey; id: string },
    message: Message,
  ): Promise<InboxEvent>;
  status(
    at: { conversation: Pick<Conversation, 'id' | 'expiresAt'>; key: ConversationKey; revision: number },
    status: StatusMessage,
  ): Promise<InboxEvent>;
  /** An id that is always the same for the same name. */
  idFor(kind: 'message' | 'event' | 'blob', name: string): string;
}

/** Events of this gateway; `gatewayKeys` is its HPKE key pair. */
export function createEventMaker(options: { vault: Vault; gatewayKeys: CryptoKeyPair }): EventMaker {
  const publicKeys = new Map<string, Promise<CryptoKey>>();
  const idFor: EventMaker['idFor'] = (kind, name) =>
    derivedId(kind, options.vault.index('derived-id', `${kind} ${name}`));

  const publicKeyOf = (device: Device): Promise<CryptoKey> => {
    const known = publicKeys.get(device.wrappingKey) ?? importWrappingPublicKey(device.wrappingKey);
    publicKeys.set(device.wrappingKey, known);
    return known;
  };

  const wrapFor = async (
    conversation: Pick<Conversation, 'id' | 'expiresAt'>,
    key: ConversationKey,
    device: Device,
  ): Promise<KeyEvent> => {
    const wrapped = await wrapConversationKey({
      gatewayKeys: options.gatewayKeys,
      devicePublicKey: await publicKeyOf(device),
      conversationId: conversation.id,
      deviceId: device.id,
      conversationKey: key.raw,
    });
    const id = idFor('event', `key ${conversation.id} ${device.id}`);
    return {
      kind: 'key',
      id,
      conversationId: conversation.id,
      author: 'gateway',
      expiresAt: conversation.expiresAt,
      device: device.id,
      ...wrapped,
    };
  };

  const sealed = async (
    kind: 'message' | 'status',
    id: string,
    at: { conversation: Pick<Conversation, 'id' | 'expiresAt'>; key: ConversationKey },
    value: Message,
  ): Promise<InboxEvent> => {
    const binding = { kind, conversationId: at.conversation.id, id, author: 'gateway' } as const;
    return { ...binding, expiresAt: at.conversation.expiresAt, ...(await sealJson(at.key.key, binding, value)) };
  };

  return {
    idFor,
    keys: (conversation, key, devices) => Promise.all(devices.map((device) => wrapFor(conversation, key, device))),
    message: (at, message) => sealed('message', at.id, at, message),
    status: (at, status) => sealed('status', idFor('event', `status ${status.replyId} ${at.revision}`), at, status),
  };
}
