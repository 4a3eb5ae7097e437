/**
 * The lasting store in SQL, one set of queries for SQLite and PostgreSQL. Seals what names people and what opens
 * letters before it is written; a row copied elsewhere does not open, because the seal is bound to its id.
 */
import type { KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { LastingStore, Vault } from '../ports.ts';
import { accountPart } from './account-rows.ts';
import { auditPart } from './audit-rows.ts';
import { automaticPart } from './automatic-rows.ts';
import { conversationPart } from './conversation-rows.ts';
import { correspondentPart } from './correspondent-rows.ts';
import { devicePart } from './device-rows.ts';
import { filingPart } from './filing-rows.ts';
import { createGroupCommit } from './group-commit.ts';
import { letterPart } from './letter-rows.ts';
import { mailPart } from './mail-rows.ts';
import { mailboxPart } from './mailbox-rows.ts';
import { oppositionPart } from './opposition-rows.ts';
import { quarantinePart } from './quarantine-rows.ts';
import { replyPart } from './reply-rows.ts';
import type { Schema } from './schema.ts';
import { urgencyPart } from './urgency-rows.ts';

/** What changes rows: on a database with one writer these share commits. */
const WRITES = [
  'addMailbox',
  'describeMailbox',
  'closeMailbox',
  'addMailboxKey',
  'addKeyRequest',
  'removeKeyRequest',
  'addEnrolment',
  'useEnrolment',
  'addDevice',
  'revokeDevice',
  'saveCorrespondent',
  'wishForCorrespondent',
  'addConversation',
  'extendConversation',
  'eraseExpired',
  'forgetErased',
  'addParticipant',
  'rememberMessageId',
  'addBlob',
  'forgetBlobs',
  'addLetter',
  'moveLetter',
  'markDelivered',
  'saveLetterContext',
  'markAnswerable',
  'quarantineLetter',
  'wishForQuarantined',
  'beginRelease',
  'settleQuarantined',
  'moveNotice',
  'addReply',
  'changeReply',
  'groupReplies',
  'markAnnounced',
  'addMail',
  'changeMail',
  'beginMailAttempt',
  'keepMailAttempt',
  'putOffMail',
  'wishForMail',
  'endMailWish',
  'forgetRecipients',
  'noteGivenUp',
  'addAutomaticLetter',
  'claimAutomaticMail',
  'setAbsence',
  'clearAbsence',
  'setReceipts',
  'forgetAutomatic',
  'setFiling',
  'clearFiling',
  'addFiling',
  'markReminded',
  'addUrgencyRule',
  'removeUrgencyRule',
  'setCorrespondentPhone',
  'addAccount',
  'removeAccount',
  'addOpposition',
  'withdrawOpposition',
  'noteOpposed',
  'audit',
] as const satisfies (keyof LastingStore)[];

type Writes = Pick<LastingStore, (typeof WRITES)[number]>;

/** The lasting store over a migrated database; `oneWriter` for SQLite, where commits are shared. */
export function openLastingStore(
  db: Kysely<Schema>,
  vault: Vault,
  options: { oneWriter: boolean } = { oneWriter: false },
): LastingStore {
  const openedKeys = new Map<string, KeyObject>();
  const parts = (database: Kysely<Schema>) => ({
    ...mailboxPart(database, vault, openedKeys),
    ...devicePart(database, vault),
    ...correspondentPart(database, vault),
    ...conversationPart(database),
    ...letterPart(database),
    ...quarantinePart(database),
    ...replyPart(database),
    ...mailPart(database, vault),
    ...automaticPart(database, vault),
    ...accountPart(database, vault),
    ...oppositionPart(database, vault),
    ...filingPart(database, vault),
    ...urgencyPart(database, vault),
    ...auditPart(database),
  });
  const within = (transaction: Kysely<Schema>): LastingStore => {
    const inside: LastingStore = {
      ...parts(transaction),
      transaction: (nested) => nested(inside),
      close: async () => {},
    };
    return inside;
  };
  const close = () => db.destroy();
  if (!options.oneWriter) {
    return { ...parts(db), transaction: (work) => db.transaction().execute((own) => work(within(own))), close };
  }
  const commit = createGroupCommit(db);
  const shared =
    (name: keyof Writes) =>
    (...given: never[]) =>
      commit((transaction) => (parts(transaction)[name] as (...words: never[]) => Promise<unknown>)(...given));
  const writes = Object.fromEntries(WRITES.map((name) => [name, shared(name)])) as unknown as Writes;
  return { ...parts(db), ...writes, transaction: (work) => commit((own) => work(within(own))), close };
}
