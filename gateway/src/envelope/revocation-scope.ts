/**
 * Where a certificate says its revocation is told (CRL distribution points, RFC 5280 §4.2.1.13) and what a list says it
 * covers (issuing distribution point, §5.2.5), and whether the two meet (§6.3.3 b–d). A list outside of its scope tells
 * nothing: that a certificate is not on it must never be read as good.
 */
import { STATUS_LIMITS, TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError, type BerNode, contentOf, isContext, oidOf, rawOf, sequenceOf } from './ber.ts';
import { basicConstraintsOf, type Certificate, extensionOf } from './certificate.ts';
import { type Name, readName, relativeNameKey } from './certificate-name.ts';
import { OID } from './oids.ts';

/** Reasons as bits 1 to 8 of ReasonFlags. */
export type Reasons = number;
export const ALL_REASONS: Reasons = 0b1_1111_1110;

export interface DistributionPoint {
  /** Comparable names, or null when the point has none. */
  readonly names: readonly string[] | null;
  readonly reasons: Reasons;
  /** Names of another issuer of the list (indirect), or null. */
  readonly issuers: readonly string[] | null;
}

export interface IssuingScope {
  readonly names: readonly string[] | null;
  readonly only: 'user' | 'authority' | 'attribute' | null;
  readonly reasons: Reasons;
  readonly indirect: boolean;
}

export const WHOLE_SCOPE: IssuingScope = { names: null, only: null, reasons: ALL_REASONS, indirect: false };

/** A directory name as it stands among comparable names. */
export const directoryKey = (nameKey: string): string => `directory ${nameKey}`;

const comparableName = (name: BerNode): string =>
  isContext(name, 4) ? directoryKey(readName(name.children[0]).key) : rawOf(name).toString('hex');

function generalNames(node: BerNode): readonly BerNode[] {
  if (!node.constructed || node.children.length === 0) throw new BerError('names expected');
  if (node.children.length > TRUST_LIMITS.distributionPointsMax) throw new BerError('too many names');
  return node.children;
}

/** DistributionPointName: full names, or one relative to `base`. */
function pointNames(choice: BerNode | undefined, base: Name): string[] {
  if (isContext(choice, 0)) return generalNames(choice).map(comparableName);
  if (isContext(choice, 1)) return [directoryKey(relativeNameKey(base, choice))];
  throw new BerError('distribution point name malformed');
}

function reasonsIn(node: BerNode): Reasons {
  const octets = contentOf(node);
  if (node.constructed || octets.length < 2 || octets.length > 3) throw new BerError('reasons malformed');
  let reasons: Reasons = 0;
  for (let bit = 1; bit <= 8; bit += 1)
    if ((((octets[1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1) reasons |= 1 << bit;
  return reasons;
}

function readPoint(node: BerNode, issuer: Name): DistributionPoint {
  const fields = [...sequenceOf(node)];
  const name = isContext(fields[0], 0) ? fields.shift() : undefined;
  const reasons = isContext(fields[0], 1) ? fields.shift() : undefined;
  const issuers = isContext(fields[0], 2) ? generalNames(fields.shift() as BerNode) : null;
  if (fields.length > 0 || (name === undefined && issuers === null)) throw new BerError('distribution point malformed');
  const directories = issuers?.filter((one) => isContext(one, 4)).map((one) => readName(one.children[0])) ?? null;
  const base = directories === null ? issuer : directories[0];
  if (base === undefined || (directories !== null && directories.length === 0))
    throw new BerError('distribution point malformed');
  return {
    names: name === undefined ? null : pointNames(name.children[0], base),
    reasons: reasons === undefined ? ALL_REASONS : reasonsIn(reasons),
    issuers: directories?.map(({ key }) => directoryKey(key)) ?? null,
  };
}

/**
 * The distribution points of a certificate, and last the one that stands for "any list of its issuer" (§6.3.3, last
 * paragraph); throws `BerError`.
 */
export function distributionPointsOf(certificate: Certificate): DistributionPoint[] {
  const extension = extensionOf(certificate, OID.crlDistributionPoints);
  const nodes = extension === null ? [] : sequenceOf(extension);
  if (nodes.length > TRUST_LIMITS.distributionPointsMax) throw new BerError('too many distribution points');
  const points = nodes.map((node) => readPoint(node, certificate.issuerName));
  return [...points, { names: [directoryKey(certificate.issuerKey)], reasons: ALL_REASONS, issuers: null }];
}

const isTrue = (node: BerNode): boolean => {
  if (node.constructed || contentOf(node).length !== 1) throw new BerError('a BOOLEAN was expected');
  return contentOf(node)[0] !== 0;
};

/** Reads an IssuingDistributionPoint; throws `BerError`. */
export function readIssuingScope(extension: BerNode, issuer: Name): IssuingScope {
  const fields = sequenceOf(extension);
  if (fields.length === 0) throw new BerError('issuing distribution point empty');
  const byTag = new Map(fields.map((node) => [node.tagClass === 2 ? node.tag : -1, node]));
  if (byTag.size !== fields.length || [...byTag.keys()].some((tag) => tag < 0 || tag > 5))
    throw new BerError('issuing distribution point malformed');
  const flag = (tag: number): boolean => {
    const node = byTag.get(tag);
    return node !== undefined && isTrue(node);
  };
  const kinds = (['user', 'authority', 'attribute'] as const).filter((_, at) => flag([1, 2, 5][at] as number));
  if (kinds.length > 1) throw new BerError('issuing distribution point contradicts itself');
  const name = byTag.get(0);
  const reasons = byTag.get(3);
  return {
    names: name === undefined ? null : pointNames(name.children[0], issuer),
    only: kinds[0] ?? null,
    reasons: reasons === undefined ? ALL_REASONS : reasonsIn(reasons),
    indirect: flag(4),
  };
}

const meets = (some: readonly string[], others: readonly string[]): boolean => some.some((one) => others.includes(one));

/** The reasons a list covers for a certificate by one of its distribution points; 0 when the list is not for it. */
function reasonsByPoint(point: DistributionPoint, list: { issuerKey: string; scope: IssuingScope }): Reasons {
  const { scope } = list;
  if (point.issuers !== null && !(scope.indirect && point.issuers.includes(directoryKey(list.issuerKey)))) return 0;
  if (scope.names !== null && !meets(scope.names, point.names ?? point.issuers ?? [])) return 0;
  return scope.reasons & point.reasons;
}

/** The reasons a list covers for a certificate (§6.3.3 b–d); 0 when the list is out of scope. */
export function reasonsCovered(
  certificate: Certificate,
  points: readonly DistributionPoint[],
  list: { readonly issuerKey: string; readonly scope: IssuingScope },
): Reasons {
  const { only } = list.scope;
  if (only === 'attribute') return 0;
  if (only !== null && (only === 'authority') !== basicConstraintsOf(certificate).ca) return 0;
  let reasons: Reasons = 0;
  for (const point of points) {
    if (point.issuers === null && list.issuerKey !== certificate.issuerKey) continue;
    reasons |= reasonsByPoint(point, list);
  }
  return reasons;
}

/** Whether a URL from a certificate may be proposed: http(s), plain ASCII, of bearable length. */
const isProposable = (url: string): boolean =>
  /^https?:\/\/[\x21-\x7e]+$/i.test(url) && url.length <= STATUS_LIMITS.urlMaxCharacters && URL.canParse(url);

const urlsAmong = (names: readonly BerNode[]): string[] =>
  names
    .filter((name) => isContext(name, 6))
    .map((name) => contentOf(name).toString('latin1'))
    .filter(isProposable);

/** The http(s) addresses of lists, complete and delta, that a certificate names. */
export function listUrlsOf(certificate: Certificate): string[] {
  const found: string[] = [];
  for (const type of [OID.crlDistributionPoints, OID.freshestCrl]) {
    const extension = extensionOf(certificate, type);
    for (const point of extension === null ? [] : sequenceOf(extension)) {
      const name = sequenceOf(point)[0];
      const full = isContext(name, 0) ? name.children[0] : undefined;
      if (isContext(full, 0)) found.push(...urlsAmong(full.children));
    }
  }
  return found;
}

/** The http(s) addresses of one access method in the authority information access (§4.2.2.1). */
export function accessUrlsOf(certificate: Certificate, method: string): string[] {
  const extension = extensionOf(certificate, OID.authorityInformationAccess);
  return (extension === null ? [] : sequenceOf(extension)).flatMap((description) => {
    const [type, location] = sequenceOf(description);
    return location !== undefined && oidOf(type) === method ? urlsAmong([location]) : [];
  });
}
