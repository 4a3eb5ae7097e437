/**
 * What lives sealed in a conversation: a letter that arrived, a notice that one could not be shown, a reply
 * that was typed, a status of a reply, who has read a letter. The relay never sees any of it; gateway and phone validate it with
 * these schemas before sealing and after opening.
 */
import * as v from 'valibot';
import { DocumentSchema } from './document.ts';
import { idOf } from './ids.ts';
import { CONVERSATION_LIMITS } from './limits.ts';
import { REPLY_STATES } from './status.ts';
import { VerdictSchema } from './verdict.ts';

const PersonAddressSchema = v.object({ name: v.string(), address: v.string() });

/** A correspondent who takes part by mail. */
export const MailPersonSchema = v.object({
  name: v.string(),
  address: v.string(),
  role: v.picklist(['from', 'to', 'cc']),
  /** Whether an answer can reach him: his domain is in the trust space, and his certificate known where it must be. */
  reachable: v.boolean(),
});

export type MailPerson = v.InferOutput<typeof MailPersonSchema>;

/** Why a letter presses, in the words of what says so. */
export const UrgencyReasonSchema = v.variant('because', [
  /** The laboratory flagged it (`HH`, `LL`, `AA`); value and unit as written. */
  v.object({ because: v.literal('flag'), label: v.string(), value: v.string(), flag: v.string() }),
  /** A rule of this mailbox (`INR > 5`). */
  v.object({
    because: v.literal('rule'),
    label: v.string(),
    value: v.string(),
    rule: v.string(),
    /** The value could not be compared (another unit, `> 4`, words): whoever reads decides. Never critical by itself. */
    undecided: v.optional(v.boolean()),
  }),
  /** A result or report sent before comes back corrected. */
  v.object({ because: v.literal('corrected') }),
  /** Its sender marked the mail (Priority, Importance, X-Priority). */
  v.object({ because: v.literal('mail') }),
]);
export const UrgencySchema = v.object({
  /** `critical`: from the content. `urgent`: what the mail says of itself, a correction, a value to be compared. */
  level: v.picklist(['critical', 'urgent']),
  reasons: v.array(UrgencyReasonSchema),
  /** Numbers to call, best first; empty when none is known. */
  phones: v.array(v.string()),
});
export type Urgency = v.InferOutput<typeof UrgencySchema>;

/** Why a letter stands in this conversation (design: routing order). */
export const ROUTES = ['thread-token', 'in-reply-to', 'references', 'new', 'new-unproven', 'new-expired'] as const;
export type Route = (typeof ROUTES)[number];

/** A letter, opened and read. Times are ISO 8601, UTC. */
export const LetterMessageSchema = v.object({
  type: v.literal('letter'),
  letterId: idOf('letter'),
  from: PersonAddressSchema,
  subject: v.string(),
  /** True when the subject stood inside the signed or encrypted part. */
  subjectProtected: v.boolean(),
  receivedAt: v.string(),
  verdict: VerdictSchema,
  documents: v.array(DocumentSchema),
  route: v.picklist(ROUTES),
  /** Whether an answer can be sealed for this correspondent (his certificate is known). */
  answerable: v.boolean(),
  /** This letter brought another certificate of its verified sender than the one known before. */
  senderCertificateChanged: v.optional(v.boolean()),
  /** The operator of the trust space that carried it, proven by its certificate and the trust list: a mark of its own. */
  operator: v.optional(v.object({ name: v.string(), domain: v.string() })),
  /**
   * The other people on the letter, by mail: an answer may go to all of them. One whose role is `from` is where answers
   * to the writer go (his Reply-To), where that is not himself.
   */
  people: v.optional(v.array(MailPersonSchema)),
  /** How many more there are than `people` names: an answer to all does not reach them. */
  peopleLeftOut: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Another letter came before with the same Message-ID and other bytes. */
  sameMessageId: v.optional(v.boolean()),
  /** It stands in its thread under another subject than the letters before. */
  subjectChanged: v.optional(v.boolean()),
  /** Its sender marked it as urgent, or `urgency` says how it presses. */
  urgent: v.optional(v.boolean()),
  /** Its sender asked to be told when it is read. */
  asksReceipt: v.optional(v.boolean()),
  /** How it presses, when it does. */
  urgency: v.optional(UrgencySchema),
  /** This mailbox has set where conversations are filed, so that filing can be offered. */
  fileable: v.optional(v.boolean()),
});
export type LetterMessage = v.InferOutput<typeof LetterMessageSchema>;

/** A letter that must not be shown: sender, time, reason; no content. */
export const QuarantineMessageSchema = v.object({
  type: v.literal('quarantine'),
  letterId: idOf('letter'),
  from: PersonAddressSchema,
  receivedAt: v.string(),
  verdict: VerdictSchema,
});
export type QuarantineMessage = v.InferOutput<typeof QuarantineMessageSchema>;

/** A photo or file that goes with a reply; its bytes are sealed under the conversation key as blob `blobId`. */
export const ReplyAttachmentSchema = v.object({
  blobId: idOf('blob'),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(120)),
  mediaType: v.pipe(v.string(), v.regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/), v.maxLength(100)),
  bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CONVERSATION_LIMITS.attachmentMaxBytes)),
});

/** A reply typed on a device; the phone seals it, the gateway opens it to compose the mail. */
export const ReplyMessageSchema = v.object({
  type: v.literal('reply'),
  replyId: idOf('reply'),
  text: v.pipe(v.string(), v.maxLength(CONVERSATION_LIMITS.replyMaxCharacters)),
  /** When it was typed, by the phone's clock: shown, never used for order. */
  typedAt: v.string(),
  /** The letter it answers: the last one that its author saw when he began to write. Absent: the last one when the gateway takes it. */
  answers: v.optional(idOf('letter')),
  /** `sender`: to the writer of that letter (the default). `all`: to everyone on it as well. */
  to: v.optional(v.picklist(['sender', 'all'])),
  /** Photos and files, sealed and uploaded before (PUT /v1/blobs). */
  attachments: v.optional(v.pipe(v.array(ReplyAttachmentSchema), v.maxLength(CONVERSATION_LIMITS.attachmentsMax))),
  /** Leaves at once, with what was typed just before, instead of waiting for more. */
  sendNow: v.optional(v.boolean()),
  urgent: v.optional(v.boolean()),
  /** Ends the exchange: towards a patient only, who cannot answer any more (MSSanté, ECO.2.2.8). */
  closes: v.optional(v.boolean()),
  /** Who typed it; the gateway sets it from the device when it passes the reply on to the other devices. */
  person: v.optional(v.string()),
});
export type ReplyMessage = v.InferOutput<typeof ReplyMessageSchema>;

/** LOINC types under which a pharmacist files (clinical-formats A.2.5). */
export const FILING_TYPES = ['61357-0', '78601-2', '56445-0'] as const;

/** The patient whose record it goes to: as a report of the conversation states him, or as somebody typed him. */
export const FilingPatientSchema = v.variant('from', [
  v.object({
    from: v.literal('report'),
    letterId: idOf('letter'),
    index: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
  v.object({
    from: v.literal('typed'),
    familyName: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)),
    givenName: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)),
    birthDate: v.pipe(v.string(), v.isoDate()),
    sex: v.picklist(['M', 'F']),
  }),
]);

/**
 * Asked on a device: file this conversation, or one document of it, in the patient's record. It travels sealed and signed as a
 * reply does, under the id of a reply, so that the relay cannot tell the two apart; its statuses are those of a reply.
 */
export const FilingMessageSchema = v.object({
  type: v.literal('filing'),
  replyId: idOf('reply'),
  what: v.variant('kind', [
    v.object({ kind: v.literal('conversation') }),
    /** One document of a letter, by its place among the letter's documents; as it came. */
    v.object({
      kind: v.literal('document'),
      letterId: idOf('letter'),
      index: v.pipe(v.number(), v.integer(), v.minValue(0)),
    }),
    /** The whole letter as it came. */
    v.object({ kind: v.literal('original'), letterId: idOf('letter') }),
  ]),
  patient: FilingPatientSchema,
  /** The mailbox's own type when absent. */
  documentType: v.optional(v.picklist(FILING_TYPES)),
  /** By the phone's clock. */
  typedAt: v.string(),
  /** Who asked; the gateway sets it from the device when it passes it on to the other devices. */
  person: v.optional(v.string()),
});
export type FilingMessage = v.InferOutput<typeof FilingMessageSchema>;

/** The conversation will expire and has not been filed since its last letter. */
export const ReminderMessageSchema = v.object({
  type: v.literal('reminder'),
  /** ISO 8601, UTC. */
  expiresAt: v.string(),
  at: v.string(),
});
export type ReminderMessage = v.InferOutput<typeof ReminderMessageSchema>;

/** What became of a reply. */
export const StatusMessageSchema = v.object({
  type: v.literal('status'),
  replyId: idOf('reply'),
  state: v.picklist(REPLY_STATES),
  /** Code of the failure catalogue when state is `delayed` or `failed`. */
  failure: v.nullable(v.string()),
  /** Whether the outcome is certain: a refusal by the peer is, a timeout is not. */
  certain: v.boolean(),
  at: v.string(),
  /** One by one, where a reply went to several people. */
  recipients: v.optional(
    v.array(
      v.object({
        address: v.string(),
        state: v.picklist(REPLY_STATES),
        failure: v.nullable(v.string()),
        at: v.string(),
      }),
    ),
  ),
  /** What was said before is taken back: late news after a failure. */
  correction: v.optional(v.boolean()),
  /**
   * Counts the changes of this reply, so that events may come in any order: one that is not higher than what was told
   * before is old. Absent in events from before it was there; they are judged by the order of the states.
   */
  revision: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export type StatusMessage = v.InferOutput<typeof StatusMessageSchema>;

/** Automatic mail, as a line in the conversation it speaks of; never a bubble, never answered. */
export const NoticeMessageSchema = v.object({
  type: v.literal('notice'),
  letterId: idOf('letter'),
  /** `absent`: an out-of-office. `automatic`: whatever else a machine wrote. */
  kind: v.picklist(['absent', 'automatic']),
  from: PersonAddressSchema,
  receivedAt: v.string(),
  /** The reply it speaks of, where it says. */
  replyId: v.nullable(idOf('reply')),
  /** ISO 8601 day, when an absence ends, where it says. */
  until: v.nullable(v.string()),
  /** Its first lines. */
  text: v.pipe(v.string(), v.maxLength(CONVERSATION_LIMITS.noticeTextMaxCharacters)),
});
export type NoticeMessage = v.InferOutput<typeof NoticeMessageSchema>;

/**
 * Who has read a letter: told once for each letter and person, at the first reading, and once more where the sender has been
 * told since; then the earliest time counts. It travels as a status does, so that an app that does not know it shows nothing,
 * counts nothing as unread and leaves the conversation where it stands.
 */
export const ReadMessageSchema = v.object({
  type: v.literal('read'),
  letterId: idOf('letter'),
  /** The person of the device, as the gateway knows it. */
  person: v.string(),
  /** When it was read: by the device's clock, never after the gateway heard of it nor before the letter came. ISO 8601, UTC. */
  at: v.string(),
  /** Its sender had asked to be told (`asksReceipt`), and a receipt (RFC 8098) has been posted: once for the letter and the mailbox. */
  toldSender: v.optional(v.boolean()),
});
export type ReadMessage = v.InferOutput<typeof ReadMessageSchema>;

export const MessageSchema = v.variant('type', [
  LetterMessageSchema,
  QuarantineMessageSchema,
  NoticeMessageSchema,
  ReplyMessageSchema,
  FilingMessageSchema,
  ReminderMessageSchema,
  StatusMessageSchema,
  ReadMessageSchema,
]);
export type Message = v.InferOutput<typeof MessageSchema>;
