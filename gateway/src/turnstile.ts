/**
 * The way to a number of places, each for one at a time. Who is in haste goes ahead of the others, because somebody stays
 * on the line for it, but after so many in a row one of the others has its turn: strangers who bring haste without end
 * must not keep every letter waiting. A turnstile that closes turns away all who wait.
 */

/** Gives a place back. */
type Leave = () => void;

export interface Turnstile {
  /** Rejects once the turnstile is closed, as `enterInHaste` does. */
  enter(): Promise<Leave>;
  /** Null when `patience` ended before there was a place. */
  enterInHaste(patience: AbortSignal): Promise<Leave | null>;
  close(): void;
}

interface Waiting {
  readonly go: () => void;
  readonly turnAway: (error: Error) => void;
}

const closed = (): Error => new Error('no place any more: the turnstile is closed');

/** A turnstile to `places`, where at most `hasteInARowMax` go ahead of one of the others. */
export function createTurnstile(places: number, hasteInARowMax: number): Turnstile {
  const rows = { haste: new Set<Waiting>(), usual: new Set<Waiting>() };
  let free = places;
  let hasteInARow = 0;
  let isClosed = false;

  const nextOf = (): Waiting | undefined => {
    const isUsualsTurn = rows.haste.size === 0 || (hasteInARow >= hasteInARowMax && rows.usual.size > 0);
    hasteInARow = isUsualsTurn ? 0 : hasteInARow + 1;
    const row = isUsualsTurn ? rows.usual : rows.haste;
    const [first] = row;
    if (first !== undefined) row.delete(first);
    return first;
  };
  const leave = (): void => {
    const next = nextOf();
    if (next === undefined) free += 1;
    else next.go();
  };
  const takeFree = (): boolean => {
    if (isClosed) throw closed();
    if (free === 0) return false;
    free -= 1;
    return true;
  };

  return {
    async enter() {
      if (!takeFree()) await new Promise<void>((go, turnAway) => rows.usual.add({ go, turnAway }));
      return leave;
    },
    async enterInHaste(patience) {
      if (takeFree()) return leave;
      if (patience.aborted) return null;
      let isTurn = true;
      await new Promise<void>((go, turnAway) => {
        const waiting = { go, turnAway };
        rows.haste.add(waiting);
        const giveUp = (): void => {
          // One whose turn has come is in no row any more.
          isTurn = !rows.haste.delete(waiting);
          go();
        };
        patience.addEventListener('abort', giveUp, { once: true });
      });
      return isTurn ? leave : null;
    },
    close() {
      isClosed = true;
      for (const row of [rows.haste, rows.usual]) {
        for (const { turnAway } of row) turnAway(closed());
        row.clear();
      }
    },
  };
}
