/**
 * Opens the lasting store by itself: most commands need it and nothing else of the gateway, whose mail side takes a
 * second to load.
 */
import { join } from 'node:path';
import type { Config } from '@estafette/runtime/config';
import type { Vault } from '@estafette/runtime/ports';
import { openLastingStore } from './lasting/lasting-store.ts';
import { migrate } from './lasting/migrations.ts';
import type { Schema } from './lasting/schema.ts';
import type { LastingStore } from './ports.ts';

/** Opens (and migrates) the lasting store the settings name. */
export async function openStore(config: Config, vault: Vault): Promise<LastingStore> {
  const url = config.ESTAFETTE_DATABASE_URL;
  if (url === null) {
    const { openSqlite } = await import('@estafette/runtime/sqlite-database');
    const database = openSqlite<Schema>(join(config.ESTAFETTE_HOME, 'estafette.sqlite'));
    await migrate(database, 'sqlite');
    return openLastingStore(database, vault, { oneWriter: true });
  }
  const { openPostgres } = await import('@estafette/runtime/postgres-database');
  const database = openPostgres<Schema>(url);
  await migrate(database, 'postgres');
  return openLastingStore(database, vault, { oneWriter: false });
}
