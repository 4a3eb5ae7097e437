/** Waiting for a fact, with a generous limit: a story says what must happen, never how fast. */
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** Looks until `look` gives something other than false, null or undefined; throws with `what` when it never does. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  for (let waited = 0; waited < patienceMs; waited += LOOK_EVERY_MS) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`waited in vain: ${what}`);
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
