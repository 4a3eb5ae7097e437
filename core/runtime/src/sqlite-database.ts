/** The embedded lasting store: SQLite in one file, WAL, fsync at every commit (a committed row survives a power cut). */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';

const BUSY_TIMEOUT_MS = 10_000;

/** Opens (and makes) the database file; `:memory:` for tests. */
export function openSqlite<Schema>(file: string): Kysely<Schema> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('secure_delete = ON');
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
}
