/**
 * Rows of mails on their way out. The row is the truth of what is to be sent, when next and by whom; the queue only
 * wakes. The recipient's address is sealed by the vault under the id of the mail, and forgotten in the end.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { Kysely, Selectable } from 'kysely';
import type { LastingStore, MailState, OutgoingMail, Vault } from '../ports.ts';
import { bytes } from './row-bytes.ts';
import type { Schema } from './schema.ts';

type Row = Selectable<Schema['mails']>;

/** Not left yet; a delay that a report told of a mail that has left is another thing. */
const TO_BE_SENT = ['sealed', 'delayed'] satisfies MailState[];
/** What an operator can still decide about. */
const NOT_LEFT = [...TO_BE_SENT, 'held'] satisfies MailState[];
const ENDED = ['delivered', 'read', 'failed', 'unknown', 'dropped', 'sent'] satisfies MailState[];

/** This part of the lasting store, over a database or a transaction. */
export function mailPart(db: Kysely<Schema>, vault: Vault) {
  const toMail = (row: Row): OutgoingMail => ({
    id: row.id,
    kind: row.kind as OutgoingMail['kind'],
    mailboxId: row.mailbox_id,
    conversationId: row.conversation_id,
    subject: row.subject,
    recipientIndex: bytes(row.recipient_index),
    to: row.sealed_to === null ? null : vault.open('correspondent', row.id, row.sealed_to).toString(),
    space: row.space,
    state: row.state as MailState,
    failure: row.failure,
    certain: row.certain === 1,
    revision: row.revision,
    attempts: row.attempts,
    hasOpenAttempt: row.attempting_by !== null,
    urgent: row.urgent === 1,
    asksReports: row.asks_reports === 1,
    sealedAt: row.sealed_at,
    sentAt: row.sent_at,
    changedAt: row.changed_at,
    nextAttemptAt: row.next_attempt_at,
    wish: row.wish as OutgoingMail['wish'],
  });
  const rows = () => db.selectFrom('mails').selectAll('mails').orderBy('mails.seq');
  const one = async (id: string): Promise<Row | undefined> => rows().where('id', '=', id).executeTakeFirst();
  const all = async (query: ReturnType<typeof rows>): Promise<OutgoingMail[]> => (await query.execute()).map(toMail);

  return {
    async addMail(mail, replyIds, messageIdIndex) {
      const added = await db
        .insertInto('mails')
        .values({
          id: mail.id,
          kind: mail.kind,
          mailbox_id: mail.mailboxId,
          conversation_id: mail.conversationId,
          subject: mail.subject,
          recipient_index: mail.recipientIndex,
          sealed_to: mail.to === null ? null : vault.seal('correspondent', mail.id, Buffer.from(mail.to)),
          message_id_index: messageIdIndex,
          space: mail.space,
          state: mail.state,
          failure: mail.failure,
          certain: mail.certain ? 1 : 0,
          revision: mail.revision,
          attempts: mail.attempts,
          urgent: mail.urgent ? 1 : 0,
          asks_reports: mail.asksReports ? 1 : 0,
          sealed_at: mail.sealedAt,
          sent_at: mail.sentAt,
          changed_at: mail.changedAt,
          next_attempt_at: mail.nextAttemptAt,
          attempting_by: null,
          attempting_until: null,
          wish: mail.wish,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (added === undefined) return false;
      for (const reply_id of new Set(replyIds))
        await db.insertInto('mail_replies').values({ mail_id: mail.id, reply_id }).execute();
      return true;
    },
    async mail(id) {
      const row = await one(id);
      return row === undefined ? null : toMail(row);
    },
    mailsOfReply: (replyId) =>
      all(
        rows().where('mails.id', 'in', (inner) =>
          inner.selectFrom('mail_replies').select('mail_id').where('reply_id', '=', replyId),
        ),
      ),
    async repliesOfMail(mailId) {
      const found = await db.selectFrom('mail_replies').select('reply_id').where('mail_id', '=', mailId).execute();
      return found.map(({ reply_id }) => reply_id).sort();
    },
    mailsByMessageId: (messageIdIndex) => all(rows().where('message_id_index', '=', messageIdIndex)),
    async changeMail(id, { state, failure, certain, sentAt, nextAttemptAt, from }, now) {
      let query = db
        .updateTable('mails')
        .set((expression) => ({
          state,
          failure,
          certain: certain ? 1 : 0,
          revision: expression('revision', '+', 1),
          changed_at: now,
          ...(sentAt === undefined ? {} : { sent_at: sentAt }),
          ...(nextAttemptAt === undefined ? {} : { next_attempt_at: nextAttemptAt }),
        }))
        .where('id', '=', id);
      if (from !== undefined) query = query.where('revision', '=', from);
      const changed = await query.returningAll().executeTakeFirst();
      return toMail(changed ?? (await rows().where('id', '=', id).executeTakeFirstOrThrow()));
    },
    async beginMailAttempt(id, { by, now, until }) {
      const before = await one(id);
      if (before === undefined) return null;
      const begun = await db
        .updateTable('mails')
        .set((expression) => ({
          attempting_by: by,
          attempting_until: until,
          attempts: expression('attempts', '+', 1),
        }))
        .where('id', '=', id)
        .where('state', 'in', TO_BE_SENT)
        .where('sent_at', 'is', null)
        .where((where) => where.or([where('attempting_until', 'is', null), where('attempting_until', '<=', now)]))
        // Nobody began meanwhile, whose end would be unknown in turn.
        .where('attempts', '=', before.attempts)
        .returningAll()
        .executeTakeFirst();
      return begun === undefined ? null : { ...toMail(begun), hasOpenAttempt: before.attempting_by !== null };
    },
    async keepMailAttempt(id, { by, until }) {
      await db
        .updateTable('mails')
        .set({ attempting_until: until, ...(until === null ? { attempting_by: null } : {}) })
        .where('id', '=', id)
        .where('attempting_by', '=', by)
        .execute();
    },
    async putOffMail(id, nextAttemptAt) {
      await db.updateTable('mails').set({ next_attempt_at: nextAttemptAt }).where('id', '=', id).execute();
    },
    async dueMails(now) {
      const due = await db
        .selectFrom('mails')
        .select('id')
        .where('state', 'in', TO_BE_SENT)
        .where('sent_at', 'is', null)
        .where('next_attempt_at', '<=', now)
        .where((where) => where.or([where('attempting_until', 'is', null), where('attempting_until', '<=', now)]))
        .orderBy('next_attempt_at')
        .execute();
      return due.map(({ id }) => id);
    },
    unconfirmedMails: ({ urgent, other, delayed }) =>
      all(
        rows()
          .where('sent_at', 'is not', null)
          .where((where) =>
            where.or([
              where.and([
                where('state', '=', 'sent' satisfies MailState),
                where('asks_reports', '=', 1),
                where.or([
                  where.and([where('urgent', '=', 1), where('sent_at', '<=', urgent)]),
                  where('sent_at', '<=', other),
                ]),
              ]),
              where.and([where('state', '=', 'delayed' satisfies MailState), where('changed_at', '<=', delayed)]),
            ]),
          ),
      ),
    unfinishedMails: () =>
      all(
        rows().where((where) =>
          where.or([
            where('state', 'in', NOT_LEFT),
            where.and([where('state', '=', 'sent'), where('asks_reports', '=', 1)]),
          ]),
        ),
      ),
    mailsInState: (states, limit) =>
      all(
        db
          .selectFrom('mails')
          .selectAll('mails')
          .where('state', 'in', [...states])
          .orderBy('mails.seq', 'desc')
          .limit(limit),
      ),
    async wishForMail(id, wish) {
      const asked = await db
        .updateTable('mails')
        .set({ wish })
        .where('id', '=', id)
        .where('state', 'in', NOT_LEFT)
        .where('sent_at', 'is', null)
        .returning('id')
        .executeTakeFirst();
      return asked !== undefined;
    },
    wishedMails: () => all(rows().where('wish', 'is not', null)),
    async endMailWish(id, wish) {
      await db.updateTable('mails').set({ wish: null }).where('id', '=', id).where('wish', '=', wish).execute();
    },
    async forgetRecipients(endedBefore) {
      await db
        .updateTable('mails')
        .set({ sealed_to: null })
        .where('sealed_to', 'is not', null)
        .where('state', 'in', ENDED)
        .where('changed_at', '<', endedBefore)
        .execute();
    },
    async noteGivenUp({ queue, reason, at }) {
      const { seq } = await db
        .insertInto('given_up_jobs')
        .values({ queue, reason, at })
        .returning('seq')
        .executeTakeFirstOrThrow();
      await db
        .deleteFrom('given_up_jobs')
        .where('seq', '<=', Number(seq) - DISPATCH_LIMITS.givenUpKept)
        .execute();
    },
    givenUpJobs: (limit) =>
      db.selectFrom('given_up_jobs').select(['queue', 'reason', 'at']).orderBy('seq', 'desc').limit(limit).execute(),
  } satisfies Partial<LastingStore>;
}
