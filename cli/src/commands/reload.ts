/**
 * `estafette reload`: checks the file of trust spaces, tells the running server to read it, and says what came of it.
 * A file that is wrong is told here, and the server is not even asked.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { RELOAD_LIMITS } from '@estafette/contracts/limits';
import { settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';
import { findRunning, type RunningInstance } from '../running-instance.ts';
import { spacesOfFile } from '../trust-spaces.ts';

/** What the server wrote down since then; null when it is not done in time. */
async function outcomeSince(home: string, since: number): Promise<RunningInstance['reloaded'] | null> {
  for (let waited = 0; waited < RELOAD_LIMITS.outcomeWaitMs; waited += RELOAD_LIMITS.outcomeLookMs) {
    const reloaded = findRunning(home)?.reloaded;
    if (reloaded !== undefined && reloaded.at >= since) return reloaded;
    await pause(RELOAD_LIMITS.outcomeLookMs);
  }
  return null;
}

/** Puts the trust spaces in force in the running server as the file says now. */
export async function reload(options: { json?: boolean }): Promise<void> {
  const config = settings();
  const spaces = spacesOfFile(config);
  if (spaces === null) throw new PlainError('ESTAFETTE_TRUST_SPACES is not set: there is nothing to read again.', 2);
  const home = config.ESTAFETTE_HOME;
  const running = findRunning(home);
  if (running === null) throw new PlainError(`No server runs on ${home}. The file is right.`, 3);
  if (running.reloads !== true)
    throw new PlainError('The running server was started without ESTAFETTE_TRUST_SPACES: start it again.');
  const since = Date.now();
  process.kill(running.pid, 'SIGHUP');
  const outcome = await outcomeSince(home, since);
  if (outcome === null || outcome === undefined)
    throw new PlainError('The server has not said yet whether it could: see its log.');
  if (outcome.fault !== null) throw new PlainError(`The spaces stay as they were; the server says:\n${outcome.fault}`);
  const names = spaces.map(({ name }) => name);
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ spaces: names })}\n` : `In force: ${names.join(', ')}.\n`,
  );
}
