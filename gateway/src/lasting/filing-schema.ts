/** Step 0014 of the schema: where mailboxes file, what was filed, which replies are filings, and which ends were told. */

/** Its statements. */
export function filings(dialect: 'sqlite' | 'postgres'): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const time = dialect === 'sqlite' ? 'integer' : 'bigint';
  return [
    `create table filing_settings (mailbox_id text primary key references mailboxes(id), sealed_facts ${bytes} not null)`,
    `create table filings (id text primary key, mailbox_id text not null references mailboxes(id), conversation_id text not null,
       device_id text not null, what text not null, letter_id text, at ${time} not null, covers_until ${time})`,
    'create index filings_conversation on filings (conversation_id)',
    "alter table replies add column purpose text not null default 'answer'",
    `alter table conversations add column reminded_for ${time}`,
  ];
}
