/**
 * Where the relay meets the world: the only file that builds its adapters. The all-in-one process and the `relay`
 * role of the command line both start it here.
 */
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { BlobStore, Clock, Log, Queues } from '@estafette/runtime/ports';
import type { Redis } from 'ioredis';
import { RedisAccessStore } from './redis-access-store.ts';
import { RedisInboxStore } from './redis-inbox-store.ts';
import { RedisSignals } from './redis-signals.ts';
import { openRelay } from './relay.ts';
import type { RelayContext, RelayLimits } from './relay-context.ts';

const SWEEP_EVERY_MS = 60_000;

export interface RelayOptions {
  /** For commands. */
  readonly redis: Redis;
  /** A connection of its own, for signals. */
  readonly subscriber: Redis;
  readonly queues: Queues;
  readonly blobs: BlobStore;
  readonly log: Log;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the built app; null serves the API alone. */
  readonly webRoot: string | null;
  /** Origins besides the relay's own, e.g. `https://app.example`. */
  readonly allowedOrigins?: readonly string[];
  /** Believe X-Forwarded-* of the proxy in front. */
  readonly trustProxy?: boolean;
  readonly sweepEveryMs?: number;
  /** For tests: other numbers than those of contracts/limits.ts. */
  readonly limits?: Partial<RelayLimits>;
}

export interface StartedRelay {
  readonly address: { readonly host: string; readonly port: number };
  /** Leaves the connections, queues and blobs it was given open: they belong to the caller. */
  close(): Promise<void>;
}

/** Starts one relay node. Rejects when the port cannot be had. */
export async function startRelay(options: RelayOptions): Promise<StartedRelay> {
  const { redis, subscriber, queues, blobs, log, clock } = options;
  const limits: RelayLimits = { ...RELAY_LIMITS, ...options.limits };
  const context: RelayContext = {
    inbox: new RedisInboxStore(redis, clock, limits),
    access: new RedisAccessStore(redis, clock, limits),
    signals: new RedisSignals({ redis, subscriber, log }),
    queues,
    blobs,
    log,
    clock,
    limits,
  };
  const relay = await openRelay(context, {
    host: options.host,
    port: options.port,
    webRoot: options.webRoot,
    origins: { allowedOrigins: options.allowedOrigins ?? [], trustProxy: options.trustProxy ?? false },
    sweepEveryMs: options.sweepEveryMs ?? SWEEP_EVERY_MS,
  });
  const connections = [redis, subscriber];
  const sendAway = () => relay.sendAllAway();
  for (const connection of connections) connection.on('close', sendAway);
  return {
    address: relay.address,
    async close() {
      for (const connection of connections) connection.off('close', sendAway);
      await relay.close();
    },
  };
}
