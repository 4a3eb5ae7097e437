/** The embedded lasting store: SQLite in one file, WAL, fsync at every commit (a committed row survives a power cut). */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';

const BUSY_TIMEOUT_MS = 10_000;

const STATEMENTS_KEPT_MAX = 500;

/**
 * Every transaction here writes, so it takes the write lock at its beginning: one that began by reading would be told
 * SQLITE_BUSY at its first write, without any wait, when a command in another process had written in between.
 */
const BEGIN = 'begin immediate';

/** The database with its statements kept: the same query is prepared once, not for every letter. */
function keepingStatements(database: Database.Database): SqliteDatabase {
  const kept = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => void database.close(),
    prepare(sql) {
      const known = kept.get(sql);
      if (known !== undefined) return known;
      if (kept.size >= STATEMENTS_KEPT_MAX) kept.clear();
      const statement = database.prepare(sql === 'begin' ? BEGIN : sql) as ReturnType<SqliteDatabase['prepare']>;
      kept.set(sql, statement);
      return statement;
    },
  };
}

/** Opens (and makes) the database file; `:memory:` for tests. */
export function openSqlite<Schema>(file: string): Kysely<Schema> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('secure_delete = ON');
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: keepingStatements(database) }) });
}
