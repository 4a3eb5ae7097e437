/**
 * One server per data folder. `server.json` names the process that runs and the addresses it serves, for the other
 * commands; a second server on the same folder is refused, a file left by a killed one is taken over.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataFolder } from './data-folder.ts';
import { PlainError } from './plain-error.ts';

export interface RunningInstance {
  readonly pid: number;
  /** Start time of the process in clock ticks, so that a reused pid is not taken for it; '' where unknown. */
  readonly started: string;
  readonly smtp: string | null;
  readonly web: string | null;
  /** Whether it reads the file of trust spaces again when it is told to (SIGHUP). */
  readonly reloads?: boolean;
  /** When it last did (milliseconds since 1970), and what was wrong. */
  readonly reloaded?: { readonly at: number; readonly fault: string | null };
}

type Announcement = Omit<RunningInstance, 'pid' | 'started'>;

const fileIn = (home: string) => join(home, 'server.json');

function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive({ pid, started }: RunningInstance): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return started === '' || startOf(pid) === started;
}

/** The server that runs on this data folder, or null. */
export function findRunning(home: string): RunningInstance | null {
  try {
    const instance = JSON.parse(readFileSync(fileIn(home), 'utf8')) as RunningInstance;
    return isAlive(instance) ? instance : null;
  } catch {
    return null;
  }
}

/** Takes the data folder for this process; throws when another server has it. */
export function takeFolder(home: string): {
  announce(facts: Announcement): void;
  release(): void;
} {
  makeDataFolder(home);
  const other = findRunning(home);
  if (other !== null)
    throw new PlainError(
      `Estafette already runs on ${home} (process ${other.pid}): stop it first, or choose another ESTAFETTE_HOME.`,
    );
  const write = (facts: Announcement): void => {
    const draft = `${fileIn(home)}.${process.pid}`;
    const instance: RunningInstance = { pid: process.pid, started: startOf(process.pid), ...facts };
    writeFileSync(draft, JSON.stringify(instance), { mode: 0o600 });
    renameSync(draft, fileIn(home));
  };
  write({ smtp: null, web: null });
  return { announce: write, release: () => rmSync(fileIn(home), { force: true }) };
}
