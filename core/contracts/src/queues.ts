/**
 * The queues between the parts, and what a job may carry: opaque ids and sealed bytes, never content, never an
 * address. A job id names the work, so that adding it twice adds it once while it waits; the real guard is
 * always the unique write behind it.
 */
import type { EnrolmentAnswer, EnrolmentRequest } from './enrolment.ts';
import type { InboxEvent, SealedReply } from './sealed-event.ts';

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
      readonly kind: 'enrolment-refused';
      readonly enrolmentId: string;
      readonly deviceId: string;
      readonly answer: EnrolmentAnswer;
    }
  | { readonly kind: 'device-revoked'; readonly mailboxId: string; readonly deviceId: string };

export type ReplyJob =
  | { readonly kind: 'reply'; readonly mailboxId: string; readonly deviceId: string; readonly reply: SealedReply }
  | { readonly kind: 'enrolment'; readonly request: EnrolmentRequest };

export interface SendJob {
  readonly replyId: string;
}
