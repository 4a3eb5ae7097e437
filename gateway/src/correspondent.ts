/**
 * What the gateway keeps of a correspondent: the certificate to encrypt answers to and what he states beside it, learnt
 * only from verified letters, and how the operator wants his answers sealed. Part of ports.ts.
 */
import type { Vault } from '@estafette/runtime/ports';
import { canonicalAddress } from './address.ts';

/** Keyed digest of a correspondent's address: what he is found by. */
export const correspondentIndexOf = (vault: Vault, address: string): Buffer =>
  vault.index('address-index', canonicalAddress(address));

/** `opaque` where relays rewrite what is clear-signed. */
export type SealingForm = 'detached' | 'opaque';
/** Content encryption this gateway seals with; there is nothing weaker. */
export type SealingContent = 'aes-256-gcm' | 'aes-128-gcm' | 'aes-256-cbc' | 'aes-128-cbc';
/** Key transport for an RSA key; for another key the key itself says how. */
export type SealingTransport = 'rsa-pkcs1' | 'rsa-oaep-sha256';
/** What a correspondent may state that he opens, in his smimeCapabilities (RFC 8551 §2.5.2). */
export type Capability = SealingContent | 'rsa-oaep-sha256';

/** How the operator wants answers to one correspondent sealed; null leaves it to the gateway. */
export interface SealingWishes {
  readonly form: SealingForm | null;
  readonly content: SealingContent | null;
  readonly keyTransport: SealingTransport | null;
}

export interface LearntCertificate {
  /** Keyed digest of the address. */
  readonly addressIndex: Buffer;
  readonly certificate: Buffer;
  /** Authorities that came with it. */
  readonly chain: readonly Buffer[];
  readonly fingerprint: string;
  /** What he stated; null when he stated nothing. */
  readonly capabilities: readonly Capability[] | null;
  /** Signing time of the letter it was learnt from, milliseconds since 1970; null: learnt before this was kept. */
  readonly signedAt: number | null;
  /** Fingerprint of the certificate that signed that letter. */
  readonly signer: string | null;
  readonly letterId: string | null;
  /** That letter brought another certificate than the one known before. */
  readonly changed: boolean;
}

export interface Correspondent extends LearntCertificate {
  readonly wishes: SealingWishes;
}

/** This part of what lasts. */
export interface CorrespondentStore {
  correspondent(addressIndex: Buffer): Promise<Correspondent | null>;
  /** Leaves the operator's wishes as they are. */
  saveCorrespondent(learnt: LearntCertificate, now: number): Promise<void>;
  /** False when nothing is known of him. */
  wishForCorrespondent(addressIndex: Buffer, wishes: SealingWishes): Promise<boolean>;
}
