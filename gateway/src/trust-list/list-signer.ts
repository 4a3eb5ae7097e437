/**
 * Who signed the list: a certificate under the configured authorities, with the configured common name, in date.
 * Pinned by issuer and name, never by the leaf, which is renewed (mssante.md 1.2); authorities come from the operator
 * alone, never from the list. Revocation of the signer is not asked for: the list is how such a thing would be told.
 */
import { X509Certificate } from 'node:crypto';
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { ListRefused } from './list-refused.ts';

/** Who may sign: PEM text with authorities, and the common name. */
export interface SignerPolicy {
  readonly authorities: string;
  readonly commonName: string;
}

export interface ListSigner {
  readonly commonName: string;
  readonly issuer: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const TLS_PURPOSES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
/** Signatures on certificates by which nobody can be vouched for any more: MD2, MD5, SHA-1. */
const WEAK_SIGNATURES = /md[245]|sha-?1(?![0-9])|^ecdsa-with-sha1$/i;

function readCertificate(given: Buffer | string): X509Certificate {
  try {
    return new X509Certificate(given);
  } catch (cause) {
    throw new ListRefused('list-signer-unknown', 'a certificate cannot be read', cause);
  }
}

/** The certificates in a PEM text. */
function authoritiesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, TRUST_LIST_LIMITS.authoritiesMax).map(readCertificate);
}

const isSelfIssued = (certificate: X509Certificate): boolean => certificate.subject === certificate.issuer;

const isInDate = (certificate: X509Certificate, at: number): boolean =>
  certificate.validFromDate.getTime() <= at && certificate.validToDate.getTime() >= at;

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  // `ca` asks basicConstraints and keyUsage, `checkIssued` names and key identifiers (RFC 5280 §4.2.1).
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  if (WEAK_SIGNATURES.test(certificate.signatureAlgorithm ?? '')) return false;
  return certificate.verify(issuer.publicKey);
}

/** Whether a chain leads up to an anchor: a self-issued authority; where the operator gave none, each one is. */
function isVouchedFor(leaf: X509Certificate, authorities: readonly X509Certificate[], at: number): boolean {
  const selfIssued = authorities.filter(isSelfIssued);
  const anchors = selfIssued.length > 0 ? selfIssued : authorities;
  let level = [leaf];
  for (let height = 0; height < TRUST_LIST_LIMITS.chainMax; height += 1) {
    const issuers = authorities.filter(
      (authority) => isInDate(authority, at) && level.some((certificate) => hasIssued(authority, certificate)),
    );
    if (issuers.some((issuer) => anchors.includes(issuer))) return true;
    level = issuers;
  }
  return false;
}

/** One common name, the one configured: Node gives several as one text with line ends. */
function commonNameOf(certificate: X509Certificate): string {
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='));
  return names.length === 1 ? (names[0] ?? '').slice(3) : '';
}

export interface CheckedSigner {
  readonly signer: ListSigner;
  readonly certificate: X509Certificate;
}

/** Checks the certificate of a signer as at a time, or (null) whenever it is valid; throws `ListRefused`. */
export function checkSigner(der: Buffer, policy: SignerPolicy, time: number | null): CheckedSigner {
  try {
    return check(readCertificate(der), policy, time);
  } catch (error) {
    if (error instanceof ListRefused) throw error;
    // OpenSSL reads the parts of a certificate when they are asked for, and some cannot be.
    throw new ListRefused('list-signer-unknown', 'its certificate cannot be read', error);
  }
}

function check(certificate: X509Certificate, policy: SignerPolicy, time: number | null): CheckedSigner {
  const at = time ?? certificate.validFromDate.getTime();
  const authorities = authoritiesIn(policy.authorities);
  if (authorities.length === 0) throw new ListRefused('list-signer-unknown', 'no authority is configured');
  const { publicKey } = certificate;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < TRUST_LIST_LIMITS.rsaModulusMinBits)
    throw new ListRefused('list-signer-unknown', 'its key is no RSA key of 2048 bits');
  if (certificate.ca) throw new ListRefused('list-signer-unknown', 'its certificate is that of an authority');
  const purposes = certificate.keyUsage ?? [];
  if (purposes.length > 0 && purposes.every((purpose) => TLS_PURPOSES.includes(purpose)))
    throw new ListRefused('list-signer-unknown', 'its certificate is for TLS only');
  if (!isVouchedFor(certificate, authorities, at)) throw new ListRefused('list-signer-unknown');
  const commonName = commonNameOf(certificate);
  if (commonName !== policy.commonName) throw new ListRefused('list-signer-name', commonName.slice(0, 80));
  const signer: ListSigner = {
    commonName,
    issuer: certificate.issuer.split('\n').reverse().join(', '),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
  if (!isInDate(certificate, at))
    throw new ListRefused('list-signer-expired', `valid from ${day(signer.notBefore)} to ${day(signer.notAfter)}`);
  return { signer, certificate };
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
