/**
 * What the stages of the gateway may ask of the world. Stages import this file, the contracts and themselves;
 * `main.ts` gives them the adapters.
 */
import type { KeyObject } from 'node:crypto';
import type { AuditEntry } from '@estafette/contracts/audit-events';
import type { ReplyState } from '@estafette/contracts/status';

export type { BlobStore, Clock, EpochKeys, Log, Queues, Vault } from '@estafette/runtime/ports';
export { GiveUp } from '@estafette/runtime/ports';

export type MailboxKind = 'PER' | 'ORG' | 'APP' | 'CAB';

export interface Mailbox {
  readonly id: string;
  /** Lower case. */
  readonly address: string;
  readonly name: string;
  readonly kind: MailboxKind;
}

/** A key of a mailbox with its certificate and the certificates above it, DER. */
export interface MailboxKey {
  readonly id: string;
  readonly mailboxId: string;
  readonly certificate: Buffer;
  readonly chain: readonly Buffer[];
  readonly privateKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Device {
  readonly id: string;
  readonly mailboxId: string;
  readonly person: string;
  readonly wrappingKey: string;
  readonly signingKey: string;
  /** Milliseconds since 1970, or null for a device without end. */
  readonly validUntil: number | null;
}

export interface Enrolment {
  readonly id: string;
  readonly mailboxId: string;
  readonly person: string;
  readonly secret: Buffer;
  readonly expiresAt: number;
  readonly usedBy: string | null;
  /** Life of the device it makes, in seconds; null for a phone. */
  readonly deviceTtlSeconds: number | null;
}

export interface Conversation {
  readonly id: string;
  readonly mailboxId: string;
  readonly correspondentIndex: Buffer;
  readonly epoch: string;
  readonly wrappedKey: Buffer;
  readonly expiresAt: number;
  readonly erasedAt: number | null;
}

export interface Correspondent {
  readonly addressIndex: Buffer;
  readonly certificate: Buffer;
  readonly fingerprint: string;
}

export interface LetterRow {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly dedupeIndex: Buffer;
  readonly state: 'routed' | 'delivered';
  /** Whether an answer can go to its sender. */
  readonly answerable: boolean;
  readonly route: string;
}

export interface ReplyRow {
  readonly id: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly deviceId: string;
  readonly state: ReplyState;
  readonly failure: string | null;
  readonly certain: boolean;
  /** Counts the changes of state: names the status events. */
  readonly revision: number;
  readonly announcedRevision: number;
  readonly attempts: number;
  /** The reply as it came, sealed under the conversation key. */
  readonly sealed: { readonly iv: string; readonly ct: string };
}

export interface TraceLine extends AuditEntry {
  readonly at: number;
}

/**
 * What lasts (SQL). Every method is one transaction; `transaction` makes several of them one. Addresses of
 * correspondents, names of persons and keys are sealed by the adapter; look-ups go by keyed digest.
 */
export interface LastingStore {
  transaction<T>(work: (store: LastingStore) => Promise<T>): Promise<T>;

  addMailbox(mailbox: Mailbox): Promise<void>;
  mailboxByAddress(address: string): Promise<Mailbox | null>;
  mailboxById(id: string): Promise<Mailbox | null>;
  mailboxes(): Promise<Mailbox[]>;
  addMailboxKey(key: MailboxKey): Promise<void>;
  /** Newest first. */
  keysOf(mailboxId: string): Promise<MailboxKey[]>;

  addEnrolment(enrolment: Enrolment): Promise<void>;
  enrolment(id: string): Promise<Enrolment | null>;
  /** Marks the link as used by this device; false when another device used it. */
  useEnrolment(id: string, deviceId: string): Promise<boolean>;
  addDevice(device: Device): Promise<void>;
  device(id: string, now: number): Promise<Device | null>;
  devicesOf(mailboxId: string, now: number): Promise<Device[]>;
  liveDevices(now: number): Promise<Device[]>;
  revokeDevice(id: string, now: number): Promise<void>;

  correspondent(addressIndex: Buffer): Promise<Correspondent | null>;
  saveCorrespondent(correspondent: Correspondent, now: number): Promise<void>;

  addConversation(conversation: Conversation, now: number): Promise<void>;
  conversation(id: string): Promise<Conversation | null>;
  liveConversations(mailboxId: string, now: number): Promise<Conversation[]>;
  /** A later expiry with its wrapped key; never an earlier one. */
  extendConversation(id: string, change: { epoch: string; wrappedKey: Buffer; expiresAt: number }): Promise<void>;
  /** Marks every conversation past its expiry as erased; gives their ids. */
  eraseExpired(now: number): Promise<string[]>;

  addLetter(letter: LetterRow, now: number): Promise<void>;
  letterByDedupe(mailboxId: string, dedupeIndex: Buffer): Promise<LetterRow | null>;
  lettersOf(letterId: string): Promise<LetterRow[]>;
  markDelivered(letterId: string, mailboxId: string): Promise<void>;
  lastAnswerableLetter(conversationId: string): Promise<LetterRow | null>;
  /** What the answer to a letter needs (subject, ids, quote), sealed under the conversation key. */
  saveLetterContext(letterId: string, mailboxId: string, sealed: Buffer): Promise<void>;
  letterContext(letterId: string, mailboxId: string): Promise<Buffer | null>;

  /** Remembers a Message-ID of a conversation, and what it names (`letterId` or `replyId`). */
  rememberMessageId(entry: {
    mailboxId: string;
    messageIdIndex: Buffer;
    conversationId: string;
    subject: string;
    direction: 'in' | 'out';
  }): Promise<void>;
  conversationByMessageId(
    mailboxId: string,
    messageIdIndex: Buffer,
    direction: 'in' | 'out' | 'any',
  ): Promise<string | null>;
  subjectsByMessageId(messageIdIndex: Buffer): Promise<string[]>;

  addBlob(blob: { blobId: string; mailboxId: string; conversationId: string }): Promise<void>;
  blobsOf(conversationId: string): Promise<{ blobId: string; mailboxId: string }[]>;
  forgetBlobs(conversationId: string): Promise<void>;

  /** False when the reply is already known. */
  addReply(reply: ReplyRow, now: number): Promise<boolean>;
  reply(id: string): Promise<ReplyRow | null>;
  /** A change of state; `revision` grows by one. */
  changeReply(
    id: string,
    change: { state: ReplyState; failure: string | null; certain: boolean },
    now: number,
  ): Promise<ReplyRow>;
  countAttempt(id: string): Promise<number>;
  markAnnounced(id: string, revision: number): Promise<void>;
  /** Replies with something left to do or to announce. */
  unfinishedReplies(): Promise<ReplyRow[]>;

  audit(entry: AuditEntry, at: number): Promise<void>;
  trace(subject: string): Promise<TraceLine[]>;

  close(): Promise<void>;
}
