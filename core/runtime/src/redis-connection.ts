/**
 * Connections to Redis, and the check at boot: a Redis that may evict keys or does not persist would lose
 * letters without a sound, so it is refused with a sentence that says how to mend it.
 */
import { Redis } from 'ioredis';
import type { Log } from './ports.ts';

/** Where Redis is: a URL, or the unix socket of the private child. */
export type RedisPlace = { readonly url: string } | { readonly socket: string };

/** A connection that comes back by itself. `name` shows in CLIENT LIST. */
export function connectRedis(place: RedisPlace, options: { name: string; log: Log; forBlocking?: boolean }): Redis {
  const settings = {
    connectionName: `estafette-${options.name}`,
    maxRetriesPerRequest: options.forBlocking === true ? null : 3,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000),
  };
  const redis = 'url' in place ? new Redis(place.url, settings) : new Redis({ ...settings, path: place.socket });
  let down = false;
  redis.on('error', (error: unknown) => {
    if (!down) options.log.warn('redis connection lost', { reason: options.name, error });
    down = true;
  });
  redis.on('ready', () => {
    if (down) options.log.info('redis connection back', { reason: options.name });
    down = false;
  });
  return redis;
}

/** Throws with a sentence when this Redis may evict keys or does not write them down. */
export async function refuseUnsafeRedis(redis: Redis): Promise<void> {
  const read = async (name: string) => ((await redis.config('GET', name)) as string[])[1];
  const policy = await read('maxmemory-policy');
  if (policy !== 'noeviction') {
    throw new Error(
      `Redis may evict keys (maxmemory-policy is ${policy}): set "maxmemory-policy noeviction" in redis.conf.`,
    );
  }
  if ((await read('appendonly')) !== 'yes') {
    throw new Error(
      'Redis does not persist (appendonly is no): set "appendonly yes" and "appendfsync always" in redis.conf.',
    );
  }
  if ((await read('appendfsync')) === 'no') {
    throw new Error('Redis does not flush what it writes (appendfsync is no): set "appendfsync always" in redis.conf.');
  }
}
