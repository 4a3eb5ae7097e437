/**
 * The device store of the browser, in IndexedDB. CryptoKeys are stored by structured clone, so that the private
 * halves never exist as bytes in the page. Writes ask for `strict` durability: what is acknowledged is on the
 * disk. An arrival is one transaction: either its events, its keys and the position are kept, or none is.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
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

interface Schema extends DBSchema {
  /** Single values by name. */
  self: { key: 'identity' | 'position' | 'serverOffsetMs'; value: DeviceIdentity | Position | number };
  keys: { key: string; value: KeptKey };
  events: { key: string; value: KeptEvent; indexes: { conversation: string } };
  replies: { key: string; value: KeptReply; indexes: { conversation: string } };
  readMarks: { key: string; value: Place };
}

const STORES = ['self', 'keys', 'events', 'replies', 'readMarks'] as const;
const STRICT = { durability: 'strict' } as const;

export class IndexedDeviceStore implements DeviceStore {
  readonly #database: IDBPDatabase<Schema>;

  private constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  /** Opens (and on first use makes) the database. Throws where the browser offers no storage. */
  static async open(name = 'estafette'): Promise<IndexedDeviceStore> {
    const database = await openDB<Schema>(name, 1, {
      upgrade(made) {
        made.createObjectStore('self');
        made.createObjectStore('keys', { keyPath: 'conversationId' });
        made.createObjectStore('events', { keyPath: 'event.id' }).createIndex('conversation', 'event.conversationId');
        made
          .createObjectStore('replies', { keyPath: 'reply.replyId' })
          .createIndex('conversation', 'reply.conversationId');
        made.createObjectStore('readMarks');
      },
      // A newer version of the app in another tab must not wait for this one.
      blocking(_current, _next, event) {
        (event.target as IDBDatabase).close();
      },
    });
    return new IndexedDeviceStore(database);
  }

  async load(): Promise<KeptState> {
    const tx = this.#database.transaction(STORES, 'readonly');
    const self = tx.objectStore('self');
    const marks = tx.objectStore('readMarks');
    const [identity, position, offset, keys, events, replies, markIds, markValues] = await Promise.all([
      self.get('identity'),
      self.get('position'),
      self.get('serverOffsetMs'),
      tx.objectStore('keys').getAll(),
      tx.objectStore('events').getAll(),
      tx.objectStore('replies').getAll(),
      marks.getAllKeys(),
      marks.getAll(),
    ]);
    return {
      identity: (identity as DeviceIdentity | undefined) ?? null,
      position: (position as Position | undefined) ?? START_POSITION,
      serverOffsetMs: (offset as number | undefined) ?? 0,
      keys,
      events,
      replies,
      readMarks: pair(markIds, markValues),
    };
  }

  async keepIdentity(identity: DeviceIdentity): Promise<void> {
    const tx = this.#database.transaction('self', 'readwrite', STRICT);
    await Promise.all([tx.store.put(identity, 'identity'), tx.done]);
  }

  async keepArrival(arrival: Arrival): Promise<void> {
    const tx = this.#database.transaction(['self', 'keys', 'events'], 'readwrite', STRICT);
    const events = tx.objectStore('events');
    const known = await Promise.all(arrival.events.map((kept) => events.getKey(kept.event.id)));
    const writes: Promise<unknown>[] = [tx.objectStore('self').put(arrival.position, 'position')];
    for (const kept of arrival.keys) writes.push(tx.objectStore('keys').put(kept));
    arrival.events.forEach((kept, index) => {
      if (known[index] === undefined) writes.push(events.put(kept));
    });
    await Promise.all([...writes, tx.done]);
  }

  async keepReply(reply: KeptReply): Promise<void> {
    const tx = this.#database.transaction('replies', 'readwrite', STRICT);
    await Promise.all([tx.store.put(reply), tx.done]);
  }

  async dropReply(replyId: string): Promise<void> {
    await this.#database.delete('replies', replyId);
  }

  async keepServerOffset(offsetMs: number): Promise<void> {
    await this.#database.put('self', offsetMs, 'serverOffsetMs');
  }

  async keepReadMark(conversationId: string, place: Place): Promise<void> {
    await this.#database.put('readMarks', place, conversationId);
  }

  async eraseConversation(conversationId: string): Promise<void> {
    const tx = this.#database.transaction(STORES, 'readwrite', STRICT);
    const events = tx.objectStore('events');
    const replies = tx.objectStore('replies');
    const [eventIds, replyIds] = await Promise.all([
      events.index('conversation').getAllKeys(conversationId),
      replies.index('conversation').getAllKeys(conversationId),
    ]);
    await Promise.all([
      tx.objectStore('keys').delete(conversationId),
      tx.objectStore('readMarks').delete(conversationId),
      ...eventIds.map((id) => events.delete(id)),
      ...replyIds.map((id) => replies.delete(id)),
      tx.done,
    ]);
  }

  async eraseAll(): Promise<void> {
    const tx = this.#database.transaction(STORES, 'readwrite', STRICT);
    await Promise.all([...STORES.map((name) => tx.objectStore(name).clear()), tx.done]);
  }
}

function pair<T>(ids: readonly string[], values: readonly T[]): Map<string, T> {
  const pairs = new Map<string, T>();
  ids.forEach((id, index) => {
    const value = values[index];
    if (value !== undefined) pairs.set(id, value);
  });
  return pairs;
}
