/**
 * Searches paths from a certificate up to an anchor (RFC 4158): by name, proved by signature. Key identifiers only say
 * which issuer of several to try first. No certificate stands twice in a path, nor the same name with the same key, so
 * that authorities that certify each other make no loop; depth and number of candidates are bounded.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { contentOf, isContext, sequenceOf } from './ber.ts';
import { type Certificate, extensionOf, subjectKeyIdentifierOf } from './certificate.ts';
import { OID } from './oids.ts';
import type { Chain } from './path-rules.ts';
import { checkSignature } from './signature-check.ts';

/** How many candidates may still be looked at; shared by all searches of one judgement. */
export interface SearchBudget {
  left: number;
}

export interface Search {
  /** Paths that end at an anchor, every signature right. */
  readonly chains: readonly Chain[];
  /** Certificates on the way whose issuer is not here. */
  readonly ends: readonly Certificate[];
  /** A path was given up because it was too long or there were too many candidates. */
  readonly cut: boolean;
}

/** The key identifier a certificate says its issuer has; a hint, and none when it cannot be read. */
function wantedKey(certificate: Certificate): string | null {
  try {
    const extension = extensionOf(certificate, OID.authorityKeyIdentifier);
    const first = extension === null ? undefined : sequenceOf(extension)[0];
    return isContext(first, 0) ? contentOf(first).toString('hex') : null;
  } catch {
    return null;
  }
}

function ownKey(certificate: Certificate): string | null {
  try {
    return subjectKeyIdentifierOf(certificate)?.toString('hex') ?? null;
  } catch {
    return null;
  }
}

/** Those with the name of the issuer, the ones with the wanted key first. */
function issuersAmong(pool: readonly Certificate[], child: Certificate): Certificate[] {
  const named = pool.filter((one) => one.subjectKey === child.issuerKey);
  if (named.length < 2) return named;
  const wanted = wantedKey(child);
  if (wanted === null) return named;
  return [...named.filter((one) => ownKey(one) === wanted), ...named.filter((one) => ownKey(one) !== wanted)];
}

const isSameHolder = (one: Certificate, other: Certificate): boolean =>
  one.subjectKey === other.subjectKey && one.spki.equals(other.spki);

const isIssuedBy = (child: Certificate, issuer: Certificate): boolean =>
  checkSignature({
    algorithm: child.signatureAlgorithm,
    key: issuer.publicKey,
    signed: child.tbs,
    signature: child.signature,
  }) === 'right';

/** Every path within the budget, shortest ends first: an anchor is tried before an intermediate of the same name. */
export function searchPaths(search: {
  readonly certificate: Certificate;
  readonly anchors: readonly Certificate[];
  readonly pool: readonly Certificate[];
  readonly budget: SearchBudget;
}): Search {
  const chains: Chain[] = [];
  const ends = new Set<Certificate>();
  let cut = false;

  const climb = (chain: Chain): void => {
    const child = chain.at(-1) as Certificate;
    let known = false;
    for (const isAnchor of [true, false]) {
      for (const issuer of issuersAmong(isAnchor ? search.anchors : search.pool, child)) {
        if (chain.some((one) => one === issuer || isSameHolder(one, issuer))) continue;
        search.budget.left -= 1;
        if (search.budget.left < 0) {
          cut = true;
          return;
        }
        if (!isIssuedBy(child, issuer)) continue;
        known = true;
        if (isAnchor) chains.push([...chain, issuer]);
        else if (search.anchors.includes(issuer)) continue;
        else if (chain.length > ENVELOPE_LIMITS.pathLengthMax) cut = true;
        else climb([...chain, issuer]);
      }
    }
    if (!known) ends.add(child);
  };

  climb([search.certificate]);
  return { chains, ends: [...ends], cut };
}
