/**
 * The inbox of a mailbox: a log of sealed events, each with the number it got when it was stored. That number is
 * the only order there is. An event is stored once, however often it is appended; it stays until its conversation
 * expires. The store never looks inside an event: what it needs for routing stands in clear beside the ciphertext.
 * `inbox-store.conformance.ts` says in code what is promised here; every adapter runs it.
 */
import type { InboxEvent } from '@estafette/contracts/sealed-event';

/** What became of one appended event: its number, and whether this append stored it. */
export interface Appended {
  readonly seq: number;
  /** False when the same event id was stored before; `seq` is then the first one's. */
  readonly isNew: boolean;
}

export interface StoredEvent {
  readonly seq: number;
  /** When it was stored, milliseconds since 1970 by the server's clock. */
  readonly at: number;
  /** The only device it is for (a wrapped key), or null when it is for all devices of the mailbox. */
  readonly device: string | null;
  /** The event as JSON text, ready to stand inside a frame. */
  readonly json: string;
}

export interface InboxHead {
  /** Random, made with the inbox. Another epoch means that the numbers of before mean nothing here. */
  readonly epoch: string;
  /** The number given last; 0 when none was. */
  readonly lastSeq: number;
}

export interface InboxStore {
  /**
   * Stores the events in the order given, all or none, and resolves when Redis has them on disk. A later
   * `expiresAt` moves the expiry of its conversation later; an earlier one changes nothing.
   */
  append(mailboxId: string, events: readonly InboxEvent[]): Promise<readonly Appended[]>;
  /** Makes the inbox when there is none. */
  head(mailboxId: string): Promise<InboxHead>;
  /** At most `maxEvents` events with a number above `cursor`, in order; empty when there are none. */
  readAfter(mailboxId: string, cursor: number, maxEvents: number): Promise<readonly StoredEvent[]>;
  /** Everything up to `cursor` is on the device. Never moves backwards; gives the cursor now held. */
  acknowledge(mailboxId: string, deviceId: string, cursor: number): Promise<number>;
  /** The cursor of a device; 0 when it acknowledged nothing. */
  acknowledged(mailboxId: string, deviceId: string): Promise<number>;
  /** Drops the cursor of a device that is gone. */
  forgetDevice(mailboxId: string, deviceId: string): Promise<void>;
  /** Removes all events of every conversation that expired by the server's clock. Idempotent. */
  sweep(): Promise<{ readonly conversations: number; readonly events: number }>;
}
