/**
 * Jobs that can never succeed leave the queue; what is left of them is a line for the operator (`estafette queue list`):
 * which queue, when and why, never what was in it. The store keeps the newest.
 */
import { GiveUp } from '@estafette/runtime/ports';
import type { Clock, MailStore } from './ports.ts';

/** The handler, which also notes what it gives up. */
export function notingGivenUp<J>(
  queue: string,
  handler: (job: J, attempt: number) => Promise<void>,
  { store, clock }: { store: Pick<MailStore, 'noteGivenUp'>; clock: Clock },
): (job: J, attempt: number) => Promise<void> {
  return async (job, attempt) => {
    try {
      await handler(job, attempt);
    } catch (error) {
      // Without the note the job is tried again: it shall not vanish unseen.
      if (error instanceof GiveUp) await store.noteGivenUp({ queue, reason: error.message, at: clock.now().getTime() });
      throw error;
    }
  };
}
