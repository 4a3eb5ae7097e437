/**
 * The lasting store in SQL, one set of queries for SQLite and PostgreSQL. Seals what names people and what opens
 * letters before it is written; a row copied elsewhere does not open, because the seal is bound to its id.
 */
import type { KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { LastingStore, Vault } from '../ports.ts';
import { auditPart } from './audit-rows.ts';
import { conversationPart } from './conversation-rows.ts';
import { devicePart } from './device-rows.ts';
import { letterPart } from './letter-rows.ts';
import { mailboxPart } from './mailbox-rows.ts';
import { replyPart } from './reply-rows.ts';
import type { Schema } from './schema.ts';

/** The lasting store over a migrated database. */
export function openLastingStore(db: Kysely<Schema>, vault: Vault): LastingStore {
  const openedKeys = new Map<string, KeyObject>();
  const parts = (database: Kysely<Schema>) => ({
    ...mailboxPart(database, vault, openedKeys),
    ...devicePart(database, vault),
    ...conversationPart(database),
    ...letterPart(database),
    ...replyPart(database),
    ...auditPart(database),
  });
  return {
    ...parts(db),
    transaction: (work) =>
      db.transaction().execute((transaction) => {
        const inside: LastingStore = {
          ...parts(transaction),
          transaction: (nested) => nested(inside),
          close: async () => {},
        };
        return work(inside);
      }),
    close: () => db.destroy(),
  };
}
