/** Rows of the audit trail, only ever added. */
import type { AuditEventName } from '@estafette/contracts/audit-events';
import type { Kysely } from 'kysely';
import type { LastingStore } from '../ports.ts';
import type { Schema } from './schema.ts';

/** This part of the lasting store, over a database or a transaction. */
export function auditPart(db: Kysely<Schema>) {
  return {
    async audit(entry, at) {
      await db
        .insertInto('audit_events')
        .values({
          at,
          subject: entry.subject,
          event: entry.event,
          detail: entry.detail ?? null,
          related: entry.related ?? null,
        })
        .execute();
    },
    async trace(subject) {
      const rows = await db
        .selectFrom('audit_events')
        .selectAll()
        .where((where) => where.or([where('subject', '=', subject), where('related', '=', subject)]))
        .orderBy('seq')
        .execute();
      return rows.map((row) => ({
        at: row.at,
        subject: row.subject,
        event: row.event as AuditEventName,
        ...(row.detail === null ? {} : { detail: row.detail }),
        ...(row.related === null ? {} : { related: row.related }),
      }));
    },
  } satisfies Partial<LastingStore>;
}
