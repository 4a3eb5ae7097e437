/** `estafette mailbox close` and `open`: a closed mailbox is refused at RCPT, and keeps what it holds. */
import { layFoundation, openStoreFor, settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';

interface Options {
  readonly json?: boolean;
}

async function change(address: string, closes: boolean, { json }: Options): Promise<void> {
  const foundation = layFoundation(settings());
  const store = await openStoreFor(foundation);
  const now = foundation.clock.now().getTime();
  try {
    const mailbox = await store.mailboxByAddress(address);
    if (mailbox === null) throw new PlainError(`${address} is not a mailbox of this gateway.`);
    const isClosed = mailbox.closedAt !== undefined;
    if (isClosed !== closes)
      await store.transaction(async (inside) => {
        await inside.closeMailbox(mailbox.id, closes ? now : null);
        await inside.audit({ subject: mailbox.id, event: closes ? 'mailbox-closed' : 'mailbox-opened' }, now);
      });
    const words = closes ? 'closed' : 'open';
    const sentence = `${mailbox.address} ${isClosed === closes ? `was ${words} already` : `is ${words} now`}.`;
    const { id, address: own } = mailbox;
    process.stdout.write(`${json === true ? JSON.stringify({ id, address: own, closed: closes }) : sentence}\n`);
  } finally {
    await store.close();
  }
}

/** Refuses letters for the mailbox from now on. */
export const closeMailbox = (address: string, options: Options): Promise<void> => change(address, true, options);

/** Takes letters for the mailbox again. */
export const openMailbox = (address: string, options: Options): Promise<void> => change(address, false, options);
