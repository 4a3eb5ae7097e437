/**
 * `estafette correspondent show` and `set`: what is known of a correspondent, and how answers to him are sealed where the
 * automatic choice does not suit: a relay on his side that breaks clear signatures, software that states what it cannot
 * open. Every choice stays signed and encrypted; there is none that weakens it.
 */
import {
  type Correspondent,
  correspondentIndexOf,
  type LastingStore,
  type SealingWishes,
} from '@estafette/gateway/ports';
import { atDesk } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';
import type { SEALING_WORDS } from './sealing-words.ts';

export type SealingOptions = { readonly [K in keyof SealingWishes]?: (typeof SEALING_WORDS)[K][number] };

interface Found {
  readonly store: LastingStore;
  readonly index: Buffer;
  readonly correspondent: Correspondent;
}

function withCorrespondent(address: string, work: (found: Found) => Promise<void>): Promise<void> {
  return atDesk(async ({ foundation, store }) => {
    const index = correspondentIndexOf(foundation.vault, address);
    const correspondent = await store.correspondent(index);
    if (correspondent === null)
      throw new PlainError(`Nothing is known of ${address}: no verified letter of his has come yet.`, 3);
    await work({ store, index, correspondent });
  });
}

function print(
  address: string,
  { correspondent, wishes }: { correspondent: Correspondent; wishes: SealingWishes },
  asJson: boolean,
): void {
  const { fingerprint, capabilities, signedAt } = correspondent;
  const learntFrom = signedAt === null ? null : new Date(signedAt).toISOString();
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ address, fingerprint, capabilities, learntFrom, ...wishes })}\n`);
    return;
  }
  const lines = [
    address,
    `  certificate    ${fingerprint}`,
    `  signed         ${learntFrom ?? '(before this was kept)'}`,
    `  states         ${capabilities === null ? '(nothing)' : capabilities.join(' ')}`,
    `  form           ${wishes.form ?? 'auto'}`,
    `  content        ${wishes.content ?? 'auto'}`,
    `  key transport  ${wishes.keyTransport ?? 'auto'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Shows what is known of a correspondent. */
export async function showCorrespondent(address: string, options: { json?: boolean }): Promise<void> {
  await withCorrespondent(address, async ({ correspondent }) =>
    print(address, { correspondent, wishes: correspondent.wishes }, options.json === true),
  );
}

/** The wish after the command: as it was when nothing is said, null for `auto`. */
const wished = <T extends string>(said: T | 'auto' | undefined, before: T | null): T | null =>
  said === undefined ? before : said === 'auto' ? null : said;

/** Says how answers to a correspondent are sealed from now on; a running server does it with the next answer. */
export async function setCorrespondent(address: string, options: SealingOptions & { json?: boolean }): Promise<void> {
  const { form, content, keyTransport } = options;
  if (form === undefined && content === undefined && keyTransport === undefined)
    throw new PlainError('Say what to set: --form, --content or --key-transport.', 2);
  await withCorrespondent(address, async ({ store, index, correspondent }) => {
    const before = correspondent.wishes;
    const wishes: SealingWishes = {
      form: wished(form, before.form),
      content: wished(content, before.content),
      keyTransport: wished(keyTransport, before.keyTransport),
    };
    await store.wishForCorrespondent(index, wishes);
    const detail = [wishes.form, wishes.content, wishes.keyTransport].map((wish) => wish ?? 'auto').join(', ');
    const subject = `correspondent ${index.toString('hex').slice(0, 16)}`;
    await store.audit({ subject, event: 'correspondent-set', detail }, Date.now());
    print(address, { correspondent, wishes }, options.json === true);
  });
}
