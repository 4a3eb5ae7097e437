/**
 * Judges a certificate (RFC 5280 §6): searches paths to an anchor of the trust space, applies the rules of the path and
 * asks for the revocation of every certificate on it, at the time of judgement. What this gateway does not understand
 * and is marked critical makes the path fail; revocation unknown is never good. A good verdict is kept until the first
 * of its dates, so that the same signer's next letter costs no chain.
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { StatusSource } from '../ports.ts';
import { BerError } from './ber.ts';
import { type Certificate, type KeyUsageBit, keyUsageOf } from './certificate.ts';
import type { StatusAnswer } from './ocsp-response.ts';
import { brokenRule, type Chain, hasUnknownCritical, isFor, type Purpose, validityReason } from './path-rules.ts';
import { type SearchBudget, searchPaths } from './path-search.ts';
import { PathStatus } from './path-status.ts';
import { ANY_POLICY, type PolicySettings } from './policy-graph.ts';
import type { RevocationList } from './revocation-list.ts';
import { earlier } from './revocation-status.ts';
import { boundedSources, issuerSources, statusSources } from './status-sources.ts';

export interface TrustStore {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly responses?: readonly StatusAnswer[];
}

export type PathVerdict =
  | { readonly trusted: true; readonly until: Date }
  | {
      readonly trusted: false;
      readonly reason: ReasonCode;
      /** Where what was missing could be had, as the certificates say; empty unless revocation or issuer is unknown. */
      readonly wants: readonly StatusSource[];
    };

export interface PathQuestion {
  readonly certificate: Certificate;
  readonly store: TrustStore;
  /** Certificates and lists that the message brought. */
  readonly bag: readonly Certificate[];
  readonly bagLists: readonly RevocationList[];
  readonly at: Date;
  /** When revocation is judged; absent: the same. What is known of revocation by now counts for what came before. */
  readonly statusAt?: Date;
  /** The certificate must be good for one of these. */
  readonly uses: readonly KeyUsageBit[];
  readonly policies?: PolicySettings;
  /** Absent: mail. */
  readonly purpose?: Purpose;
  /** False: revocation is not asked for, since no list is given where there ought to be some. Absent: true. */
  readonly asksRevocation?: boolean;
  /** What may still be looked at, when several questions share it (a letter); absent: a budget of its own. */
  readonly budget?: SearchBudget;
}

const refuse = (reason: ReasonCode, wants: readonly StatusSource[] = []): PathVerdict => ({
  trusted: false,
  reason,
  wants: boundedSources(wants),
});

/** Whether the end certificate may sign mail (or take part in encrypting it, RFC 8550 §4.4), or speak TLS. */
export function mayBeUsedFor(
  certificate: Certificate,
  uses: readonly KeyUsageBit[],
  purpose: Purpose = 'mail',
): boolean {
  const usage = keyUsageOf(certificate);
  return (usage === null || uses.some((use) => usage(use))) && isFor(certificate, purpose);
}

/** The order in which reasons tell most: a path that fails for a graver reason is reported before "unknown". */
const GRAVITY: readonly ReasonCode[] = [
  'issuer-unknown',
  'revocation-unknown',
  'certificate-refused',
  'certificate-not-yet-valid',
  'certificate-expired',
  'certificate-revoked',
];

const isGraver = (a: ReasonCode, b: ReasonCode): boolean => GRAVITY.indexOf(a) > GRAVITY.indexOf(b);

/** What is malformed in a certificate refuses the path it stands on, and no more. */
function orRefuse(judge: () => PathVerdict): PathVerdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof BerError) return refuse('certificate-refused');
    throw error;
  }
}

function judgeChain(chain: Chain, question: PathQuestion, status: PathStatus): PathVerdict {
  const { at, policies = ANY_POLICY, purpose, asksRevocation = true } = question;
  const broken = brokenRule(chain, { at, policies, purpose });
  if (broken !== null) return refuse(broken);
  if (!asksRevocation) return { trusted: true, until: chain.map(({ notAfter }) => notAfter).reduce(earlier) };
  const found = status.ofChain(chain);
  if (found.state === 'good') return { trusted: true, until: found.until };
  if (found.state === 'revoked') return refuse('certificate-revoked');
  return refuse(
    'revocation-unknown',
    found.unknown.flatMap(({ certificate, above }) => statusSources(certificate, above[0])),
  );
}

/** Judges the end certificate; never throws for what certificates, lists and answers contain. */
export function judgePath(question: PathQuestion): PathVerdict {
  const { certificate, store, at, purpose = 'mail' } = question;
  return orRefuse(() => {
    const late = validityReason(certificate, at);
    if (late !== null) return refuse(late);
    if (hasUnknownCritical(certificate) || !mayBeUsedFor(certificate, question.uses, purpose))
      return refuse('certificate-refused');
    const pool = [...new Set([...store.intermediates, ...question.bag])];
    const lists = [...new Map([...store.lists, ...question.bagLists].map((list) => [list.fingerprint, list])).values()];
    const search = searchPaths({
      certificate,
      anchors: store.anchors,
      pool,
      budget: question.budget ?? { left: TRUST_LIMITS.candidatesMax },
    });
    const known = { pool, lists, answers: store.responses ?? [], at: question.statusAt ?? at, purpose };
    const status = new PathStatus(known, question.budget ?? { left: TRUST_LIMITS.candidatesMax });
    let verdict = search.cut
      ? refuse('certificate-refused')
      : refuse('issuer-unknown', search.ends.flatMap(issuerSources));
    for (const chain of search.chains) {
      const found = orRefuse(() => judgeChain(chain, question, status));
      if (found.trusted) return found;
      if (!verdict.trusted && isGraver(found.reason, verdict.reason)) verdict = found;
    }
    return verdict;
  });
}

/**
 * `judgePath` with memory: a good verdict stands until the first of its dates, for this store. Bad ones are judged
 * anew, since another letter may bring the missing certificate; so is every certificate of a letter that brings a list
 * not yet weighed, since that may revoke.
 */
export function rememberingJudge(store: TrustStore): (question: Omit<PathQuestion, 'store'>) => PathVerdict {
  /** By certificate, then by what it was judged for, of which callers name a handful. Two short keys: joining them costs more. */
  const known = new Map<string, Map<string, { from: Date; until: Date; lists: ReadonlySet<string> }>>();
  return (question) => {
    const { fingerprint } = question.certificate;
    const { uses, policies, purpose: use, asksRevocation } = question;
    const isPlain = policies === undefined && use === undefined && asksRevocation === undefined;
    const purpose = isPlain ? uses.join() : JSON.stringify([uses, policies, use, asksRevocation]);
    const kept = known.get(fingerprint)?.get(purpose);
    const isWeighed = question.bagLists.every((list) => kept?.lists.has(list.fingerprint) === true);
    const [at, statusAt] = [question.at, question.statusAt ?? question.at];
    if (kept !== undefined && isWeighed && at >= kept.from && at <= kept.until && statusAt <= kept.until)
      return { trusted: true, until: kept.until };
    const verdict = judgePath({ ...question, store });
    if (verdict.trusted) {
      if (known.size >= TRUST_LIMITS.verdictsKeptMax) known.clear();
      const lists = new Set(question.bagLists.map((list) => list.fingerprint));
      const verdicts = known.get(fingerprint) ?? new Map();
      known.set(fingerprint, verdicts.set(purpose, { from: question.at, until: verdict.until, lists }));
    } else known.get(fingerprint)?.delete(purpose);
    return verdict;
  };
}
