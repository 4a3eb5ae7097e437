/** Stopping in order: what was started last stops first; one failure does not keep the rest from stopping. */
import type { Log } from './ports.ts';

export interface Shutdown {
  /** Registers a step; steps run in reverse order of registration. */
  add(name: string, step: () => Promise<void> | void): void;
  /** Runs every step once, however often it is called. */
  run(): Promise<void>;
}

/** A list of steps for the end. */
export function createShutdown(log: Log): Shutdown {
  const steps: { name: string; step: () => Promise<void> | void }[] = [];
  let running: Promise<void> | undefined;
  const runAll = async (): Promise<void> => {
    for (const { name, step } of steps.reverse()) {
      try {
        await step();
      } catch (error) {
        log.error('a part did not stop cleanly', { reason: name, error });
      }
    }
  };
  return {
    add: (name, step) => void steps.push({ name, step }),
    run: () => (running ??= runAll()),
  };
}
