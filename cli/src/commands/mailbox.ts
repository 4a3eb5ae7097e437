/** `estafette mailbox add` and `list`: the mailboxes this gateway hosts. */
import type { KeyIdentity } from '@estafette/certs/key-identity';
import { newId } from '@estafette/contracts/ids';
import { canonicalAddress, type MailboxKind, type MailboxLabel } from '@estafette/gateway/ports';
import { layFoundation, openStoreFor, settings } from '../foundation.ts';
import { addKeys, judgeKeys } from '../keys/add-keys.ts';
import { issueDemoKey } from '../keys/demo-key.ts';
import { type KeyFiles, readKeyFiles } from '../keys/key-files.ts';
import { standing, trouble } from '../keys/key-words.ts';
import { PlainError } from '../plain-error.ts';
import { labelOf } from './mailbox-label.ts';

export interface AddMailboxOptions extends KeyFiles, MailboxLabel {
  readonly name: string;
  readonly kind: MailboxKind;
  /** Its key comes later, by `key request` or `key import`. */
  readonly withoutKey?: boolean;
  readonly json?: boolean;
}

/** Adds a mailbox with its keys; their certificates must hold its address. */
export async function addMailbox(address: string, options: AddMailboxOptions): Promise<void> {
  if (!/^[^\s<>@]+@[^\s<>@]+$/.test(address)) throw new PlainError(`“${address}” is not a mail address.`, 2);
  const foundation = layFoundation(settings());
  const store = await openStoreFor(foundation);
  const now = foundation.clock.now();
  try {
    if ((await store.mailboxByAddress(address)) !== null)
      throw new PlainError(`${address} is already a mailbox of this gateway.`);
    const { name, kind } = options;
    const mailbox = { id: newId('mailbox'), address: canonicalAddress(address), name, kind, ...labelOf(options) };
    const given: KeyIdentity[] | null = readKeyFiles(options);
    if (given !== null && options.withoutKey === true)
      throw new PlainError('Give a key file or --without-key, not both.', 2);
    const identities = options.withoutKey === true ? [] : (given ?? [await issueDemoKey(foundation, mailbox, { now })]);
    const { accepted } =
      identities.length === 0
        ? { accepted: [] }
        : judgeKeys(identities, { address: mailbox.address, now, forOpening: false });
    await store.transaction(async (inside) => {
      await inside.addMailbox(mailbox);
      await inside.audit({ subject: mailbox.id, event: 'mailbox-added' }, now.getTime());
      await addKeys(inside, mailbox, accepted, now);
    });
    const ends = accepted.map(({ certificate }) => certificate.validToDate.toISOString()).sort();
    const notAfter = ends.at(-1) ?? null;
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ id: mailbox.id, address: mailbox.address, notAfter })}\n`
        : `${address} added (${mailbox.id}), ${notAfter === null ? 'without a key' : `certificate valid until ${notAfter}`}.\n`,
    );
  } finally {
    await store.close();
  }
}

/** Lists the mailboxes with the end of the certificate in use, and what is wrong with it. */
export async function listMailboxes(options: { json?: boolean }): Promise<void> {
  const foundation = layFoundation(settings());
  const store = await openStoreFor(foundation);
  const now = foundation.clock.now();
  try {
    for (const mailbox of await store.mailboxes()) {
      const found = await standing(store, mailbox, now);
      const until = found.signing[0]?.notAfter;
      const notAfter = until === undefined ? null : new Date(until).toISOString();
      const warning = trouble(found, now);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...mailbox, notAfter, warning })}\n`
          : `${mailbox.address}  ${mailbox.kind}  ${mailbox.name}  certificate until ${notAfter ?? '(none)'}${mailbox.closedAt === undefined ? '' : '  closed'}${warning === null ? '' : `  WARNING: ${warning}`}\n`,
      );
    }
  } finally {
    await store.close();
  }
}
