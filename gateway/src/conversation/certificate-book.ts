/**
 * Certificates of correspondents, learnt only from verified letters freshly signed, so that an answer can be sealed to
 * the one who proved to write. What is older than what is known teaches nothing (RFC 8551 §2.7.1): a letter sent again
 * brings back neither a key nor a weaker cipher. Another certificate than before is an event of its own and a mark on the
 * letter: whoever answers should know.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import {
  type Clock,
  type Correspondent,
  correspondentIndexOf,
  type LastingStore,
  type LearnableCertificate,
  type OpenedLetter,
  type Vault,
} from '../ports.ts';

/** What is written of certificates. */
interface CertificateTrail {
  certificateLearnt(letterId: string, fingerprint: string, changed: boolean): Promise<void>;
}

export interface CertificateBook {
  /** Keyed digest of a correspondent's address. */
  indexOf(address: string): Buffer;
  /** Whether a certificate of him is known, or comes with his letter. */
  knows(addressIndex: Buffer, opened?: OpenedLetter): Promise<boolean>;
  /** Learns; `changed` when this letter brought another certificate than the one known. A second run says the same. */
  learn(letterId: string, correspondentIndex: Buffer, opened: OpenedLetter): Promise<{ changed: boolean }>;
}

/** Another certificate for encrypting, or for signing, than the one known. */
const isOther = (known: Correspondent, found: LearnableCertificate): boolean =>
  known.fingerprint !== found.fingerprint || (known.signer !== null && known.signer !== found.signer);

/** Whether the letter says something that is not known, or is so much newer that its time should be. */
function teaches(known: Correspondent, found: LearnableCertificate): boolean {
  if (known.signedAt !== null && found.signedAt <= known.signedAt) return false;
  const isNews = isOther(known, found) || known.capabilities?.join() !== found.capabilities?.join();
  return isNews || known.signedAt === null || found.signedAt > known.signedAt + ENVELOPE_LIMITS.learntTimeStepMs;
}

/** What the letter was or is found to change, when nothing is to be written; null when something is. */
function settled(
  known: Correspondent | null,
  letterId: string,
  found: LearnableCertificate,
): { changed: boolean } | null {
  if (known === null) return null;
  if (known.letterId === letterId) return { changed: known.changed };
  return teaches(known, found) ? null : { changed: false };
}

/** The book over the lasting store. */
export function openCertificateBook(options: {
  store: LastingStore;
  vault: Vault;
  trailOf: (store: LastingStore) => CertificateTrail;
  clock: Clock;
}): CertificateBook {
  const { store, vault, trailOf, clock } = options;
  return {
    indexOf: (address) => correspondentIndexOf(vault, address),
    knows: async (addressIndex, opened) =>
      (opened?.senderCertificate ?? null) !== null || (await store.correspondent(addressIndex)) !== null,
    async learn(letterId, addressIndex, { senderCertificate: found }) {
      if (found === null) return { changed: false };
      // Most letters teach nothing: they do not wait for a write.
      const before = settled(await store.correspondent(addressIndex), letterId, found);
      if (before !== null) return before;
      return store.transaction(async (inside) => {
        const known = await inside.correspondent(addressIndex);
        const already = settled(known, letterId, found);
        if (already !== null) return already;
        const changed = known !== null && isOther(known, found);
        const { fingerprint, capabilities, signedAt, signer } = found;
        const certificate = Buffer.from(found.der);
        const chain = found.chain.map((authority) => Buffer.from(authority));
        const source = known === null || changed ? { letterId, changed } : known;
        const learnt = { addressIndex, certificate, chain, fingerprint, capabilities, signedAt, signer };
        const from = { letterId: source.letterId, changed: source.changed };
        await inside.saveCorrespondent({ ...learnt, ...from }, clock.now().getTime());
        if (known === null || changed) await trailOf(inside).certificateLearnt(letterId, fingerprint, changed);
        return { changed };
      });
    },
  };
}
