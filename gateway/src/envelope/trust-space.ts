/**
 * Trust spaces: the policy for letters in and out (docs/security-model.md). A space says what a letter must carry
 * to be shown at all; whether it is `verified` depends on the checks alone, never on the space.
 */

export interface TrustSpace {
  readonly name: string;
  /** Transport: STARTTLS before MAIL. */
  readonly requiresTls: boolean;
  /** What a letter must carry; less goes to quarantine with its reason. */
  readonly requires: 'signed-or-encrypted' | 'signed-and-encrypted';
  /** Whether content encrypted with Triple-DES is opened; it is weak, and old software still sends it. */
  readonly opensTripleDes: boolean;
  /** A letter whose revocation is unknown waits this long for the answer before it is shown as unverified. */
  readonly revocationHoldHours: number;
  /** How answers are encrypted to a correspondent whose capabilities are not known. */
  readonly sealing: {
    readonly content: 'aes-256-cbc' | 'aes-256-gcm';
    readonly keyTransport: 'rsa-pkcs1' | 'rsa-oaep-sha256';
  };
}

/** What every S/MIME client opens (facts: RFC 8551 §2.7 and the interop matrix, docs/interop.md). */
const WIDELY_READABLE = { content: 'aes-256-cbc', keyTransport: 'rsa-pkcs1' } as const;

export const TRUST_SPACES = {
  demo: {
    name: 'demo',
    requiresTls: true,
    requires: 'signed-or-encrypted',
    opensTripleDes: false,
    revocationHoldHours: 0,
    sealing: WIDELY_READABLE,
  },
  'apicrypt-style': {
    name: 'apicrypt-style',
    requiresTls: true,
    requires: 'signed-and-encrypted',
    opensTripleDes: false,
    revocationHoldHours: 4,
    sealing: WIDELY_READABLE,
  },
} as const satisfies Record<string, TrustSpace>;
