/**
 * Runs the steps of a sweep in order, each whatever became of those before it: trouble with one folder must not keep
 * what is over from being erased, nor answers from leaving. Each trouble is logged under its step; the first is thrown
 * at the end, so that a start that cannot keep its promises fails.
 */
import type { Log } from './ports.ts';

/** Runs every step; rejects with the first error when all have been tried. */
export async function everyStep(steps: Readonly<Record<string, () => Promise<void>>>, log: Log): Promise<void> {
  const errors: unknown[] = [];
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step();
    } catch (error) {
      log.warn('a step of the sweep failed', { reason: name, error });
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
