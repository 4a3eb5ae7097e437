/**
 * The gateway's part in tests of the device: it makes enrolment links, answers requests to join, wraps conversation
 * keys, seals messages and opens replies, with the code of contracts and nothing of the real gateway. It says what
 * it wants stored through `store`, so that a test decides what a relay does with it.
 */
import { randomBytes, webcrypto } from 'node:crypto';
import type { Bytes } from '@estafette/contracts/bytes';
import {
  importConversationKey,
  openBlob,
  openJson,
  receiptSignatureInput,
  replySignatureInput,
  sealBlob,
  sealJson,
} from '@estafette/contracts/conversation-seal';
import {
  exportPublicKey,
  importWrappingPublicKey,
  makeWrappingKeys,
  verifyDeviceSignature,
  wrapConversationKey,
} from '@estafette/contracts/device-keys';
import {
  checkEnrolmentProof,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  enrolmentLink,
  type Membership,
  sealMembership,
} from '@estafette/contracts/enrolment';
import { newId } from '@estafette/contracts/ids';
import type { FilingMessage, Message, ReplyMessage, StatusMessage } from '@estafette/contracts/message';
import type { InboxEvent, ReadReceipt, SealedReply } from '@estafette/contracts/sealed-event';

export interface DoubleConversation {
  readonly conversationId: string;
  readonly key: CryptoKey;
  readonly raw: Bytes;
  expiresAt: number;
}

export class GatewayDouble {
  readonly #store: (event: InboxEvent) => void;
  readonly #links = new Map<string, Bytes>();
  readonly devices = new Map<string, EnrolmentRequest>();
  readonly conversations = new Map<string, DoubleConversation>();
  #keys: CryptoKeyPair | undefined;

  constructor(store: (event: InboxEvent) => void) {
    this.#store = store;
  }

  /** A one-time link for the demo pharmacy. */
  makeLink(webAddress: string): string {
    const enrolmentId = newId('enrolment');
    const secret = new Uint8Array(randomBytes(32));
    this.#links.set(enrolmentId, secret);
    return enrolmentLink(webAddress, enrolmentId, secret);
  }

  async answerEnrolment(request: EnrolmentRequest): Promise<EnrolmentAnswer> {
    const secret = this.#links.get(request.enrolmentId);
    if (secret === undefined) return { outcome: 'refused', failure: 'enrolment-used' };
    if (!(await checkEnrolmentProof(secret, request))) return { outcome: 'refused', failure: 'enrolment-unknown' };
    this.#links.delete(request.enrolmentId);
    this.devices.set(request.deviceId, request);
    const membership: Membership = {
      mailboxId: newId('mailbox'),
      address: 'pharmacie.tilleuls@pharmacie.example',
      mailboxName: 'Pharmacie des Tilleuls',
      person: 'Inès BERGER',
      gatewayKey: await exportPublicKey((await this.#ownKeys()).publicKey),
    };
    return sealMembership(secret, request, membership);
  }

  async openConversation(ttlMs: number): Promise<DoubleConversation> {
    const raw = new Uint8Array(randomBytes(32));
    const key = await importConversationKey(raw);
    const conversation = { conversationId: newId('conversation'), key, raw, expiresAt: Date.now() + ttlMs };
    this.conversations.set(conversation.conversationId, conversation);
    return conversation;
  }

  /** Wraps the conversation key for every device that joined. */
  async sendKey(conversation: DoubleConversation): Promise<void> {
    const { conversationId, expiresAt, raw } = conversation;
    for (const { deviceId, wrappingKey } of this.devices.values()) {
      const wrapped = await wrapConversationKey({
        gatewayKeys: await this.#ownKeys(),
        devicePublicKey: await importWrappingPublicKey(wrappingKey),
        conversationId,
        deviceId,
        conversationKey: raw,
      });
      const id = newId('event');
      this.#store({ kind: 'key', id, conversationId, author: 'gateway', expiresAt, device: deviceId, ...wrapped });
    }
  }

  /** Seals and stores a message; gives the event, so that a test can store it again. */
  async sendMessage(conversation: DoubleConversation, message: Message): Promise<InboxEvent> {
    const kind = message.type === 'status' || message.type === 'read' ? 'status' : 'message';
    const event = await this.sealMessage(conversation, kind, message);
    this.#store(event);
    return event;
  }

  async sealMessage(
    conversation: DoubleConversation,
    kind: 'message' | 'status',
    message: Message,
  ): Promise<InboxEvent> {
    const { conversationId, expiresAt, key } = conversation;
    const binding = { kind, conversationId, id: newId('event'), author: 'gateway' } as const;
    return { ...binding, expiresAt, ...(await sealJson(key, binding, message)) };
  }

  sendStatus(replyId: string, conversationId: string, status: Partial<StatusMessage>): Promise<InboxEvent> {
    const conversation = this.#conversation(conversationId);
    const at = new Date().toISOString();
    const plain = { type: 'status', replyId, state: 'accepted', failure: null, certain: true, at } as const;
    return this.sendMessage(conversation, { ...plain, ...status });
  }

  /** Opens a reply, checking the device's signature. */
  async openReply(deviceId: string, reply: SealedReply): Promise<ReplyMessage> {
    return (await this.openWritten(deviceId, reply)) as ReplyMessage;
  }

  /** Opens what a device wrote: a reply, or the wish to file. */
  async openWritten(deviceId: string, reply: SealedReply): Promise<ReplyMessage | FilingMessage> {
    const device = this.devices.get(deviceId);
    const input = replySignatureInput(deviceId, reply);
    if (device === undefined || !(await verifyDeviceSignature(device.signingKey, reply.signature, input))) {
      throw new Error('reply-author-unknown');
    }
    const { conversationId, replyId } = reply;
    const binding = { kind: 'reply', conversationId, id: replyId, author: deviceId } as const;
    return (await openJson(this.#conversation(conversationId).key, binding, reply)) as ReplyMessage | FilingMessage;
  }

  /** Whether a receipt was signed by this device. */
  async isSigned(deviceId: string, receipt: ReadReceipt): Promise<boolean> {
    const device = this.devices.get(deviceId);
    const input = receiptSignatureInput(deviceId, receipt);
    return device !== undefined && verifyDeviceSignature(device.signingKey, receipt.signature, input);
  }

  /** The clear bytes of what a device uploaded. */
  openUpload(conversationId: string, blobId: string, stored: Uint8Array): Promise<Bytes> {
    return openBlob(this.#conversation(conversationId).key, conversationId, blobId, new Uint8Array(stored));
  }

  async sealBlob(
    conversation: DoubleConversation,
    clear: Bytes,
  ): Promise<{ blobId: string; stored: Bytes; sha256: string }> {
    const blobId = newId('blob');
    const stored = await sealBlob(conversation.key, conversation.conversationId, blobId, clear);
    const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', clear)).toString('hex');
    return { blobId, stored, sha256 };
  }

  #conversation(conversationId: string): DoubleConversation {
    const found = this.conversations.get(conversationId);
    if (found === undefined) throw new Error('no such conversation');
    return found;
  }

  async #ownKeys(): Promise<CryptoKeyPair> {
    this.#keys ??= await makeWrappingKeys(true);
    return this.#keys;
  }
}
