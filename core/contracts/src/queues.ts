/**
 * The queues between the parts, and what a job may carry: opaque ids and sealed bytes, never content, never an
 * address. A job id names the work, so that adding it twice adds it once while it waits; the real guard is
 * always the unique write behind it.
 */
import * as v from 'valibot';
import { type EnrolmentAnswer, EnrolmentRequestSchema } from './enrolment.ts';
import { idOf } from './ids.ts';
import { type InboxEvent, ReadReceiptSchema, SealedReplySchema } from './sealed-event.ts';

export const QUEUES = {
  /** gateway → gateway: a spooled letter waits to be opened. */
  inbound: 'inbound',
  /** gateway → relay: events and device news for inboxes. */
  deliver: 'deliver',
  /** relay → gateway: replies and enrolment requests from devices. */
  reply: 'reply',
  /** gateway → gateway: a sealed mail waits to be sent. */
  send: 'send',
} as const;

export interface InboundJob {
  readonly letterId: string;
}

export type DeliverJob =
  | { readonly kind: 'append'; readonly mailboxId: string; readonly events: readonly InboxEvent[] }
  | {
      readonly kind: 'device-joined';
      readonly mailboxId: string;
      readonly deviceId: string;
      readonly signingKey: string;
      readonly enrolmentId: string;
      readonly answer: EnrolmentAnswer;
      /** Conversation keys of what lives already, wrapped for the new device. */
      readonly events: readonly InboxEvent[];
      /** Milliseconds since 1970 after which the device counts as revoked; null for a phone. */
      readonly validUntil: number | null;
    }
  | {
      /** Said of every live device when the gateway starts: a Redis that forgot learns it again. */
      readonly kind: 'device-known';
      readonly mailboxId: string;
      readonly deviceId: string;
      readonly signingKey: string;
      readonly validUntil: number | null;
    }
  | {
      /** Every live device was told: from now on a device that is not known is unknown for good. */
      readonly kind: 'devices-introduced';
    }
  | {
      readonly kind: 'enrolment-refused';
      readonly enrolmentId: string;
      readonly deviceId: string;
      readonly answer: EnrolmentAnswer;
    }
  | { readonly kind: 'device-revoked'; readonly mailboxId: string; readonly deviceId: string };

/** Jobs of the relay, checked by the gateway before it acts on them: the relay faces the internet. */
export const ReplyJobSchema = v.variant('kind', [
  v.object({
    kind: v.literal('reply'),
    mailboxId: idOf('mailbox'),
    deviceId: idOf('device'),
    reply: SealedReplySchema,
  }),
  v.object({
    kind: v.literal('read'),
    mailboxId: idOf('mailbox'),
    deviceId: idOf('device'),
    receipt: ReadReceiptSchema,
  }),
  v.object({ kind: v.literal('enrolment'), request: EnrolmentRequestSchema }),
  /** The relay's Redis does not know who the devices are: it asks to be told. */
  v.object({ kind: v.literal('introduce') }),
]);
export type ReplyJob = v.InferOutput<typeof ReplyJobSchema>;

/** What the send queue wakes: the truth of what is to be done stands in the database. */
export type SendJob =
  /** A sealed mail may be tried. */
  | { readonly kind: 'mail'; readonly mailId: string }
  /** Typed replies have waited long enough for others: they become one mail. */
  | { readonly kind: 'compose'; readonly conversationId: string };
