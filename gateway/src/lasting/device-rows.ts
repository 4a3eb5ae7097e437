/** Rows of devices and enrolment links; names and secrets are sealed, bound to their row. */
import type { Kysely, Selectable } from 'kysely';
import type { Device, Enrolment, LastingStore, Vault } from '../ports.ts';
import type { Schema } from './schema.ts';

/** This part of the lasting store, over a database or a transaction. */
export function devicePart(db: Kysely<Schema>, vault: Vault) {
  const toDevice = (row: Selectable<Schema['devices']>): Device => ({
    id: row.id,
    mailboxId: row.mailbox_id,
    person: vault.open('person', row.id, row.sealed_person).toString(),
    wrappingKey: row.wrapping_key,
    signingKey: row.signing_key,
    validUntil: row.valid_until,
  });
  const live = (now: number) =>
    db
      .selectFrom('devices')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where((where) => where.or([where('valid_until', 'is', null), where('valid_until', '>', now)]));
  return {
    async addEnrolment(enrolment) {
      await db
        .insertInto('enrolments')
        .values({
          id: enrolment.id,
          mailbox_id: enrolment.mailboxId,
          sealed_person: vault.seal('person', enrolment.id, Buffer.from(enrolment.person)),
          sealed_secret: vault.seal('enrolment', enrolment.id, enrolment.secret),
          expires_at: enrolment.expiresAt,
          used_by: enrolment.usedBy,
          device_ttl_seconds: enrolment.deviceTtlSeconds,
        })
        .execute();
    },
    async enrolment(id): Promise<Enrolment | null> {
      const row = await db.selectFrom('enrolments').selectAll().where('id', '=', id).executeTakeFirst();
      if (row === undefined) return null;
      return {
        id,
        mailboxId: row.mailbox_id,
        person: vault.open('person', id, row.sealed_person).toString(),
        secret: vault.open('enrolment', id, row.sealed_secret),
        expiresAt: row.expires_at,
        usedBy: row.used_by,
        deviceTtlSeconds: row.device_ttl_seconds,
      };
    },
    async useEnrolment(id, deviceId) {
      const used = await db
        .updateTable('enrolments')
        .set({ used_by: deviceId })
        .where('id', '=', id)
        .where((where) => where.or([where('used_by', 'is', null), where('used_by', '=', deviceId)]))
        .executeTakeFirst();
      return used.numUpdatedRows > 0n;
    },
    async addDevice(device) {
      const added = await db
        .insertInto('devices')
        .values({
          id: device.id,
          mailbox_id: device.mailboxId,
          sealed_person: vault.seal('person', device.id, Buffer.from(device.person)),
          wrapping_key: device.wrappingKey,
          signing_key: device.signingKey,
          valid_until: device.validUntil,
          revoked_at: null,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async device(id, now) {
      const row = await live(now).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toDevice(row);
    },
    async personOfDevice(id) {
      const row = await db.selectFrom('devices').select('sealed_person').where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : vault.open('person', id, row.sealed_person).toString();
    },
    devicesOf: async (mailboxId, now) =>
      (await live(now).where('mailbox_id', '=', mailboxId).orderBy('id').execute()).map(toDevice),
    async devicesRevokedSince(since) {
      const query = db.selectFrom('devices').select(['id', 'mailbox_id']).where('revoked_at', '>=', since);
      return (await query.execute()).map((row) => ({ id: row.id, mailboxId: row.mailbox_id }));
    },
    liveDevices: async (now) => (await live(now).execute()).map(toDevice),
    async revokeDevice(id, now) {
      await db
        .updateTable('devices')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .execute();
    },
  } satisfies Partial<LastingStore>;
}
