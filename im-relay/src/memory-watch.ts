/**
 * Notices that Redis lost what it held while everything went on: the mark that the gateway had introduced its devices is
 * gone. Sockets that are open count on in a numbering nobody knows any more and would miss what comes: they are sent
 * away, and find a new epoch. The gateway is asked to introduce its devices again, because a relay that does not know a
 * device lets it in nowhere. Also for a relay that meets an empty Redis beside a gateway that has long been running.
 */
import { QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import type { RelayContext } from './relay-context.ts';

/** The step that looks; run often, never rejects: a Redis that is away has not forgotten. */
export function createMemoryWatch(
  { access, queues, log }: Pick<RelayContext, 'access' | 'queues' | 'log'>,
  sendAllAway: () => void,
): () => Promise<void> {
  let isMissing = false;
  return async () => {
    try {
      const wasMissing = isMissing;
      isMissing = !(await access.isIntroduced());
      if (!isMissing) return;
      if (!wasMissing) log.warn('redis does not know the devices: they start over, the gateway is asked to name them');
      sendAllAway();
      await queues.add(QUEUES.reply, 'introduce', { kind: 'introduce' } satisfies ReplyJob);
    } catch (error) {
      log.debug('whether redis forgot is not known now', { error });
    }
  };
}
