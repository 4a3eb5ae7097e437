/**
 * For tests: the real clamd of Debian (clamav-daemon) in the foreground, on a unix socket in a folder of its own, with a
 * signature database of one pattern that stands nowhere else. No freshclam, no network.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { clamdAt } from './clamd.ts';

const PROGRAM = '/usr/sbin/clamd';
const START_PATIENCE_MS = 60_000;

/** What the signature database of these tests takes for a virus. */
export const VIRUS = 'Estafette antivirus test pattern, harmless 7f3a';
export const VIRUS_NAME = 'Estafette.Test.Pattern.UNOFFICIAL';

export interface RunningClamd {
  /** Where it listens, or will after `start`. */
  readonly path: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its folder. */
  end(): Promise<void>;
}

async function answers(path: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < START_PATIENCE_MS; waited += 50) {
    if (child.exitCode !== null) throw new Error(`clamd ended with ${child.exitCode} instead of starting`);
    const isThere =
      existsSync(path) &&
      (await clamdAt({ path })
        .version()
        .then(
          () => true,
          () => false,
        ));
    if (isThere) return;
    await pause(50);
  }
  throw new Error('clamd does not answer');
}

/** A clamd that is started; `settings` are further lines of its configuration. */
export async function startClamd(...settings: readonly string[]): Promise<RunningClamd> {
  const folder = mkdtempSync(join(tmpdir(), 'est-clamd-'));
  const path = join(folder, 'clamd.sock');
  const configuration = join(folder, 'clamd.conf');
  mkdirSync(join(folder, 'signatures'));
  writeFileSync(
    join(folder, 'signatures', 'test.ndb'),
    `Estafette.Test.Pattern:0:*:${Buffer.from(VIRUS).toString('hex')}\n`,
  );
  const lines = [
    'Foreground yes',
    `LocalSocket ${path}`,
    `DatabaseDirectory ${join(folder, 'signatures')}`,
    `TemporaryDirectory ${folder}`,
    'MaxThreads 4',
    ...settings,
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  let child: ChildProcess | null = null;
  const stop = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };
  const clamd: RunningClamd = {
    path,
    async start() {
      child = spawn(PROGRAM, [`--config-file=${configuration}`], { stdio: 'ignore' });
      child.unref();
      await answers(path, child);
    },
    stop,
    async end() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await clamd.start();
  return clamd;
}
