/** `estafette enrol ADDRESS`: a one-time link and QR for a phone. */

import type { LastingStore } from '@estafette/gateway/ports';
import QRCode from 'qrcode';
import { makeEnrolment } from '../enrolment.ts';
import { atDesk } from '../hosted-mailbox.ts';
import { webAddress } from '../web-address.ts';

/** Prints the link; the secret in it is shown this once and kept sealed. */
export async function enrol(address: string, options: { person?: string; json?: boolean }): Promise<void> {
  await atDesk(async ({ foundation, store, now }) => {
    const web = webAddress(foundation);
    if (options.person !== undefined) await warnOfNamesake(store, address, options.person, now);
    const { link, expiresAt } = await makeEnrolment(store, {
      address,
      person: options.person,
      web,
      deviceTtlSeconds: null,
      now,
    });
    if (options.json === true)
      process.stdout.write(`${JSON.stringify({ link, expiresAt: expiresAt.toISOString() })}\n`);
    else
      process.stdout.write(
        `${link}\n\n${await QRCode.toString(link, { type: 'terminal', small: true, errorCorrectionLevel: 'L' })}\nWorks once, until ${expiresAt.toISOString()}.\n`,
      );
  });
}

/** It may be the same person's second device: then nothing is wrong. */
async function warnOfNamesake(store: LastingStore, address: string, person: string, now: Date): Promise<void> {
  const mailbox = await store.mailboxByAddress(address);
  const devices = mailbox === null ? [] : await store.devicesOf(mailbox.id, now.getTime());
  if (!devices.some((device) => device.person === person)) return;
  process.stderr.write(
    `A device of ${address} bears the name ${person} already. For another person of that name choose another one: what the one has read counts as read by the other.\n`,
  );
}
