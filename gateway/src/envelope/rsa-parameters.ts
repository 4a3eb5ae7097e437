/**
 * Parameters of RSASSA-PSS and RSAES-OAEP (RFC 8017 §A.2, RFC 4055): a hash, a mask generation function and, for PSS, a
 * salt length, for OAEP a label. What is absent has its default, which is SHA-1: refused for signatures, taken for
 * OAEP. The mask must use the same hash, because node:crypto expresses nothing else. Refusals are null; what is not
 * DER is a `BerError`.
 */
import { isNullOrAbsent, readAlgorithm } from './algorithm.ts';
import {
  BerError,
  type BerNode,
  contentOf,
  isContext,
  isUniversal,
  readBer,
  sequenceOf,
  smallIntegerOf,
  TAG,
} from './ber.ts';
import { DIGESTS, KEY_DIGESTS, OID } from './oids.ts';

const PARAMETER_LIMITS = { depthMax: 8, nodesMax: 64, der: true } as const;
const SHA1 = '1.3.14.3.2.26';
const DEFAULT_SALT_BYTES = 20;
/** The one trailer there is, 0xbc (RFC 8017 §A.2.3). */
const TRAILER_BC = 1;

export interface PssParameters {
  readonly digest: string;
  readonly saltBytes: number;
}

export interface OaepParameters {
  readonly hash: string;
  readonly label: Buffer;
}

/** What stands in the fields [0] to `tagMax`, each at most once and in order. */
function readFields(parameters: Buffer, tagMax: number): BerNode[] {
  const values: BerNode[] = [];
  let last = -1;
  for (const field of sequenceOf(readBer(parameters, PARAMETER_LIMITS))) {
    const [value, ...more] = field.children;
    if (
      !isContext(field, field.tag) ||
      field.tag <= last ||
      field.tag > tagMax ||
      value === undefined ||
      more.length > 0
    )
      throw new BerError('RSA parameters malformed');
    last = field.tag;
    values[last] = value;
  }
  return values;
}

/** OID of a digest whose parameters are NULL or absent: both must be taken (RFC 4055 §2.1). */
function readDigest(node: BerNode | undefined): string | null {
  if (node === undefined) return SHA1;
  const { oid, parameters } = readAlgorithm(node);
  return isNullOrAbsent(parameters) ? oid : null;
}

/** OID of the hash, when the mask generation function is MGF1 with the same hash. */
function readHash([hashNode, maskNode]: readonly (BerNode | undefined)[]): string | null {
  const hash = readDigest(hashNode);
  if (maskNode === undefined) return hash === SHA1 ? hash : null;
  const mask = readAlgorithm(maskNode);
  return mask.oid === OID.mgf1 && readDigest(maskNode.children[1]) === hash ? hash : null;
}

/** RSASSA-PSS-params, or null when the hash is not one for signatures; the salt's upper bound is the key's to say. */
export function readPssParameters(parameters: Buffer | null): PssParameters | null {
  if (parameters === null) return null;
  const fields = readFields(parameters, 3);
  const digest = DIGESTS[readHash(fields) ?? ''];
  const [, , salt, trailer] = fields;
  if (digest === undefined || (trailer !== undefined && smallIntegerOf(trailer) !== TRAILER_BC)) return null;
  return { digest, saltBytes: salt === undefined ? DEFAULT_SALT_BYTES : smallIntegerOf(salt) };
}

/** RSAES-OAEP-params, or null for what node:crypto cannot express. Absent parameters are all defaults. */
export function readOaepParameters(parameters: Buffer | null): OaepParameters | null {
  const fields = parameters === null ? [] : readFields(parameters, 2);
  const hash = KEY_DIGESTS[readHash(fields) ?? ''];
  const [, , source] = fields;
  if (hash === undefined) return null;
  if (source === undefined) return { hash, label: Buffer.alloc(0) };
  const label = source.children[1];
  const isLabel = isUniversal(label, TAG.octetString) && !label.constructed;
  return isLabel && readAlgorithm(source).oid === OID.pSpecified ? { hash, label: contentOf(label) } : null;
}
