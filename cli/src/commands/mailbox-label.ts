/** `estafette mailbox describe`: what the From label of a mailbox is made of, where a trust space wants one. */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { MailboxLabel } from '@estafette/gateway/ports';
import { atMailbox } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

const PARTS = { title: '--title', givenName: '--given-name', familyName: '--family-name', entity: '--entity' } as const;

/** The parts that were given, checked: one line each, not endless; empty text removes a part. */
export function labelOf(options: MailboxLabel): MailboxLabel {
  const given = Object.entries(PARTS).flatMap(([part, flag]) => {
    const text = options[part as keyof MailboxLabel];
    if (text === undefined) return [];
    if (/[\p{Cc}\u2028\u2029]/u.test(text) || text.length > CONVERSATION_LIMITS.labelPartMaxCharacters)
      throw new PlainError(
        `${flag} must be one line of at most ${CONVERSATION_LIMITS.labelPartMaxCharacters} characters.`,
        2,
      );
    return [[part, text.trim()] as const];
  });
  return Object.fromEntries(given);
}

/** Sets parts of the label of a mailbox; the others stay. */
export async function describeMailbox(address: string, options: MailboxLabel): Promise<void> {
  const label = labelOf(options);
  if (Object.keys(label).length === 0) throw new PlainError(`Give one of ${Object.values(PARTS).join(', ')}.`, 2);
  await atMailbox(address, async ({ store, mailbox, now }) => {
    await store.transaction(async (inside) => {
      await inside.describeMailbox(mailbox.id, label);
      await inside.audit({ subject: mailbox.id, event: 'mailbox-described' }, now.getTime());
    });
    process.stdout.write(`${address} is described.\n`);
  });
}
