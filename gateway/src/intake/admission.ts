/**
 * Who may speak at a door, and as whom: made for a session when it begins, and anew when TLS begins, so that nothing is
 * carried over (RFC 3207 §4.2). MSSanté facts 1.4: the MAIL FROM domain and the domain of the header From must both be
 * the client's, by the trust list for operators, by its rights for an account.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { Carrier } from '../ports.ts';

export type Handover = { readonly refusal: FailureCode } | { readonly carrier: Carrier | undefined };

export interface Admission {
  /** Asked at each MAIL; empty for the null sender. */
  sender(address: string): Promise<FailureCode | null>;
  /** Asked at each RCPT for a mailbox that is here. */
  recipient(address: string): FailureCode | null;
  /** Whom its letters are counted for, once a sender was admitted. */
  who(): string | null;
  /** Whether `handover` has to know the header From. */
  readonly asksFrom: boolean;
  /** The last word, before anything of the letter is kept. `from` is null when it cannot be read for certain. */
  handover(from: string | null): Handover;
  /** AUTH; null when the account is now that of the session. */
  login(name: string, password: string): Promise<FailureCode | null>;
}

/** Certificates the client showed, DER, leaf first; none before TLS, or when it showed none. */
export type ClientChain = readonly Uint8Array[];
