/**
 * The device store of the browser, in IndexedDB. CryptoKeys are stored by structured clone, so that the private
 * halves never exist as bytes in the page. Writes ask for `strict` durability: what is acknowledged is on the
 * disk. An arrival is one transaction: either its events, its keys and the position are kept, or none is.
 */
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

/** What each store holds; `self` holds single values by name. */
interface Kinds {
  self: DeviceIdentity | Position | number;
  keys: KeptKey;
  events: KeptEvent;
  replies: KeptReply;
  readMarks: Place;
  uploads: KeptUpload;
  receipts: KeptReceipt;
}
type StoreName = keyof Kinds;

const STORES: readonly StoreName[] = ['self', 'keys', 'events', 'replies', 'readMarks', 'uploads', 'receipts'];
/** Stores whose values belong to a conversation and name it by an index. */
const BY_CONVERSATION: readonly StoreName[] = ['events', 'replies', 'uploads', 'receipts'];
const VERSION = 2;

export class IndexedDeviceStore implements DeviceStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Opens (and on first use makes) the database. Throws where the browser offers no storage. */
  static async open(name = 'estafette'): Promise<IndexedDeviceStore> {
    const opening = indexedDB.open(name, VERSION);
    opening.onupgradeneeded = ({ oldVersion }) => makeStores(opening.result, oldVersion);
    const database = await answerOf(opening);
    // A newer version of the app in another tab must not wait for this one.
    database.onversionchange = () => database.close();
    return new IndexedDeviceStore(database);
  }

  async load(): Promise<KeptState> {
    const tx = this.#database.transaction([...STORES]);
    const all = <S extends StoreName>(name: S): Promise<Kinds[S][]> => answerOf(tx.objectStore(name).getAll());
    const self = <T>(name: string): Promise<T | undefined> => answerOf(tx.objectStore('self').get(name));
    const [identity, position, offset, keys, events, replies, receipts, markIds, marks] = await Promise.all([
      self<DeviceIdentity>('identity'),
      self<Position>('position'),
      self<number>('serverOffsetMs'),
      all('keys'),
      all('events'),
      all('replies'),
      all('receipts'),
      answerOf(tx.objectStore('readMarks').getAllKeys()),
      all('readMarks'),
    ]);
    return {
      identity: identity ?? null,
      position: position ?? START_POSITION,
      serverOffsetMs: offset ?? 0,
      keys,
      events,
      replies,
      receipts,
      readMarks: pair(markIds, marks),
    };
  }

  keepIdentity(identity: DeviceIdentity): Promise<void> {
    return this.#write(['self'], (tx) => tx.objectStore('self').put(identity, 'identity'));
  }

  keepArrival(arrival: Arrival): Promise<void> {
    return this.#write(['self', 'keys', 'events'], (tx) => {
      tx.objectStore('self').put(arrival.position, 'position');
      for (const kept of arrival.keys) tx.objectStore('keys').put(kept);
      const events = tx.objectStore('events');
      for (const kept of arrival.events) {
        const known = events.getKey(kept.event.id);
        known.onsuccess = () => {
          if (known.result === undefined) events.put(kept);
        };
      }
    });
  }

  keepReply(reply: KeptReply, uploads: readonly KeptUpload[] = []): Promise<void> {
    return this.#write(['replies', 'uploads'], (tx) => {
      tx.objectStore('replies').put(reply);
      for (const upload of uploads) tx.objectStore('uploads').put(upload);
    });
  }

  dropReply(replyId: string): Promise<void> {
    return this.#write(['replies', 'uploads'], (tx) => {
      tx.objectStore('replies').delete(replyId);
      deleteBy(tx.objectStore('uploads'), 'reply', replyId);
    });
  }

  keepUpload(upload: KeptUpload): Promise<void> {
    return this.#write(['uploads'], (tx) => {
      const uploads = tx.objectStore('uploads');
      const known = uploads.getKey(upload.blobId);
      // The conversation may have been erased while the bytes were on their way.
      known.onsuccess = () => {
        if (known.result !== undefined) uploads.put(upload);
      };
    });
  }

  uploadsOf(replyId: string): Promise<KeptUpload[]> {
    return answerOf(this.#database.transaction('uploads').objectStore('uploads').index('reply').getAll(replyId));
  }

  async upload(blobId: string): Promise<KeptUpload | null> {
    return (await answerOf(this.#database.transaction('uploads').objectStore('uploads').get(blobId))) ?? null;
  }

  dropUploads(replyId: string): Promise<void> {
    return this.#write(['uploads'], (tx) => deleteBy(tx.objectStore('uploads'), 'reply', replyId));
  }

  keepReceipt(receipt: KeptReceipt): Promise<void> {
    return this.#write(['receipts'], (tx) => tx.objectStore('receipts').put(receipt));
  }

  keepServerOffset(offsetMs: number): Promise<void> {
    return this.#write(['self'], (tx) => tx.objectStore('self').put(offsetMs, 'serverOffsetMs'));
  }

  keepReadMark(conversationId: string, place: Place): Promise<void> {
    return this.#write(['readMarks'], (tx) => tx.objectStore('readMarks').put(place, conversationId));
  }

  eraseConversation(conversationId: string): Promise<void> {
    return this.#write(STORES, (tx) => {
      for (const name of BY_CONVERSATION) deleteBy(tx.objectStore(name), 'conversation', conversationId);
      for (const name of ['keys', 'readMarks']) tx.objectStore(name).delete(conversationId);
    });
  }

  eraseAll(): Promise<void> {
    return this.#write(STORES, (tx) => {
      for (const name of STORES) tx.objectStore(name).clear();
    });
  }

  /** One transaction; resolves when it is on the disk, rejects when nothing of it was kept. */
  #write(stores: readonly StoreName[], work: (tx: IDBTransaction) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.#database.transaction([...stores], 'readwrite', { durability: 'strict' });
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error('the store could not keep it'));
      work(tx);
    });
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function deleteBy(store: IDBObjectStore, index: string, value: string): void {
  const found = store.index(index).getAllKeys(value);
  found.onsuccess = () => {
    for (const id of found.result) store.delete(id);
  };
}

/** Makes what an older version of the app had not; version 1 knew no uploads and no receipts. */
function makeStores(made: IDBDatabase, before: number): void {
  if (before < 1) {
    made.createObjectStore('self');
    made.createObjectStore('keys', { keyPath: 'conversationId' });
    made.createObjectStore('events', { keyPath: 'event.id' }).createIndex('conversation', 'event.conversationId');
    const replies = made.createObjectStore('replies', { keyPath: 'reply.replyId' });
    replies.createIndex('conversation', 'reply.conversationId');
    made.createObjectStore('readMarks');
  }
  const uploads = made.createObjectStore('uploads', { keyPath: 'blobId' });
  uploads.createIndex('conversation', 'conversationId');
  uploads.createIndex('reply', 'replyId');
  const receipts = made.createObjectStore('receipts', { keyPath: 'receipt.letterId' });
  receipts.createIndex('conversation', 'receipt.conversationId');
}

function pair<T>(ids: readonly IDBValidKey[], values: readonly T[]): Map<string, T> {
  const pairs = new Map<string, T>();
  ids.forEach((id, index) => {
    const value = values[index];
    if (value !== undefined) pairs.set(String(id), value);
  });
  return pairs;
}
