/**
 * Puts keys into the lasting store, all of a file or none: what is already there is left as it is and said. A file may
 * hold keys of other mailboxes beside the right one; those are passed over and named.
 */
import type { KeyIdentity } from '@estafette/certs/key-identity';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore, Mailbox, MailboxKey } from '@estafette/gateway/ports';
import { type AcceptedKey, judgeKey, KeyRefused } from './judge-key.ts';

export interface AddedKey {
  readonly key: MailboxKey;
  /** False when the mailbox had it before. */
  readonly isNew: boolean;
}

export interface KeysToAdd {
  readonly accepted: readonly AcceptedKey[];
  /** Why others in the file are not taken. */
  readonly refused: readonly KeyRefused[];
}

/** Which of these identities may become keys of the mailbox; throws the first refusal when none may. */
export function judgeKeys(
  identities: readonly KeyIdentity[],
  mailbox: { readonly address: string; readonly now: Date; readonly forOpening: boolean },
): KeysToAdd {
  const accepted: AcceptedKey[] = [];
  const refused: KeyRefused[] = [];
  for (const identity of identities) {
    try {
      accepted.push(judgeKey(identity, mailbox));
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error;
      refused.push(error);
    }
  }
  if (accepted.length === 0) throw refused[0] ?? new KeyRefused('no-key', 'The file holds no key.');
  return { accepted, refused };
}

/** Adds accepted keys within a transaction. */
export async function addKeys(
  inside: LastingStore,
  mailbox: Mailbox,
  accepted: readonly AcceptedKey[],
  now: Date,
): Promise<AddedKey[]> {
  const added: AddedKey[] = [];
  for (const { certificate, facts, chain, privateKey } of accepted) {
    const known = (await inside.keysOf(mailbox.id)).find((key) => key.certificate.equals(certificate.raw));
    if (known !== undefined) {
      added.push({ key: known, isNew: false });
      continue;
    }
    const key: MailboxKey = {
      id: newId('event'),
      mailboxId: mailbox.id,
      certificate: certificate.raw,
      chain,
      privateKey,
      notBefore: certificate.validFromDate.getTime(),
      notAfter: certificate.validToDate.getTime(),
    };
    await inside.addMailboxKey(key);
    const event = { subject: key.id, event: 'key-added', related: mailbox.id, detail: facts.fingerprint } as const;
    await inside.audit(event, now.getTime());
    added.push({ key, isNew: true });
  }
  return added;
}
