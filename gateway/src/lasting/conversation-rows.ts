/** Rows of conversations, who takes part in them, the Message-IDs that lead to them, and the blobs that go with them. */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { Kysely, Selectable } from 'kysely';
import type { Conversation, LastingStore, Participant } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

/** A conversation as the rows hold it. */
export const toConversation = (row: Selectable<Schema['conversations']>): Conversation => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  correspondentIndex: bytes(row.correspondent_index),
  epoch: row.epoch,
  wrappedKey: bytes(row.wrapped_key),
  expiresAt: row.expires_at,
  erasedAt: row.erased_at,
  space: row.space,
});

/** This part of the lasting store, over a database or a transaction. */
export function conversationPart(db: Kysely<Schema>) {
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
          space: conversation.space,
          reminded_for: null,
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
    async erasedWithBlobs() {
      const rows = await db
        .selectFrom('blobs')
        .innerJoin('conversations', 'conversations.id', 'blobs.conversation_id')
        .select('conversations.id')
        .distinct()
        .where('conversations.erased_at', 'is not', null)
        .execute();
      return rows.map((row) => row.id);
    },
    async forgetErased(before, limit) {
      const rows = await db
        .selectFrom('conversations')
        .select('id')
        .where('erased_at', '<=', before)
        .orderBy('erased_at')
        .limit(limit)
        .execute();
      const ids = rows.map(({ id }) => id);
      if (ids.length === 0) return 0;
      const letters = db.selectFrom('letters').select(['letter_id', 'mailbox_id']).where('conversation_id', 'in', ids);
      await db
        .deleteFrom('quarantine')
        .where((where) =>
          where(where.refTuple('letter_id', 'mailbox_id'), 'in', letters.$asTuple('letter_id', 'mailbox_id')),
        )
        .execute();
      for (const table of ['letters', 'message_ids', 'participants', 'filings'] as const)
        await db.deleteFrom(table).where('conversation_id', 'in', ids).execute();
      await db.deleteFrom('conversations').where('id', 'in', ids).execute();
      return ids.length;
    },
    async addParticipant({ conversationId, addressIndex, role, since }, max) {
      const { count } = await db
        .selectFrom('participants')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('conversation_id', '=', conversationId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= max) return;
      await db
        .insertInto('participants')
        .values({ conversation_id: conversationId, address_index: addressIndex, role, since })
        .onConflict((conflict) => conflict.columns(['conversation_id', 'address_index']).doNothing())
        .execute();
    },
    async participantsOf(conversationId) {
      const rows = await db
        .selectFrom('participants')
        .selectAll()
        .where('conversation_id', '=', conversationId)
        .orderBy('since')
        .execute();
      return rows.map((row) => ({
        conversationId: row.conversation_id,
        addressIndex: bytes(row.address_index),
        role: row.role as Participant['role'],
        since: row.since,
      }));
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
    async conversationsByMessageId(mailboxId, messageIdIndex, direction, participantIndex) {
      let query = db
        .selectFrom('message_ids')
        .innerJoin('participants', 'participants.conversation_id', 'message_ids.conversation_id')
        .select(['message_ids.conversation_id', 'participants.role'])
        .where('message_ids.mailbox_id', '=', mailboxId)
        .where('message_ids.message_id_index', '=', messageIdIndex)
        .where('participants.address_index', '=', participantIndex);
      if (direction !== 'any') query = query.where('message_ids.direction', '=', direction);
      const rows = await query
        .orderBy((columns) => columns.case().when('participants.role', '=', 'from').then(0).else(1).end())
        // What is named there was made in that order, whatever its kind (ULID).
        .orderBy((columns) => columns.fn('substr', ['message_ids.subject', columns.val(5)]))
        .limit(CONVERSATION_LIMITS.threadsLookedAtMax)
        .execute();
      const own = rows.filter(({ role }) => role === 'from');
      return [...new Set((own.length > 0 ? own : rows).map((row) => row.conversation_id))];
    },
    async conversationKnows(mailboxId, messageIdIndex, conversationId) {
      const row = await db
        .selectFrom('message_ids')
        .select('direction')
        .where('mailbox_id', '=', mailboxId)
        .where('message_id_index', '=', messageIdIndex)
        .where('conversation_id', '=', conversationId)
        .executeTakeFirst();
      return row !== undefined;
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
        // A letter that moved to another conversation takes its blobs along: they are sealed anew, and end with that one.
        .onConflict((conflict) => conflict.column('blob_id').doUpdateSet({ conversation_id: blob.conversationId }))
        .execute();
    },
    async blobsOf(conversationId) {
      const rows = await db.selectFrom('blobs').selectAll().where('conversation_id', '=', conversationId).execute();
      return rows.map((row) => ({ blobId: row.blob_id, mailboxId: row.mailbox_id }));
    },
    async hasBlob(blobId) {
      const row = await db.selectFrom('blobs').select('blob_id').where('blob_id', '=', blobId).executeTakeFirst();
      return row !== undefined;
    },
    async forgetBlobs(conversationId) {
      await db.deleteFrom('blobs').where('conversation_id', '=', conversationId).execute();
    },
  } satisfies Partial<LastingStore>;
}
