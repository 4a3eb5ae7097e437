/**
 * Revocation of every certificate of a path (RFC 5280 §6.3). Lists may be signed by another certificate than the issuer's:
 * one with the issuer's name that the issuer or its own authority certified (another key), or the issuer of an indirect
 * list that the certificate names. Such a signer needs a path of its own to the same anchor, good itself; what would
 * have to vouch for itself is unknown, and the work is bounded.
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError } from './ber.ts';
import { type Certificate, keyUsageOf } from './certificate.ts';
import type { StatusAnswer } from './ocsp-response.ts';
import { revocationByAnswers } from './ocsp-status.ts';
import { brokenRule, type Chain, type Purpose } from './path-rules.ts';
import { type SearchBudget, searchPaths } from './path-search.ts';
import { ANY_POLICY } from './policy-graph.ts';
import { isListSignedBy, type RevocationList } from './revocation-list.ts';
import { directoryKey, distributionPointsOf } from './revocation-scope.ts';
import {
  earlier,
  type ListKnowledge,
  type ListSigner,
  REVOKED,
  type RevocationState,
  revocationByLists,
  type StatusQuestion,
} from './revocation-status.ts';

export type ChainState =
  | Exclude<RevocationState, { state: 'unknown' }>
  | { readonly state: 'unknown'; readonly unknown: readonly StatusQuestion[] };

export interface StatusKnowledge {
  readonly pool: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly answers: readonly StatusAnswer[];
  readonly at: Date;
  /** What the paths are judged for; absent: mail. */
  readonly purpose?: Purpose;
}

export class PathStatus {
  readonly #known: StatusKnowledge;
  readonly #budget: SearchBudget;
  /** Signers of lists whose own path is being judged: they cannot help to judge themselves. */
  readonly #pending = new Set<Certificate>();
  readonly #proven = new Map<string, ListSigner>();
  readonly #lists: ListKnowledge;

  constructor(known: StatusKnowledge, budget: SearchBudget) {
    this.#known = known;
    this.#budget = budget;
    this.#lists = {
      lists: known.lists,
      signersOutside: (list, question) => this.#signersOutside(list, question),
    };
  }

  /** The worst state among the certificates of a path; the anchor is not asked for. */
  ofChain(chain: Chain): ChainState {
    let until = (chain.at(-1) as Certificate).notAfter;
    const unknown: StatusQuestion[] = [];
    for (const [place, certificate] of chain.slice(0, -1).entries()) {
      const [issuer, ...above] = chain.slice(place + 1);
      const { at, purpose } = this.#known;
      const question = { certificate, above: [issuer as Certificate, ...above] as const, at, purpose };
      const found = this.#of(question);
      if (found.state === 'revoked') return REVOKED;
      if (found.state === 'unknown') unknown.push(question);
      else until = earlier(until, earlier(found.until, certificate.notAfter));
    }
    // What was not looked at might revoke: a letter stuffed with certificates does not become good by it.
    const isUncertain = unknown.length > 0 || this.#budget.left < 0;
    return isUncertain ? { state: 'unknown', unknown } : { state: 'good', until };
  }

  #of(question: StatusQuestion): RevocationState {
    const askLists = (about: StatusQuestion): RevocationState => revocationByLists(about, this.#lists);
    const answered = revocationByAnswers(question, this.#known.answers, askLists);
    if (answered.state === 'revoked') return answered;
    const listed = askLists(question);
    if (listed.state !== 'good' || answered.state !== 'good') return listed.state === 'unknown' ? answered : listed;
    return listed.until > answered.until ? listed : answered;
  }

  *#signersOutside(list: RevocationList, question: StatusQuestion): Generator<ListSigner> {
    const [issuer] = question.above;
    const anchor = question.above.at(-1) as Certificate;
    for (const candidate of this.#known.pool) {
      if (candidate.subjectKey !== list.issuerKey) continue;
      if (candidate === question.certificate) {
        if (this.#pending.has(candidate) && isLeftToItself(candidate) && isListSignedBy(list, candidate))
          yield { certificate: candidate, until: candidate.notAfter };
        continue;
      }
      // Under the issuer's own name only the issuer, or who certified it, can have certified another key.
      const isSibling = candidate.issuerKey === issuer.issuerKey || candidate.issuerKey === issuer.subjectKey;
      if (list.issuerKey === issuer.subjectKey && !isSibling) continue;
      if (question.above.includes(candidate) || this.#pending.has(candidate) || !isListSigner(candidate)) continue;
      this.#budget.left -= costOf(list);
      if (this.#budget.left < 0) return;
      if (!isListSignedBy(list, candidate)) continue;
      const signer = this.#prove(candidate, anchor);
      if (signer !== null) yield signer;
    }
  }

  /** The candidate with a good path of its own to the same anchor (§6.3.3 f), or null. */
  #prove(candidate: Certificate, anchor: Certificate): ListSigner | null {
    const name = `${candidate.fingerprint} ${anchor.fingerprint}`;
    const proven = this.#proven.get(name);
    if (proven !== undefined) return proven;
    const { pool, at, purpose } = this.#known;
    this.#pending.add(candidate);
    try {
      const search = searchPaths({ certificate: candidate, anchors: [anchor], pool, budget: this.#budget });
      for (const chain of search.chains) {
        if (brokenRule(chain, { at, policies: ANY_POLICY, purpose }) !== null) continue;
        const found = this.ofChain(chain);
        if (found.state !== 'good') continue;
        const signer = { certificate: candidate, until: found.until };
        this.#proven.set(name, signer);
        return signer;
      }
      return null;
    } catch (error) {
      // What is malformed in its certificates makes it no signer; the list may have another.
      if (error instanceof BerError) return null;
      throw error;
    } finally {
      this.#pending.delete(candidate);
    }
  }
}

/** What it costs to try one more signer of a list. */
const costOf = (list: RevocationList): number =>
  1 + Math.min(TRUST_LIMITS.listStepsMax, Math.floor(list.tbs.length / TRUST_LIMITS.listStepBytes));

/**
 * Whether the authority that certified a signer of lists says, in every distribution point, that nobody else tells of
 * this certificate (PKITS 4.14.30): as with id-pkix-ocsp-nocheck, it chose not to be able to revoke it otherwise.
 */
function isLeftToItself(certificate: Certificate): boolean {
  const own = directoryKey(certificate.subjectKey);
  const named = distributionPointsOf(certificate).slice(0, -1);
  return named.length > 0 && named.every(({ issuers }) => issuers?.length === 1 && issuers[0] === own);
}

/** A signer from outside the path must say that it signs lists (§6.3.3 f). */
function isListSigner(certificate: Certificate): boolean {
  try {
    return keyUsageOf(certificate)?.('cRLSign') === true;
  } catch (error) {
    if (error instanceof BerError) return false;
    throw error;
  }
}
