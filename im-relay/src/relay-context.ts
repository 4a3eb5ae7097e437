/**
 * What every part of the relay is given by `main.ts`: stores, signals, queues, blobs, the clock and the log.
 * Nothing here can open anything: the relay is blind by what it holds, not by its good behaviour.
 */
import type { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { BlobStore, Clock, Log, Queues } from '@estafette/runtime/ports';
import type { AccessStore } from './access-store.ts';
import type { InboxStore } from './inbox-store.ts';
import type { Signals } from './signals.ts';

/** The numbers of contracts/limits.ts; injected so that a test may wait one second instead of sixty. */
export type RelayLimits = { readonly [K in keyof typeof RELAY_LIMITS]: number };

export interface RelayContext {
  readonly inbox: InboxStore;
  readonly access: AccessStore;
  readonly signals: Signals;
  readonly queues: Queues;
  readonly blobs: BlobStore;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: RelayLimits;
}
