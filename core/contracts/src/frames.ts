/**
 * The frames between a device and the relay, JSON text, version 1. Validated at both ends with these schemas;
 * documented in docs/protocol.md. `t` names the frame. Unknown frames from the server are ignored by devices
 * (room to grow); unknown frames from a device close the socket.
 */
import * as v from 'valibot';
import { idOf } from './ids.ts';
import { InboxEventSchema, ReadReceiptSchema, SealedReplySchema } from './sealed-event.ts';

export const PROTOCOL_VERSION = 1;

const Cursor = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Device → relay. */
export const DeviceFrameSchema = v.variant('t', [
  /** First frame. `epoch` null and `cursor` 0 on a device that has seen nothing. */
  v.object({ t: v.literal('hello'), v: v.literal(PROTOCOL_VERSION), epoch: v.nullable(v.string()), cursor: Cursor }),
  /** Everything up to and including `cursor` is stored on the device. */
  v.object({ t: v.literal('ack'), cursor: Cursor }),
  v.object({ t: v.literal('reply'), reply: SealedReplySchema }),
  /** A letter was read. Answered by `noted`; offered again until then. */
  v.object({ t: v.literal('read'), receipt: ReadReceiptSchema }),
  v.object({ t: v.literal('ping') }),
]);
export type DeviceFrame = v.InferOutput<typeof DeviceFrameSchema>;

/** Relay → device. */
export const RelayFrameSchema = v.variant('t', [
  v.object({
    t: v.literal('welcome'),
    v: v.literal(PROTOCOL_VERSION),
    epoch: v.string(),
    /** Bearer token for blobs (GET /v1/blobs/:id), valid while the session lives. */
    session: v.string(),
    /** Server time, milliseconds since 1970: the phone counts expiry by it, not by its own clock. */
    serverTime: v.number(),
    heartbeatSeconds: v.number(),
    frameMaxBytes: v.number(),
  }),
  /** The cursor of `hello` means nothing here any more: forget it; everything that still lives follows. */
  v.object({ t: v.literal('gap'), epoch: v.string() }),
  v.object({ t: v.literal('event'), seq: Cursor, at: v.number(), e: InboxEventSchema }),
  /** Caught up: what follows is new. */
  v.object({ t: v.literal('live'), cursor: Cursor }),
  /** The reply is in the relay's queue, on disk. Keep it until the gateway's `accepted` status. */
  v.object({ t: v.literal('queued'), replyId: idOf('reply') }),
  /** The relay did not take the reply; `retry` says whether to offer it again. */
  v.object({
    t: v.literal('refused'),
    replyId: idOf('reply'),
    code: v.string(),
    retry: v.picklist(['never', 'later']),
  }),
  /** The receipt of this letter is in the relay's queue. */
  v.object({ t: v.literal('noted'), letterId: idOf('letter') }),
  v.object({ t: v.literal('pong'), serverTime: v.number() }),
]);
export type RelayFrame = v.InferOutput<typeof RelayFrameSchema>;

/** POST /v1/tickets. */
export const TicketRequestSchema = v.object({
  deviceId: idOf('device'),
  /** Milliseconds since 1970 by the device, corrected by the server time it last learnt. */
  at: v.pipe(v.number(), v.integer()),
  nonce: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/)),
  signature: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{86}$/)),
});
export type TicketRequest = v.InferOutput<typeof TicketRequestSchema>;

/** Answer of POST /v1/tickets: 200 with a ticket, or 401 with a code (`clock` carries the server's time). */
export const TicketAnswerSchema = v.union([
  v.object({ ticket: v.string(), serverTime: v.number() }),
  v.object({ code: v.picklist(['clock', 'unknown-device', 'bad-signature', 'replayed']), serverTime: v.number() }),
]);
export type TicketAnswer = v.InferOutput<typeof TicketAnswerSchema>;
