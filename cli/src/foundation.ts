/**
 * What every command stands on: settings, data folder, vault, log, lasting store. Servers add Redis, queues and blobs.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { LastingStore } from '@estafette/gateway/ports';
import { systemClock } from '@estafette/runtime/clock';
import { type Config, readConfig, WrongSetting } from '@estafette/runtime/config';
import { createLog } from '@estafette/runtime/log';
import type { Log, Vault } from '@estafette/runtime/ports';
import type { RedisPlace } from '@estafette/runtime/redis-connection';
import type { Shutdown } from '@estafette/runtime/shutdown';
import { openVault, readVaultKey } from '@estafette/runtime/vault';
import { makeDataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';

/** Settings of this run, or a sentence about the wrong one. */
export function settings(environment: NodeJS.ProcessEnv = process.env): Config {
  try {
    return readConfig(environment);
  } catch (error) {
    if (error instanceof WrongSetting) throw new PlainError(error.message, 2);
    throw error;
  }
}

export interface Foundation {
  readonly config: Config;
  readonly home: string;
  /** Opened when first asked for: a relay never asks. */
  readonly vault: Vault;
  readonly log: Log;
  readonly clock: typeof systemClock;
}

/** Opens the data folder and the vault. */
export function layFoundation(config: Config): Foundation {
  const home = config.ESTAFETTE_HOME;
  makeDataFolder(home);
  accessSync(home, constants.W_OK);
  const log = createLog({
    level: config.ESTAFETTE_LOG_LEVEL,
    file: config.ESTAFETTE_LOG_FILE ?? join(home, 'log', 'estafette.log'),
  });
  let vault: Vault | undefined;
  const open = () =>
    openVault(
      readVaultKey({
        environmentKey: config.ESTAFETTE_VAULT_KEY,
        file: config.ESTAFETTE_VAULT_KEY_FILE ?? join(home, 'keys', 'vault.key'),
      }),
    );
  return {
    config,
    home,
    log,
    clock: systemClock,
    get vault() {
      vault ??= open();
      return vault;
    },
  };
}

/** The lasting store of a server, or of a command beside or without one. Loads the mail side only when asked for. */
export async function openStoreFor(foundation: Foundation): Promise<LastingStore> {
  const { config, vault } = foundation;
  const { openStore } = await import('@estafette/gateway/open-store');
  return openStore(config, vault).catch((error: unknown) => {
    const isOfServer = config.ESTAFETTE_DATABASE_URL !== null && error instanceof Error && 'code' in error;
    if (!isOfServer) throw error;
    throw new PlainError(`The database cannot be used (ESTAFETTE_DATABASE_URL): ${error.message}.`, 1, error);
  });
}

/** The redis-server program to use: the setting, else what is on PATH; null when there is none. */
export function findRedisProgram(config: Config): string | null {
  if (config.ESTAFETTE_REDIS_SERVER !== null) return config.ESTAFETTE_REDIS_SERVER;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['redis-server', 'valkey-server'])
      if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** The Redis of this run: the one the settings name, or a private child that stops with us. */
export async function redisPlace(foundation: Foundation, shutdown: Shutdown): Promise<RedisPlace> {
  const { config, home, log } = foundation;
  if (config.ESTAFETTE_REDIS_URL !== null) return { url: config.ESTAFETTE_REDIS_URL };
  const program = findRedisProgram(config);
  if (program === null) {
    throw new PlainError(
      'No redis-server was found: run "apt-get install redis-server", or set ESTAFETTE_REDIS_SERVER or ESTAFETTE_REDIS_URL.',
    );
  }
  const { startPrivateRedis } = await import('@estafette/runtime/redis-server');
  const redis = await startPrivateRedis({ program, folder: join(home, 'redis'), log }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : 'unknown trouble';
    throw new PlainError(`The private redis-server (${program}) does not start: ${why}`, 1, error);
  });
  shutdown.add('redis', () => redis.stop());
  return { socket: redis.socket };
}
