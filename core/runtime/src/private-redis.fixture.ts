/** For tests: which redis-server to run, and a folder short enough for its socket. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const cached = resolve(import.meta.dirname, '../../../.cache/redis/redis-server');

/** The redis-server program: named by the environment, unpacked in the cache, or found on PATH. */
export const REDIS_PROGRAM = process.env.ESTAFETTE_REDIS_SERVER ?? (existsSync(cached) ? cached : 'redis-server');

export const newRedisFolder = (): string => mkdtempSync(join(tmpdir(), 'est-redis-'));
