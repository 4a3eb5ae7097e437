/** The schema, step by step, written once for SQLite and PostgreSQL. A step that has shipped is never edited. */
import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import type { Schema } from './schema.ts';

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

function migrationsOf(dialect: Dialect): Record<string, Migration> {
  return {
    '0001-first-schema': {
      async up(database) {
        for (const statement of firstSchema(dialect)) await sql.raw(statement).execute(database);
      },
    },
    '0002-mailbox-keys': {
      async up(database) {
        for (const statement of mailboxKeys(dialect)) await sql.raw(statement).execute(database);
      },
    },
    '0003-correspondent-capabilities': {
      async up(database) {
        for (const statement of correspondentCapabilities(dialect)) await sql.raw(statement).execute(database);
      },
    },
    '0004-quarantine': {
      async up(database) {
        for (const statement of quarantine(dialect)) await sql.raw(statement).execute(database);
      },
    },
  };
}

/** Brings the database to the newest schema; throws with the first error. */
export async function migrate(database: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrationsOf(dialect) };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
