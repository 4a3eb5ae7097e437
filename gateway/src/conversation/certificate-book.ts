/**
 * Certificates of correspondents, learnt only from verified letters, so that an answer can be sealed to the one who
 * proved to write. Another certificate than before is an event of its own.
 */
import type { Clock, LastingStore, OpenedLetter, Vault } from '../ports.ts';

/** What is written of certificates. */
interface CertificateTrail {
  certificateLearnt(letterId: string, fingerprint: string, changed: boolean): Promise<void>;
}

export interface CertificateBook {
  /** Keyed digest of a correspondent's address. */
  indexOf(address: string): Buffer;
  /** Whether an answer to this letter could be sealed: its sender is proven and his certificate known. */
  canAnswer(correspondentIndex: Buffer, opened: OpenedLetter): Promise<boolean>;
  learn(letterId: string, correspondentIndex: Buffer, opened: OpenedLetter): Promise<void>;
}

/** The book over the lasting store. */
export function openCertificateBook(options: {
  store: LastingStore;
  vault: Vault;
  trail: CertificateTrail;
  clock: Clock;
}): CertificateBook {
  const { store, vault, trail, clock } = options;
  return {
    indexOf: (address) => vault.index('address-index', address.toLowerCase()),
    async canAnswer(correspondentIndex, { verdict, senderCertificate }) {
      if (verdict.show !== 'verified') return false;
      return senderCertificate !== null || (await store.correspondent(correspondentIndex)) !== null;
    },
    async learn(letterId, correspondentIndex, { senderCertificate }) {
      if (senderCertificate === null) return;
      const { der, fingerprint } = senderCertificate;
      const chain = senderCertificate.chain.map((authority) => Buffer.from(authority));
      const known = await store.correspondent(correspondentIndex);
      if (known?.fingerprint === fingerprint) return;
      const certificate = Buffer.from(der);
      await store.saveCorrespondent(
        { addressIndex: correspondentIndex, certificate, chain, fingerprint },
        clock.now().getTime(),
      );
      await trail.certificateLearnt(letterId, fingerprint, known !== null);
    },
  };
}
