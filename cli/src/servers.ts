/**
 * The composition root: builds the roles a process plays (gateway, relay, or both with the demo's other side) on one
 * foundation, in an order in which nothing is missed, and stops them in the reverse one.
 */
import { join } from 'node:path';
import { startRelay } from '@estafette/im-relay/main';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import type { BlobStore, Queues } from '@estafette/runtime/ports';
import { openQueues } from '@estafette/runtime/queue';
import { connectRedis, type RedisPlace, refuseUnsafeRedis } from '@estafette/runtime/redis-connection';
import { createShutdown, type Shutdown } from '@estafette/runtime/shutdown';
import type { DemoMaterial } from './demo/material.ts';
import { type Foundation, redisPlace } from './foundation.ts';
import type { MailSide } from './mail-side.ts';
import { PlainError } from './plain-error.ts';
import { type RunningInstance, takeFolder } from './running-instance.ts';
import { webRoot } from './web-root.ts';

export type Role = 'gateway' | 'relay';

export interface Servers {
  /** `host:port`, or null when this process does not play the role. */
  readonly smtp: string | null;
  readonly web: string | null;
  /** The doors of the trust spaces, `host:port`; the first is `smtp`. */
  readonly doors: readonly { readonly space: string; readonly address: string }[];
  readonly demo: DemoMaterial | null;
  /** Reads the trust spaces again; null when this process does not play the gateway. Never rejects. */
  readonly reload: (() => Promise<void>) | null;
  stop(): Promise<void>;
}

interface Ground {
  readonly place: RedisPlace;
  readonly queues: Queues;
  readonly blobs: BlobStore;
  readonly shutdown: Shutdown;
  readonly progress: (sentence: string) => void;
}

/** Waits for a Redis that loads its append-only file, then refuses one that could lose letters. */
async function checkRedis(foundation: Foundation, place: Parameters<typeof connectRedis>[0]): Promise<void> {
  const redis = connectRedis(place, { name: 'check', log: foundation.log });
  try {
    await refuseUnsafeRedis(redis);
  } catch (error) {
    if (error instanceof Error && /^Redis (may|does)/.test(error.message)) throw new PlainError(error.message);
    throw new PlainError(
      `Redis cannot be reached or asked: ${error instanceof Error ? error.message : 'unknown trouble'}.`,
      1,
      error,
    );
  } finally {
    redis.disconnect();
  }
}

/** Starts a relay node; gives the address people use. */
async function startWebSide({ config, log, clock }: Foundation, ground: Ground): Promise<string> {
  const { place, queues, blobs, shutdown } = ground;
  const redis = connectRedis(place, { name: 'relay', log });
  const subscriber = connectRedis(place, { name: 'relay-signals', log, forBlocking: true });
  shutdown.add('relay connections', () => {
    redis.disconnect();
    subscriber.disconnect();
  });
  const { ESTAFETTE_HOST: host, ESTAFETTE_HTTP_PORT: port, ESTAFETTE_WEB_URL: publicUrl } = config;
  const relay = await startRelay({
    redis,
    subscriber,
    queues,
    blobs,
    log,
    clock,
    host,
    port,
    webRoot: await webRoot(ground.progress),
    allowedOrigins: publicUrl === null ? [] : [new URL(publicUrl).origin],
    trustProxy: config.ESTAFETTE_TRUST_PROXY === 'on',
  });
  shutdown.add('relay', () => relay.close());
  const reachable = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  return publicUrl ?? `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${relay.address.port}`;
}

const doorsOf = (mail: MailSide): Servers['doors'] =>
  mail.doors().map(({ space, host, port }) => ({ space, address: `${host}:${port}` }));

/** Reads the trust spaces again, and writes down for `estafette reload` what came of it. */
async function reloadSpaces(mail: MailSide, announce: (facts: Pick<RunningInstance, 'reloaded' | 'smtp'>) => void) {
  const fault = await mail.reload().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : 'unknown trouble'),
  );
  announce({ smtp: doorsOf(mail)[0]?.address ?? null, reloaded: { at: Date.now(), fault } });
}

/** Starts the roles; on any failure what had started is stopped again. */
export async function startServers(
  foundation: Foundation,
  roles: readonly Role[],
  progress: (sentence: string) => void = () => {},
): Promise<Servers> {
  const { config, home, log } = foundation;
  const isGateway = roles.includes('gateway');
  if (roles.length === 1 && config.ESTAFETTE_REDIS_URL === null) {
    throw new PlainError('A gateway or relay on its own shares one Redis with the other: set ESTAFETTE_REDIS_URL.', 2);
  }
  const shutdown = createShutdown(log);
  try {
    // Relay nodes share nothing but Redis and the blobs: only the gateway owns the data folder.
    const folder = isGateway ? takeFolder(home) : null;
    shutdown.add('folder', () => folder?.release());
    const place = await redisPlace(foundation, shutdown);
    await checkRedis(foundation, place);
    const queues = openQueues(place, log, { isOwnRedis: 'socket' in place });
    shutdown.add('queues', () => queues.close());
    const blobs = await openFileBlobStore(config.ESTAFETTE_BLOBS_FOLDER ?? join(home, 'blobs'), { sweep: isGateway });
    const ground: Ground = { place, queues, blobs, shutdown, progress };
    const web = roles.includes('relay') ? await startWebSide(foundation, ground) : null;
    const mail = isGateway ? await (await import('./mail-side.ts')).startMailSide(foundation, ground) : null;
    const doors = mail === null ? [] : doorsOf(mail);
    const smtp = doors[0]?.address ?? null;
    const reloads = config.ESTAFETTE_TRUST_SPACES !== null;
    folder?.announce({ smtp, web, reloads });
    const reload =
      mail === null ? null : () => reloadSpaces(mail, (facts) => folder?.announce({ web, reloads, ...facts }));
    return { smtp, web, doors, demo: mail?.demo ?? null, reload, stop: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
