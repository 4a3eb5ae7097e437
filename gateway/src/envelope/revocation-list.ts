/**
 * Certificate revocation lists (RFC 5280 §5), complete, partial, indirect or delta, read strictly: a list with an
 * unknown critical extension, without nextUpdate or not in DER is not usable at all. Entries stay where they are in the
 * bytes (revoked-entries.ts). Reading says nothing of trust; revocation-status.ts decides what a list proves.
 */
import { createHash } from 'node:crypto';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { type Algorithm, readAlgorithm } from './algorithm.ts';
import { BerError, type BerNode, contentOf, integerOf, readBer, wholeBitsOf } from './ber.ts';
import { timeOf } from './ber-time.ts';
import { type Certificate, extensionOf, readExtensions } from './certificate.ts';
import { readName } from './certificate-name.ts';
import { type DerElement, elementAt, elementsBetween } from './der-scan.ts';
import { OID } from './oids.ts';
import { type IssuingScope, readIssuingScope, WHOLE_SCOPE } from './revocation-scope.ts';
import { type RevokedEntries, readRevokedEntries } from './revoked-entries.ts';
import { checkSignature } from './signature-check.ts';

export interface RevocationList {
  readonly issuerKey: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly signatureAlgorithm: Algorithm;
  readonly tbs: Buffer;
  readonly signature: Buffer;
  readonly entries: RevokedEntries;
  readonly scope: IssuingScope;
  /** Equal for lists of the same scope (§5.2.4): the issuing distribution point and the issuer's key, as they stand. */
  readonly scopeKey: string;
  readonly number: bigint | null;
  /** For a delta list, the number of the complete list it starts from; null for a complete one. */
  readonly baseNumber: bigint | null;
  readonly fingerprint: string;
}

const PART_LIMITS = { depthMax: 16, nodesMax: 5_000, der: true } as const;
const UNDERSTOOD: readonly string[] = [
  OID.crlNumber,
  OID.authorityKeyIdentifier,
  OID.deltaCrlIndicator,
  OID.issuingDistributionPoint,
  OID.freshestCrl,
  OID.issuerAltName,
  OID.authorityInformationAccess,
];
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const TIMES = [0x17, 0x18];
const EXTENSIONS = 0xa0;

type Extensions = ReturnType<typeof readExtensions>;

function numberIn(extensions: Extensions, type: string): bigint | null {
  const node = extensionOf({ extensions }, type);
  if (node === null) return null;
  const octets = integerOf(node, 21);
  if (((octets[0] as number) & 0x80) !== 0) throw new BerError('list number negative');
  return BigInt(`0x${octets.toString('hex')}`);
}

/** The fields of tbsCertList in order; what may be absent is null. */
function fieldsOf(raw: Buffer, tbs: DerElement) {
  const fields = elementsBetween(raw, tbs.contentStart, tbs.end, 7);
  const isNext = (...identifiers: number[]): boolean => identifiers.includes(fields[0]?.identifier ?? -1);
  const part = (element: DerElement | undefined): BerNode => {
    if (element === undefined) throw new BerError('list incomplete');
    return readBer(raw.subarray(element.start, element.end), PART_LIMITS);
  };
  const version = isNext(INTEGER) ? contentOf(part(fields.shift())) : null;
  const algorithm = fields.shift();
  const issuer = readName(part(fields.shift()));
  const thisUpdate = timeOf(part(fields.shift()));
  if (!isNext(...TIMES)) throw new BerError('list without nextUpdate');
  const nextUpdate = timeOf(part(fields.shift()));
  const entries = isNext(SEQUENCE) ? fields.shift() : undefined;
  const wrapped = isNext(EXTENSIONS) ? part(fields.shift()) : undefined;
  if (fields.length > 0 || (version !== null && !version.equals(Buffer.from([1]))))
    throw new BerError('list malformed');
  if (wrapped !== undefined && (version === null || wrapped.children.length !== 1))
    throw new BerError('list extensions malformed');
  const extensions = readExtensions(wrapped?.children[0]);
  return { algorithm: part(algorithm), issuer, thisUpdate, nextUpdate, entries, extensions };
}

function checkExtensions(extensions: Extensions): void {
  for (const [type, extension] of extensions)
    if (extension.critical && !UNDERSTOOD.includes(type)) throw new BerError('unknown critical list extension');
}

/** Reads a DER list; throws `BerError` when it is malformed or cannot be used. */
export function readRevocationList(raw: Buffer): RevocationList {
  if (raw.length > TRUST_LIMITS.listMaxBytes) throw new BerError('list too large');
  const whole = elementAt(raw, 0, raw.length);
  const [tbs, outerAlgorithm, signature] = elementsBetween(raw, whole.contentStart, whole.end, 3);
  if (whole.identifier !== SEQUENCE || whole.end !== raw.length || tbs?.identifier !== SEQUENCE)
    throw new BerError('a list was expected');
  if (outerAlgorithm === undefined || signature === undefined) throw new BerError('list incomplete');
  const fields = fieldsOf(raw, tbs);
  const { issuer, extensions } = fields;
  if (!fields.algorithm.source.equals(raw.subarray(outerAlgorithm.start, outerAlgorithm.end)))
    throw new BerError('list algorithms differ');
  checkExtensions(extensions);
  const point = extensionOf({ extensions }, OID.issuingDistributionPoint);
  const scope = point === null ? WHOLE_SCOPE : readIssuingScope(point, issuer);
  const { contentStart = 0, end = 0 } = fields.entries ?? {};
  const entries = readRevokedEntries(raw, contentStart, end, issuer.key);
  if (entries.namesIssuers && !scope.indirect) throw new BerError('certificate issuers in a list that is not indirect');
  const number = numberIn(extensions, OID.crlNumber);
  const baseNumber = numberIn(extensions, OID.deltaCrlIndicator);
  if (baseNumber !== null && number === null) throw new BerError('delta list without a number');
  return {
    issuerKey: issuer.key,
    thisUpdate: fields.thisUpdate,
    nextUpdate: fields.nextUpdate,
    signatureAlgorithm: readAlgorithm(fields.algorithm),
    tbs: raw.subarray(tbs.start, tbs.end),
    signature: wholeBitsOf(readBer(raw.subarray(signature.start, signature.end), PART_LIMITS)),
    entries,
    scope,
    scopeKey: [issuer.key, ...[OID.issuingDistributionPoint, OID.authorityKeyIdentifier].map(hexOf(extensions))].join(
      ' ',
    ),
    number,
    baseNumber,
    fingerprint: createHash('sha256').update(raw).digest('hex'),
  };
}

const hexOf =
  (extensions: Extensions) =>
  (type: string): string =>
    extensions.get(type)?.value.toString('hex') ?? '';

const signersKnown = new WeakMap<RevocationList, Map<string, boolean>>();
const SIGNERS_KNOWN_MAX = 16;

/** Whether the key of `signer` made this list; remembered, since a long list takes long to digest. */
export function isListSignedBy(list: RevocationList, signer: Certificate): boolean {
  const known = signersKnown.get(list) ?? new Map<string, boolean>();
  signersKnown.set(list, known);
  const before = known.get(signer.fingerprint);
  if (before !== undefined) return before;
  const { signatureAlgorithm: algorithm, tbs: signed, signature } = list;
  const right = checkSignature({ algorithm, key: signer.publicKey, signed, signature }) === 'right';
  if (known.size < SIGNERS_KNOWN_MAX) known.set(signer.fingerprint, right);
  return right;
}
