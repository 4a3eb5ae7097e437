/**
 * A step of the schema that is more than statements: addresses of mailboxes were kept with the letters of their domain.
 * Where both forms stand already, both stay, and the trail says which two they are: letters go to the one whose address
 * has its one form.
 */
import type { Kysely } from 'kysely';
import { canonicalAddress } from '../address.ts';
import type { Schema } from './schema.ts';

/** Brings the addresses of all mailboxes to their one form; a second time changes nothing. */
export async function canonicalMailboxes(database: Kysely<Schema>): Promise<void> {
  const rows = await database.selectFrom('mailboxes').select(['id', 'address']).execute();
  const owners = new Map(rows.map(({ id, address }) => [address, id]));
  for (const { id: subject, address: before } of rows) {
    const address = canonicalAddress(before);
    if (address === before) continue;
    const related = owners.get(address);
    if (related !== undefined) {
      const event = { at: Date.now(), subject, event: 'mailbox-address-shared', detail: null, related };
      await database.insertInto('audit_events').values(event).execute();
      continue;
    }
    owners.set(address, subject);
    await database.updateTable('mailboxes').set({ address }).where('id', '=', subject).execute();
  }
}
