/**
 * Certificate revocation lists (RFC 5280 §5): read once into a set of serial numbers. A list with an unknown
 * critical extension, an issuing distribution point or a delta indicator is not usable: what it leaves out cannot
 * be known, and revocation unknown is never good.
 */
import { createHash } from 'node:crypto';
import { type Algorithm, readAlgorithm } from './algorithm.ts';
import {
  BerError,
  integerOf,
  isContext,
  isUniversal,
  rawOf,
  readBer,
  sequenceOf,
  smallIntegerOf,
  TAG,
  timeOf,
  wholeBitsOf,
} from './ber.ts';
import { type Certificate, keyUsageOf, readExtensions, readName } from './certificate.ts';
import { OID } from './oids.ts';
import { checkSignature } from './signature-check.ts';

export interface RevocationList {
  readonly issuerKey: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly signatureAlgorithm: Algorithm;
  readonly tbs: Buffer;
  readonly signature: Buffer;
  /** Serial (hexadecimal content octets) → when it was revoked. */
  readonly revoked: ReadonlyMap<string, Date>;
  readonly fingerprint: string;
}

const LIST_LIMITS = { depthMax: 16, nodesMax: 3_000_000, der: true } as const;
const ENTRY_EXTENSIONS: readonly string[] = [OID.reasonCode, OID.invalidityDate];
const LIST_EXTENSIONS: readonly string[] = [OID.crlNumber, OID.authorityKeyIdentifier];
/** reasonCode removeFromCRL: only in delta lists, which are not used. */
const REMOVE_FROM_CRL = 8;

function readEntry(node: Parameters<typeof sequenceOf>[0]): [string, Date] {
  const [serial, revokedAt, extensionsNode] = sequenceOf(node);
  const extensions = readExtensions(extensionsNode);
  for (const [oid, extension] of extensions) {
    if (extension.critical && !ENTRY_EXTENSIONS.includes(oid)) throw new BerError('unknown critical entry extension');
  }
  const reason = extensions.get(OID.reasonCode);
  if (reason?.value[0] === 0x0a && reason.value[2] === REMOVE_FROM_CRL)
    throw new BerError('removeFromCRL outside a delta list');
  return [integerOf(serial, 64).toString('hex'), timeOf(revokedAt)];
}

/** Reads a DER list; throws `BerError` when it is malformed or cannot be used as a complete list of its issuer. */
export function readRevocationList(raw: Buffer): RevocationList {
  const [tbsNode, algorithm, signature] = sequenceOf(readBer(raw, LIST_LIMITS));
  if (tbsNode === undefined || algorithm === undefined) throw new BerError('list incomplete');
  const fields = [...sequenceOf(tbsNode)];
  if (isUniversal(fields[0], TAG.integer)) {
    if (smallIntegerOf(fields.shift()) !== 1) throw new BerError('list version');
  }
  const innerAlgorithm = fields.shift();
  if (innerAlgorithm === undefined || !rawOf(innerAlgorithm).equals(rawOf(algorithm)))
    throw new BerError('list algorithms differ');
  const issuer = readName(fields.shift());
  const thisUpdate = timeOf(fields.shift());
  if (!isUniversal(fields[0], TAG.utcTime) && !isUniversal(fields[0], TAG.generalizedTime))
    throw new BerError('list without nextUpdate');
  const nextUpdate = timeOf(fields.shift());
  const revoked = new Map(isUniversal(fields[0], TAG.sequence) ? sequenceOf(fields.shift()).map(readEntry) : []);
  const extensionsField = fields[0];
  const extensions = readExtensions(isContext(extensionsField, 0) ? extensionsField.children[0] : undefined);
  for (const [oid, extension] of extensions) {
    if (extension.critical && !LIST_EXTENSIONS.includes(oid)) throw new BerError('unknown critical list extension');
  }
  return {
    issuerKey: issuer.key,
    thisUpdate,
    nextUpdate,
    signatureAlgorithm: readAlgorithm(algorithm),
    tbs: rawOf(tbsNode),
    signature: wholeBitsOf(signature),
    revoked,
    fingerprint: createHash('sha256').update(raw).digest('hex'),
  };
}

export type RevocationState = { state: 'good'; until: Date } | { state: 'revoked' } | { state: 'unknown' };

const signatureKnown = new WeakMap<RevocationList, Map<string, boolean>>();

function isSignedBy(list: RevocationList, issuer: Certificate): boolean {
  const known = signatureKnown.get(list) ?? new Map<string, boolean>();
  signatureKnown.set(list, known);
  const before = known.get(issuer.fingerprint);
  if (before !== undefined) return before;
  const allowed = keyUsageOf(issuer)?.('cRLSign') ?? true;
  const check = {
    algorithm: list.signatureAlgorithm,
    key: issuer.publicKey,
    signed: list.tbs,
    signature: list.signature,
  };
  const right = allowed && checkSignature(check) === 'right';
  known.set(issuer.fingerprint, right);
  return right;
}

/**
 * Whether `certificate`, issued by `issuer`, is revoked, judged at `at`. Only lists signed by the issuer itself
 * and not past their nextUpdate count; one good list is enough to say revoked.
 */
export function revocationOf(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
  at: Date,
): RevocationState {
  let until: Date | null = null;
  for (const list of lists) {
    if (list.issuerKey !== issuer.subjectKey || !isSignedBy(list, issuer)) continue;
    const revokedAt = list.revoked.get(certificate.serial.toString('hex'));
    if (revokedAt !== undefined && revokedAt <= at) return { state: 'revoked' };
    if (list.nextUpdate >= at && (until === null || list.nextUpdate > until)) until = list.nextUpdate;
  }
  return until === null ? { state: 'unknown' } : { state: 'good', until };
}
