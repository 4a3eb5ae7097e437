/**
 * Seals a mail that the gateway writes by itself in the way an answer to the same address is sealed: always signed,
 * encrypted always or where possible, as the stricter of two trust spaces asks. It carries nothing of a letter, so it
 * may go signed only where answers may.
 */
import { Refusal } from '@estafette/contracts/failure';
import { domainOf, type LastingStore, type Mailbox, type Spaces } from '../ports.ts';
import type { ComposedReply } from './compose-reply.ts';
import { fromLabel } from './from-label.ts';
import { type SealingParts, type SealingRecipient, sealingRecipient, sealWithOwnKeys } from './seal-with-own-keys.ts';

export interface AutomaticSealerOptions extends SealingParts {
  readonly store: Pick<LastingStore, 'correspondent'>;
  readonly spaces: Pick<Spaces, 'judging' | 'reaching'>;
  /** Keyed digest of an address. */
  readonly correspondentIndex: (address: string) => Buffer;
}

type Mail = Pick<ComposedReply, 'headers' | 'protectedHeaders' | 'entity'>;

interface Given {
  readonly mailbox: Mailbox;
  readonly to: string;
  /** Trust space of the letter it is about; null: the default one. */
  readonly space: string | null;
  readonly compose: (style: { readonly name: string; readonly productNumber: string | null }) => Mail;
}

/** The sealer of automatic mail; throws a `Refusal` when it must not be made. */
export function createAutomaticSealer(
  options: AutomaticSealerOptions,
): (given: Given) => Promise<{ bytes: Uint8Array; space: string }> {
  const { store, spaces } = options;
  return async ({ mailbox, to, space: name, compose }) => {
    const home = spaces.judging(name ?? undefined);
    const space = spaces.reaching(domainOf(to), home.name) ?? home;
    const encrypts = home.answers.encrypts === 'always' ? 'always' : space.answers.encrypts;
    const answers = { ...space.answers, encrypts } as const;
    const mail = compose({ name: fromLabel(mailbox, space.answers), productNumber: space.answers.productNumber });
    const inClear: SealingRecipient = { recipient: null, recipientChain: [], answers };
    const known = await store.correspondent(options.correspondentIndex(to));
    if (known === null && encrypts === 'always') throw new Refusal('certificate-missing');
    const seal = (recipient: SealingRecipient) => sealWithOwnKeys(options, mailbox.id, recipient, mail);
    if (known === null) return { bytes: await seal(inClear), space: space.name };
    try {
      return { bytes: await seal(sealingRecipient(known, answers)), space: space.name };
    } catch (error) {
      const isUnusable = error instanceof Refusal && error.code === 'certificate-unusable';
      if (!isUnusable || encrypts === 'always') throw error;
      return { bytes: await seal(inClear), space: space.name };
    }
  };
}
