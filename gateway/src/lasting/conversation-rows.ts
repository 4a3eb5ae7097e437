/** Rows of conversations, the Message-IDs that lead to them, and the blobs that go with them. */
import type { Kysely, Selectable } from 'kysely';
import type { Conversation, LastingStore } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const toConversation = (row: Selectable<Schema['conversations']>): Conversation => ({
  id: row.id,
  mailboxId: row.mailbox_id,
  correspondentIndex: bytes(row.correspondent_index),
  epoch: row.epoch,
  wrappedKey: bytes(row.wrapped_key),
  expiresAt: row.expires_at,
  erasedAt: row.erased_at,
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
        // A letter that moved to another conversation takes its blobs along: they are sealed anew, and end with that one.
        .onConflict((conflict) => conflict.column('blob_id').doUpdateSet({ conversation_id: blob.conversationId }))
        .execute();
    },
    async blobsOf(conversationId) {
      const rows = await db.selectFrom('blobs').selectAll().where('conversation_id', '=', conversationId).execute();
      return rows.map((row) => ({ blobId: row.blob_id, mailboxId: row.mailbox_id }));
    },
    async forgetBlobs(conversationId) {
      await db.deleteFrom('blobs').where('conversation_id', '=', conversationId).execute();
    },
  } satisfies Partial<LastingStore>;
}
