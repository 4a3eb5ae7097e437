/** The private redis-server: it comes back when it is killed, keeps what was written, and never outlives its stop. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { silentLog } from './log.ts';
import { newRedisFolder, REDIS_PROGRAM } from './private-redis.fixture.ts';
import { refuseUnsafeRedis } from './redis-connection.ts';
import { startPrivateRedis } from './redis-server.ts';

let folder: string;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = newRedisFolder();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

async function started() {
  const redis = await startPrivateRedis({ program: REDIS_PROGRAM, folder, log: silentLog });
  closing.push(() => redis.stop());
  return redis;
}

function client(socket: string): Redis {
  const redis = new Redis({ path: socket, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on('error', () => {});
  closing.push(() => redis.disconnect());
  return redis;
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/.test(statOf(pid));
const statOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
};

/** Waits for a fact, a minute at most: a test that waits in vain fails, it is never a matter of speed. */
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await fact()); waited += 50) {
    assert.ok(waited < 60_000, 'waited in vain');
    await pause(50);
  }
}

test('it listens on a socket for us alone, persists and never evicts', async () => {
  const { socket } = await started();
  const redis = client(socket);
  await refuseUnsafeRedis(redis);
  assert.deepEqual(await redis.config('GET', 'port'), ['port', '0']);
  assert.deepEqual(await redis.config('GET', 'appendfsync'), ['appendfsync', 'always']);
});

test('a Redis that may evict or does not persist is refused with a sentence', async () => {
  const redis = client((await started()).socket);
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await assert.rejects(refuseUnsafeRedis(redis), /noeviction/);
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  await redis.config('SET', 'appendonly', 'no');
  await assert.rejects(refuseUnsafeRedis(redis), /appendonly yes/);
});

test('a child that is killed comes back on the same socket with what was written', async () => {
  const server = await started();
  const redis = client(server.socket);
  await redis.set('letter', 'waits');
  for (let times = 0; times < 2; times += 1) {
    const pid = server.pid() as number;
    process.kill(pid, 'SIGKILL');
    await until(() => server.pid() !== pid && server.pid() !== undefined);
    assert.equal(await redis.get('letter'), 'waits');
  }
});

test('stop leaves no process, and a second start goes on with the same data', async () => {
  const first = await started();
  await client(first.socket).set('letter', 'waits');
  const pid = first.pid() as number;
  await first.stop();
  assert.equal(isAlive(pid), false);
  assert.equal(await client((await started()).socket).get('letter'), 'waits');
});

test('stop right after the child was killed leaves no process', async () => {
  const server = await started();
  process.kill(server.pid() as number, 'SIGKILL');
  await server.stop();
  // Longer than the first pause before a restart.
  await pause(600);
  assert.equal(isAlive(server.pid() as number), false);
});

test('the child of a parent that was killed ends with it', async () => {
  const parent = await startedElsewhere();
  process.kill(parent.process.pid as number, 'SIGKILL');
  await until(() => !isAlive(parent.redisPid));
});

/** A second Node that starts the server in the folder and waits. */
async function startedElsewhere(): Promise<{ process: ChildProcess; redisPid: number }> {
  const module = new URL('./redis-server.ts', import.meta.url).href;
  const options = JSON.stringify({ program: REDIS_PROGRAM, folder });
  const script = `import { startPrivateRedis } from ${JSON.stringify(module)};
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const redis = await startPrivateRedis({ ...${options}, log });
    console.log(redis.pid());
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { process: parent, redisPid: Number(line) };
}

test('an orphan left in the folder is ended before a new server starts', async () => {
  const orphan = spawn(REDIS_PROGRAM, ['--port', '0', '--unixsocket', join(folder, 'redis.sock'), '--dir', folder], {
    stdio: 'ignore',
  });
  closing.push(() => orphan.kill('SIGKILL'));
  await until(() => existsSync(join(folder, 'redis.sock')));
  writeFileSync(join(folder, 'child.pid'), String(orphan.pid));
  const server = await started();
  assert.notEqual(orphan.exitCode ?? orphan.signalCode, null);
  assert.equal(await client(server.socket).ping(), 'PONG');
});

test('a process that only took over the number of an orphan is left alone', async () => {
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  closing.push(() => other.kill('SIGKILL'));
  writeFileSync(join(folder, 'child.pid'), String(other.pid));
  await started();
  assert.equal(isAlive(other.pid as number), true);
});

test('a program that is missing, or a folder too deep for a socket, is a sentence', async () => {
  const log = silentLog;
  await assert.rejects(startPrivateRedis({ program: join(folder, 'none'), folder, log }));
  const deep = join(folder, 'x'.repeat(120));
  await assert.rejects(startPrivateRedis({ program: REDIS_PROGRAM, folder: deep, log }), /too long for a unix socket/);
});

/** A program that stands for a redis-server that cannot start; it counts its starts in a file. */
function failingProgram(): { program: string; starts: () => number } {
  const [program, counts] = [join(folder, 'redis-that-fails'), join(folder, 'starts')];
  writeFileSync(program, `#!/bin/sh\necho x >> '${counts}'\nexit 1\n`);
  chmodSync(program, 0o700);
  return { program, starts: () => (existsSync(counts) ? readFileSync(counts, 'utf8').trim().split('\n').length : 0) };
}

test('prevents: a server that never started being started again behind the back of the one who was told so', async () => {
  const { program, starts } = failingProgram();
  await assert.rejects(startPrivateRedis({ program, folder, log: silentLog }), /ended at once/);
  await pause(700);
  assert.equal(starts(), 1);
});

test('prevents: restarts that multiply while the server cannot start', async () => {
  const { program, starts } = failingProgram();
  const gate = join(folder, 'gate');
  writeFileSync(
    gate,
    `#!/bin/sh\nif [ -e '${folder}/closed' ]; then exec '${program}'; fi\nexec '${REDIS_PROGRAM}' "$@"\n`,
  );
  chmodSync(gate, 0o700);
  const server = await startPrivateRedis({ program: gate, folder, log: silentLog });
  closing.push(() => server.stop());
  writeFileSync(join(folder, 'closed'), '');
  process.kill(server.pid() as number, 'SIGKILL');
  // Pauses of 200, 400, 800, 1600 ms: at most three starts in two and a half seconds, however slow the machine is.
  await pause(2_500);
  assert.ok(starts() <= 3, `${starts()} starts`);
  rmSync(join(folder, 'closed'));
  assert.equal(await client(server.socket).ping(), 'PONG');
});
