/**
 * Rows of correspondents: learnt certificates and what was stated beside them are sealed, bound to their row; how the
 * operator wants answers sealed says nothing of anybody and stands open.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Correspondent, LastingStore, LearntCertificate, SealingWishes, Vault } from '../ports.ts';
import { bytes, packChain, unpackChain } from './row-bytes.ts';
import type { Schema } from './schema.ts';

type Facts = Pick<LearntCertificate, 'capabilities' | 'signedAt' | 'signer' | 'letterId' | 'changed'>;

/** A certificate learnt before these facts were kept. */
const NO_FACTS: Facts = { capabilities: null, signedAt: null, signer: null, letterId: null, changed: false };

const wishesOf = (row: Selectable<Schema['correspondents']>): SealingWishes => ({
  form: row.form as SealingWishes['form'],
  content: row.content as SealingWishes['content'],
  keyTransport: row.key_transport as SealingWishes['keyTransport'],
});

/** This part of the lasting store, over a database or a transaction. */
export function correspondentPart(db: Kysely<Schema>, vault: Vault) {
  return {
    async correspondent(addressIndex): Promise<Correspondent | null> {
      const row = await db
        .selectFrom('correspondents')
        .selectAll()
        .where('address_index', '=', addressIndex)
        .executeTakeFirst();
      if (row === undefined) return null;
      const id = addressIndex.toString('hex');
      const [certificate = Buffer.alloc(0), ...chain] = unpackChain(
        vault.open('correspondent', id, row.sealed_certificate),
      );
      const facts =
        row.sealed_facts === null
          ? NO_FACTS
          : (JSON.parse(vault.open('correspondent', `${id} facts`, bytes(row.sealed_facts)).toString()) as Facts);
      return { addressIndex, certificate, chain, fingerprint: row.fingerprint, ...facts, wishes: wishesOf(row) };
    },
    async saveCorrespondent({ addressIndex, certificate, chain, fingerprint, ...learnt }, now) {
      const id = addressIndex.toString('hex');
      const { capabilities, signedAt, signer, letterId, changed } = learnt;
      const facts: Facts = { capabilities, signedAt, signer, letterId, changed };
      const row = {
        sealed_certificate: vault.seal('correspondent', id, packChain([certificate, ...chain])),
        sealed_facts: vault.seal('correspondent', `${id} facts`, Buffer.from(JSON.stringify(facts))),
        fingerprint,
        learnt_at: now,
      };
      await db
        .insertInto('correspondents')
        .values({ address_index: addressIndex, form: null, content: null, key_transport: null, ...row })
        .onConflict((conflict) => conflict.column('address_index').doUpdateSet(row))
        .execute();
    },
    async wishForCorrespondent(addressIndex, { form, content, keyTransport }) {
      const { numUpdatedRows } = await db
        .updateTable('correspondents')
        .set({ form, content, key_transport: keyTransport })
        .where('address_index', '=', addressIndex)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
  } satisfies Partial<LastingStore>;
}
