/**
 * What a letter of a proven sender teaches for the answer: the certificate to encrypt to, and what he says he opens.
 * The danger is key substitution (facts: smime.md checklist 16): a certificate counts only with the sender's own address,
 * a use that allows encrypting and a path that is good now; what he states counts only from a fresh signing time, so that
 * an old letter sent again cannot bring back a key or a weaker cipher (RFC 8551 §2.7.1). Never from a self-signed one:
 * its path has no anchor.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { Capability } from '../ports.ts';
import { BerError, type BerNode, contentOf, integerOf, isContext, octetsOf } from './ber.ts';
import { addressesOf, type Certificate, isAuthority, subjectKeyIdentifierOf } from './certificate.ts';
import { isIdentified } from './certificate-identifier.ts';
import { encryptingUseOf } from './encrypt-content.ts';
import { isSameAddress } from './mail-address.ts';
import { OID } from './oids.ts';
import type { OpeningPolicy, SignatureFinding } from './peel-layers.ts';
import { readCapabilities } from './smime-capabilities.ts';

export interface SenderStatement {
  /** Null when he states none. */
  readonly capabilities: readonly Capability[] | null;
  readonly signedAt: Date;
  /** SHA-256 of the certificate that signed, hexadecimal. */
  readonly signer: string;
}

/** What the signer states, or null when his signing time is missing or not fresh at the time of judgement. */
export function statementOf(finding: SignatureFinding, signer: Certificate, at: Date): SenderStatement | null {
  const found = finding.statements.find((statement) => statement.certificate === signer);
  const signedAt = found?.signingTime ?? null;
  if (found === undefined || signedAt === null) return null;
  const age = at.getTime() - signedAt.getTime();
  if (age > ENVELOPE_LIMITS.learntSigningAgeMaxMs || age < -ENVELOPE_LIMITS.clockSkewMs) return null;
  const capabilities = readCapabilities(found.attributes.get(OID.smimeCapabilities));
  return { capabilities, signedAt, signer: signer.fingerprint };
}

/** Whether the certificate is the one that SMIMEEncryptionKeyPreference names (RFC 8551 §2.5.3). */
function isPreferred(certificate: Certificate, preference: BerNode): boolean {
  const [first, serial] = preference.children;
  if (isContext(preference, 0)) {
    if (first === undefined) throw new BerError('issuer missing');
    return isIdentified(certificate, { issuer: first, serial: integerOf(serial, 64) });
  }
  const identifier = isContext(preference, 2)
    ? contentOf(preference)
    : isContext(preference, 1) && first !== undefined
      ? octetsOf(first)
      : null;
  return identifier !== null && subjectKeyIdentifierOf(certificate)?.equals(identifier) === true;
}

/**
 * The certificates of the bag that the signers of this address prefer; a preference that cannot be read names none. Who
 * signed beside them may be anybody with a good certificate, who added his signature on the way.
 */
function preferredIn(finding: SignatureFinding, address: string, bag: readonly Certificate[]): Certificate[] {
  try {
    const own = finding.statements.filter(({ certificate }) => isOf(certificate, address));
    const preferences = own.flatMap(({ attributes }) => {
      const values = attributes.get(OID.encryptionKeyPreference) ?? [];
      return values.length === 1 ? values : [];
    });
    return bag.filter((certificate) => preferences.some((preference) => isPreferred(certificate, preference)));
  } catch (error) {
    if (error instanceof BerError) return [];
    throw error;
  }
}

const isOf = (certificate: Certificate, address: string): boolean =>
  addressesOf(certificate).some((own) => isSameAddress(own, address));

/** By which use a letter to this address could be encrypted to the certificate, or null; whether it allows it is judged. */
function useFor(certificate: Certificate, address: string): 'keyEncipherment' | 'keyAgreement' | null {
  try {
    return isOf(certificate, address) ? encryptingUseOf(certificate.publicKey) : null;
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}

/**
 * A certificate from the proven sender's bag to encrypt answers to: the one he prefers, the signer's own, or another of
 * the same address; in this order, the first that is good now.
 */
export function encryptionCertificate(
  finding: SignatureFinding,
  address: string,
  policy: OpeningPolicy,
): Buffer | null {
  const { bag, signers } = finding;
  if (bag === null) return null;
  const question = { bag: bag.certificates, bagLists: bag.lists, at: policy.at };
  const candidates = new Set([...preferredIn(finding, address, bag.certificates), ...signers, ...bag.certificates]);
  for (const certificate of candidates) {
    const use = useFor(certificate, address);
    if (use !== null && policy.judge({ ...question, certificate, uses: [use] }).trusted) return certificate.raw;
  }
  return null;
}

/** Authorities among the certificates of the innermost signature, as many as a path may have. */
export function authoritiesIn(finding: SignatureFinding | undefined): Buffer[] {
  const authorities = (finding?.bag?.certificates ?? []).filter((certificate) => isAuthority(certificate));
  return authorities.slice(0, ENVELOPE_LIMITS.pathLengthMax).map((certificate) => certificate.raw);
}
