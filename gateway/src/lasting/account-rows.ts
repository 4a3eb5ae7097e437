/**
 * Rows of accounts. Name, password hash and rights are sealed together, bound to the row; a name is found by its keyed
 * digest. The fingerprint of a client certificate is public matter and stands open, once in the whole table: a
 * certificate that two accounts claimed would make one of them the other.
 */
import type { Kysely, Selectable } from 'kysely';
import { canonicalAddress } from '../address.ts';
import type { LastingStore, StoredAccount, Vault } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

type Sealed = Pick<StoredAccount, 'name' | 'password' | 'sendAs' | 'writeTo'>;

/** This part of the lasting store, over a database or a transaction. */
export function accountPart(db: Kysely<Schema>, vault: Vault) {
  // Names are ASCII; a sign that another form or case makes a letter of (the Kelvin sign) is nobody's.
  const indexOf = (name: string): Buffer => vault.index('account', canonicalAddress(name));

  const accountFrom = async (row: Selectable<Schema['accounts']>): Promise<StoredAccount> => {
    const sealed = JSON.parse(vault.open('account', row.id, bytes(row.sealed_facts)).toString()) as Sealed;
    const rows = await db
      .selectFrom('account_certificates')
      .select('fingerprint')
      .where('account_id', '=', row.id)
      .orderBy('fingerprint')
      .execute();
    return { id: row.id, ...sealed, certificates: rows.map(({ fingerprint }) => fingerprint) };
  };

  const remove = async (id: string): Promise<boolean> => {
    await db.deleteFrom('account_certificates').where('account_id', '=', id).execute();
    const { numDeletedRows } = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst();
    return numDeletedRows > 0n;
  };

  return {
    async addAccount({ id, name, password, sendAs, writeTo, certificates }, now) {
      const facts: Sealed = { name, password, sendAs, writeTo };
      const sealed = vault.seal('account', id, Buffer.from(JSON.stringify(facts)));
      const { numInsertedOrUpdatedRows: added } = await db
        .insertInto('accounts')
        .values({ id, name_index: indexOf(name), sealed_facts: sealed, created_at: now })
        .onConflict((conflict) => conflict.column('name_index').doNothing())
        .executeTakeFirst();
      if (added !== 1n) return false;
      for (const fingerprint of certificates) {
        const { numInsertedOrUpdatedRows: bound } = await db
          .insertInto('account_certificates')
          .values({ fingerprint, account_id: id })
          .onConflict((conflict) => conflict.column('fingerprint').doNothing())
          .executeTakeFirst();
        if (bound === 1n) continue;
        await remove(id);
        return false;
      }
      return true;
    },
    async accountById(id) {
      const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : accountFrom(row);
    },
    async accountByName(name) {
      const row = await db
        .selectFrom('accounts')
        .selectAll()
        .where('name_index', '=', indexOf(name))
        .executeTakeFirst();
      return row === undefined ? null : accountFrom(row);
    },
    async accountByCertificate(fingerprint) {
      const row = await db
        .selectFrom('accounts')
        .innerJoin('account_certificates', 'account_certificates.account_id', 'accounts.id')
        .selectAll('accounts')
        .where('account_certificates.fingerprint', '=', fingerprint)
        .executeTakeFirst();
      return row === undefined ? null : accountFrom(row);
    },
    async accounts() {
      const rows = await db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id').execute();
      return Promise.all(rows.map(accountFrom));
    },
    removeAccount: remove,
  } satisfies Partial<LastingStore>;
}
