/**
 * The trust lists of the spaces in force, one for each space that has one. A reload opens what is new or set otherwise
 * first, so that nobody is turned away for want of a list meanwhile; what is gone is closed once it is out of force.
 */
import type { TrustList } from '../mail-peer.ts';
import type { TrustListPolicy, TrustSpace } from '../trust-space.ts';

/** A list that keeps itself new (trust-list/). */
export interface KeptList extends TrustList {
  sweep(): Promise<void>;
  /** It may write over what another one kept for the same space. */
  putInForce(): Promise<void>;
  close(): Promise<void>;
}

export interface HeldLists {
  /** Null: the space has none. */
  of(space: string): TrustList | null;
  /** Opens what these spaces need, and holds it once that is put in force; drops it when it is not. */
  prepare(spaces: readonly TrustSpace[]): Promise<{ putInForce(): Promise<void>; drop(): Promise<void> }>;
  sweep(): Promise<void>;
  close(): Promise<void>;
}

interface Held {
  readonly policy: string;
  readonly list: KeptList;
}

const closeAll = async (lists: readonly Held[]): Promise<void> =>
  void (await Promise.all(lists.map(({ list }) => list.close())));

/** Holds lists; `open` opens the one of a space. */
export function createHeldLists(open: (space: string, policy: TrustListPolicy) => Promise<KeptList>): HeldLists {
  let held: ReadonlyMap<string, Held> = new Map();
  return {
    of: (space) => held.get(space)?.list ?? null,
    async prepare(spaces) {
      const next = new Map<string, Held>();
      const opened: Held[] = [];
      const openFor = async ({ name, trustList }: TrustSpace): Promise<void> => {
        if (trustList === null) return;
        const policy = JSON.stringify(trustList);
        const before = held.get(name);
        const one = before?.policy === policy ? before : { policy, list: await open(name, trustList) };
        if (one !== before) opened.push(one);
        next.set(name, one);
      };
      const drop = (): Promise<void> => closeAll(opened);
      const failed = (await Promise.allSettled(spaces.map(openFor))).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') {
        await drop();
        throw failed.reason;
      }
      const putInForce = async (): Promise<void> => {
        const gone = [...held.values()].filter((one) => ![...next.values()].includes(one));
        held = next;
        // What it closes may still write: only then is it the turn of those that take its place.
        await closeAll(gone);
        await Promise.all(opened.map(({ list }) => list.putInForce()));
      };
      return { putInForce, drop };
    },
    async sweep() {
      await Promise.all([...held.values()].map(({ list }) => list.sweep()));
    },
    close: () => closeAll([...held.values()]),
  };
}
