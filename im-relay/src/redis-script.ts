/** A Lua script, sent once and then called by its digest (EVALSHA); sent again when Redis forgot it (NOSCRIPT). */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export class RedisScript {
  readonly #lua: string;
  readonly #digest: string;

  constructor(lua: string) {
    this.#lua = lua;
    this.#digest = createHash('sha1').update(lua).digest('hex');
  }

  /** Runs the script; all `keys` must lie in one hash slot. */
  async run(redis: Redis, keys: readonly string[], argv: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#digest, keys.length, ...keys, ...argv);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await redis.eval(this.#lua, keys.length, ...keys, ...argv);
    }
  }
}
