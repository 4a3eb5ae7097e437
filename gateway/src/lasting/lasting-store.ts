/**
 * The lasting store in SQL, one set of queries for SQLite and PostgreSQL. Seals what names people and what opens
 * letters before it is written; a row copied elsewhere does not open, because the seal is bound to its id.
 */
import { createPrivateKey } from 'node:crypto';
import type { AuditEventName } from '@estafette/contracts/audit-events';
import type { ReplyState } from '@estafette/contracts/status';
import type { Kysely, Selectable } from 'kysely';
import type {
  Conversation,
  Correspondent,
  Device,
  Enrolment,
  LastingStore,
  LetterRow,
  Mailbox,
  MailboxKey,
  MailboxKind,
  ReplyRow,
  Vault,
} from '../ports.ts';
import type { Schema } from './schema.ts';

const bytes = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** Certificates one after the other, each with its length in front. */
function packChain(chain: readonly Buffer[]): Buffer {
  return Buffer.concat(
    chain.flatMap((der) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(der.length);
      return [length, der];
    }),
  );
}

function unpackChain(packed: Buffer): Buffer[] {
  const chain: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const length = packed.readUInt32BE(at);
    chain.push(packed.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return chain;
}

const toMailbox = (row: Selectable<Schema['mailboxes']>): Mailbox => ({
  id: row.id,
  address: row.address,
  name: row.name,
  kind: row.kind as MailboxKind,
});

const toConversation = (row: Selectable<Schema['conversations']>): Conversation => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  correspondentIndex: bytes(row.correspondent_index),
  epoch: row.epoch,
  wrappedKey: bytes(row.wrapped_key),
  expiresAt: row.expires_at,
  erasedAt: row.erased_at,
});

const toLetter = (row: Selectable<Schema['letters']>): LetterRow => ({
  letterId: row.letter_id,
  mailboxId: row.mailbox_id,
  conversationId: row.conversation_id,
  dedupeIndex: bytes(row.dedupe_index),
  state: row.state as LetterRow['state'],
  answerable: row.answerable === 1,
  route: row.route,
});

const toReply = (row: Selectable<Schema['replies']>): ReplyRow => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  conversationId: row.conversation_id,
  deviceId: row.device_id,
  state: row.state as ReplyState,
  failure: row.failure,
  certain: row.certain === 1,
  revision: row.revision,
  announcedRevision: row.announced_revision,
  attempts: row.attempts,
  sealed: { iv: row.sealed_iv, ct: row.sealed_ct },
});

type Part = Partial<LastingStore>;

function mailboxPart(db: Kysely<Schema>, vault: Vault) {
  return {
    async addMailbox(mailbox) {
      await db
        .insertInto('mailboxes')
        .values({ ...mailbox, address: mailbox.address.toLowerCase(), created_at: Date.now() })
        .execute();
    },
    async mailboxByAddress(address) {
      const row = await db
        .selectFrom('mailboxes')
        .selectAll()
        .where('address', '=', address.toLowerCase())
        .executeTakeFirst();
      return row === undefined ? null : toMailbox(row);
    },
    async mailboxById(id) {
      const row = await db.selectFrom('mailboxes').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toMailbox(row);
    },
    mailboxes: async () => (await db.selectFrom('mailboxes').selectAll().orderBy('address').execute()).map(toMailbox),
    async addMailboxKey(key) {
      const der = key.privateKey.export({ format: 'der', type: 'pkcs8' });
      await db
        .insertInto('mailbox_keys')
        .values({
          id: key.id,
          mailbox_id: key.mailboxId,
          certificate: key.certificate,
          chain: packChain(key.chain),
          sealed_key: vault.seal('mailbox-key', key.id, der),
          not_before: key.notBefore,
          not_after: key.notAfter,
        })
        .execute();
      der.fill(0);
    },
    async keysOf(mailboxId) {
      const rows = await db
        .selectFrom('mailbox_keys')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .orderBy('not_before', 'desc')
        .execute();
      return rows.map((row): MailboxKey => {
        const der = vault.open('mailbox-key', row.id, row.sealed_key);
        const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
        der.fill(0);
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
  } satisfies Part;
}

function devicePart(db: Kysely<Schema>, vault: Vault) {
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
      await db
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
        .execute();
    },
    async device(id, now) {
      const row = await live(now).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toDevice(row);
    },
    devicesOf: async (mailboxId, now) =>
      (await live(now).where('mailbox_id', '=', mailboxId).orderBy('id').execute()).map(toDevice),
    liveDevices: async (now) => (await live(now).execute()).map(toDevice),
    async revokeDevice(id, now) {
      await db
        .updateTable('devices')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .execute();
    },
    async correspondent(addressIndex): Promise<Correspondent | null> {
      const row = await db
        .selectFrom('correspondents')
        .selectAll()
        .where('address_index', '=', addressIndex)
        .executeTakeFirst();
      if (row === undefined) return null;
      const certificate = vault.open('correspondent', addressIndex.toString('hex'), row.sealed_certificate);
      return { addressIndex, certificate, fingerprint: row.fingerprint };
    },
    async saveCorrespondent(correspondent, now) {
      const row = {
        sealed_certificate: vault.seal(
          'correspondent',
          correspondent.addressIndex.toString('hex'),
          correspondent.certificate,
        ),
        fingerprint: correspondent.fingerprint,
        learnt_at: now,
      };
      await db
        .insertInto('correspondents')
        .values({ address_index: correspondent.addressIndex, ...row })
        .onConflict((conflict) => conflict.column('address_index').doUpdateSet(row))
        .execute();
    },
  } satisfies Part;
}

function conversationPart(db: Kysely<Schema>) {
  return {
    async addConversation(conversation, now) {
      await db
        .insertInto('conversations')
        .values({
          id: conversation.id,
          mailbox_id: conversation.mailboxId,
          correspondent_index: conversation.correspondentIndex,
          epoch: conversation.epoch,
          wrapped_key: conversation.wrappedKey,
          opened_at: now,
          expires_at: conversation.expiresAt,
          erased_at: null,
        })
        .execute();
    },
    async conversation(id) {
      const row = await db.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toConversation(row);
    },
    async liveConversations(mailboxId, now) {
      const rows = await db
        .selectFrom('conversations')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .where('expires_at', '>', now)
        .where('erased_at', 'is', null)
        .orderBy('opened_at')
        .execute();
      return rows.map(toConversation);
    },
    async extendConversation(id, change) {
      await db
        .updateTable('conversations')
        .set({ epoch: change.epoch, wrapped_key: change.wrappedKey, expires_at: change.expiresAt })
        .where('id', '=', id)
        .where('expires_at', '<', change.expiresAt)
        .where('erased_at', 'is', null)
        .execute();
    },
    async eraseExpired(now) {
      const rows = await db
        .updateTable('conversations')
        .set({ erased_at: now, wrapped_key: Buffer.alloc(0) })
        .where('expires_at', '<=', now)
        .where('erased_at', 'is', null)
        .returning('id')
        .execute();
      return rows.map((row) => row.id);
    },
    async rememberMessageId(entry) {
      await db
        .insertInto('message_ids')
        .values({
          mailbox_id: entry.mailboxId,
          message_id_index: entry.messageIdIndex,
          conversation_id: entry.conversationId,
          subject: entry.subject,
          direction: entry.direction,
        })
        .onConflict((conflict) => conflict.columns(['mailbox_id', 'message_id_index', 'subject']).doNothing())
        .execute();
    },
    async conversationByMessageId(mailboxId, messageIdIndex, direction) {
      let query = db
        .selectFrom('message_ids')
        .select('conversation_id')
        .where('mailbox_id', '=', mailboxId)
        .where('message_id_index', '=', messageIdIndex);
      if (direction !== 'any') query = query.where('direction', '=', direction);
      return (await query.orderBy('subject', 'desc').executeTakeFirst())?.conversation_id ?? null;
    },
    async subjectsByMessageId(messageIdIndex) {
      const rows = await db
        .selectFrom('message_ids')
        .select('subject')
        .where('message_id_index', '=', messageIdIndex)
        .execute();
      return [...new Set(rows.map((row) => row.subject))];
    },
    async addBlob(blob) {
      await db
        .insertInto('blobs')
        .values({ blob_id: blob.blobId, mailbox_id: blob.mailboxId, conversation_id: blob.conversationId })
        .onConflict((conflict) => conflict.column('blob_id').doNothing())
        .execute();
    },
    async blobsOf(conversationId) {
      const rows = await db.selectFrom('blobs').selectAll().where('conversation_id', '=', conversationId).execute();
      return rows.map((row) => ({ blobId: row.blob_id, mailboxId: row.mailbox_id }));
    },
    async forgetBlobs(conversationId) {
      await db.deleteFrom('blobs').where('conversation_id', '=', conversationId).execute();
    },
  } satisfies Part;
}

function letterPart(db: Kysely<Schema>) {
  return {
    async addLetter(letter, now) {
      await db
        .insertInto('letters')
        .values({
          letter_id: letter.letterId,
          mailbox_id: letter.mailboxId,
          conversation_id: letter.conversationId,
          dedupe_index: letter.dedupeIndex,
          state: letter.state,
          answerable: letter.answerable ? 1 : 0,
          route: letter.route,
          sealed_context: null,
          created_at: now,
        })
        .execute();
    },
    async letterByDedupe(mailboxId, dedupeIndex) {
      const row = await db
        .selectFrom('letters')
        .selectAll()
        .where('mailbox_id', '=', mailboxId)
        .where('dedupe_index', '=', dedupeIndex)
        .executeTakeFirst();
      return row === undefined ? null : toLetter(row);
    },
    lettersOf: async (letterId) =>
      (await db.selectFrom('letters').selectAll().where('letter_id', '=', letterId).execute()).map(toLetter),
    async markDelivered(letterId, mailboxId) {
      await db
        .updateTable('letters')
        .set({ state: 'delivered' })
        .where('letter_id', '=', letterId)
        .where('mailbox_id', '=', mailboxId)
        .execute();
    },
    async lastAnswerableLetter(conversationId) {
      const row = await db
        .selectFrom('letters')
        .selectAll()
        .where('conversation_id', '=', conversationId)
        .where('answerable', '=', 1)
        .orderBy('seq', 'desc')
        .executeTakeFirst();
      return row === undefined ? null : toLetter(row);
    },
    async saveLetterContext(letterId, mailboxId, sealed) {
      await db
        .updateTable('letters')
        .set({ sealed_context: sealed })
        .where('letter_id', '=', letterId)
        .where('mailbox_id', '=', mailboxId)
        .execute();
    },
    async letterContext(letterId, mailboxId) {
      const row = await db
        .selectFrom('letters')
        .select('sealed_context')
        .where('letter_id', '=', letterId)
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      return row?.sealed_context == null ? null : bytes(row.sealed_context);
    },
  } satisfies Part;
}

function replyPart(db: Kysely<Schema>) {
  return {
    async addReply(reply, now) {
      const added = await db
        .insertInto('replies')
        .values({
          id: reply.id,
          mailbox_id: reply.mailboxId,
          conversation_id: reply.conversationId,
          device_id: reply.deviceId,
          state: reply.state,
          failure: reply.failure,
          certain: reply.certain ? 1 : 0,
          revision: reply.revision,
          announced_revision: reply.announcedRevision,
          attempts: reply.attempts,
          sealed_iv: reply.sealed.iv,
          sealed_ct: reply.sealed.ct,
          created_at: now,
          changed_at: now,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async reply(id) {
      const row = await db.selectFrom('replies').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toReply(row);
    },
    async changeReply(id, change, now) {
      const row = await db
        .updateTable('replies')
        .set((expression) => ({
          state: change.state,
          failure: change.failure,
          certain: change.certain ? 1 : 0,
          revision: expression('revision', '+', 1),
          changed_at: now,
        }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toReply(row);
    },
    async countAttempt(id) {
      const row = await db
        .updateTable('replies')
        .set((expression) => ({ attempts: expression('attempts', '+', 1) }))
        .where('id', '=', id)
        .returning('attempts')
        .executeTakeFirstOrThrow();
      return row.attempts;
    },
    async markAnnounced(id, revision) {
      await db
        .updateTable('replies')
        .set({ announced_revision: revision })
        .where('id', '=', id)
        .where('announced_revision', '<', revision)
        .execute();
    },
    async unfinishedReplies() {
      const rows = await db
        .selectFrom('replies')
        .selectAll()
        .where((where) =>
          where.or([
            where('state', 'in', ['accepted', 'sealed', 'delayed'] satisfies ReplyState[]),
            where('announced_revision', '<', where.ref('revision')),
          ]),
        )
        .orderBy('created_at')
        .execute();
      return rows.map(toReply);
    },
  } satisfies Part;
}

function auditPart(db: Kysely<Schema>) {
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
  } satisfies Part;
}

/** The lasting store over a migrated database. */
export function openLastingStore(db: Kysely<Schema>, vault: Vault): LastingStore {
  const parts = (database: Kysely<Schema>) => ({
    ...mailboxPart(database, vault),
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
