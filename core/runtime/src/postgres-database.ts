/** The lasting store beyond one machine: PostgreSQL, the same schema and the same queries. */
import { Kysely, PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';

const CONNECTIONS_MAX = 10;
const INT8_OID = 20;

/** Opens a pool on a PostgreSQL URL. 64-bit integers come back as numbers: times in ms and counters fit. */
export function openPostgres<Schema>(url: string): Kysely<Schema> {
  types.setTypeParser(INT8_OID, Number);
  const pool = new Pool({ connectionString: url, max: CONNECTIONS_MAX });
  // A server that stops ends its connections, idle or in use: without a listener that would end the process. Whoever
  // asks something of one hears it there; the pool makes others.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
