/**
 * Rows of automatic mail: what came and what went, by keyed digest and time only, so that it can be counted; absences,
 * whose text is sealed under their mailbox. A claim is a unique key: whoever writes it first sends the mail.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Absence, LastingStore, Vault } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

const contextOf = (mailboxId: string): string => `absence ${mailboxId}`;

/** This part of the lasting store, over a database or a transaction. */
export function automaticPart(db: Kysely<Schema>, vault: Vault) {
  const toAbsence = (row: Selectable<Schema['absences']>): Absence => ({
    mailboxId: row.mailbox_id,
    from: row.from_at,
    until: row.until_at,
    text: vault.open('person', contextOf(row.mailbox_id), bytes(row.sealed_text)).toString(),
  });

  return {
    async addAutomaticLetter({ letterId, mailboxId, senderIndex, kind, shown, at }) {
      const added = await db
        .insertInto('automatic_letters')
        .values({
          letter_id: letterId,
          mailbox_id: mailboxId,
          sender_index: senderIndex,
          kind,
          shown: shown ? 1 : 0,
          at,
        })
        .onConflict((conflict) => conflict.columns(['letter_id', 'mailbox_id']).doNothing())
        .returning('letter_id')
        .executeTakeFirst();
      return added !== undefined;
    },
    async countShownAutomatic(mailboxId, senderIndex, since) {
      let counted = db
        .selectFrom('automatic_letters')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('mailbox_id', '=', mailboxId)
        .where('at', '>=', since)
        .where('shown', '=', 1);
      if (senderIndex !== null) counted = counted.where('sender_index', '=', senderIndex);
      return Number((await counted.executeTakeFirstOrThrow()).count);
    },
    async wasAutomaticShown(letterId, mailboxId) {
      const row = await db
        .selectFrom('automatic_letters')
        .select('shown')
        .where('letter_id', '=', letterId)
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      return row === undefined ? null : row.shown === 1;
    },
    async claimAutomaticMail({ claim, mailId, mailboxId, recipientIndex, at }) {
      await db
        .insertInto('automatic_mails')
        .values({ claim, mail_id: mailId, mailbox_id: mailboxId, recipient_index: recipientIndex, at })
        .onConflict((conflict) => conflict.column('claim').doNothing())
        .execute();
      const row = await db
        .selectFrom('automatic_mails')
        .select('mail_id')
        .where('claim', '=', claim)
        .executeTakeFirstOrThrow();
      return row.mail_id === mailId;
    },
    async countAutomaticMails(mailboxId, recipientIndex, since) {
      let counted = db
        .selectFrom('automatic_mails')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('mailbox_id', '=', mailboxId)
        .where('at', '>=', since);
      if (recipientIndex !== null) counted = counted.where('recipient_index', '=', recipientIndex);
      return Number((await counted.executeTakeFirstOrThrow()).count);
    },
    async countLettersOf(mailboxId, correspondentIndex, since) {
      const counted = db
        .selectFrom('letters')
        .innerJoin('conversations', 'conversations.id', 'letters.conversation_id')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('letters.mailbox_id', '=', mailboxId)
        .where('conversations.correspondent_index', '=', correspondentIndex)
        .where('letters.created_at', '>=', since);
      return Number((await counted.executeTakeFirstOrThrow()).count);
    },

    async setAbsence({ mailboxId, from, until, text }) {
      const row = {
        from_at: from,
        until_at: until,
        sealed_text: vault.seal('person', contextOf(mailboxId), Buffer.from(text)),
      };
      await db
        .insertInto('absences')
        .values({ mailbox_id: mailboxId, ...row })
        .onConflict((conflict) => conflict.column('mailbox_id').doUpdateSet(row))
        .execute();
    },
    async clearAbsence(mailboxId) {
      const { numDeletedRows } = await db
        .deleteFrom('absences')
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
    async absence(mailboxId) {
      const row = await db.selectFrom('absences').selectAll().where('mailbox_id', '=', mailboxId).executeTakeFirst();
      return row === undefined ? null : toAbsence(row);
    },
    absences: async () => (await db.selectFrom('absences').selectAll().orderBy('from_at').execute()).map(toAbsence),

    async setReceipts(mailboxId, sends) {
      if (sends) await db.deleteFrom('receipt_refusals').where('mailbox_id', '=', mailboxId).execute();
      else
        await db
          .insertInto('receipt_refusals')
          .values({ mailbox_id: mailboxId })
          .onConflict((conflict) => conflict.column('mailbox_id').doNothing())
          .execute();
    },
    async sendsReceipts(mailboxId) {
      const row = await db
        .selectFrom('receipt_refusals')
        .select('mailbox_id')
        .where('mailbox_id', '=', mailboxId)
        .executeTakeFirst();
      return row === undefined;
    },
    async forgetAutomatic(before) {
      await db.deleteFrom('automatic_letters').where('at', '<', before).execute();
      await db.deleteFrom('automatic_mails').where('at', '<', before).execute();
    },
  } satisfies Partial<LastingStore>;
}
