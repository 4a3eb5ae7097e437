/** A device store that lasts as long as its program: for the terminal device and for tests. */
import {
  type Arrival,
  type DeviceIdentity,
  type DeviceStore,
  type KeptEvent,
  type KeptKey,
  type KeptReceipt,
  type KeptReply,
  type KeptState,
  type KeptUpload,
  type Place,
  type Position,
  START_POSITION,
} from './device-store.ts';

export class MemoryDeviceStore implements DeviceStore {
  #identity: DeviceIdentity | null = null;
  #position: Position = START_POSITION;
  #serverOffsetMs = 0;
  readonly #keys = new Map<string, KeptKey>();
  readonly #events = new Map<string, KeptEvent>();
  readonly #replies = new Map<string, KeptReply>();
  readonly #uploads = new Map<string, KeptUpload>();
  readonly #receipts = new Map<string, KeptReceipt>();
  readonly #readMarks = new Map<string, Place>();

  async load(): Promise<KeptState> {
    return {
      identity: this.#identity,
      position: this.#position,
      serverOffsetMs: this.#serverOffsetMs,
      keys: [...this.#keys.values()],
      events: [...this.#events.values()],
      replies: [...this.#replies.values()],
      receipts: [...this.#receipts.values()],
      readMarks: new Map(this.#readMarks),
    };
  }

  async keepIdentity(identity: DeviceIdentity): Promise<void> {
    this.#identity = identity;
  }

  async keepArrival(arrival: Arrival): Promise<void> {
    for (const kept of arrival.keys) this.#keys.set(kept.conversationId, kept);
    for (const kept of arrival.events) if (!this.#events.has(kept.event.id)) this.#events.set(kept.event.id, kept);
    this.#position = arrival.position;
  }

  async keepReply(reply: KeptReply, uploads: readonly KeptUpload[] = []): Promise<void> {
    this.#replies.set(reply.reply.replyId, reply);
    for (const upload of uploads) this.#uploads.set(upload.blobId, upload);
  }

  async dropReply(replyId: string): Promise<void> {
    this.#replies.delete(replyId);
    await this.dropUploads(replyId);
  }

  async keepUpload(upload: KeptUpload): Promise<void> {
    if (this.#uploads.has(upload.blobId)) this.#uploads.set(upload.blobId, upload);
  }

  async uploadsOf(replyId: string): Promise<KeptUpload[]> {
    return [...this.#uploads.values()].filter((upload) => upload.replyId === replyId);
  }

  async upload(blobId: string): Promise<KeptUpload | null> {
    return this.#uploads.get(blobId) ?? null;
  }

  async dropUploads(replyId: string): Promise<void> {
    for (const { blobId } of await this.uploadsOf(replyId)) this.#uploads.delete(blobId);
  }

  async keepReceipt(receipt: KeptReceipt): Promise<void> {
    this.#receipts.set(receipt.receipt.letterId, receipt);
  }

  async keepServerOffset(offsetMs: number): Promise<void> {
    this.#serverOffsetMs = offsetMs;
  }

  async keepReadMark(conversationId: string, place: Place): Promise<void> {
    this.#readMarks.set(conversationId, place);
  }

  async eraseConversation(conversationId: string): Promise<void> {
    this.#keys.delete(conversationId);
    this.#readMarks.delete(conversationId);
    for (const [id, kept] of this.#events) if (kept.event.conversationId === conversationId) this.#events.delete(id);
    for (const [id, kept] of this.#replies) if (kept.reply.conversationId === conversationId) this.#replies.delete(id);
    for (const [id, kept] of this.#uploads) if (kept.conversationId === conversationId) this.#uploads.delete(id);
    for (const [id, { receipt }] of this.#receipts) {
      if (receipt.conversationId === conversationId) this.#receipts.delete(id);
    }
  }

  async eraseAll(): Promise<void> {
    this.#identity = null;
    this.#position = START_POSITION;
    this.#serverOffsetMs = 0;
    const kept = [this.#keys, this.#events, this.#replies, this.#uploads, this.#receipts, this.#readMarks];
    for (const one of kept) one.clear();
  }
}
