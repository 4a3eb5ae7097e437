/**
 * The private redis-server of the all-in-one process: a child on a unix socket in the data folder, append-only
 * file fsynced at every write, no eviction, no TCP port. It dies with its parent (setpriv --pdeathsig where
 * there is one); a child left by a parent that was killed is ended before a new one starts.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Log } from './ports.ts';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
/** Restarts of a child that ends by itself: pause doubling from the first to the last of these. */
const RESTART_PAUSE_MS = { first: 200, last: 5_000 };
/** Longest path a unix socket may have on Linux, with its ending zero. */
const SOCKET_PATH_MAX_BYTES = 107;

export interface PrivateRedis {
  readonly socket: string;
  /** Process id of the child that runs now. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the redis-server a killed parent left in this folder: two servers on one append-only file would ruin it. */
async function endOrphan(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (Number.isInteger(pid) && pid > 1 && isAlive(pid) && commandOf(pid).includes('redis')) {
    process.kill(pid, 'SIGTERM');
    for (let waited = 0; isAlive(pid); waited += 50) {
      if (waited > STOP_TIMEOUT_MS) process.kill(pid, 'SIGKILL');
      await pause(50);
    }
  }
  rmSync(pidFile, { force: true });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function hasSetpriv(): boolean {
  try {
    execFileSync('setpriv', ['--pdeathsig', 'TERM', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function redisArguments(folder: string, socket: string): string[] {
  return [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--unixsocketperm',
    '700',
    '--dir',
    folder,
    '--pidfile',
    join(folder, 'redis.pid'),
    '--daemonize',
    'no',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--maxmemory-policy',
    'noeviction',
    '--save',
    '',
    '--logfile',
    join(folder, 'redis.log'),
    '--loglevel',
    'warning',
    '--enable-debug-command',
    'no',
  ];
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function waitUntilReady(socket: string, child: ChildProcess): Promise<void> {
  const probe = new Redis({ path: socket, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
  probe.on('error', () => {});
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 25) {
    if (hasEnded(child)) {
      const how = child.exitCode === null ? `by ${child.signalCode}` : `with code ${child.exitCode}`;
      throw new Error(`redis-server ended at once ${how}: see redis.log in its folder.`);
    }
    try {
      await probe.connect();
      if ((await probe.ping()) === 'PONG') {
        probe.disconnect();
        return;
      }
    } catch {
      probe.disconnect();
      await pause(25);
    }
  }
  throw new Error('redis-server did not answer in time.');
}

/** Starts the private server in `folder` and keeps it running until `stop`. */
export async function startPrivateRedis(options: { program: string; folder: string; log: Log }): Promise<PrivateRedis> {
  const { folder, program, log } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, 'redis.sock');
  if (Buffer.byteLength(socket) > SOCKET_PATH_MAX_BYTES) {
    throw new Error(
      `The data folder's path is too long for a unix socket (${socket}): choose a shorter ESTAFETTE_HOME.`,
    );
  }
  const pidFile = join(folder, 'child.pid');
  await endOrphan(pidFile);
  const diesWithUs = hasSetpriv();
  let stopping = false;
  let child: ChildProcess;

  const launch = async (): Promise<void> => {
    rmSync(socket, { force: true });
    const words = [program, ...redisArguments(folder, socket)];
    const command = diesWithUs ? ['setpriv', '--pdeathsig', 'TERM', ...words] : words;
    // Its own process group: a Ctrl-C in the terminal reaches us, and we stop Redis last.
    child = spawn(command[0] as string, command.slice(1), { stdio: 'ignore', detached: true });
    const launched = child;
    const failed = new Promise<never>((_, reject) => launched.once('error', reject));
    try {
      // Within: on a full disk no child may be left that nobody knows of.
      if (launched.pid !== undefined) writeFileSync(pidFile, String(launched.pid), { mode: 0o600 });
      await Promise.race([waitUntilReady(socket, launched), failed]);
    } catch (error) {
      launched.kill('SIGKILL');
      throw error;
    }
    // Only a server that once answered is started again, and by one loop: a start that fails is its caller's matter.
    if (hasEnded(launched)) throw new Error('redis-server ended as soon as it had answered.');
    launched.once('exit', (code) => void (stopping ? undefined : relaunch(code)));
  };
  const relaunch = async (code: number | null): Promise<void> => {
    log.error('private redis-server ended, starting it again', { code: String(code) });
    for (let wait = RESTART_PAUSE_MS.first; !stopping; wait = Math.min(wait * 2, RESTART_PAUSE_MS.last)) {
      await pause(wait);
      if (stopping) return;
      try {
        await launch();
        return;
      } catch (error) {
        log.error('private redis-server does not start', { error });
      }
    }
  };

  await launch();
  return {
    socket,
    pid: () => child.pid,
    async stop() {
      stopping = true;
      const ended = new Promise<void>((done) => (hasEnded(child) ? done() : child.once('exit', () => done())));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
      rmSync(pidFile, { force: true });
    },
  };
}
