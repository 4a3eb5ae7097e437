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
}

export const TRUST_SPACES = {
  demo: { name: 'demo', requiresTls: true, requires: 'signed-or-encrypted' },
  'apicrypt-style': { name: 'apicrypt-style', requiresTls: true, requires: 'signed-and-encrypted' },
} as const satisfies Record<string, TrustSpace>;
