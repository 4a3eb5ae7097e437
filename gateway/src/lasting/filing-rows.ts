/**
 * Rows of filing. Where a mailbox files, and in whose name, is sealed by the vault, bound to the mailbox; what was filed is
 * ids and times. A filing that failed counts as none: its conversation is recalled again.
 */
import type { Kysely, Selectable } from 'kysely';
import type { FilingRow, FilingSettings, LastingStore, Vault } from '../ports.ts';
import { toConversation } from './conversation-rows.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const toFiling = (row: Selectable<Schema['filings']>): FilingRow => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  conversationId: row.conversation_id,
  deviceId: row.device_id,
  what: row.what as FilingRow['what'],
  letterId: row.letter_id,
  at: row.at,
  coversUntil: row.covers_until,
});

/** When something was last said in a conversation that was shown, and until when it is filed. */
function spokenOf(db: Kysely<Schema>) {
  return db
    .selectFrom('conversations as c')
    .innerJoin('filing_settings', 'filing_settings.mailbox_id', 'c.mailbox_id')
    .selectAll('c')
    .select((columns) => [
      columns
        .selectFrom('letters')
        .leftJoin('quarantine', (join) =>
          join
            .onRef('quarantine.letter_id', '=', 'letters.letter_id')
            .onRef('quarantine.mailbox_id', '=', 'letters.mailbox_id'),
        )
        .whereRef('letters.conversation_id', '=', 'c.id')
        .where('letters.state', '=', 'delivered')
        .where((where) => where.or([where('quarantine.state', 'is', null), where('quarantine.state', '=', 'released')]))
        .select(({ fn }) => fn.max('letters.created_at').as('at'))
        .as('letter_at'),
      columns
        .selectFrom('replies')
        .whereRef('replies.conversation_id', '=', 'c.id')
        .where('replies.purpose', '=', 'answer')
        .select(({ fn }) => fn.max('replies.created_at').as('at'))
        .as('answer_at'),
      columns
        .selectFrom('filings')
        .innerJoin('replies', 'replies.id', 'filings.id')
        .whereRef('filings.conversation_id', '=', 'c.id')
        .where('replies.state', '<>', 'failed')
        .select(({ fn }) => fn.max('filings.covers_until').as('at'))
        .as('filed_until'),
    ]);
}

/** This part of the lasting store, over a database or a transaction. */
export function filingPart(db: Kysely<Schema>, vault: Vault) {
  return {
    async setFiling({ mailboxId, ...facts }) {
      const sealed_facts = vault.seal('correspondent', `filing ${mailboxId}`, Buffer.from(JSON.stringify(facts)));
      await db
        .insertInto('filing_settings')
        .values({ mailbox_id: mailboxId, sealed_facts })
        .onConflict((conflict) => conflict.column('mailbox_id').doUpdateSet({ sealed_facts }))
        .execute();
    },
    async clearFiling(mailboxId) {
      const { numDeletedRows } = await db
        .deleteFrom('filing_settings')
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    async filingSettings(mailboxId) {
      const row = await db
        .selectFrom('filing_settings')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      if (row === undefined) return null;
      const facts = vault.open('correspondent', `filing ${mailboxId}`, bytes(row.sealed_facts)).toString();
      return { mailboxId, ...(JSON.parse(facts) as Omit<FilingSettings, 'mailboxId'>) };
    },
    async addFiling({ id, mailboxId, conversationId, deviceId, what, letterId, at, coversUntil }) {
      await db
        .insertInto('filings')
        .values({
          ...{ id, what, at },
          mailbox_id: mailboxId,
          conversation_id: conversationId,
          device_id: deviceId,
          letter_id: letterId,
          covers_until: coversUntil,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    },
    async filingsOf(conversationId) {
      const rows = await db
        .selectFrom('filings')
        .selectAll()
        .where('conversation_id', '=', conversationId)
        .orderBy('at')
        .orderBy('id')
        .execute();
      return rows.map(toFiling);
    },
    async unfiledConversations({ now, leadMs, lifeParts, limit }) {
      const rows = await db
        .selectFrom(spokenOf(db).as('spoken'))
        .selectAll()
        .where('erased_at', 'is', null)
        .where('expires_at', '>', now)
        .where('expires_at', '<=', now + leadMs)
        .where((where) =>
          where(
            where(where.parens('expires_at', '-', now), '*', lifeParts),
            '<=',
            where('expires_at', '-', where.ref('opened_at')),
          ),
        )
        .where((where) =>
          where.or([where('reminded_for', 'is', null), where('reminded_for', '<', where.ref('expires_at'))]),
        )
        .where('letter_at', 'is not', null)
        .where((where) =>
          where.or([
            where('filed_until', 'is', null),
            where('letter_at', '>', where.ref('filed_until')),
            where('answer_at', '>', where.ref('filed_until')),
          ]),
        )
        .orderBy('expires_at')
        .limit(limit)
        .execute();
      return rows.map(toConversation);
    },
    async markReminded(conversationId, expiresAt) {
      await db.updateTable('conversations').set({ reminded_for: expiresAt }).where('id', '=', conversationId).execute();
    },
  } satisfies Partial<LastingStore>;
}
