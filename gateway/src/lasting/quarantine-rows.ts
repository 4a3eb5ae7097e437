/** Rows of letters in quarantine, beside their rows as letters; they end, for whoever looks, with their conversation. */
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { Kysely, Selectable } from 'kysely';
import type { LastingStore, QuarantinedLetter } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

type Row = Selectable<Schema['quarantine']> & { conversation_id: string; expires_at: number };

const toQuarantined = (row: Row): QuarantinedLetter => ({
  letterId: row.letter_id,
  mailboxId: row.mailbox_id,
  conversationId: row.conversation_id,
  receivedAt: row.received_at,
  expiresAt: row.expires_at,
  bytes: row.bytes,
  reasons: row.reasons.split(' ').filter((code) => code !== '') as ReasonCode[],
  state: row.state as QuarantinedLetter['state'],
  wish: row.wish as QuarantinedLetter['wish'],
  outcome: row.outcome,
  senderIndex: bytes(row.sender_index),
  sealedSender: row.sealed_sender === null ? null : bytes(row.sealed_sender),
  notice: row.notice as QuarantinedLetter['notice'],
  noticeAttempts: row.notice_attempts,
});

const GIVEN = ['sealed', 'sent'] satisfies QuarantinedLetter['notice'][];

/** This part of the lasting store, over a database or a transaction. */
export function quarantinePart(db: Kysely<Schema>) {
  const rows = () =>
    db
      .selectFrom('quarantine')
      .innerJoin('letters', (join) =>
        join
          .onRef('letters.letter_id', '=', 'quarantine.letter_id')
          .onRef('letters.mailbox_id', '=', 'quarantine.mailbox_id'),
      )
      .innerJoin('conversations', 'conversations.id', 'letters.conversation_id')
      .selectAll('quarantine')
      .select(['letters.conversation_id', 'conversations.expires_at']);
  const change = (letterId: string, mailboxId: string) =>
    db.updateTable('quarantine').where('letter_id', '=', letterId).where('mailbox_id', '=', mailboxId);

  return {
    async quarantineLetter(letter) {
      const added = await db
        .insertInto('quarantine')
        .values({
          letter_id: letter.letterId,
          mailbox_id: letter.mailboxId,
          received_at: letter.receivedAt,
          bytes: letter.bytes,
          reasons: letter.reasons.join(' '),
          state: 'held',
          wish: null,
          outcome: null,
          sender_index: letter.senderIndex,
          sealed_sender: letter.sealedSender,
          notice: 'none',
          notice_attempts: 0,
        })
        .onConflict((conflict) => conflict.columns(['letter_id', 'mailbox_id']).doNothing())
        .returning('letter_id')
        .executeTakeFirst();
      if (added !== undefined) return true;
      await change(letter.letterId, letter.mailboxId)
        .set({ sealed_sender: letter.sealedSender })
        .where('state', '=', 'held')
        .execute();
      return false;
    },
    async quarantinedLetter(letterId, mailboxId) {
      const row = await rows()
        .where('quarantine.letter_id', '=', letterId)
        .where('quarantine.mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      return row === undefined ? null : toQuarantined(row);
    },
    quarantinedLetters: async (now) =>
      (
        await rows()
          .where('conversations.expires_at', '>', now)
          .where('conversations.erased_at', 'is', null)
          .orderBy('quarantine.received_at', 'desc')
          .orderBy('quarantine.letter_id', 'desc')
          .execute()
      ).map(toQuarantined),
    async wishForQuarantined(letterId, mailboxId, wish) {
      const asked = await change(letterId, mailboxId)
        .set({ wish, outcome: null })
        .where('state', '=', 'held')
        .returning('letter_id')
        .executeTakeFirst();
      return asked !== undefined;
    },
    wishedLetters: async () => (await rows().where('quarantine.wish', 'is not', null).execute()).map(toQuarantined),
    async beginRelease(letterId, mailboxId) {
      const begun = await change(letterId, mailboxId)
        .set({ state: 'released' })
        .where('wish', '=', 'release')
        .returning('letter_id')
        .executeTakeFirst();
      return begun !== undefined;
    },
    async settleQuarantined(letterId, mailboxId, { state, outcome }) {
      const gone = state === 'deleted' ? { sealed_sender: null } : {};
      const settled = change(letterId, mailboxId).set({ state, outcome, wish: null, ...gone });
      await (state === 'held' ? settled.where('wish', '=', 'release') : settled).execute();
    },
    async moveNotice(letterId, mailboxId, from, to) {
      const moved = await change(letterId, mailboxId)
        .set({ notice: to })
        .where('notice', '=', from)
        .returning('letter_id')
        .executeTakeFirst();
      return moved !== undefined;
    },
    noticesToSend: async () => (await rows().where('quarantine.notice', '=', 'sealed').execute()).map(toQuarantined),
    async countQuarantined(senderIndex, which, since) {
      const counted = db
        .selectFrom('quarantine')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('sender_index', '=', senderIndex)
        .where('received_at', '>=', since);
      const narrowed =
        'mailboxId' in which ? counted.where('mailbox_id', '=', which.mailboxId) : counted.where('notice', 'in', GIVEN);
      return Number((await narrowed.executeTakeFirstOrThrow()).count);
    },
  } satisfies Partial<LastingStore>;
}
