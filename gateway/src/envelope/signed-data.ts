/**
 * CMS SignedData (RFC 5652 §5) under a strict policy: signed attributes are required, contentType and messageDigest
 * stand there exactly once with one value, digest and signature algorithms agree, the signer's certificate is the
 * one its identifier names, every signer must check. What a lenient verifier would accept is `invalid` here
 * (facts: smime.md section 1, verify traps 1–9).
 */
import { createHash } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
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
  setOf,
  TAG,
  timeOf,
} from './ber.ts';
import { type Certificate, readCertificate, readName, subjectKeyIdentifierOf } from './certificate.ts';
import { DIGESTS, OID, SIGNATURE_ALGORITHMS } from './oids.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';
import { checkSignature } from './signature-check.ts';

export interface SignedData {
  readonly contentType: string;
  /** The content carried inside (opaque form), or null (detached form). */
  readonly content: Buffer | null;
  readonly certificates: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly signers: readonly SignerInfo[];
}

interface SignerInfo {
  readonly sid: { issuerKey: string; serial: Buffer } | { keyIdentifier: Buffer };
  readonly digest: string | null;
  readonly signatureAlgorithm: Algorithm;
  readonly attributes: BerNode | null;
  readonly signature: Buffer;
}

/** Refuses what cannot be a certificate or list this gateway reads, without losing the rest of the bag. */
function readBag<T>(nodes: readonly BerNode[], max: number, read: (raw: Buffer) => T): T[] {
  if (nodes.length > max) throw new BerError('too many certificates or lists');
  const found: T[] = [];
  for (const node of nodes) {
    try {
      found.push(read(Buffer.from(rawOf(node))));
    } catch {
      // A certificate of a kind unknown here cannot help; if it was needed, the verdict says signer or issuer unknown.
    }
  }
  return found;
}

function readSid(node: BerNode | undefined): SignerInfo['sid'] {
  if (isContext(node, 0)) return { keyIdentifier: octetsOf(node) };
  const [issuer, serial] = sequenceOf(node);
  return { issuerKey: readName(issuer).key, serial: integerOf(serial, 64) };
}

function readSigner(node: BerNode): SignerInfo {
  const fields = [...sequenceOf(node)];
  integerOf(fields.shift(), 4);
  const sid = readSid(fields.shift());
  const digest = DIGESTS[oidOf(sequenceOf(fields.shift())[0])] ?? null;
  const attributes = isContext(fields[0], 0) ? (fields.shift() as BerNode) : null;
  const signatureAlgorithm = readAlgorithm(fields.shift());
  const signature = fields.shift();
  if (!isUniversal(signature, TAG.octetString)) throw new BerError('signature value missing');
  return { sid, digest, attributes, signatureAlgorithm, signature: octetsOf(signature) };
}

/** Reads the content of a ContentInfo of type signedData. */
export function readSignedData(node: BerNode | undefined): SignedData {
  const fields = [...sequenceOf(node)];
  integerOf(fields.shift(), 4);
  setOf(fields.shift());
  const [type, explicit] = sequenceOf(fields.shift());
  const inner = isContext(explicit, 0) ? explicit.children[0] : undefined;
  if (explicit !== undefined && !isUniversal(inner, TAG.octetString))
    throw new BerError('encapsulated content malformed');
  const certificates = isContext(fields[0], 0) ? (fields.shift() as BerNode).children : [];
  const lists = isContext(fields[0], 1) ? (fields.shift() as BerNode).children : [];
  const signers = setOf(fields.shift());
  if (signers.length > ENVELOPE_LIMITS.signersMax) throw new BerError('too many signers');
  return {
    contentType: oidOf(type),
    content: inner === undefined ? null : octetsOf(inner),
    certificates: readBag(certificates, ENVELOPE_LIMITS.certificatesMax, readCertificate),
    lists: readBag(lists, ENVELOPE_LIMITS.crlsMax, readRevocationList),
    signers: signers.map(readSigner),
  };
}

export type SignerOutcome =
  | { outcome: 'right'; certificate: Certificate; signingTime: Date | null }
  | { outcome: 'invalid'; reason: ReasonCode };

const invalid = (reason: ReasonCode): SignerOutcome => ({ outcome: 'invalid', reason });

function certificateOf(signer: SignerInfo, certificates: readonly Certificate[]): Certificate | undefined {
  const { sid } = signer;
  if ('keyIdentifier' in sid)
    return certificates.find((certificate) => subjectKeyIdentifierOf(certificate)?.equals(sid.keyIdentifier) === true);
  return certificates.find(
    (certificate) => certificate.serial.equals(sid.serial) && certificate.issuerKey === sid.issuerKey,
  );
}

/** Signed attributes, strictly: DER, no attribute twice; the SET OF the signature covers (RFC 5652 §5.4). */
function readAttributes(node: BerNode): { values: Map<string, readonly BerNode[]>; signed: Buffer } {
  const signed = Buffer.from(rawOf(node));
  signed[0] = 0x31;
  const strict = readBer(signed, { depthMax: ENVELOPE_LIMITS.asn1DepthMax, nodesMax: 5_000, der: true });
  const values = new Map<string, readonly BerNode[]>();
  for (const attribute of setOf(strict)) {
    const [type, set] = sequenceOf(attribute);
    const oid = oidOf(type);
    if (values.has(oid)) throw new BerError('attribute repeated');
    values.set(oid, setOf(set));
  }
  return { values, signed };
}

function onlyValue(values: ReadonlyMap<string, readonly BerNode[]>, oid: string): BerNode | null {
  const found = values.get(oid);
  return found?.length === 1 ? (found[0] as BerNode) : null;
}

/** Checks one signer over `content`; a trap of a lenient verifier is `invalid` with its reason. */
function checkSigner(signer: SignerInfo, data: SignedData, content: Buffer): SignerOutcome {
  const certificate = certificateOf(signer, data.certificates);
  if (certificate === undefined) return invalid('signer-unknown');
  if (signer.digest === null) return invalid('algorithm-refused');
  if (signer.attributes === null) return invalid('signature-malformed');
  const { values, signed } = readAttributes(signer.attributes);
  const contentType = onlyValue(values, OID.contentType);
  const messageDigest = onlyValue(values, OID.messageDigest);
  if (contentType === null || messageDigest === null || oidOf(contentType) !== data.contentType)
    return invalid('signature-malformed');
  if (!isUniversal(messageDigest, TAG.octetString)) return invalid('signature-malformed');
  const algorithm = signatureAlgorithmOf(signer);
  if (algorithm === null) return invalid('algorithm-refused');
  const outcome = checkSignature({ algorithm, key: certificate.publicKey, signed, signature: signer.signature });
  if (outcome === 'algorithm-refused') return invalid('algorithm-refused');
  if (outcome === 'wrong') return invalid('signature-wrong');
  if (!createHash(signer.digest).update(content).digest().equals(contentOf(messageDigest)))
    return invalid('content-altered');
  const signingTime = onlyValue(values, OID.signingTime);
  return { outcome: 'right', certificate, signingTime: signingTime === null ? null : timeOf(signingTime) };
}

const RSA_WITH: Readonly<Record<string, string>> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

/** The algorithm as one OID; `rsaEncryption` takes its digest from digestAlgorithm, others must agree with it. */
function signatureAlgorithmOf(signer: SignerInfo): Algorithm | null {
  const { signatureAlgorithm: algorithm, digest } = signer;
  if (algorithm.oid === OID.rsaEncryption) {
    const oid = RSA_WITH[digest ?? ''];
    return oid === undefined ? null : { oid, parameters: null };
  }
  return SIGNATURE_ALGORITHMS[algorithm.oid]?.digest === digest ? algorithm : null;
}

/** Checks every signer over the content (carried inside, or given by multipart/signed). */
export function checkSigners(data: SignedData, content: Buffer): SignerOutcome[] {
  return data.signers.map((signer) => {
    try {
      return checkSigner(signer, data, content);
    } catch (error) {
      if (error instanceof BerError) return invalid('signature-malformed');
      throw error;
    }
  });
}
