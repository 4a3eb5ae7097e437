/** Step 0012 of the schema: rules of mailboxes for what is critical, and telephone numbers of correspondents. */

/** Its statements. */
export function urgencyRules(dialect: 'sqlite' | 'postgres'): string[] {
  const bytes = dialect === 'sqlite' ? 'blob' : 'bytea';
  const number = dialect === 'sqlite' ? 'real' : 'double precision';
  return [
    `create table urgency_rules (mailbox_id text not null references mailboxes(id), words text not null, analyte text not null,
       comparison text not null, threshold ${number} not null, unit text not null, primary key (mailbox_id, words))`,
    `create table correspondent_phones (address_index ${bytes} primary key, sealed_phone ${bytes} not null)`,
  ];
}
