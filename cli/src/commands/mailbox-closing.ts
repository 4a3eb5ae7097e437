/** `estafette mailbox close` and `open`: a closed mailbox is refused at RCPT, and keeps what it holds. */
import { atMailbox } from '../hosted-mailbox.ts';

interface Options {
  readonly json?: boolean;
}

function change(address: string, closes: boolean, { json }: Options): Promise<void> {
  return atMailbox(address, async ({ store, mailbox, now }) => {
    const at = now.getTime();
    const isClosed = mailbox.closedAt !== undefined;
    if (isClosed !== closes)
      await store.transaction(async (inside) => {
        await inside.closeMailbox(mailbox.id, closes ? at : null);
        await inside.audit({ subject: mailbox.id, event: closes ? 'mailbox-closed' : 'mailbox-opened' }, at);
      });
    const words = closes ? 'closed' : 'open';
    const sentence = `${mailbox.address} ${isClosed === closes ? `was ${words} already` : `is ${words} now`}.`;
    const { id, address: own } = mailbox;
    process.stdout.write(`${json === true ? JSON.stringify({ id, address: own, closed: closes }) : sentence}\n`);
  });
}

/** Refuses letters for the mailbox from now on. */
export const closeMailbox = (address: string, options: Options): Promise<void> => change(address, true, options);

/** Takes letters for the mailbox again. */
export const openMailbox = (address: string, options: Options): Promise<void> => change(address, false, options);
