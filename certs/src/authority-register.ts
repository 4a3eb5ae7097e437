/**
 * What the development authority remembers: its two keys and certificates, and one line for each certificate issued.
 * Plain JSON, so that it can be stored; it holds private keys, so it must be stored sealed. Issuing, revoking and
 * publishing a revocation list write into it: whoever keeps it saves it again afterwards.
 */

export type AuthorityLevel = 'root' | 'issuing';

/** Reasons of RFC 5280 5.3.1 that end a certificate for good. Holding and releasing are not offered. */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'privilegeWithdrawn';

export interface Revocation {
  /** ISO 8601. */
  readonly at: string;
  readonly reason: RevocationReason;
}

export interface RegisterEntry {
  /** 32 lower-case hex digits. */
  readonly serialHex: string;
  /** Which of the two authorities signed it. */
  readonly issuer: AuthorityLevel;
  /** For people: `C=FR, …, CN=…`. */
  readonly subject: string;
  /** ISO 8601. */
  readonly notAfter: string;
  revocation: Revocation | null;
}

export interface DevelopmentAuthority {
  readonly rootCertificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly rootKeyPem: string;
  readonly issuingCertificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly issuingKeyPem: string;
  /** Without a slash at its end; the certificates name `/root.crl` and `/issuing.crl` below it. */
  readonly crlBaseUrl: string;
  readonly register: RegisterEntry[];
  /** The cRLNumber each level gave out last. */
  readonly crlNumbers: Record<AuthorityLevel, number>;
}

/** The address at which certificates say the revocation list of this level is found. */
export const crlUrl = (baseUrl: string, level: AuthorityLevel): string => `${baseUrl}/${level}.crl`;
