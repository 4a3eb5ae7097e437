/**
 * Looks at the revocation lists the operator configured, at start and every hour: one that is over, or will be soon,
 * makes letters unverified and answers fail, so it is said in the log each time, and in the trail once for each list.
 */
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { Clock, ConfiguredList, LastingStore, Log } from '../ports.ts';

export interface ListAlarmsOptions {
  /** Reads the configured lists, in a worker. */
  readonly read: () => Promise<readonly ConfiguredList[]>;
  readonly store: Pick<LastingStore, 'trace' | 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** `over`, `ending`, or null for a list that is good for long enough. */
export function listStanding({ nextUpdate }: ConfiguredList, now: number): 'over' | 'ending' | null {
  if (nextUpdate <= now) return 'over';
  return nextUpdate <= now + STATUS_LIMITS.listWarningMs ? 'ending' : null;
}

/** The alarms; call often, they look every hour by the clock. */
export function createListAlarms(options: ListAlarmsOptions): () => Promise<void> {
  const { store, clock, log } = options;
  let lookAgainAt = 0;

  const look = async (list: ConfiguredList, now: number): Promise<void> => {
    const state = listStanding(list, now);
    if (state === null) return;
    log.warn('a configured revocation list is over or ends soon', { state, reason: list.file });
    const subject = `crl ${list.fingerprint}`;
    if ((await store.trace(subject)).some(({ event, detail }) => event === 'list-ending' && detail === state)) return;
    await store.audit({ subject, event: 'list-ending', detail: state }, now);
  };

  return async () => {
    const now = clock.now().getTime();
    if (now < lookAgainAt) return;
    lookAgainAt = now + STATUS_LIMITS.listsCheckedEveryMs;
    for (const list of await options.read()) await look(list, now);
  };
}
