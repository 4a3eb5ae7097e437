/** Rows of hosted mailboxes and their keys; private keys are sealed under the vault, bound to their row. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import { canonicalAddress } from '../address.ts';
import type { KeyRequest, LastingStore, Mailbox, MailboxKey, MailboxKind, MailboxLabel, Vault } from '../ports.ts';
import { bytes, packChain, unpackChain } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const toMailbox = (row: Selectable<Schema['mailboxes']>): Mailbox => ({
  id: row.id,
  address: row.address,
  name: row.name,
  kind: row.kind as MailboxKind,
  ...(row.title === null ? {} : { title: row.title }),
  ...(row.given_name === null ? {} : { givenName: row.given_name }),
  ...(row.family_name === null ? {} : { familyName: row.family_name }),
  ...(row.entity === null ? {} : { entity: row.entity }),
  ...(row.closed_at === null ? {} : { closedAt: row.closed_at }),
});

/** Columns of what is given; empty text is nothing. */
const labelColumns = ({ title, givenName, familyName, entity }: MailboxLabel) =>
  Object.fromEntries(
    Object.entries({ title, given_name: givenName, family_name: familyName, entity })
      .filter(([, text]) => text !== undefined)
      .map(([column, text]) => [column, text === '' ? null : text]),
  );

/** Unseals a private key into a key object; its bytes are wiped. */
function openKey(vault: Vault, row: { id: string; sealed_key: Buffer }): KeyObject {
  const der = vault.open('mailbox-key', row.id, row.sealed_key);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** A private key as it is written: PKCS#8, sealed to its row; the clear bytes are wiped. */
function sealKey(vault: Vault, id: string, key: KeyObject): Buffer {
  const der = key.export({ format: 'der', type: 'pkcs8' });
  try {
    return vault.seal('mailbox-key', id, der);
  } finally {
    der.fill(0);
  }
}

/**
 * This part of the lasting store, over a database or a transaction. `opened` keeps keys that were unsealed in this
 * process: a letter does not pay for it again.
 */
export function mailboxPart(db: Kysely<Schema>, vault: Vault, opened: Map<string, KeyObject>) {
  return {
    async addMailbox({ id, address, name, kind, closedAt, ...label }) {
      const row = {
        id,
        address: canonicalAddress(address),
        name,
        kind,
        closed_at: closedAt ?? null,
        created_at: Date.now(),
      };
      await db
        .insertInto('mailboxes')
        .values({ title: null, given_name: null, family_name: null, entity: null, ...labelColumns(label), ...row })
        .execute();
    },
    async describeMailbox(id, label) {
      const { numUpdatedRows } = await db
        .updateTable('mailboxes')
        .set({ id, ...labelColumns(label) })
        .where('id', '=', id)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async closeMailbox(id, closedAt) {
      const { numUpdatedRows } = await db
        .updateTable('mailboxes')
        .set({ closed_at: closedAt })
        .where('id', '=', id)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async mailboxByAddress(address) {
      const row = await db
        .selectFrom('mailboxes')
        .selectAll()
        .where('address', '=', canonicalAddress(address))
        .executeTakeFirst();
      return row === undefined ? null : toMailbox(row);
    },
    async mailboxById(id) {
      const row = await db.selectFrom('mailboxes').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toMailbox(row);
    },
    mailboxes: async () => (await db.selectFrom('mailboxes').selectAll().orderBy('address').execute()).map(toMailbox),
    async addMailboxKey(key) {
      await db
        .insertInto('mailbox_keys')
        .values({
          id: key.id,
          mailbox_id: key.mailboxId,
          certificate: key.certificate,
          chain: packChain(key.chain),
          sealed_key: sealKey(vault, key.id, key.privateKey),
          not_before: key.notBefore,
          not_after: key.notAfter,
        })
        .execute();
    },
    async keysOf(mailboxId) {
      const rows = await db
        .selectFrom('mailbox_keys')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .orderBy('not_before', 'desc')
        .execute();
      return rows.map((row): MailboxKey => {
        const privateKey = opened.get(row.id) ?? openKey(vault, row);
        opened.set(row.id, privateKey);
        return {
          id: row.id,
          mailboxId: row.mailbox_id,
          certificate: bytes(row.certificate),
          chain: unpackChain(bytes(row.chain)),
          privateKey,
          notBefore: row.not_before,
          notAfter: row.not_after,
        };
      });
    },
    async addKeyRequest({ id, mailboxId, privateKey, createdAt }) {
      const row = { id, mailbox_id: mailboxId, sealed_key: sealKey(vault, id, privateKey), created_at: createdAt };
      await db.insertInto('key_requests').values(row).execute();
    },
    async keyRequestsOf(mailboxId) {
      const rows = await db
        .selectFrom('key_requests')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .orderBy('created_at', 'desc')
        .execute();
      return rows.map((row): KeyRequest => {
        const privateKey = opened.get(row.id) ?? openKey(vault, row);
        opened.set(row.id, privateKey);
        return { id: row.id, mailboxId: row.mailbox_id, privateKey, createdAt: row.created_at };
      });
    },
    async removeKeyRequest(id) {
      await db.deleteFrom('key_requests').where('id', '=', id).execute();
    },
  } satisfies Partial<LastingStore>;
}
