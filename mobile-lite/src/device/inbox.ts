/**
 * What came from the relay, on this device. The order of work is the promise: check, keep (events, keys and
 * position in one transaction), open, and only then tell. A message whose key has not come waits sealed; what
 * does not open with its key is kept as `unreadable` and shown as such, never dropped in silence.
 */
import { importConversationKey, openJson } from '@estafette/contracts/conversation-seal';
import { importWrappingPublicKey, unwrapConversationKey } from '@estafette/contracts/device-keys';
import type { RelayFrame } from '@estafette/contracts/frames';
import { type Message, MessageSchema } from '@estafette/contracts/message';
import type { KeyEvent } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import {
  type DeviceIdentity,
  type DeviceStore,
  type KeptEvent,
  type KeptKey,
  type KeptState,
  type Place,
  type Position,
  START_POSITION,
} from './device-store.ts';

export type EventFrame = Extract<RelayFrame, { t: 'event' }>;

/**
 * An event and what became of it. `message` null while it waits for its key, or when it cannot be read. `newer`: it was
 * opened, and is of a kind that a later gateway knows and this app does not.
 */
export interface InboxEntry {
  readonly kept: KeptEvent;
  readonly message: Message | null;
  readonly trouble: 'no-key' | 'unreadable' | 'newer' | null;
}

/** What says no type at all is no message of ours, newer or not. */
function isOfKnownType(opened: unknown): boolean {
  const type = (opened as { type?: unknown } | null)?.type;
  return typeof type !== 'string' || MessageSchema.options.some(({ entries }) => entries.type.literal === type);
}

export class Inbox {
  readonly #identity: DeviceIdentity;
  readonly #store: DeviceStore;
  readonly #onEntry: (entry: InboxEntry) => void;
  readonly #keys = new Map<string, CryptoKey>();
  readonly #entries = new Map<string, InboxEntry>();
  #position: Position = START_POSITION;
  #gatewayKey: CryptoKey | undefined;

  /** `onEntry` hears of every event once it is readable (or turns out not to be), in order, after it was kept. */
  constructor(parts: { identity: DeviceIdentity; store: DeviceStore; onEntry: (entry: InboxEntry) => void }) {
    this.#identity = parts.identity;
    this.#store = parts.store;
    this.#onEntry = parts.onEntry;
  }

  get position(): Position {
    return this.#position;
  }

  entries(): IterableIterator<InboxEntry> {
    return this.#entries.values();
  }

  key(conversationId: string): CryptoKey | undefined {
    return this.#keys.get(conversationId);
  }

  /** Takes back what was kept, opening what can be opened; tells nobody. */
  async restore(state: KeptState): Promise<void> {
    this.#position = state.position;
    this.#entries.clear();
    this.#keys.clear();
    for (const kept of state.keys) this.#keys.set(kept.conversationId, kept.key);
    const entries = await Promise.all(state.events.map((kept) => this.#read(kept)));
    for (const entry of entries) this.#entries.set(entry.kept.event.id, entry);
  }

  /** The relay's numbering: a new one voids the cursor, what was kept stays before what comes. */
  adoptEpoch(epoch: string, gap: boolean): void {
    const known = this.#position;
    if (!gap && known.epoch === epoch) return;
    const generation = known.epoch === null ? known.generation : known.generation + 1;
    this.#position = { epoch, cursor: 0, generation };
  }

  /** Keeps a burst of events, then opens and tells them; gives what was told. Throws when the store cannot keep it. */
  async take(frames: readonly EventFrame[]): Promise<InboxEntry[]> {
    const keys: KeptKey[] = [];
    const events: KeptEvent[] = [];
    let cursor = this.#position.cursor;
    const { epoch, generation } = this.#position;
    for (const frame of frames) {
      cursor = Math.max(cursor, frame.seq);
      if (frame.e.kind === 'key') {
        const key = await this.#unwrap(frame.e);
        const { conversationId, expiresAt } = frame.e;
        if (key !== null) keys.push({ conversationId, key, expiresAt });
      } else if (!this.#entries.has(frame.e.id)) {
        events.push({ place: { generation, seq: frame.seq }, at: frame.at, event: frame.e });
      }
    }
    const position = { epoch, cursor, generation };
    await this.#store.keepArrival({ events, keys, position });
    this.#position = position;
    return this.#apply(events, keys);
  }

  /** Forgets a conversation whose key and events the store has erased. */
  forget(conversationId: string): void {
    this.#keys.delete(conversationId);
    for (const [id, entry] of this.#entries) {
      if (entry.kept.event.conversationId === conversationId) this.#entries.delete(id);
    }
  }

  /** The last place known, so that a reply can be shown after it. */
  lastPlace(): Place {
    return { generation: this.#position.generation, seq: this.#position.cursor };
  }

  async #apply(events: readonly KeptEvent[], keys: readonly KeptKey[]): Promise<InboxEntry[]> {
    const told: InboxEntry[] = [];
    const enter = async (kept: KeptEvent): Promise<void> => {
      const entry = await this.#read(kept);
      this.#entries.set(kept.event.id, entry);
      if (entry.trouble === 'no-key') return;
      this.#onEntry(entry);
      told.push(entry);
    };
    for (const { conversationId, key } of keys) {
      this.#keys.set(conversationId, key);
      for (const { kept, trouble } of [...this.#entries.values()]) {
        if (trouble !== null && kept.event.conversationId === conversationId) await enter(kept);
      }
    }
    for (const kept of events) if (!this.#entries.has(kept.event.id)) await enter(kept);
    return told;
  }

  async #read(kept: KeptEvent): Promise<InboxEntry> {
    const { event } = kept;
    if (event.kind === 'refused') return { kept, message: null, trouble: null };
    const key = this.#keys.get(event.conversationId);
    if (key === undefined) return { kept, message: null, trouble: 'no-key' };
    const { kind, conversationId, id, author } = event;
    try {
      const opened = await openJson(key, { kind, conversationId, id, author }, event);
      const read = v.safeParse(MessageSchema, opened);
      if (read.success) return { kept, message: read.output, trouble: null };
      return { kept, message: null, trouble: isOfKnownType(opened) ? 'unreadable' : 'newer' };
    } catch {
      return { kept, message: null, trouble: 'unreadable' };
    }
  }

  /** The conversation key, or null when it is for another device or not from our gateway. */
  async #unwrap(event: KeyEvent): Promise<CryptoKey | null> {
    const { deviceId, wrappingKeys, membership } = this.#identity;
    if (event.device !== deviceId) return null;
    try {
      this.#gatewayKey ??= await importWrappingPublicKey(membership.gatewayKey);
      const { conversationId, enc, ct } = event;
      const gatewayPublicKey = this.#gatewayKey;
      const raw = await unwrapConversationKey({
        deviceKeys: wrappingKeys,
        gatewayPublicKey,
        conversationId,
        deviceId,
        enc,
        ct,
      });
      return await importConversationKey(raw);
    } catch {
      return null;
    }
  }
}
