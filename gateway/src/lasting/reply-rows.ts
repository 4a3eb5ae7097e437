/** Rows of replies: state, revision, and the reply as it came, sealed under the conversation key. */
import type { ReplyState } from '@estafette/contracts/status';
import type { Kysely, Selectable } from 'kysely';
import type { LastingStore, ReplyRow } from '../ports.ts';
import type { Schema } from './schema.ts';

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
  ...(row.corrected === 1 ? { corrected: true } : {}),
  attempts: row.attempts,
  sealed: { iv: row.sealed_iv, ct: row.sealed_ct },
  createdAt: row.created_at,
  answers: row.answers,
  to: row.recipients === 'all' ? 'all' : 'sender',
  isPressing: row.is_pressing === 1,
  bytes: row.bytes,
  groupId: row.group_id,
  gatheredAt: row.gathered_at,
  ...(row.purpose === 'filing' ? { purpose: 'filing' } : {}),
});

/** What was answered in a conversation, oldest first; not what is filed from it. */
const answersIn = (db: Kysely<Schema>, conversationId: string) =>
  db
    .selectFrom('replies')
    .selectAll()
    .where('conversation_id', '=', conversationId)
    .where('purpose', '=', 'answer')
    .orderBy('created_at')
    .orderBy('id');

/** This part of the lasting store, over a database or a transaction. */
export function replyPart(db: Kysely<Schema>) {
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
          answers: reply.answers,
          recipients: reply.to,
          is_pressing: reply.isPressing ? 1 : 0,
          bytes: reply.bytes,
          group_id: reply.groupId,
          gathered_at: reply.gatheredAt,
          purpose: reply.purpose ?? 'answer',
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
    async changeReply(id, { state, failure, certain, corrected = false, from }, now) {
      let query = db
        .updateTable('replies')
        .set((expression) => ({
          state,
          failure,
          certain: certain ? 1 : 0,
          corrected: corrected ? 1 : 0,
          revision: expression('revision', '+', 1),
          changed_at: now,
        }))
        .where('id', '=', id);
      if (from !== undefined) query = query.where('revision', '=', from);
      const changed = await query.returningAll().executeTakeFirst();
      if (changed !== undefined) return toReply(changed);
      return toReply(await db.selectFrom('replies').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
    },
    async answersOf(conversationId) {
      const rows = await answersIn(db, conversationId).execute();
      return rows.map(toReply);
    },
    async ungroupedReplies(conversationId) {
      const rows = await answersIn(db, conversationId)
        .where('state', '=', 'accepted')
        .where('group_id', 'is', null)
        .execute();
      return rows.map(toReply);
    },
    async groupReplies(ids, { id, answers, at }) {
      const { numUpdatedRows } = await db
        .updateTable('replies')
        .set({ group_id: id, answers, gathered_at: at })
        .where('id', 'in', ids)
        .where('group_id', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows !== BigInt(ids.length)) throw new Error('a reply that has its mail already');
    },
    async repliesOfGroup(groupId) {
      const rows = await db
        .selectFrom('replies')
        .selectAll()
        .where('group_id', '=', groupId)
        // By the ids that one device gave them one after the other.
        .orderBy('id')
        .execute();
      return rows.map(toReply);
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
            where('state', 'in', ['accepted', 'awaiting-key', 'sealed', 'delayed'] satisfies ReplyState[]),
            where('announced_revision', '<', where.ref('revision')),
          ]),
        )
        .orderBy('created_at')
        .execute();
      return rows.map(toReply);
    },
  } satisfies Partial<LastingStore>;
}
