/**
 * Several writes, one commit: an fsync costs the same for one letter as for twenty, and on SQLite it holds the event
 * loop. Work that arrives while a commit runs waits for the next one and shares it; each piece of work keeps its own
 * savepoint, so that one that fails takes nothing else with it. A promise resolves only after the commit.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Pieces of work in one commit, so that none waits long for the others. */
const GROUP_MAX = 64;

interface Waiting {
  run(transaction: Transaction<Schema>): Promise<void>;
  commit(): void;
  fail(error: unknown): void;
}

/** Runs `work` in a transaction that it shares with whatever else waits. */
export type GroupCommit = <T>(work: (transaction: Transaction<Schema>) => Promise<T>) => Promise<T>;

/** Group commit over a database with one writer. */
export function createGroupCommit(database: Kysely<Schema>): GroupCommit {
  const queue: Waiting[] = [];
  let isRunning = false;

  /** One piece of work; true when it is part of the commit. */
  const attempt = async (transaction: Transaction<Schema>, piece: Waiting): Promise<boolean> => {
    await sql`savepoint piece`.execute(transaction);
    try {
      await piece.run(transaction);
      await sql`release savepoint piece`.execute(transaction);
      return true;
    } catch (error) {
      await sql`rollback to savepoint piece`.execute(transaction);
      await sql`release savepoint piece`.execute(transaction);
      piece.fail(error);
      return false;
    }
  };

  const commitGroup = async (group: readonly Waiting[]): Promise<void> => {
    const done: Waiting[] = [];
    try {
      await database.transaction().execute(async (transaction) => {
        for (const piece of group) if (await attempt(transaction, piece)) done.push(piece);
      });
      for (const piece of done) piece.commit();
    } catch (error) {
      for (const piece of group) piece.fail(error);
    }
  };

  const drain = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    // What else this turn of the event loop brings shares the first commit as well.
    await Promise.resolve();
    while (queue.length > 0) await commitGroup(queue.splice(0, GROUP_MAX));
    isRunning = false;
  };

  return <T>(work: (transaction: Transaction<Schema>) => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined;
      queue.push({
        run: async (transaction) => {
          result = { value: await work(transaction) };
        },
        commit: () => (result === undefined ? reject(new Error('work without a result')) : resolve(result.value)),
        fail: reject,
      });
      void drain();
    });
}
