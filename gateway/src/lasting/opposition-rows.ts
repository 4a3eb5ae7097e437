/**
 * Rows of oppositions. Who opposes is sealed, bound to the row, and found by keyed digests; with the withdrawal both are
 * deleted. What is left tells when, in which mailbox and how many letters, never who.
 */
import { OPPOSITION_LIMITS } from '@estafette/contracts/limits';
import type { Kysely, Selectable } from 'kysely';
import { isOpposing, keysOfOpposing, keysOfStated, type NewOpposition, type Opposition } from '../opposing-patient.ts';
import type { LastingStore, Vault } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

type Sealed = Pick<NewOpposition, 'patient' | 'recordedBy'>;
type Row = Selectable<Schema['oppositions']>;

/** This part of the lasting store, over a database or a transaction. */
export function oppositionPart(db: Kysely<Schema>, vault: Vault) {
  const digestsOf = (keys: readonly string[]): Buffer[] =>
    [...new Set(keys)].map((key) => vault.index('opposition', key));

  const sealedIn = ({ id, sealed_facts }: Pick<Row, 'id' | 'sealed_facts'>): Sealed | null =>
    sealed_facts === null ? null : (JSON.parse(vault.open('opposition', id, bytes(sealed_facts)).toString()) as Sealed);

  const heldBy = async (id: string): Promise<Opposition['held']> => {
    const rows = await db
      .selectFrom('opposed_letters')
      .select(['mailbox_id', ({ fn }) => fn.countAll().as('letters')])
      .where('opposition_id', '=', id)
      .groupBy('mailbox_id')
      .orderBy('mailbox_id')
      .execute();
    return rows.map(({ mailbox_id, letters }) => ({ mailboxId: mailbox_id, letters: Number(letters) }));
  };

  const standingWith = (digests: readonly Buffer[], mailboxId: string) =>
    db
      .selectFrom('oppositions')
      .innerJoin('opposition_keys', 'opposition_keys.opposition_id', 'oppositions.id')
      .select(['oppositions.id', 'oppositions.sealed_facts'])
      .distinct()
      .where('opposition_keys.digest', 'in', digests)
      .where('oppositions.withdrawn_at', 'is', null)
      .where((where) =>
        where.or([where('oppositions.mailbox_id', 'is', null), where('oppositions.mailbox_id', '=', mailboxId)]),
      )
      .execute();

  return {
    async addOpposition({ id, mailboxId, patient, recordedBy }, now) {
      const facts: Sealed = { patient, recordedBy };
      const sealed = vault.seal('opposition', id, Buffer.from(JSON.stringify(facts)));
      await db
        .insertInto('oppositions')
        .values({ id, mailbox_id: mailboxId, sealed_facts: sealed, recorded_at: now, withdrawn_at: null })
        .execute();
      for (const digest of digestsOf(keysOfOpposing(patient)))
        await db.insertInto('opposition_keys').values({ opposition_id: id, digest }).execute();
    },
    async oppositions() {
      const rows = await db
        .selectFrom('oppositions')
        .selectAll()
        .orderBy('recorded_at', 'desc')
        .orderBy('id', 'desc')
        .execute();
      return Promise.all(
        rows.map(async (row) => ({
          id: row.id,
          mailboxId: row.mailbox_id,
          ...(sealedIn(row) ?? { patient: null, recordedBy: null }),
          recordedAt: row.recorded_at,
          withdrawnAt: row.withdrawn_at,
          held: await heldBy(row.id),
        })),
      );
    },
    async withdrawOpposition(id, now) {
      const withdrawn = await db
        .updateTable('oppositions')
        .set({ withdrawn_at: now, sealed_facts: null })
        .where('id', '=', id)
        .where('withdrawn_at', 'is', null)
        .returning('id')
        .executeTakeFirst();
      if (withdrawn === undefined) return false;
      await db.deleteFrom('opposition_keys').where('opposition_id', '=', id).execute();
      return true;
    },
    async opposing(mailboxId, patients) {
      const digests = digestsOf(patients.flatMap(keysOfStated));
      const found = new Set<string>();
      for (let from = 0; from < digests.length; from += OPPOSITION_LIMITS.keysPerQueryMax) {
        const some = digests.slice(from, from + OPPOSITION_LIMITS.keysPerQueryMax);
        for (const row of await standingWith(some, mailboxId)) {
          const who = sealedIn(row)?.patient;
          if (who !== undefined && patients.some((patient) => isOpposing(who, patient))) found.add(row.id);
        }
      }
      return [...found].sort();
    },
    async noteOpposed(letterId, mailboxId, oppositionIds, at) {
      for (const id of oppositionIds)
        await db
          .insertInto('opposed_letters')
          .values({ opposition_id: id, letter_id: letterId, mailbox_id: mailboxId, at })
          .onConflict((conflict) => conflict.columns(['opposition_id', 'letter_id', 'mailbox_id']).doNothing())
          .execute();
    },
    async opposingLetter(letterId, mailboxId) {
      const rows = await db
        .selectFrom('opposed_letters')
        .innerJoin('oppositions', 'oppositions.id', 'opposed_letters.opposition_id')
        .select('oppositions.id')
        .where('letter_id', '=', letterId)
        .where('opposed_letters.mailbox_id', '=', mailboxId)
        .where('withdrawn_at', 'is', null)
        .orderBy('oppositions.id')
        .execute();
      return rows.map(({ id }) => id);
    },
  } satisfies Partial<LastingStore>;
}
