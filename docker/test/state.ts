/** Redis and PostgreSQL as the compose file runs them, on this machine: own folders, free ports, no service touched. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { repository } from './dockerfile.ts';
import { onPath, Program, run, until, untilListening } from './running.ts';

const POSTGRESQL_FOLDER = '/usr/lib/postgresql';
const CACHED_REDIS = join(repository, '.cache', 'redis', 'redis-server');

export function findRedisServer(): string | null {
  const named = process.env.ESTAFETTE_REDIS_SERVER ?? onPath('redis-server');
  return named ?? (existsSync(CACHED_REDIS) ? CACHED_REDIS : null);
}

/** The folder of PostgreSQL's programs, newest version first. */
export function findPostgres(): string | null {
  const versions = existsSync(POSTGRESQL_FOLDER) ? readdirSync(POSTGRESQL_FOLDER).sort().reverse() : [];
  return (
    versions.map((name) => join(POSTGRESQL_FOLDER, name, 'bin')).find((bin) => existsSync(join(bin, 'initdb'))) ?? null
  );
}

/** A redis-server on docker/redis.conf, with another folder, port and address. */
export async function startRedis(program: string, folder: string): Promise<{ port: number }> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const changed: Record<string, string> = { bind: '127.0.0.1', port: String(port), dir: folder };
  const settings = readFileSync(join(repository, 'docker', 'redis.conf'), 'utf8').replace(
    /^(bind|port|dir) .*$/gm,
    (_line, name: string) => `${name} ${changed[name]}`,
  );
  const file = join(folder, 'redis.conf');
  writeFileSync(file, settings);
  new Program([program, file]);
  await untilListening(port);
  return { port };
}

/** initdb refuses root: as root, everything runs as `nobody`. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const number = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

/** A private cluster with the user, database and password rule of the compose file. */
export async function startPostgres(bin: string, folder: string, password: string): Promise<{ port: number }> {
  const port = await freePort();
  const user = otherUser();
  const as = user === undefined ? {} : { user };
  mkdirSync(folder, { recursive: true });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, folder]);
  const data = join(folder, 'data');
  const rules = ['--data-checksums', '--auth-host=scram-sha-256', '--auth-local=scram-sha-256', '--no-sync'];
  await run([join(bin, 'initdb'), '--pgdata', data, '--username=estafette', `--pwfile=${passwordFile}`, ...rules], as);
  const places = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`];
  new Program([join(bin, 'postgres'), '-D', data, '-p', String(port), ...places], as);
  const where = ['--host=127.0.0.1', `--port=${port}`, '--username=estafette'];
  const isReady = () =>
    run([join(bin, 'pg_isready'), ...where]).then(
      () => true,
      () => null,
    );
  await until('PostgreSQL', isReady);
  await run([join(bin, 'createdb'), ...where, 'estafette'], { env: { PGPASSWORD: password } });
  return { port };
}
