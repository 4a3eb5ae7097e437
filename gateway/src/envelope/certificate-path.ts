/**
 * Certification path validation (RFC 5280 §6.1), strict and small: from a signer certificate up to an anchor of
 * the trust space, every signature, validity, constraint and revocation checked at the time of judgement. What
 * this gateway does not understand and is marked critical makes the path fail. A good verdict is kept until the
 * first of its dates, so that the same signer's next letter costs no chain.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { StatusSource } from '../ports.ts';
import { BerError } from './ber.ts';
import {
  basicConstraintsOf,
  type Certificate,
  extendedKeyUsageOf,
  type KeyUsageBit,
  keyUsageOf,
} from './certificate.ts';
import { OID } from './oids.ts';
import { type RevocationList, revocationOf } from './revocation-list.ts';
import { checkSignature } from './signature-check.ts';

export interface TrustStore {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly lists: readonly RevocationList[];
}

export type PathVerdict =
  | { readonly trusted: true; readonly until: Date }
  | {
      readonly trusted: false;
      readonly reason: ReasonCode;
      /** Where what was missing could be had, as the certificates say; empty unless revocation or issuer is unknown. */
      readonly wants: readonly StatusSource[];
    };

/** Extensions whose rules are applied here (or that ask nothing of a relying party). */
const UNDERSTOOD: readonly string[] = [
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.certificatePolicies,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
];

const CANDIDATES_MAX = 64;

const refuse = (reason: ReasonCode, wants: readonly StatusSource[] = []): PathVerdict => ({
  trusted: false,
  reason,
  wants,
});

function validityReason(certificate: Certificate, at: Date): ReasonCode | null {
  if (at < certificate.notBefore) return 'certificate-not-yet-valid';
  return at > certificate.notAfter ? 'certificate-expired' : null;
}

function hasUnknownCritical(certificate: Certificate): boolean {
  for (const [oid, extension] of certificate.extensions)
    if (extension.critical && !UNDERSTOOD.includes(oid)) return true;
  return false;
}

/** Whether the end certificate may sign mail (or take part in encrypting it): RFC 8550 §4.4. */
export function mayBeUsedFor(certificate: Certificate, uses: readonly KeyUsageBit[]): boolean {
  const usage = keyUsageOf(certificate);
  if (usage !== null && !uses.some((use) => usage(use))) return false;
  const extended = extendedKeyUsageOf(certificate);
  return extended === null || extended.includes(OID.emailProtection) || extended.includes(OID.anyExtendedKeyUsage);
}

function mayIssue(issuer: Certificate, casBelow: number): boolean {
  const constraints = basicConstraintsOf(issuer);
  if (!constraints.ca || (constraints.pathLength !== null && casBelow > constraints.pathLength)) return false;
  // Name constraints are not applied here, so an authority that has them is refused, marked critical or not.
  if (issuer.extensions.has(OID.nameConstraints)) return false;
  return (keyUsageOf(issuer)?.('keyCertSign') ?? true) && !hasUnknownCritical(issuer);
}

const isSelfIssued = (certificate: Certificate) => certificate.issuerKey === certificate.subjectKey;

/** The order in which reasons tell most: a path that fails for a graver reason is reported before "unknown". */
const GRAVITY: readonly ReasonCode[] = [
  'issuer-unknown',
  'revocation-unknown',
  'certificate-refused',
  'certificate-not-yet-valid',
  'certificate-expired',
  'certificate-revoked',
];

const graver = (a: ReasonCode, b: ReasonCode): ReasonCode => (GRAVITY.indexOf(b) > GRAVITY.indexOf(a) ? b : a);

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

/** Judges the end certificate; `bag` are certificates the message brought, `bagLists` its CRLs. */
export function judgePath(question: {
  certificate: Certificate;
  store: TrustStore;
  bag: readonly Certificate[];
  bagLists: readonly RevocationList[];
  at: Date;
  uses: readonly KeyUsageBit[];
}): PathVerdict {
  const { certificate, store, at } = question;
  const lists = [...store.lists, ...question.bagLists];
  const pool = [...store.intermediates, ...question.bag];
  let visited = 0;
  let worst: ReasonCode = 'issuer-unknown';

  const linkVerdict = (child: Certificate, issuer: Certificate, isAnchor: boolean): PathVerdict => {
    const link = {
      algorithm: child.signatureAlgorithm,
      key: issuer.publicKey,
      signed: child.tbs,
      signature: child.signature,
    };
    if (checkSignature(link) !== 'right') return refuse('issuer-unknown');
    const revocation = revocationOf(child, issuer, lists, at);
    if (revocation.state === 'revoked') return refuse('certificate-revoked');
    const late = validityReason(issuer, at);
    if (late !== null && !isAnchor) return refuse(late);
    if (isAnchor && at > issuer.notAfter) return refuse('certificate-expired');
    if (revocation.state === 'unknown') return refuse('revocation-unknown');
    return { trusted: true, until: earlier(revocation.until, issuer.notAfter) };
  };

  const climb = (child: Certificate, path: readonly Certificate[], until: Date): PathVerdict => {
    if (path.length > ENVELOPE_LIMITS.pathLengthMax) {
      worst = graver(worst, 'certificate-refused');
      return refuse(worst);
    }
    const casBelow = path.slice(1).filter((ca) => !isSelfIssued(ca)).length;
    for (const isAnchor of [true, false]) {
      for (const issuer of isAnchor ? store.anchors : pool) {
        if (issuer.subjectKey !== child.issuerKey || path.includes(issuer)) continue;
        visited += 1;
        if (visited > CANDIDATES_MAX) return refuse('certificate-refused');
        if (!mayIssue(issuer, casBelow)) {
          worst = graver(worst, 'certificate-refused');
          continue;
        }
        const link = linkVerdict(child, issuer, isAnchor);
        if (!link.trusted && link.reason === 'issuer-unknown') continue;
        const soonest = link.trusted ? earlier(until, link.until) : until;
        const above = isAnchor ? { trusted: true as const, until: soonest } : climb(issuer, [...path, issuer], soonest);
        if (link.trusted && above.trusted) return above;
        // A reason counts only on a path that ends at an anchor: what a foreign authority lacks is not the point.
        if (!link.trusted && above.trusted) worst = graver(worst, link.reason);
      }
    }
    return refuse(worst);
  };

  try {
    const late = validityReason(certificate, at);
    if (late !== null) return refuse(late);
    if (hasUnknownCritical(certificate) || !mayBeUsedFor(certificate, question.uses))
      return refuse('certificate-refused');
    return climb(certificate, [certificate], certificate.notAfter);
  } catch (error) {
    if (error instanceof BerError) return refuse('certificate-refused');
    throw error;
  }
}

const VERDICTS_KEPT_MAX = 5_000;

/**
 * `judgePath` with memory: a good verdict stands until the first of its dates, for this store. Bad ones are
 * judged anew, since another letter may bring the missing certificate.
 */
export function rememberingJudge(
  store: TrustStore,
): (question: Omit<Parameters<typeof judgePath>[0], 'store'>) => PathVerdict {
  const known = new Map<string, { from: Date; until: Date }>();
  return (question) => {
    const name = `${question.certificate.fingerprint} ${question.uses.join()}`;
    const kept = known.get(name);
    if (kept !== undefined && question.at >= kept.from && question.at <= kept.until)
      return { trusted: true, until: kept.until };
    const verdict = judgePath({ ...question, store });
    if (verdict.trusted) {
      if (known.size >= VERDICTS_KEPT_MAX) known.clear();
      known.set(name, { from: question.at, until: verdict.until });
    }
    return verdict;
  };
}
