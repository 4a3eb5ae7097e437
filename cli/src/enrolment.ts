/** Making one-time enrolment links for a mailbox. */
import { randomBytes } from 'node:crypto';
import { enrolmentLink } from '@estafette/contracts/enrolment';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { LastingStore } from '@estafette/gateway/ports';
import { PlainError } from './plain-error.ts';

/** A link that lets one device join `address` as `person`; throws when the mailbox is not hosted here. */
export async function makeEnrolment(
  store: LastingStore,
  request: { address: string; person: string | undefined; web: string; deviceTtlSeconds: number | null; now: Date },
): Promise<{ link: string; expiresAt: Date }> {
  const mailbox = await store.mailboxByAddress(request.address);
  if (mailbox === null)
    throw new PlainError(
      `${request.address} is not a mailbox of this gateway: "estafette mailbox list" shows those that are.`,
    );
  const id = newId('enrolment');
  const secret = new Uint8Array(randomBytes(32));
  const expiresAt = new Date(request.now.getTime() + CONVERSATION_LIMITS.enrolmentTtlSeconds * 1_000);
  await store.addEnrolment({
    id,
    mailboxId: mailbox.id,
    person: request.person ?? mailbox.name,
    secret: Buffer.from(secret),
    expiresAt: expiresAt.getTime(),
    usedBy: null,
    deviceTtlSeconds: request.deviceTtlSeconds,
  });
  await store.audit({ subject: id, event: 'enrolment-made', related: mailbox.id }, request.now.getTime());
  return { link: enrolmentLink(request.web, id, secret), expiresAt };
}
