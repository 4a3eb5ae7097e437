/**
 * What the stages of the gateway may ask of the world. Stages import this file, the contracts and themselves;
 * `main.ts` gives them the adapters.
 */
import type { KeyObject } from 'node:crypto';
import type { AuditEntry } from '@estafette/contracts/audit-events';
import type { FailureCode } from '@estafette/contracts/failure';
import type { ReplyState } from '@estafette/contracts/status';
import type { AccountStore } from './account.ts';
import type { AutomaticStore } from './automatic-mail.ts';
import type { ConversationStore } from './conversation-store.ts';
import type { Capability, CorrespondentStore, SealingWishes } from './correspondent.ts';
import type { FilingStore } from './filing-store.ts';
import type { StatusSource, TrustPaths } from './opened-letter.ts';
import type { OppositionStore } from './opposing-patient.ts';
import type { MailStore } from './outgoing-mail.ts';
import type { QuarantineStore } from './quarantined-letter.ts';
import type { AnswerPolicy } from './trust-space.ts';
import type { UrgencyStore } from './urgency-rule.ts';

export type { BlobStore, Clock, EpochKeys, Log, Queues, Vault } from '@estafette/runtime/ports';
export { passed } from '@estafette/runtime/steps';
export type { AccountStore, StoredAccount } from './account.ts';
export { canonicalAddress, canonicalDomain, domainOf, losesLetters } from './address.ts';
export { type Antivirus, NotScanned } from './antivirus.ts';
export type {
  Absence,
  AutomaticKind,
  AutomaticMail,
  AutomaticStore,
  LetterOutside,
  RecipientReport,
} from './automatic-mail.ts';
export type { Conversation, LetterMark, LetterRow, Participant } from './conversation-store.ts';
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
export type { FilingRow, FilingSettings, FilingStore } from './filing-store.ts';
export { foldedText } from './folded-text.ts';
export { hasRightKey, insuredNumber, mayBeHisOwn } from './insured-number.ts';
export type {
  Carrier,
  DeliveryWishes,
  JudgePeer,
  ListAnswer,
  NamePart,
  PeerJudgement,
  TrustList,
} from './mail-peer.ts';
export type {
  ApprovedLeaf,
  ConfiguredList,
  Layer,
  LearnableCertificate,
  LetterHeaders,
  LetterPerson,
  OpenedLetter,
  ReadDocument,
  ReadPicture,
  StatedPatient,
  StatusSource,
  TrustPaths,
} from './opened-letter.ts';
export { NO_HEADERS } from './opened-letter.ts';
export type { NewOpposition, OpposingPatient, Opposition, OppositionStore } from './opposing-patient.ts';
export type {
  GivenUpJob,
  MailKind,
  MailReport,
  MailState,
  MailStore,
  MailWish,
  NewMail,
  Outbox,
  OutgoingMail,
  RefusedCopy,
  RefusedMail,
} from './outgoing-mail.ts';
export { nameWords } from './patient-names.ts';
export { phoneNumber } from './phone-number.ts';
export type { ClaimedSender, QuarantinedLetter, QuarantineStore } from './quarantined-letter.ts';
export type {
  Developed,
  DevelopedPdf,
  DevelopedPicture,
  PictureFormat,
  Studio,
  StudioRefusal,
  StudioTask,
} from './studio.ts';
export type {
  AnswerPolicy,
  DoorPolicy,
  LetterPolicy,
  MailExchangerRoute,
  Spaces,
  TrustListPolicy,
  TrustSpace,
  WayOutPolicy,
} from './trust-space.ts';
export { PRESETS } from './trust-spaces/presets.ts';
export { keepUndecoded, undecodedBytes } from './undecoded-bytes.ts';
export type { Comparison, KnownAnalyte, UrgencyRule, UrgencyStore } from './urgency-rule.ts';
export {
  comparableUnit,
  comparableWords,
  isLoinc,
  isOtherThing,
  isSameRule,
  knownAnalyte,
  parseUrgencyRule,
  ruleWords,
} from './urgency-rule.ts';
export { isXmlCharacter } from './xml-character.ts';

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
  /** Where answers to its writer go instead of `from`: its Reply-To, where that may be believed. */
  readonly answerTo?: { readonly name: string; readonly address: string };
  readonly urgent?: boolean;
  /** The address that asked to be told when it is read. */
  readonly receiptTo?: string;
  /** Everyone on the letter by mail, its writer and our own mailboxes included; absent: its writer alone. */
  readonly people?: readonly MailPerson[];
  /** It came encrypted: nothing of it goes into a mail in clear. Absent: unknown, so it counts as encrypted. */
  readonly wasEncrypted?: boolean;
  /** Trust space it came through and the answer leaves into; absent: the default one. */
  readonly space?: string;
}

/** Somebody on a letter, by mail. */
export interface MailPerson {
  readonly name: string;
  readonly address: string;
  readonly role: 'from' | 'to' | 'cc';
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
  /** Null: signed only, where `answers` allow it and nowhere else. */
  readonly recipient: Uint8Array | null;
  /** Authorities that came with the recipient's letter. */
  readonly recipientChain: readonly Uint8Array[];
  /** What he stated that he opens, and how the operator wants it; the trust space decides the rest. */
  readonly capabilities?: readonly Capability[] | null;
  readonly wishes?: SealingWishes;
  /** Policy of the space it leaves into. */
  readonly answers: Pick<AnswerPolicy, 'encrypts' | 'content' | 'keyTransport'>;
  readonly trust: TrustPaths;
  readonly at: number;
}) => Promise<
  | { readonly sealed: Uint8Array }
  | {
      readonly refused: 'certificate-unusable' | 'own-certificate-unusable' | 'certificate-missing';
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
  /** What its From label is made of where the trust space wants one (MSSanté, ECO.2.2.7); absent: the plain name. */
  readonly title?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  /** Of a person: where he works. Of an organisation or application: its functional name. */
  readonly entity?: string;
  /** Since when it takes no letters; milliseconds since 1970. Absent: it is open. */
  readonly closedAt?: number;
}

/** The attributes of a mailbox that the operator may set later. */
export type MailboxLabel = Pick<Mailbox, 'title' | 'givenName' | 'familyName' | 'entity'>;

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
  /** Its last change took back what was said before. */
  readonly corrected?: boolean;
  readonly attempts: number;
  /** The reply as it came, sealed under the conversation key. */
  readonly sealed: { readonly iv: string; readonly ct: string };
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The letter it answers: the last one when it was typed; null while none can be answered. */
  readonly answers: string | null;
  readonly to: 'sender' | 'all';
  /** Waits for no other message. */
  readonly isPressing: boolean;
  /** Of its attachments. */
  readonly bytes: number;
  /** The replies that leave as one mail carry the id of the first of them; null until that is decided. */
  readonly groupId: string | null;
  /** When it was decided: the date of the mail. */
  readonly gatheredAt: number | null;
  /** It files in the patient's record; absent: it answers. */
  readonly purpose?: 'filing';
}

export interface TraceLine extends AuditEntry {
  readonly at: number;
}

/**
 * What lasts (SQL). Every method is one transaction; `transaction` makes several of them one. Addresses of
 * correspondents, names of persons and keys are sealed by the adapter; look-ups go by keyed digest.
 */
export interface LastingStore
  extends QuarantineStore,
    CorrespondentStore,
    MailStore,
    AutomaticStore,
    AccountStore,
    OppositionStore,
    FilingStore,
    UrgencyStore,
    ConversationStore {
  transaction<T>(work: (store: LastingStore) => Promise<T>): Promise<T>;

  addMailbox(mailbox: Mailbox): Promise<void>;
  mailboxByAddress(address: string): Promise<Mailbox | null>;
  mailboxById(id: string): Promise<Mailbox | null>;
  mailboxes(): Promise<Mailbox[]>;
  /** Replaces what is given, empty text removes it; false when there is no such mailbox. */
  describeMailbox(id: string, label: MailboxLabel): Promise<boolean>;
  /** Closes it at a time, or opens it again (null); false when there is no such mailbox. What it holds stays. */
  closeMailbox(id: string, closedAt: number | null): Promise<boolean>;
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

  /** False when the reply is already known. */
  addReply(reply: ReplyRow, now: number): Promise<boolean>;
  reply(id: string): Promise<ReplyRow | null>;
  /** A change of state; `revision` grows by one. With `from`, only from that revision: else the row as it is. */
  changeReply(
    id: string,
    change: { state: ReplyState; failure: string | null; certain: boolean; corrected?: boolean; from?: number },
    now: number,
  ): Promise<ReplyRow>;
  /** Answers of a conversation, without filings, in the order they came. */
  answersOf(conversationId: string): Promise<ReplyRow[]>;
  /** Accepted replies of a conversation that no mail was decided for yet, in the order they came. */
  ungroupedReplies(conversationId: string): Promise<ReplyRow[]>;
  /** Decides one mail for these replies; throws (inside a transaction) when one of them has its mail already. */
  groupReplies(ids: readonly string[], group: { id: string; answers: string | null; at: number }): Promise<void>;
  /** In the order they came. */
  repliesOfGroup(groupId: string): Promise<ReplyRow[]>;
  markAnnounced(id: string, revision: number): Promise<void>;
  /** Replies with something left to do or to announce. */
  unfinishedReplies(): Promise<ReplyRow[]>;

  audit(entry: AuditEntry, at: number): Promise<void>;
  trace(subject: string): Promise<TraceLine[]>;

  close(): Promise<void>;
}
