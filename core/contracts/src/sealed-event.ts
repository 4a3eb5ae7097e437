/**
 * What the relay stores and forwards: routing facts in clear, the rest sealed. An event is named by an id that
 * the gateway decides, so that storing it twice stores it once; its order is the sequence number the relay
 * gives when it stores it. AAD binds the ciphertext to conversation, event, author and kind: the relay cannot
 * move or swap messages unnoticed (docs/protocol.md).
 */
import * as v from 'valibot';
import { idOf } from './ids.ts';
import { RELAY_LIMITS } from './limits.ts';

const Base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/), v.maxLength(RELAY_LIMITS.eventMaxBytes));

const routing = {
  id: v.pipe(v.string(), v.regex(/^[a-z]{3}_[0-9A-Za-z]{26}$/)),
  conversationId: idOf('conversation'),
  /** `gateway`, or the device that wrote it. */
  author: v.union([v.literal('gateway'), idOf('device')]),
  /** Milliseconds since 1970, when the conversation expires as known now; only ever moves later. */
  expiresAt: v.pipe(v.number(), v.integer()),
};

/** The conversation key, wrapped by HPKE for one device. */
export const KeyEventSchema = v.object({
  kind: v.literal('key'),
  ...routing,
  device: idOf('device'),
  enc: Base64url,
  ct: Base64url,
});
export type KeyEvent = v.InferOutput<typeof KeyEventSchema>;

/** A message or a status, sealed under the conversation key. */
export const SealedEventSchema = v.object({
  kind: v.picklist(['message', 'status']),
  ...routing,
  iv: Base64url,
  ct: Base64url,
});
export type SealedEvent = v.InferOutput<typeof SealedEventSchema>;

/** A reply the gateway could not take and has no key to say so under: a code of the catalogue, nothing else. */
export const RefusedEventSchema = v.object({
  kind: v.literal('refused'),
  ...routing,
  replyId: idOf('reply'),
  failure: v.string(),
});

export const InboxEventSchema = v.variant('kind', [KeyEventSchema, SealedEventSchema, RefusedEventSchema]);
export type InboxEvent = v.InferOutput<typeof InboxEventSchema>;

/** A reply as the phone sends it: sealed under the conversation key and signed by the device. */
export const SealedReplySchema = v.object({
  replyId: idOf('reply'),
  conversationId: idOf('conversation'),
  iv: Base64url,
  ct: v.pipe(Base64url, v.maxLength(32 * 1024)),
  /** ECDSA P-256 with SHA-256 over `replySignatureInput`, IEEE P1363 form. */
  signature: Base64url,
});
export type SealedReply = v.InferOutput<typeof SealedReplySchema>;

/** A person has read a letter: signed by the device, nothing sealed, because it tells nothing but that. */
export const ReadReceiptSchema = v.object({
  letterId: idOf('letter'),
  conversationId: idOf('conversation'),
  /** Milliseconds since 1970 by the device, corrected by the server time. */
  readAt: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** ECDSA P-256 with SHA-256 over `receiptSignatureInput`, IEEE P1363 form. */
  signature: Base64url,
});
export type ReadReceipt = v.InferOutput<typeof ReadReceiptSchema>;
