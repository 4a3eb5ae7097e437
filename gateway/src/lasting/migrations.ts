/** The schema, step by step, written once for SQLite and PostgreSQL. A step that has shipped is never edited. */
import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { canonicalMailboxes } from './canonical-mailboxes.ts';
import { filings } from './filing-schema.ts';
import type { Schema } from './schema.ts';
import { urgencyRules } from './urgency-schema.ts';

type Dialect = 'sqlite' | 'postgres';

function firstSchema(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  const counter = dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  return [
    `create table mailboxes (id text primary key, address text not null unique, name text not null, kind text not null, created_at ${time} not null)`,
    `create table mailbox_keys (id text primary key, mailbox_id text not null references mailboxes(id), certificate ${bytes} not null,
       chain ${bytes} not null, sealed_key ${bytes} not null, not_before ${time} not null, not_after ${time} not null)`,
    'create index mailbox_keys_mailbox on mailbox_keys (mailbox_id)',
    `create table enrolments (id text primary key, mailbox_id text not null references mailboxes(id), sealed_person ${bytes} not null,
       sealed_secret ${bytes} not null, expires_at ${time} not null, used_by text, device_ttl_seconds integer)`,
    `create table devices (id text primary key, mailbox_id text not null references mailboxes(id), sealed_person ${bytes} not null,
       wrapping_key text not null, signing_key text not null, valid_until ${time}, revoked_at ${time})`,
    'create index devices_mailbox on devices (mailbox_id)',
    `create table correspondents (address_index ${bytes} primary key, sealed_certificate ${bytes} not null, fingerprint text not null,
       learnt_at ${time} not null)`,
    `create table conversations (id text primary key, mailbox_id text not null references mailboxes(id), correspondent_index ${bytes} not null,
       epoch text not null, wrapped_key ${bytes} not null, opened_at ${time} not null, expires_at ${time} not null, erased_at ${time})`,
    'create index conversations_mailbox on conversations (mailbox_id, expires_at)',
    'create index conversations_epoch on conversations (epoch)',
    `create table letters (seq ${counter}, letter_id text not null, mailbox_id text not null references mailboxes(id),
       conversation_id text not null references conversations(id), dedupe_index ${bytes} not null, state text not null, answerable integer not null,
       route text not null, sealed_context ${bytes}, created_at ${time} not null, unique (letter_id, mailbox_id), unique (mailbox_id, dedupe_index))`,
    'create index letters_conversation on letters (conversation_id)',
    `create table message_ids (mailbox_id text not null, message_id_index ${bytes} not null, conversation_id text not null, subject text not null,
       direction text not null, primary key (mailbox_id, message_id_index, subject))`,
    'create index message_ids_index on message_ids (message_id_index)',
    'create table blobs (blob_id text primary key, mailbox_id text not null, conversation_id text not null)',
    'create index blobs_conversation on blobs (conversation_id)',
    `create table replies (id text primary key, mailbox_id text not null references mailboxes(id), conversation_id text not null,
       device_id text not null, state text not null, failure text, certain integer not null, revision integer not null,
       announced_revision integer not null, attempts integer not null, sealed_iv text not null, sealed_ct text not null,
       created_at ${time} not null, changed_at ${time} not null)`,
    'create index replies_state on replies (state)',
    `create table audit_events (seq ${counter}, at ${time} not null, subject text not null, event text not null, detail text, related text)`,
    'create index audit_events_subject on audit_events (subject)',
  ];
}

/** Letters in quarantine: what the operator is shown of them, what he asked, and what became of the notice. */
function quarantine(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table quarantine (letter_id text not null, mailbox_id text not null references mailboxes(id), received_at ${time} not null,
       bytes integer not null, reasons text not null, state text not null, wish text, outcome text, sender_index ${bytes} not null,
       sealed_sender ${bytes}, notice text not null, notice_attempts integer not null, primary key (letter_id, mailbox_id))`,
    'create index quarantine_sender on quarantine (sender_index, received_at)',
    'create index quarantine_wish on quarantine (wish)',
    'create index quarantine_notice on quarantine (notice)',
  ];
}

/** Keys that wait for their certificate. */
function mailboxKeys(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table key_requests (id text primary key, mailbox_id text not null references mailboxes(id), sealed_key ${bytes} not null,
       created_at ${time} not null)`,
    'create index key_requests_mailbox on key_requests (mailbox_id)',
  ];
}

/** What a correspondent states beside his certificate, and how the operator wants answers to him sealed. */
function correspondentCapabilities(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const columns = [`sealed_facts ${bytes}`, 'form text', 'content text', 'key_transport text'];
  return columns.map((column) => `alter table correspondents add column ${column}`);
}

/**
 * Who takes part in a conversation by mail, its trust space, and marks of letters. The writers of letters that could be
 * answered, which were verified, take part from the beginning.
 */
function participants(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table participants (conversation_id text not null references conversations(id), address_index ${bytes} not null,
       role text not null, since ${time} not null, primary key (conversation_id, address_index))`,
    `insert into participants (conversation_id, address_index, role, since)
       select id, correspondent_index, 'from', opened_at from conversations
       where exists (select 1 from letters where letters.conversation_id = conversations.id and letters.answerable = 1)`,
    'alter table conversations add column space text',
    "alter table letters add column marks text not null default ''",
    'create index conversations_erased on conversations (erased_at)',
    'create index message_ids_conversation on message_ids (conversation_id)',
  ];
}

/** Mails on their way out, the replies they carry, and jobs that were given up. */
function outgoingMails(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  const counter = dialect === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key';
  return [
    `create table mails (seq ${counter}, id text not null unique, kind text not null, mailbox_id text not null references mailboxes(id),
       conversation_id text, subject text not null, recipient_index ${bytes} not null, sealed_to ${bytes}, message_id_index ${bytes} not null,
       space text not null, state text not null, failure text, certain integer not null, revision integer not null, attempts integer not null,
       urgent integer not null, asks_reports integer not null, sealed_at ${time} not null, sent_at ${time}, changed_at ${time} not null,
       next_attempt_at ${time} not null, attempting_by text, attempting_until ${time}, wish text)`,
    'create index mails_state on mails (state, next_attempt_at)',
    'create index mails_message_id on mails (message_id_index)',
    'create index mails_wish on mails (wish)',
    `create table mail_replies (mail_id text not null references mails(id), reply_id text not null, primary key (mail_id, reply_id))`,
    'create index mail_replies_reply on mail_replies (reply_id)',
    `create table given_up_jobs (seq ${counter}, at ${time} not null, queue text not null, reason text not null)`,
    'alter table replies add column corrected integer not null default 0',
  ];
}

/** Automatic mail in and out, counted; absences; mailboxes that tell nobody what was read. */
function automaticMail(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table automatic_letters (letter_id text not null, mailbox_id text not null references mailboxes(id), sender_index ${bytes} not null,
       kind text not null, shown integer not null, at ${time} not null, primary key (letter_id, mailbox_id))`,
    'create index automatic_letters_at on automatic_letters (mailbox_id, at)',
    `create table automatic_mails (claim text primary key, mail_id text not null, mailbox_id text not null references mailboxes(id),
       recipient_index ${bytes} not null, at ${time} not null)`,
    'create index automatic_mails_at on automatic_mails (mailbox_id, at)',
    `create table absences (mailbox_id text primary key references mailboxes(id), from_at ${time} not null, until_at ${time} not null,
       sealed_text ${bytes} not null)`,
    'create table receipt_refusals (mailbox_id text primary key references mailboxes(id))',
  ];
}

/** Replies that leave as one mail, and what the From label of a mailbox is made of. */
function replyGroups(dialect: Dialect): string[] {
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  const labels = ['title text', 'given_name text', 'family_name text', 'entity text'];
  const gathering = [
    'answers text',
    "recipients text not null default 'sender'",
    'is_pressing integer not null default 0',
    'bytes integer not null default 0',
    'group_id text',
    `gathered_at ${time}`,
  ];
  return [
    ...labels.map((column) => `alter table mailboxes add column ${column}`),
    ...gathering.map((column) => `alter table replies add column ${column}`),
    // What went further than `accepted` before there were groups is a mail of its own.
    "update replies set group_id = id, gathered_at = created_at where state <> 'accepted'",
    'create index replies_group on replies (group_id)',
    'create index replies_conversation on replies (conversation_id, state)',
  ];
}

/** Mailboxes that take no letters any more. */
function closedMailboxes(dialect: Dialect): string[] {
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [`alter table mailboxes add column closed_at ${time}`];
}

/** Accounts of one's own software, and the client certificates they show. */
function accounts(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table accounts (id text primary key, name_index ${bytes} not null unique, sealed_facts ${bytes} not null, created_at ${time} not null)`,
    'create table account_certificates (fingerprint text primary key, account_id text not null references accounts(id))',
    'create index account_certificates_account on account_certificates (account_id)',
  ];
}

/** Patients who oppose, and the letters held because of it. */
function oppositions(dialect: Dialect): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table oppositions (id text primary key, mailbox_id text references mailboxes(id), sealed_facts ${bytes}, recorded_at ${time} not null, withdrawn_at ${time})`,
    `create table opposition_keys (digest ${bytes} not null, opposition_id text not null references oppositions(id), primary key (digest, opposition_id))`,
    'create index opposition_keys_opposition on opposition_keys (opposition_id)',
    `create table opposed_letters (opposition_id text not null references oppositions(id), letter_id text not null, mailbox_id text not null, at ${time} not null, primary key (opposition_id, letter_id, mailbox_id))`,
    'create index opposed_letters_letter on opposed_letters (letter_id, mailbox_id)',
  ];
}

const made = (statements: readonly string[]): Migration => ({
  async up(database) {
    for (const statement of statements) await sql.raw(statement).execute(database);
  },
});

function migrationsOf(dialect: Dialect): Record<string, Migration> {
  return {
    '0001-first-schema': made(firstSchema(dialect)),
    '0002-mailbox-keys': made(mailboxKeys(dialect)),
    '0003-correspondent-capabilities': made(correspondentCapabilities(dialect)),
    '0004-quarantine': made(quarantine(dialect)),
    '0005-outgoing-mails': made(outgoingMails(dialect)),
    '0006-participants': made(participants(dialect)),
    '0007-automatic-mail': made(automaticMail(dialect)),
    '0008-accounts': made(accounts(dialect)),
    '0009-reply-groups': made(replyGroups(dialect)),
    '0010-closed-mailboxes': made(closedMailboxes(dialect)),
    '0011-canonical-addresses': { up: canonicalMailboxes },
    '0012-urgency-rules': {
      async up(database) {
        for (const statement of urgencyRules(dialect)) await sql.raw(statement).execute(database);
      },
    },
    '0013-oppositions': made(oppositions(dialect)),
    '0014-filings': made(filings(dialect)),
  };
}

/** Brings the database to the newest schema; throws with the first error. */
export async function migrate(database: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrationsOf(dialect) };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
