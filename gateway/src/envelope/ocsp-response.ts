/**
 * Answers of OCSP responders (RFC 6960 §4.2, RFC 9654 for the nonce), read strictly: DER, successful, of the basic
 * type, no unknown critical extension. Reading says nothing of trust: who may answer, for how long, and to which
 * question is decided in ocsp-status.ts.
 */
import { createHash } from 'node:crypto';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { type Algorithm, readAlgorithm } from './algorithm.ts';
import {
  BerError,
  type BerNode,
  contentOf,
  integerOf,
  isContext,
  isUniversal,
  octetsOf,
  oidOf,
  rawOf,
  readBer,
  sequenceOf,
  smallIntegerOf,
  TAG,
  wholeBitsOf,
} from './ber.ts';
import { timeOf } from './ber-time.ts';
import { type Certificate, extensionOf, readCertificate, readExtensions } from './certificate.ts';
import { readName } from './certificate-name.ts';
import { OID } from './oids.ts';

/** Names a certificate by digests of its issuer's name and key; they identify, they do not prove: SHA-1 may do. */
export interface CertificateId {
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  readonly serial: Buffer;
}

export interface SingleAnswer {
  readonly id: CertificateId;
  readonly status: 'good' | 'revoked' | 'held' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
}

export interface OcspResponse {
  /** By name (a comparable key) or by the SHA-1 digest of the responder's key. */
  readonly responder: { readonly nameKey: string } | { readonly keyHash: Buffer };
  readonly producedAt: Date;
  readonly answers: readonly SingleAnswer[];
  readonly nonce: Buffer | null;
  readonly certificates: readonly Certificate[];
  readonly signatureAlgorithm: Algorithm;
  readonly tbs: Buffer;
  readonly signature: Buffer;
}

/** An answer with the request that asked for it, as far as that is known. */
export interface StatusAnswer {
  readonly response: OcspResponse;
  /** The nonce of our request; null when the request had none or is not known. */
  readonly nonceAsked: Buffer | null;
}

const OCSP_LIMITS = { depthMax: 24, nodesMax: 20_000, der: true } as const;
const DIGESTS: Readonly<Record<string, CertificateId['digest']>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const SUCCESSFUL = 0;
const CERTIFICATE_HOLD = 6;
/** RFC 9654 §2.1: 1 to 128 octets. */
const NONCE_MAX_BYTES = 128;

/** Whether the identifier is the one of this certificate under this issuer. */
export function isIdOf(id: CertificateId, certificate: Certificate, issuer: Certificate): boolean {
  const digest = (bytes: Buffer): Buffer => createHash(id.digest).update(bytes).digest();
  return (
    id.serial.equals(certificate.serial) &&
    id.issuerKeyHash.equals(digest(issuer.keyOctets)) &&
    id.issuerNameHash.equals(digest(certificate.issuerRaw))
  );
}

function readCertificateId(node: BerNode | undefined): CertificateId {
  const [algorithm, nameHash, keyHash, serial, ...more] = sequenceOf(node);
  const digest = DIGESTS[readAlgorithm(algorithm).oid];
  if (digest === undefined || more.length > 0) throw new BerError('certificate identifier of an unknown kind');
  const hashOf = (octets: BerNode | undefined): Buffer => {
    if (!isUniversal(octets, TAG.octetString)) throw new BerError('certificate identifier malformed');
    return octetsOf(octets);
  };
  return {
    digest,
    issuerNameHash: hashOf(nameHash),
    issuerKeyHash: hashOf(keyHash),
    serial: integerOf(serial, 64),
  };
}

function generalizedTime(node: BerNode | undefined): Date {
  if (!isUniversal(node, TAG.generalizedTime)) throw new BerError('a GeneralizedTime was expected');
  return timeOf(node);
}

function readRevoked(node: BerNode): SingleAnswer['status'] {
  const [revokedAt, reason] = node.children;
  generalizedTime(revokedAt);
  const value = isContext(reason, 0) ? reason.children[0] : undefined;
  if (reason !== undefined && !isUniversal(value, TAG.enumerated)) throw new BerError('reason malformed');
  return value !== undefined && contentOf(value).equals(Buffer.from([CERTIFICATE_HOLD])) ? 'held' : 'revoked';
}

function readStatus(node: BerNode | undefined): SingleAnswer['status'] {
  if (isContext(node, 0) && !node.constructed && contentOf(node).length === 0) return 'good';
  if (isContext(node, 1) && node.constructed) return readRevoked(node);
  if (isContext(node, 2) && !node.constructed) return 'unknown';
  throw new BerError('certificate status malformed');
}

function readSingle(node: BerNode): SingleAnswer {
  const fields = [...sequenceOf(node)];
  const id = readCertificateId(fields.shift());
  const status = readStatus(fields.shift());
  const thisUpdate = generalizedTime(fields.shift());
  const nextUpdate = isContext(fields[0], 0) ? generalizedTime(fields.shift()?.children[0]) : null;
  const extensions = isContext(fields[0], 1) ? readExtensions(fields.shift()?.children[0]) : null;
  if (fields.length > 0) throw new BerError('single response malformed');
  for (const extension of extensions?.values() ?? [])
    if (extension.critical) throw new BerError('unknown critical extension in a response');
  return { id, status, thisUpdate, nextUpdate };
}

function readResponder(node: BerNode | undefined): OcspResponse['responder'] {
  const inner = node?.children[0];
  if (isContext(node, 1)) return { nameKey: readName(inner).key };
  if (isContext(node, 2) && isUniversal(inner, TAG.octetString)) return { keyHash: octetsOf(inner) };
  throw new BerError('responder identifier malformed');
}

/** The nonce among the extensions of a request or response; other critical ones are not understood. */
export function nonceIn(extensions: ReturnType<typeof readExtensions>): Buffer | null {
  for (const [type, extension] of extensions)
    if (extension.critical && type !== OID.ocspNonce) throw new BerError('unknown critical extension in OCSP');
  const node = extensionOf({ extensions }, OID.ocspNonce);
  if (node === null) return null;
  if (!isUniversal(node, TAG.octetString)) throw new BerError('nonce malformed');
  const nonce = octetsOf(node);
  if (nonce.length === 0 || nonce.length > NONCE_MAX_BYTES) throw new BerError('nonce of unacceptable length');
  return nonce;
}

function readResponseContent(node: BerNode | undefined) {
  const fields = [...sequenceOf(node)];
  if (isContext(fields[0], 0) && smallIntegerOf(fields.shift()?.children[0]) !== 0) throw new BerError('OCSP version');
  const responder = readResponder(fields.shift());
  const producedAt = generalizedTime(fields.shift());
  const singles = sequenceOf(fields.shift());
  if (singles.length > TRUST_LIMITS.ocspAnswersMax) throw new BerError('too many answers');
  const extensions = readExtensions(isContext(fields[0], 1) ? fields.shift()?.children[0] : undefined);
  if (fields.length > 0) throw new BerError('response content malformed');
  return { responder, producedAt, answers: singles.map(readSingle), nonce: nonceIn(extensions) };
}

/** A certificate this gateway cannot read cannot help; the others still may. */
function readResponderCertificates(node: BerNode | undefined): Certificate[] {
  const nodes = node === undefined ? [] : sequenceOf(node);
  if (nodes.length > TRUST_LIMITS.ocspCertificatesMax) throw new BerError('too many certificates');
  return nodes.flatMap((one) => {
    try {
      return [readCertificate(rawOf(one))];
    } catch (error) {
      if (error instanceof BerError) return [];
      throw error;
    }
  });
}

/** Reads a DER OCSPResponse; throws `BerError` for one that is malformed or says no more than that it failed. */
export function readOcspResponse(raw: Buffer): OcspResponse {
  if (raw.length > TRUST_LIMITS.ocspResponseMaxBytes) throw new BerError('response too large');
  const [state, wrapped, ...more] = sequenceOf(readBer(raw, OCSP_LIMITS));
  if (!isUniversal(state, TAG.enumerated) || !contentOf(state).equals(Buffer.from([SUCCESSFUL])))
    throw new BerError('the responder did not answer');
  if (!isContext(wrapped, 0) || more.length > 0) throw new BerError('response malformed');
  const [type, octets] = sequenceOf(wrapped.children[0]);
  if (oidOf(type) !== OID.ocspBasic || !isUniversal(octets, TAG.octetString))
    throw new BerError('response of an unknown type');
  const [content, algorithm, signature, certificates, ...rest] = sequenceOf(readBer(octetsOf(octets), OCSP_LIMITS));
  if (content === undefined || rest.length > 0) throw new BerError('basic response malformed');
  if (certificates !== undefined && !isContext(certificates, 0)) throw new BerError('basic response malformed');
  return {
    ...readResponseContent(content),
    certificates: readResponderCertificates(certificates?.children[0]),
    signatureAlgorithm: readAlgorithm(algorithm),
    tbs: rawOf(content),
    signature: wholeBitsOf(signature),
  };
}
