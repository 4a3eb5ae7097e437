/**
 * What lives sealed in a conversation: a letter that arrived, a notice that one could not be shown, a reply
 * that was typed, a status of a reply. The relay never sees any of it; gateway and phone validate it with
 * these schemas before sealing and after opening.
 */
import * as v from 'valibot';
import { DocumentSchema } from './document.ts';
import { idOf } from './ids.ts';
import { CONVERSATION_LIMITS } from './limits.ts';
import { REPLY_STATES } from './status.ts';
import { VerdictSchema } from './verdict.ts';

const PersonAddressSchema = v.object({ name: v.string(), address: v.string() });

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

/** A reply typed on a device; the phone seals it, the gateway opens it to compose the mail. */
export const ReplyMessageSchema = v.object({
  type: v.literal('reply'),
  replyId: idOf('reply'),
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(CONVERSATION_LIMITS.replyMaxCharacters)),
  /** When it was typed, by the phone's clock: shown, never used for order. */
  typedAt: v.string(),
  /** Who typed it; the gateway sets it from the device when it passes the reply on to the other devices. */
  person: v.optional(v.string()),
});
export type ReplyMessage = v.InferOutput<typeof ReplyMessageSchema>;

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
});
export type StatusMessage = v.InferOutput<typeof StatusMessageSchema>;

export const MessageSchema = v.variant('type', [
  LetterMessageSchema,
  QuarantineMessageSchema,
  ReplyMessageSchema,
  StatusMessageSchema,
]);
export type Message = v.InferOutput<typeof MessageSchema>;
