/**
 * What revocation lists prove of one certificate (RFC 5280 §6.3.3): lists in scope, signed by its issuer or by whoever
 * the issuer's authority or the certificate itself names for that, complete and delta lists combined, every reason
 * covered. One list is enough to say revoked, even past its nextUpdate; good needs all reasons and fresh lists. What is
 * not known is unknown, never good.
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { type Certificate, keyUsageOf } from './certificate.ts';
import type { Chain, Purpose } from './path-rules.ts';
import { isListSignedBy, type RevocationList } from './revocation-list.ts';
import { ALL_REASONS, type DistributionPoint, distributionPointsOf, reasonsCovered } from './revocation-scope.ts';

export type RevocationState =
  | { readonly state: 'good'; readonly until: Date }
  | { readonly state: 'revoked' }
  | { readonly state: 'unknown' };

export const UNKNOWN = { state: 'unknown' } as const satisfies RevocationState;
export const REVOKED = { state: 'revoked' } as const satisfies RevocationState;

export interface StatusQuestion {
  readonly certificate: Certificate;
  /** Its issuer, and what stands above, up to the anchor. */
  readonly above: Chain;
  readonly at: Date;
  /** What the path is judged for; absent: mail. */
  readonly purpose?: Purpose | undefined;
}

/** A certificate that may sign a list, and until when that is known. */
export interface ListSigner {
  readonly certificate: Certificate;
  readonly until: Date;
}

export interface ListKnowledge {
  readonly lists: readonly RevocationList[];
  /** Proven signers of this list from outside the path; each must lead to the same anchor. */
  signersOutside(list: RevocationList, question: StatusQuestion): Iterable<ListSigner>;
}

/** CRLReason (§5.3.1). */
const CERTIFICATE_HOLD = 6;
const REMOVE_FROM_CRL = 8;

export const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

const maySignLists = (certificate: Certificate): boolean => keyUsageOf(certificate)?.('cRLSign') ?? true;

/** Who signed the list: an authority above the certificate, never the certificate itself or one below it. */
function signerOf(list: RevocationList, question: StatusQuestion, knowledge: ListKnowledge): ListSigner | null {
  for (const certificate of question.above) {
    const isHis = certificate.subjectKey === list.issuerKey && maySignLists(certificate);
    if (isHis && isListSignedBy(list, certificate)) return { certificate, until: certificate.notAfter };
  }
  for (const signer of knowledge.signersOutside(list, question)) return signer;
  return null;
}

const isFresh = (list: RevocationList, at: Date): boolean =>
  at <= list.nextUpdate && list.thisUpdate.getTime() <= at.getTime() + TRUST_LIMITS.clockSkewMs;

/** What a complete list, with the delta lists that go with it, says of the certificate. */
interface Finding {
  readonly list: RevocationList;
  readonly says: 'absent' | 'held' | 'revoked';
  readonly reasons: number;
  /** Until when it may be believed that the certificate is not on it; null when it is not fresh. */
  readonly until: Date | null;
}

/** Reasons for which the certificate stands in a list. */
const entriesFor = (list: RevocationList, { certificate }: StatusQuestion): number[] =>
  list.entries.find(certificate.serial, certificate.issuerKey).map(({ reason }) => reason);

function saysOf(reasons: readonly number[]): Finding['says'] {
  const counting = reasons.filter((reason) => reason !== REMOVE_FROM_CRL);
  if (counting.length === 0) return 'absent';
  return counting.every((reason) => reason === CERTIFICATE_HOLD) ? 'held' : 'revoked';
}

/** Whether a delta continues this complete list (§5.2.4). */
const continues = (delta: RevocationList, base: RevocationList): boolean =>
  base.number !== null &&
  base.number >= (delta.baseNumber as bigint) &&
  base.number <= (delta.number as bigint) &&
  delta.thisUpdate >= base.thisUpdate;

/**
 * Adds the delta lists of the same scope and signer. One that starts from a later complete list shows that this one was
 * replaced: it proves nothing good any more. What a delta revokes is revoked whether it can be combined or not.
 */
function withDeltas(finding: Finding, deltas: readonly RevocationList[], question: StatusQuestion): Finding {
  const { number, thisUpdate } = finding.list;
  let { says, until } = finding;
  for (const delta of deltas.toSorted((a, b) => a.thisUpdate.getTime() - b.thisUpdate.getTime())) {
    const reasons = entriesFor(delta, question);
    const said = saysOf(reasons);
    if (said === 'revoked') return { ...finding, says: said };
    if (said === 'held' && says === 'absent' && delta.thisUpdate >= thisUpdate) says = 'held';
    if (continues(delta, finding.list)) {
      if (!isFresh(delta, question.at)) continue;
      if (until !== null) until = earlier(until, delta.nextUpdate);
      if (says === 'held' && said === 'absent' && reasons.includes(REMOVE_FROM_CRL)) says = 'absent';
    } else if (number === null || (delta.baseNumber as bigint) > number) until = null;
  }
  return { ...finding, says, until };
}

function findingOf(
  list: RevocationList,
  points: readonly DistributionPoint[],
  question: StatusQuestion,
  knowledge: ListKnowledge,
): Finding | null {
  const reasons = reasonsCovered(question.certificate, points, list);
  if (reasons === 0) return null;
  const signer = signerOf(list, question, knowledge);
  if (signer === null) return null;
  const until = isFresh(list, question.at) ? earlier(list.nextUpdate, signer.until) : null;
  const finding: Finding = { list, reasons, until, says: saysOf(entriesFor(list, question)) };
  const deltas = knowledge.lists.filter(
    (one) => one.baseNumber !== null && one.scopeKey === list.scopeKey && isListSignedBy(one, signer.certificate),
  );
  return deltas.length === 0 ? finding : withDeltas(finding, deltas, question);
}

/** A delta list without a complete one that it continues still revokes. */
function isRevokedByDelta(
  points: readonly DistributionPoint[],
  question: StatusQuestion,
  knowledge: ListKnowledge,
): boolean {
  return knowledge.lists.some(
    (list) =>
      list.baseNumber !== null &&
      saysOf(entriesFor(list, question)) === 'revoked' &&
      reasonsCovered(question.certificate, points, list) !== 0 &&
      signerOf(list, question, knowledge) !== null,
  );
}

/** A certificate on hold was given back when a later fresh list of the same scope does not name it. */
const isGivenBack = (held: Finding, findings: readonly Finding[]): boolean =>
  findings.some(
    ({ says, until, list }) =>
      says === 'absent' &&
      until !== null &&
      list.scopeKey === held.list.scopeKey &&
      list.thisUpdate > held.list.thisUpdate,
  );

/** Whether the certificate is revoked, as far as lists tell; throws `BerError` for distribution points that are malformed. */
export function revocationByLists(question: StatusQuestion, knowledge: ListKnowledge): RevocationState {
  const points = distributionPointsOf(question.certificate);
  const findings: Finding[] = [];
  for (const list of knowledge.lists) {
    if (list.baseNumber !== null) continue;
    const finding = findingOf(list, points, question, knowledge);
    if (finding?.says === 'revoked') return REVOKED;
    if (finding !== null) findings.push(finding);
  }
  if (isRevokedByDelta(points, question, knowledge)) return REVOKED;
  if (findings.some((one) => one.says === 'held' && !isGivenBack(one, findings))) return REVOKED;

  let covered = 0;
  let until: Date | null = null;
  const usable = findings.flatMap((one) =>
    one.says === 'absent' && one.until !== null ? [{ ...one, until: one.until }] : [],
  );
  for (const { reasons, until: end } of usable.sort((a, b) => b.until.getTime() - a.until.getTime())) {
    if ((reasons & ~covered) === 0) continue;
    covered |= reasons;
    until = until === null ? end : earlier(until, end);
  }
  return covered === ALL_REASONS && until !== null ? { state: 'good', until } : UNKNOWN;
}
