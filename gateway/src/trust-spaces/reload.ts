/**
 * Puts trust spaces in force, at start and whenever the operator asks, wholly or not at all: read and checked, lists
 * and new doors opened, and only then swapped in one step. Whatever fails before leaves everything as it was; one
 * reload at a time.
 */
import type { Log } from '@estafette/runtime/ports';
import type { TrustSpace } from '../trust-space.ts';
import type { Doors } from './doors.ts';
import type { HeldLists } from './held-lists.ts';
import type { SpacesInForce } from './spaces-in-force.ts';

export interface ReloadOptions {
  /** Reads and checks; rejects with what is wrong. */
  readonly read: () => Promise<readonly TrustSpace[]>;
  readonly spaces: SpacesInForce;
  readonly lists: HeldLists;
  readonly doors: Doors;
  /** Told when other spaces are in force. */
  readonly changed: (spaces: readonly TrustSpace[]) => Promise<void>;
  readonly log: Log;
}

/** The reload; its promise rejects with what was wrong, which is in the log too. */
export function createReload({ read, spaces, lists, doors, changed, log }: ReloadOptions): () => Promise<void> {
  let turn: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    const next = await read();
    const prepared = await lists.prepare(next);
    let isInForce = false;
    try {
      await doors.apply(next, async () => {
        spaces.replace(next);
        isInForce = true;
        await prepared.putInForce();
      });
    } finally {
      // Other spaces may be in force although a door at an old address could not be opened again.
      if (isInForce) await changed(next);
      else await prepared.drop();
    }
    log.info('trust spaces in force', { count: next.length });
  };
  return () => {
    const mine = turn.then(reload);
    turn = mine.catch((error: unknown) => log.error('the trust spaces could not be reloaded', { error }));
    return mine;
  };
}

/** Files and folders of revocation lists that the spaces name for TLS peers, each once. */
export const listPathsOf = (spaces: readonly TrustSpace[]): string[] => [
  ...new Set(
    spaces
      .flatMap(({ door, wayOut }) => [door?.clients?.lists, wayOut?.servers.lists])
      .filter((path) => path !== null && path !== undefined),
  ),
];
