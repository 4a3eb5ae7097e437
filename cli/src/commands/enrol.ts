/** `estafette enrol ADDRESS`: a one-time link and QR for a phone. */
import QRCode from 'qrcode';
import { makeEnrolment } from '../enrolment.ts';
import { atDesk } from '../hosted-mailbox.ts';
import { webAddress } from '../web-address.ts';

/** Prints the link; the secret in it is shown this once and kept sealed. */
export async function enrol(address: string, options: { person?: string; json?: boolean }): Promise<void> {
  await atDesk(async ({ foundation, store, now }) => {
    const web = webAddress(foundation);
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
