/**
 * What the stages of the gateway may ask of the world. Stages import this file, the contracts and themselves;
 * `main.ts` gives them the adapters.
 */
import type { KeyObject } from 'node:crypto';
import type { AuditEntry } from '@estafette/contracts/audit-events';
import type { FailureCode } from '@estafette/contracts/failure';
import type { ReplyState } from '@estafette/contracts/status';
import type { Capability, CorrespondentStore, SealingWishes } from './correspondent.ts';
import type { StatusSource, TrustPaths } from './opened-letter.ts';
import type { QuarantineStore } from './quarantined-letter.ts';

export type { BlobStore, Clock, EpochKeys, Log, Queues, Vault } from '@estafette/runtime/ports';
export type {
  Capability,
  Correspondent,
  LearntCertificate,
  SealingContent,
  SealingForm,
  SealingTransport,
  SealingWishes,
} from './correspondent.ts';
export { correspondentIndexOf } from './correspondent.ts';
export type {
  ApprovedLeaf,
  ConfiguredList,
  Layer,
  LearnableCertificate,
  LetterHeaders,
  OpenedLetter,
  ReadDocument,
  StatusSource,
  TrustPaths,
} from './opened-letter.ts';
export { NO_HEADERS } from './opened-letter.ts';
export type { ClaimedSender, QuarantinedLetter, QuarantineStore } from './quarantined-letter.ts';

/** What the answer must know of the letter it answers. */
export interface AnsweredLetter {
  readonly from: string;
  readonly fromName: string;
  readonly subject: string;
  /** The outside of the letter did not show it: the answer does not show it either. */
  readonly subjectHidden?: boolean;
  readonly messageId: string;
  readonly references: readonly string[];
  readonly receivedAt: string;
  /** First lines of its text, for the quote; empty when there is nothing to quote. */
  readonly quote: readonly string[];
}

/** Signs and encrypts one answer, in a worker; refuses rather than seal with, or to, a certificate not good now. */
export type SealMail = (task: {
  readonly headers: readonly string[];
  /** The same fields as they are to be believed; signed and encrypted inside. */
  readonly protectedHeaders?: readonly string[];
  readonly entity: Uint8Array;
  readonly certificate: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly privateKey: KeyObject;
  /** The own certificate that answers should be encrypted to; null when there is none. */
  readonly encryptionCertificate?: Uint8Array | null;
  readonly recipient: Uint8Array;
  /** Authorities that came with the recipient's letter. */
  readonly recipientChain: readonly Uint8Array[];
  /** What he stated that he opens, and how the operator wants it; the trust space decides the rest. */
  readonly capabilities?: readonly Capability[] | null;
  readonly wishes?: SealingWishes;
  readonly trust: TrustPaths;
  readonly at: number;
}) => Promise<
  | { readonly sealed: Uint8Array }
  | {
      readonly refused: 'certificate-unusable' | 'own-certificate-unusable';
      /** What could be fetched to judge the certificate better. */
      readonly wants: readonly StatusSource[];
    }
>;

/** Changes the state of a reply and tells its devices; gives the row as it is then (unchanged when it may not follow). */
export type ChangeReply = (
  row: ReplyRow,
  change: { readonly state: ReplyState; readonly failure?: FailureCode; readonly certain?: boolean },
) => Promise<ReplyRow>;

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

/** What the certificate of a key says it may be used for. */
export interface KeyUses {
  readonly sign: boolean;
  /** Correspondents may encrypt to it. */
  readonly encrypt: boolean;
}

/** A key that was made here and waits for its certificate. */
export interface KeyRequest {
  readonly id: string;
  readonly mailboxId: string;
  readonly privateKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The keys a mailbox seals with now. */
export interface OwnKeys {
  /** Valid keys made for signing, newest first, and the one that correspondents should encrypt to. */
  forSealing(mailboxId: string): Promise<{ signing: readonly MailboxKey[]; encryption: MailboxKey | null }>;
  /** Whether it makes sense to seal now what waited for a key. */
  mayTry(mailboxId: string): Promise<boolean>;
  /** No key could be used just now. */
  refused(mailboxId: string): Promise<void>;
  /** A letter was sealed. */
  worked(mailboxId: string): void;
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
export interface LastingStore extends QuarantineStore, CorrespondentStore {
  transaction<T>(work: (store: LastingStore) => Promise<T>): Promise<T>;

  addMailbox(mailbox: Mailbox): Promise<void>;
  mailboxByAddress(address: string): Promise<Mailbox | null>;
  mailboxById(id: string): Promise<Mailbox | null>;
  mailboxes(): Promise<Mailbox[]>;
  addMailboxKey(key: MailboxKey): Promise<void>;
  /** Newest first. */
  keysOf(mailboxId: string): Promise<MailboxKey[]>;
  addKeyRequest(request: KeyRequest): Promise<void>;
  keyRequestsOf(mailboxId: string): Promise<KeyRequest[]>;
  removeKeyRequest(id: string): Promise<void>;

  addEnrolment(enrolment: Enrolment): Promise<void>;
  enrolment(id: string): Promise<Enrolment | null>;
  /** Marks the link as used by this device; false when another device used it. */
  useEnrolment(id: string, deviceId: string): Promise<boolean>;
  /** False when the id is taken, by a device that lives or by one that was revoked. */
  addDevice(device: Device): Promise<boolean>;
  device(id: string, now: number): Promise<Device | null>;
  devicesOf(mailboxId: string, now: number): Promise<Device[]>;
  /** Devices revoked since a time, for telling the relay. */
  devicesRevokedSince(since: number): Promise<{ id: string; mailboxId: string }[]>;
  liveDevices(now: number): Promise<Device[]>;
  revokeDevice(id: string, now: number): Promise<void>;

  addConversation(conversation: Conversation, now: number): Promise<void>;
  conversation(id: string): Promise<Conversation | null>;
  liveConversations(mailboxId: string, now: number): Promise<Conversation[]>;
  /** A later expiry with its wrapped key; never an earlier one. */
  extendConversation(id: string, change: { epoch: string; wrappedKey: Buffer; expiresAt: number }): Promise<void>;
  /** Marks every conversation past its expiry as erased; gives their ids. */
  eraseExpired(now: number): Promise<string[]>;
  /** Erased conversations that still have blobs. */
  erasedWithBlobs(): Promise<string[]>;

  addLetter(letter: LetterRow, now: number): Promise<void>;
  letterByDedupe(mailboxId: string, dedupeIndex: Buffer): Promise<LetterRow | null>;
  lettersOf(letterId: string): Promise<LetterRow[]>;
  /** Into another conversation: the first expired before the letter was delivered. */
  moveLetter(letterId: string, mailboxId: string, conversationId: string): Promise<void>;
  markDelivered(letterId: string, mailboxId: string): Promise<void>;
  /** An answer can go to its sender after all: it was released and is verified now. */
  markAnswerable(letterId: string, mailboxId: string): Promise<void>;
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
  /** A change of state; `revision` grows by one. With `from`, only from that revision: else the row as it is. */
  changeReply(
    id: string,
    change: { state: ReplyState; failure: string | null; certain: boolean; from?: number },
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
