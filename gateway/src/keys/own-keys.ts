/**
 * The keys a mailbox seals with now. Rows are read each time, so a key that a command added in another process is used
 * by the next reply. Replies that found no good key wait: they are tried again as soon as another key is there, and
 * else (a key whose chain or revocation is not good now) after a pause that grows, per mailbox.
 */
import { KEY_LIMITS } from '@estafette/contracts/limits';
import type { Clock, LastingStore, OwnKeys } from '../ports.ts';
import { standingOf, type UsesOf } from './key-standing.ts';

interface Wait {
  /** Ids of the keys that were refused. */
  readonly keys: string;
  readonly pauseMs: number;
  readonly until: number;
}

/** Own keys over the lasting store. */
export function openOwnKeys(options: { store: Pick<LastingStore, 'keysOf'>; usesOf: UsesOf; clock: Clock }): OwnKeys {
  const { store, usesOf, clock } = options;
  const waits = new Map<string, Wait>();
  const now = () => clock.now().getTime();

  const forSealing: OwnKeys['forSealing'] = async (mailboxId) => {
    const { signing, encryption } = standingOf(await store.keysOf(mailboxId), usesOf, now());
    return { signing, encryption };
  };
  const idsFor = async (mailboxId: string) => (await forSealing(mailboxId)).signing.map((key) => key.id).join(' ');

  return {
    forSealing,
    async mayTry(mailboxId) {
      const keys = await idsFor(mailboxId);
      if (keys === '') return false;
      const wait = waits.get(mailboxId);
      return wait === undefined || wait.keys !== keys || wait.until <= now();
    },
    async refused(mailboxId) {
      const keys = await idsFor(mailboxId);
      const before = waits.get(mailboxId);
      const isSame = before !== undefined && before.keys === keys;
      if (isSame && before.until > now()) return;
      const pauseMs = isSame ? Math.min(before.pauseMs * 2, KEY_LIMITS.longestRetryMs) : KEY_LIMITS.firstRetryMs;
      waits.set(mailboxId, { keys, pauseMs, until: now() + pauseMs });
    },
    worked: (mailboxId) => void waits.delete(mailboxId),
  };
}
