/**
 * One set-up at a time in a checkout: a lock file that names its holder.
 * A holder that died (kill -9) is recognised by its process id and start time, and its lock is taken over.
 * Only a set-up that has something to bring takes the lock; a start with everything in place never waits.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryFolder, SetupError, say } from './steps.mjs';

const lockFile = path.join(repositoryFolder, '.cache', 'setup.lock');
const POLL_MS = 200;
const LONGEST_WAIT_MS = 20 * 60_000;

/** Start time in clock ticks since boot (proc(5), field 22), '' where the system has no /proc. @param {number} pid */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** @param {string} content `pid start-time host` */
function holderIsAlive(content) {
  const [pid, started, host] = content.trim().split(' ');
  if (host !== os.hostname()) return true;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
  }
  return startTime(Number(pid)) === (started === '-' ? '' : started);
}

/** Takes a dead holder's lock away; if someone else was quicker and it is theirs, puts it back. @param {string} seen */
function removeStale(seen) {
  const aside = `${lockFile}.stale.${process.pid}`;
  try {
    renameSync(lockFile, aside);
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, lockFile);
    unlinkSync(aside);
  } catch {
    // another waiting set-up has already taken it away
  }
}

function tryToTake() {
  const content = `${process.pid} ${startTime(process.pid) || '-'} ${os.hostname()}\n`;
  const draft = `${lockFile}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, lockFile); // link() is atomic and never overwrites: the lock appears with its content or not at all
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits for the lock and takes it; gives the function that releases it. */
export async function takeSetupLock() {
  try {
    mkdirSync(path.dirname(lockFile), { recursive: true });
  } catch (error) {
    throw new SetupError(`cannot write in ${repositoryFolder}: ${/** @type {Error} */ (error).message}`);
  }
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  let told = false;
  while (!tryToTake()) {
    let seen = '';
    try {
      seen = readFileSync(lockFile, 'utf8');
    } catch {
      continue; // released between the two calls
    }
    if (!holderIsAlive(seen)) {
      removeStale(seen);
      continue;
    }
    if (!told) say(`another set-up is running in this checkout (process ${seen.split(' ')[0]}), waiting for it …`);
    told = true;
    if (Date.now() > giveUpAt) throw new SetupError(`another set-up still holds ${lockFile}; remove it if none runs`);
    await sleep(POLL_MS);
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  return () => {
    process.removeListener('exit', release);
    release();
  };
}
