/**
 * What a device keeps, and the promises of keeping it. Events are kept as received (ciphertext); conversation
 * keys as WebCrypto keys that cannot be exported. A promise resolves when the write is durable: only then is an
 * event acknowledged, and only then is a reply offered to the relay. Two implementations: IndexedDB in the
 * browser, memory in the terminal and in tests.
 */
import type { Bytes } from '@estafette/contracts/bytes';
import type { Membership } from '@estafette/contracts/enrolment';
import type { InboxEvent, ReadReceipt, SealedReply } from '@estafette/contracts/sealed-event';

/** Who this device is. The private halves of both pairs cannot be exported. */
export interface DeviceIdentity {
  readonly deviceId: string;
  readonly wrappingKeys: CryptoKeyPair;
  readonly signingKeys: CryptoKeyPair;
  readonly membership: Membership;
}

/**
 * Where something stands in the one order. `seq` is the relay's number; `generation` counts the times the relay
 * forgot its numbers (a `gap`), so that what came before stays before.
 */
export interface Place {
  readonly generation: number;
  readonly seq: number;
}

/** How far this device has read the inbox of the relay; `epoch` null before the first welcome. */
export interface Position {
  readonly epoch: string | null;
  readonly cursor: number;
  readonly generation: number;
}

export const START_POSITION: Position = { epoch: null, cursor: 0, generation: 0 };

/** A conversation key, and when its conversation expires as known when the key came. */
export interface KeptKey {
  readonly conversationId: string;
  readonly key: CryptoKey;
  readonly expiresAt: number;
}

/** An event as received, and when the relay stored it (milliseconds since 1970). */
export interface KeptEvent {
  readonly place: Place;
  readonly at: number;
  readonly event: Exclude<InboxEvent, { kind: 'key' }>;
}

/**
 * A reply written on this device. It stays `waiting` until the relay has it (`queued`) and is `settled` when the
 * gateway has spoken; `held` waits for the person's word; `refused` will never leave.
 */
export interface KeptReply {
  readonly reply: SealedReply;
  readonly stage: 'waiting' | 'queued' | 'held' | 'settled' | 'refused';
  /** Code of the relay's refusal. */
  readonly failure: string | null;
  /** Server time when it was written, milliseconds since 1970. */
  readonly writtenAt: number;
  /** The last event known when it was written: it is shown after that one. */
  readonly after: Place;
}

/** A photo or file of a reply, sealed; kept until the gateway has spoken of the reply. */
export interface KeptUpload {
  readonly blobId: string;
  readonly replyId: string;
  readonly conversationId: string;
  readonly stored: Bytes;
  /** Server time when the relay took it, milliseconds since 1970; null before. */
  readonly uploadedAt: number | null;
}

/** A letter was seen. Kept after it was `noted`, so that it is told once. */
export interface KeptReceipt {
  readonly receipt: ReadReceipt;
  readonly noted: boolean;
}

/** Everything at once, for a start; the bytes of uploads stay on the disk until they are asked for. */
export interface KeptState {
  readonly identity: DeviceIdentity | null;
  readonly position: Position;
  readonly serverOffsetMs: number;
  readonly keys: readonly KeptKey[];
  readonly events: readonly KeptEvent[];
  readonly replies: readonly KeptReply[];
  readonly receipts: readonly KeptReceipt[];
  /** Conversation id → the last place the person has seen. */
  readonly readMarks: ReadonlyMap<string, Place>;
}

/** What one burst of frames brought; kept in one transaction or not at all. */
export interface Arrival {
  readonly events: readonly KeptEvent[];
  readonly keys: readonly KeptKey[];
  readonly position: Position;
}

export interface DeviceStore {
  load(): Promise<KeptState>;
  keepIdentity(identity: DeviceIdentity): Promise<void>;
  /** Events, keys and position in one transaction. An event whose id is already kept is left as it was. */
  keepArrival(arrival: Arrival): Promise<void>;
  /** With what it brings, in one transaction. */
  keepReply(reply: KeptReply, uploads?: readonly KeptUpload[]): Promise<void>;
  /** The reply, and its uploads with it. */
  dropReply(replyId: string): Promise<void>;
  keepUpload(upload: KeptUpload): Promise<void>;
  uploadsOf(replyId: string): Promise<KeptUpload[]>;
  upload(blobId: string): Promise<KeptUpload | null>;
  dropUploads(replyId: string): Promise<void>;
  keepReceipt(receipt: KeptReceipt): Promise<void>;
  keepServerOffset(offsetMs: number): Promise<void>;
  keepReadMark(conversationId: string, place: Place): Promise<void>;
  /** Key, events, replies, uploads, receipts and marks of a conversation, in one transaction. */
  eraseConversation(conversationId: string): Promise<void>;
  /** Forgets everything, identity included. */
  eraseAll(): Promise<void>;
}

/** Negative when `a` comes before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.generation - b.generation || a.seq - b.seq;
}
