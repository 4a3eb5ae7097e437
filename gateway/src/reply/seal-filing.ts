/**
 * Seals the mail of a filing as an answer to the same address would be: always signed; encrypted always or where possible,
 * as the stricter of two trust spaces asks. Where anything in it came encrypted it leaves encrypted or not at all (design,
 * promise 6): a destination whose certificate is not known is a refusal then, with its reason.
 */
import { Refusal } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { domainOf, type LastingStore, type Mailbox, type Spaces } from '../ports.ts';
import { composeFiling, type MailToFile } from './compose-filing.ts';
import { isPlainAddress, isWritable } from './reply-recipients.ts';
import { type SealingParts, type SealingRecipient, sealingRecipient, sealWithOwnKeys } from './seal-with-own-keys.ts';

export interface FilingSealerOptions extends SealingParts {
  readonly store: Pick<LastingStore, 'correspondent'>;
  readonly spaces: Pick<Spaces, 'judging' | 'reaching'>;
  /** Keyed digest of an address. */
  readonly correspondentIndex: (address: string) => Buffer;
}

interface GivenFiling {
  readonly mailbox: Mailbox;
  readonly to: string;
  readonly mail: MailToFile;
  readonly messageId: string;
  readonly at: Date;
  /** Trust space of the conversation; null: the default one. */
  readonly space: string | null;
  /** Something in it came encrypted. */
  readonly isSecret: boolean;
}

export interface SealedFiling {
  readonly bytes: Uint8Array;
  /** Trust space it leaves into. */
  readonly space: string;
  readonly isInClear: boolean;
  readonly asksReports: boolean;
}

/** The sealer of filings; throws a `Refusal` when the mail must not be made. */
export function createFilingSealer(options: FilingSealerOptions): (given: GivenFiling) => Promise<SealedFiling> {
  const { store, spaces } = options;

  const sealed = async (
    given: GivenFiling,
    recipient: SealingRecipient,
    answers: SealedPolicy,
  ): Promise<Uint8Array> => {
    const { mailbox, to, mail, messageId, at } = given;
    const isEncrypted = recipient.recipient !== null;
    const composed = await composeFiling({ mailbox, to, mail, messageId, at, policy: answers, isEncrypted });
    const bytes = await sealWithOwnKeys(options, mailbox.id, recipient, composed);
    if (bytes.length > DISPATCH_LIMITS.mailMaxBytes) throw new Refusal('filing-too-large');
    return bytes;
  };

  return async (given) => {
    const { to, space: name, isSecret } = given;
    if (!isPlainAddress(to) || !isWritable(to)) throw new Refusal('address-not-ascii');
    const home = spaces.judging(name ?? undefined);
    // Where nothing reaches it, the way out refuses the mail before it is tried, with its reason.
    const space = spaces.reaching(domainOf(to), home.name) ?? home;
    const encrypts = isSecret || home.answers.encrypts === 'always' ? 'always' : space.answers.encrypts;
    const answers = { ...space.answers, encrypts } as const;
    const found = { space: space.name, asksReports: answers.asksReports !== false };
    const known = await store.correspondent(options.correspondentIndex(to));
    if (known === null && encrypts === 'always') throw new Refusal('certificate-missing');
    if (known !== null) {
      try {
        const bytes = await sealed(given, sealingRecipient(known, answers), answers);
        return { ...found, bytes, isInClear: false };
      } catch (error) {
        const isUnusable = error instanceof Refusal && error.code === 'certificate-unusable';
        if (!isUnusable || encrypts === 'always') throw error;
      }
    }
    const inClear: SealingRecipient = { recipient: null, recipientChain: [], answers };
    return { ...found, bytes: await sealed(given, inClear, answers), isInClear: true };
  };
}

type SealedPolicy = ReturnType<Spaces['judging']>['answers'];
