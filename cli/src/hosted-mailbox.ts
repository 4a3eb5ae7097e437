/**
 * What the commands on what lasts do alike: open the store, find the mailbox or say that there is none, close the store
 * whatever happens.
 */
import type { LastingStore, Mailbox } from '@estafette/gateway/ports';
import { type Foundation, layFoundation, openStoreFor, settings } from './foundation.ts';
import { PlainError } from './plain-error.ts';

export interface Desk {
  readonly foundation: Foundation;
  readonly store: LastingStore;
  readonly now: Date;
}

/** Runs a command on what lasts. */
export async function atDesk<T>(work: (desk: Desk) => Promise<T>): Promise<T> {
  const foundation = layFoundation(settings());
  const store = await openStoreFor(foundation);
  try {
    return await work({ foundation, store, now: foundation.clock.now() });
  } finally {
    await store.close();
  }
}

/** The mailbox of an address, or a sentence that there is none, with the exit code of the command. */
export async function hostedMailbox(
  { store }: Pick<Desk, 'store'>,
  address: string,
  exitCode: 1 | 2 | 3 = 1,
): Promise<Mailbox> {
  const mailbox = await store.mailboxByAddress(address);
  if (mailbox === null) throw new PlainError(`${address} is not a mailbox of this gateway.`, exitCode);
  return mailbox;
}

/** Runs a command on a mailbox of this gateway. */
export function atMailbox<T>(address: string, work: (desk: Desk & { mailbox: Mailbox }) => Promise<T>): Promise<T> {
  return atDesk(async (desk) => work({ ...desk, mailbox: await hostedMailbox(desk, address) }));
}
