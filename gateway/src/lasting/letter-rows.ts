/** Rows of letters in mailboxes: the unique (mailbox, letter identity) decides whether a letter was seen before. */
import type { Kysely, Selectable } from 'kysely';
import type { LastingStore, LetterMark, LetterRow } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const toLetter = (row: Selectable<Schema['letters']>): LetterRow => ({
  letterId: row.letter_id,
  mailboxId: row.mailbox_id,
  conversationId: row.conversation_id,
  dedupeIndex: bytes(row.dedupe_index),
  state: row.state as LetterRow['state'],
  answerable: row.answerable === 1,
  route: row.route,
  marks: row.marks.split(' ').filter((mark) => mark !== '') as LetterMark[],
});

/** This part of the lasting store, over a database or a transaction. */
export function letterPart(db: Kysely<Schema>) {
  const change = (letterId: string, mailboxId: string) =>
    db.updateTable('letters').where('letter_id', '=', letterId).where('mailbox_id', '=', mailboxId);

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
          marks: letter.marks.join(' '),
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
    async lettersOfConversation(conversationId) {
      const rows = await db
        .selectFrom('letters')
        .selectAll()
        .where('conversation_id', '=', conversationId)
        .orderBy('seq')
        .execute();
      return rows.map((row) => ({ ...toLetter(row), createdAt: row.created_at }));
    },
    async knowsMessageId(mailboxId, messageIdIndex) {
      const row = await db
        .selectFrom('message_ids')
        .select('direction')
        .where('mailbox_id', '=', mailboxId)
        .where('message_id_index', '=', messageIdIndex)
        .where('direction', '=', 'in')
        .executeTakeFirst();
      return row !== undefined;
    },
    async moveLetter(letterId, mailboxId, conversationId) {
      await db
        .updateTable('message_ids')
        .set({ conversation_id: conversationId })
        .where('subject', '=', letterId)
        .where('conversation_id', 'in', (query) =>
          query
            .selectFrom('letters')
            .select('letters.conversation_id')
            .where('letters.letter_id', '=', letterId)
            .where('letters.mailbox_id', '=', mailboxId),
        )
        .execute();
      await change(letterId, mailboxId).set({ conversation_id: conversationId, route: 'new-expired' }).execute();
    },
    async markDelivered(letterId, mailboxId) {
      await change(letterId, mailboxId).set({ state: 'delivered' }).execute();
    },
    async markAnswerable(letterId, mailboxId) {
      await change(letterId, mailboxId).set({ answerable: 1 }).execute();
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
      await change(letterId, mailboxId).set({ sealed_context: sealed }).execute();
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
  } satisfies Partial<LastingStore>;
}
