/**
 * Rows of what presses. Rules are settings of the mailbox and speak of no patient: they stand in clear. The telephone
 * number of a correspondent is sealed, bound to its row.
 */
import type { Kysely } from 'kysely';
import { isSameRule, type LastingStore, ruleWords, type UrgencyRule, type Vault } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const sealedUnder = (addressIndex: Buffer): string => `${addressIndex.toString('hex')} phone`;

/** This part of the lasting store, over a database or a transaction. */
export function urgencyPart(db: Kysely<Schema>, vault: Vault) {
  const rulesOf = async (mailboxId: string) => {
    const rows = await db
      .selectFrom('urgency_rules')
      .selectAll()
      .where('mailbox_id', '=', mailboxId)
      .orderBy('words')
      .execute();
    return rows.map(({ words, analyte, comparison, threshold, unit }) => ({
      words,
      rule: { analyte, comparison: comparison as UrgencyRule['comparison'], limit: threshold, unit },
    }));
  };
  return {
    async addUrgencyRule(mailboxId, rule) {
      if ((await rulesOf(mailboxId)).some((held) => isSameRule(held.rule, rule))) return false;
      const { analyte, comparison, limit: threshold, unit } = rule;
      const row = { mailbox_id: mailboxId, words: ruleWords(rule), analyte, comparison, threshold, unit };
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('urgency_rules')
        .values(row)
        .onConflict((conflict) => conflict.columns(['mailbox_id', 'words']).doNothing())
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async removeUrgencyRule(mailboxId, rule) {
      const same = (await rulesOf(mailboxId)).filter((held) => isSameRule(held.rule, rule));
      for (const { words } of same)
        await db.deleteFrom('urgency_rules').where('mailbox_id', '=', mailboxId).where('words', '=', words).execute();
      return same.length > 0;
    },
    urgencyRulesOf: async (mailboxId) => (await rulesOf(mailboxId)).map(({ rule }) => rule),
    async setCorrespondentPhone(addressIndex, phone) {
      if (phone === null) {
        await db.deleteFrom('correspondent_phones').where('address_index', '=', addressIndex).execute();
        return;
      }
      const sealed_phone = vault.seal('correspondent', sealedUnder(addressIndex), Buffer.from(phone));
      await db
        .insertInto('correspondent_phones')
        .values({ address_index: addressIndex, sealed_phone })
        .onConflict((conflict) => conflict.column('address_index').doUpdateSet({ sealed_phone }))
        .execute();
    },
    async correspondentPhone(addressIndex) {
      const row = await db
        .selectFrom('correspondent_phones')
        .selectAll()
        .where('address_index', '=', addressIndex)
        .executeTakeFirst();
      if (row === undefined) return null;
      return vault.open('correspondent', sealedUnder(addressIndex), bytes(row.sealed_phone)).toString();
    },
  } satisfies Partial<LastingStore>;
}
