/**
 * Builds what goes into an inbox: messages and statuses sealed under the conversation key, and the key itself wrapped
 * for each device. Ids are derived from what they name, so that a step that runs twice makes the same events and the
 * relay stores them once. What becomes of an answer and who has read a letter are filled up with spaces, which JSON ignores
 * (RFC 8259 §2): their length would name the state, or the person where the staff is known.
 */
import { type Bytes, base64url, utf8 } from '@estafette/contracts/bytes';
import { sealBytes, sealJson } from '@estafette/contracts/conversation-seal';
import { importWrappingPublicKey, wrapConversationKey } from '@estafette/contracts/device-keys';
import { derivedId } from '@estafette/contracts/ids';
import { READING_LIMITS } from '@estafette/contracts/limits';
import type { Message, ReadMessage, StatusMessage } from '@estafette/contracts/message';
import type { InboxEvent, KeyEvent } from '@estafette/contracts/sealed-event';
import type { Conversation, Device, Vault } from '../ports.ts';
import type { ConversationKey } from './custody.ts';

/** The conversation an event goes into, with its key. */
interface Place {
  readonly conversation: Pick<Conversation, 'id' | 'expiresAt'>;
  readonly key: ConversationKey;
}

export interface EventMaker {
  /** The conversation key for each device. */
  keys(place: Place, devices: readonly Device[]): Promise<KeyEvent[]>;
  /** A message under the id that names it; `author` is the device of a reply that is passed on to the others. */
  message(place: Place, event: { id: string; author?: string }, message: Message): Promise<InboxEvent>;
  /** What became of a reply; `revision` counts its changes and so names the event. */
  status(place: Place, revision: number, status: StatusMessage): Promise<InboxEvent>;
  /** Who has read a letter; the letter, the person and whether its sender was told name the event: each is said once. */
  read(place: Place, read: ReadMessage): Promise<InboxEvent>;
  /** An id that is always the same for the same name. */
  idFor(kind: 'message' | 'event' | 'blob' | 'mail', name: string): string;
}

/** Ids that are always the same for the same name, under the vault. */
export const derivedIds =
  (vault: Vault): EventMaker['idFor'] =>
  (kind, name) =>
    derivedId(kind, vault.index('derived-id', `${kind} ${name}`));

/** The value as JSON, with spaces behind it up to a full step. */
function filledUp(value: Message): Bytes {
  const clear = utf8(JSON.stringify(value));
  const step = READING_LIMITS.statusStepBytes;
  const filled = new Uint8Array(Math.ceil(clear.length / step) * step).fill(0x20);
  filled.set(clear);
  return filled;
}

/** Events of this gateway; `gatewayKeys` is its HPKE key pair. */
export function createEventMaker(options: { vault: Vault; gatewayKeys: CryptoKeyPair }): EventMaker {
  const publicKeys = new Map<string, Promise<CryptoKey>>();
  const idFor = derivedIds(options.vault);

  const publicKeyOf = (device: Device): Promise<CryptoKey> => {
    const known = publicKeys.get(device.wrappingKey) ?? importWrappingPublicKey(device.wrappingKey);
    publicKeys.set(device.wrappingKey, known);
    return known;
  };

  const wrapFor = async ({ conversation, key }: Place, device: Device): Promise<KeyEvent> => {
    const wrapped = await wrapConversationKey({
      gatewayKeys: options.gatewayKeys,
      devicePublicKey: await publicKeyOf(device),
      conversationId: conversation.id,
      deviceId: device.id,
      conversationKey: key.raw,
    });
    const id = idFor('event', `key ${conversation.id} ${device.id}`);
    const { id: conversationId, expiresAt } = conversation;
    return { kind: 'key', id, conversationId, author: 'gateway', expiresAt, device: device.id, ...wrapped };
  };

  const sealed = async (
    { conversation, key }: Place,
    event: { kind: 'message'; id: string; author: string },
    value: Message,
  ): Promise<InboxEvent> => {
    const binding = { ...event, conversationId: conversation.id };
    return { ...binding, expiresAt: conversation.expiresAt, ...(await sealJson(key.key, binding, value)) };
  };

  const sealedStatus = async ({ conversation, key }: Place, name: string, value: Message): Promise<InboxEvent> => {
    const event = { kind: 'status', id: idFor('event', name), author: 'gateway' } as const;
    const binding = { ...event, conversationId: conversation.id };
    const { iv, ct } = await sealBytes(key.key, binding, filledUp(value));
    return { ...binding, expiresAt: conversation.expiresAt, iv: base64url(iv), ct: base64url(ct) };
  };

  return {
    idFor,
    keys: (place, devices) => Promise.all(devices.map((device) => wrapFor(place, device))),
    message: (place, { id, author = 'gateway' }, message) => sealed(place, { kind: 'message', id, author }, message),
    status: (place, revision, status) => sealedStatus(place, `status ${status.replyId} ${revision}`, status),
    read: (place, read) => {
      const told = read.toldSender === true ? 'told ' : '';
      return sealedStatus(place, `read ${told}${place.conversation.id} ${read.letterId} ${read.person}`, read);
    },
  };
}
