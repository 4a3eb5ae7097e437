/**
 * The listeners of the trust spaces: one for each space with a door. A reload opens what is new before anything that
 * stands is touched, so that a port that cannot be had changes nothing; renews certificates where they stand; and
 * retires what is gone: it takes no new session, and those under way end in peace.
 */
import { createSecureContext } from 'node:tls';
import type { DoorPolicy, TrustSpace } from '../trust-space.ts';

/** PEM. */
interface DoorTls {
  readonly certificate: string;
  readonly key: string;
}

/** One listener, as intake opens it. */
export interface OpenDoor {
  readonly port: number;
  /** Another certificate, for the sessions that begin from now on. */
  renew(tls: DoorTls): void;
  /** Takes no new session; resolves when the last of those under way has ended. */
  retire(): Promise<void>;
  /** Ends what is under way too. */
  close(): Promise<void>;
}

export interface DoorAddress {
  readonly space: string;
  readonly host: string;
  readonly port: number;
}

export interface Doors {
  /** In the order of the spaces. */
  addresses(): readonly DoorAddress[];
  /**
   * Opens what is new, lets `swap` put the spaces in force, then renews, replaces and retires. Rejects with nothing
   * changed when a new door cannot be opened, or a certificate or key of any door cannot be read or used.
   */
  apply(spaces: readonly TrustSpace[], swap: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface DoorMaker {
  readonly open: (space: string, door: DoorPolicy, tls: DoorTls) => Promise<OpenDoor>;
  /** Reads the certificate and key of a door. */
  readonly readTls: (door: DoorPolicy) => DoorTls;
}

interface Wanted {
  readonly space: string;
  readonly door: DoorPolicy;
  readonly tls: DoorTls;
}
type Standing = Wanted & { readonly open: OpenDoor };

const isWildcard = (host: string): boolean => ['0.0.0.0', '::'].includes(host);

/** Whether both would want the same address of the machine. */
const collide = (one: DoorPolicy, other: DoorPolicy): boolean =>
  one.port !== 0 &&
  one.port === other.port &&
  (one.host === other.host || isWildcard(one.host) || isWildcard(other.host));

/** Whether a standing listener does for the door: what it asks of clients is asked anew for each of them. */
const does = ({ space, door: one }: Standing, { space: wantedSpace, door: other }: Wanted): boolean =>
  space === wantedSpace &&
  one.host === other.host &&
  one.port === other.port &&
  one.admits === other.admits &&
  one.requiresTls === other.requiresTls &&
  one.allowsCbcSuites === other.allowsCbcSuites;

/** Holds the doors; none is open yet. */
export function createDoors({ open, readTls }: DoorMaker): Doors {
  let standing: readonly Standing[] = [];
  const retired = new Set<OpenDoor>();
  const retire = async (door: OpenDoor): Promise<void> => {
    retired.add(door);
    await door.retire();
    if (retired.delete(door)) await door.close();
  };
  const opened = async (wanted: Wanted): Promise<Standing> => ({
    ...wanted,
    open: await open(wanted.space, wanted.door, wanted.tls),
  });

  const wantedOf = ({ name: space, door }: TrustSpace): Wanted[] => {
    if (door === null) return [];
    const tls = readTls(door);
    // Throws where the two do not belong together, while nothing has changed yet.
    createSecureContext({ cert: tls.certificate, key: tls.key });
    return [{ space, door, tls }];
  };

  /** All of them, or none. */
  const openAll = async (doors: readonly Wanted[]): Promise<Standing[]> => {
    const done = await Promise.allSettled(doors.map(opened));
    const failed = done.find(({ status }) => status === 'rejected');
    const good = done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (failed?.status !== 'rejected') return good;
    await Promise.all(good.map(({ open: door }) => door.close()));
    throw failed.reason;
  };

  return {
    addresses: () => standing.map(({ space, door, open: { port } }) => ({ space, host: door.host, port })),
    async apply(spaces, swap) {
      const wanted = spaces.flatMap(wantedOf);
      const kept = standing.filter((one) => wanted.some((other) => does(one, other)));
      const missing = wanted.filter((one) => !standing.some((other) => does(other, one)));
      const isInTheWay = ({ door }: Wanted): boolean => standing.some((one) => collide(one.door, door));
      const fresh = await openAll(missing.filter((one) => !isInTheWay(one)));
      await swap();
      for (const one of kept) {
        const tls = wanted.find((other) => does(one, other))?.tls;
        if (tls !== undefined) one.open.renew(tls);
      }
      const gone = standing.filter((one) => !kept.includes(one)).map(({ open: door }) => door);
      for (const door of gone) void retire(door);
      standing = [...kept, ...fresh];
      // Their address was held by a door that has just been retired.
      const replaced = await openAll(missing.filter((one) => !fresh.some(({ space }) => space === one.space)));
      const order = wanted.map(({ space }) => space);
      standing = [...standing, ...replaced].sort((a, b) => order.indexOf(a.space) - order.indexOf(b.space));
    },
    async close() {
      const all = [...standing.map(({ open: door }) => door), ...retired];
      retired.clear();
      await Promise.all(all.map((door) => door.close()));
    },
  };
}
