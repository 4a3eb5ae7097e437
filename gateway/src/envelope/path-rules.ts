/**
 * The rules of a certification path (RFC 5280 §6.1) once its signatures are known to be right: validity, basic
 * constraints, path length, key usage, names, policies, and no critical extension that is not understood, for every
 * certificate from the anchor down. Constraints in the anchor's own certificate count too (RFC 5937).
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { basicConstraintsOf, type Certificate, extendedKeyUsageOf, keyUsageOf } from './certificate.ts';
import {
  areNamesAllowed,
  comparisonsOf,
  type NameConstraints,
  nameConstraintsOf,
  namesOf,
} from './name-constraints.ts';
import { OID } from './oids.ts';
import { PolicyGraph, type PolicySettings } from './policy-graph.ts';

/** From the certificate in question up to the anchor, each issued by the next. */
export type Chain = readonly [Certificate, ...Certificate[]];

/** Extensions whose rules are applied in this folder (or that ask nothing of a relying party). */
const UNDERSTOOD: readonly string[] = [
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.issuerAltName,
  OID.nameConstraints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.inhibitAnyPolicy,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.crlDistributionPoints,
  OID.freshestCrl,
  OID.authorityInformationAccess,
  OID.ocspNoCheck,
];

export function hasUnknownCritical(certificate: Certificate): boolean {
  for (const [type, extension] of certificate.extensions)
    if (extension.critical && !UNDERSTOOD.includes(type)) return true;
  return false;
}

export function validityReason(certificate: Certificate, at: Date): ReasonCode | null {
  if (at < certificate.notBefore) return 'certificate-not-yet-valid';
  return at > certificate.notAfter ? 'certificate-expired' : null;
}

export const isSelfIssued = (certificate: Certificate): boolean => certificate.issuerKey === certificate.subjectKey;

/** What a path is judged for: mail, or one end of a TLS connection. */
export type Purpose = 'mail' | 'client' | 'server';

const PURPOSE_OIDS: Readonly<Record<Purpose, string>> = {
  mail: OID.emailProtection,
  client: OID.clientAuth,
  server: OID.serverAuth,
};

/** Whether the certificate is one for this purpose as far as its extended key usage says, or says nothing of it. */
export function isFor(certificate: Certificate, purpose: Purpose): boolean {
  const named = extendedKeyUsageOf(certificate);
  return named === null || named.includes(PURPOSE_OIDS[purpose]) || named.includes(OID.anyExtendedKeyUsage);
}

/** What an authority must say of itself, wherever it stands in the path (§6.1.4 k, n, o). */
function mayIssue(authority: Certificate, purpose: Purpose): boolean {
  return (
    basicConstraintsOf(authority).ca &&
    (keyUsageOf(authority)?.('keyCertSign') ?? true) &&
    isFor(authority, purpose) &&
    !hasUnknownCritical(authority)
  );
}

/** Names of the path and what the authorities above say of them. */
class NameRules {
  readonly #constraints: NameConstraints[] = [];
  #comparisons = 0;

  add(authority: Certificate): void {
    const constraints = nameConstraintsOf(authority);
    if (constraints !== null) this.#constraints.push(constraints);
  }

  allow(certificate: Certificate): boolean {
    if (this.#constraints.length === 0) return true;
    const names = namesOf(certificate);
    return this.#constraints.every((constraints) => {
      this.#comparisons += comparisonsOf(names, constraints);
      return this.#comparisons <= TRUST_LIMITS.nameComparisonsMax && areNamesAllowed(names, constraints);
    });
  }
}

/** Why the path fails by its rules, or null when it does not; throws `BerError` for an extension that is malformed. */
export function brokenRule(
  chain: Chain,
  settings: { at: Date; policies: PolicySettings; purpose?: Purpose | undefined },
): ReasonCode | null {
  const { at, purpose = 'mail' } = settings;
  const anchor = chain.at(-1) as Certificate;
  if (at > anchor.notAfter) return 'certificate-expired';
  if (!mayIssue(anchor, purpose)) return 'certificate-refused';
  const names = new NameRules();
  const policies = new PolicyGraph(settings.policies, chain.length - 1);
  names.add(anchor);
  policies.constrain(anchor);
  let casLeft = basicConstraintsOf(anchor).pathLength ?? Number.POSITIVE_INFINITY;

  for (let place = chain.length - 2; place >= 0; place -= 1) {
    const certificate = chain[place] as Certificate;
    const final = place === 0;
    const selfIssued = isSelfIssued(certificate);
    const late = validityReason(certificate, at);
    if (late !== null) return late;
    // A self-issued certificate changes a key, not a holder: only the last one speaks for itself (§6.1.3 b, c).
    if ((final || !selfIssued) && !names.allow(certificate)) return 'certificate-refused';
    policies.enter(certificate, { final, selfIssued });
    if (final) {
      if (hasUnknownCritical(certificate) || !policies.satisfied(certificate)) return 'certificate-refused';
      continue;
    }
    if (!mayIssue(certificate, purpose)) return 'certificate-refused';
    if (!selfIssued) {
      if (casLeft === 0) return 'certificate-refused';
      casLeft -= 1;
    }
    casLeft = Math.min(casLeft, basicConstraintsOf(certificate).pathLength ?? casLeft);
    names.add(certificate);
    policies.descend(certificate, selfIssued);
  }
  return null;
}
