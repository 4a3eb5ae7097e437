/** A device store that lasts as long as its program: for the terminal device and for tests. */
import {
  type Arrival,
  type DeviceIdentity,
  type DeviceStore,
  type KeptEvent,
  type KeptKey,
  type KeptReply,
  type KeptState,
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
  readonly #readMarks = new Map<string, Place>();

  async load(): Promise<KeptState> {
    return {
      identity: this.#identity,
      position: this.#position,
      serverOffsetMs: this.#serverOffsetMs,
      keys: [...this.#keys.values()],
      events: [...this.#events.values()],
      replies: [...this.#replies.values()],
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

  async keepReply(reply: KeptReply): Promise<void> {
    this.#replies.set(reply.reply.replyId, reply);
  }

  async dropReply(replyId: string): Promise<void> {
    this.#replies.delete(replyId);
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
  }

  async eraseAll(): Promise<void> {
    this.#identity = null;
    this.#position = START_POSITION;
    this.#serverOffsetMs = 0;
    for (const kept of [this.#keys, this.#events, this.#replies, this.#readMarks]) kept.clear();
  }
}
