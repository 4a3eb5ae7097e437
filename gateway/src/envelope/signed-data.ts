/**
 * CMS SignedData (RFC 5652 §5) under a strict policy: signed attributes are required and are DER, contentType and
 * messageDigest stand there exactly once with one value, the content is mail (id-data), digest and signature
 * algorithms agree, the signer's certificate is the one its identifier names, every signer must check. What a lenient
 * verifier would accept is `invalid` here (facts: smime.md section 1, verify traps 1–9). What honest senders get wrong
 * without harm is passed over: version numbers, the list of digest algorithms, attributes nobody knows.
 */
import { hash } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { type Algorithm, isNullOrAbsent, readAlgorithm } from './algorithm.ts';
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
} from './ber.ts';
import { timeOf } from './ber-time.ts';
import { addressesOf, type Certificate, readCertificate } from './certificate.ts';
import { type CertificateIdentifier, isIdentified, readIdentifier } from './certificate-identifier.ts';
import { DIGESTS, OID } from './oids.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';
import { checkSignature, digestOfSignature } from './signature-check.ts';
import { namesSigningCertificate } from './signing-certificate.ts';

export interface SignedData {
  readonly contentType: string;
  /** The content carried inside (opaque form), or null (detached form). */
  readonly content: Buffer | null;
  readonly certificates: readonly Certificate[];
  readonly lists: readonly RevocationList[];
  readonly signers: readonly SignerInfo[];
}

interface SignerInfo {
  readonly sid: CertificateIdentifier;
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
      found.push(read(rawOf(node)));
    } catch {
      // A certificate of a kind unknown here cannot help; if it was needed, the verdict says signer or issuer unknown.
    }
  }
  return found;
}

function readShortList(raw: Buffer): RevocationList {
  if (raw.length > ENVELOPE_LIMITS.bagListMaxBytes) throw new BerError('list too large for a letter');
  return readRevocationList(raw);
}

function readDigest(node: BerNode | undefined): string | null {
  const { oid, parameters } = readAlgorithm(node);
  return isNullOrAbsent(parameters) ? (DIGESTS[oid] ?? null) : null;
}

function readSigner(node: BerNode): SignerInfo {
  const fields = [...sequenceOf(node)];
  integerOf(fields.shift(), 4);
  const sid = readIdentifier(fields.shift());
  const digest = readDigest(fields.shift());
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
    lists: readBag(lists, ENVELOPE_LIMITS.crlsMax, readShortList),
    signers: signers.map(readSigner),
  };
}

/** What one right signer signed beside the content. */
export interface SignerStatement {
  readonly certificate: Certificate;
  readonly signingTime: Date | null;
  /** Signed attributes by OID. */
  readonly attributes: ReadonlyMap<string, readonly BerNode[]>;
}

export type SignerOutcome =
  | ({ readonly outcome: 'right' } & SignerStatement)
  | { outcome: 'invalid'; reason: ReasonCode };

const invalid = (reason: ReasonCode): SignerOutcome => ({ outcome: 'invalid', reason });

function hasSameHolder(one: Certificate, other: Certificate): boolean {
  return (
    one.publicKey.equals(other.publicKey) &&
    one.subjectRaw.equals(other.subjectRaw) &&
    addressesOf(one).join() === addressesOf(other).join()
  );
}

/**
 * The certificate the identifier names. Several may answer to one name; where they are of one holder and key (a renewed
 * certificate) the longest valid counts, where they are not the name says nothing: null. Throws `BerError`.
 */
function certificateOf({ sid }: SignerInfo, bag: readonly Certificate[]): Certificate | null | undefined {
  const [first, ...others] = bag.filter((certificate) => isIdentified(certificate, sid));
  let found = first;
  for (const other of others) {
    if (found === undefined || other.fingerprint === found.fingerprint) continue;
    if (!hasSameHolder(found, other)) return null;
    if (other.notAfter > found.notAfter) found = other;
  }
  return found;
}

type Attributes = ReadonlyMap<string, readonly BerNode[]>;

/**
 * Signed attributes: the SET OF that the signature covers (RFC 5652 §5.4), in the lengths of DER, no attribute twice.
 * Their order is the signer's: node-forge signs them in that of its caller, which is the same set and hides nothing.
 */
function readAttributes(node: BerNode): { values: Attributes; signed: Buffer } {
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

function onlyValue(values: Attributes, oid: string): BerNode | null {
  const found = values.get(oid);
  return found?.length === 1 ? (found[0] as BerNode) : null;
}

/** Whether the attributes that name the signer's certificate, where there are any, name this one. */
function nameThisSigner(values: Attributes, certificate: Certificate): boolean {
  for (const [oid, version] of [[OID.signingCertificate, 1] as const, [OID.signingCertificateV2, 2] as const]) {
    if (!values.has(oid)) continue;
    const value = onlyValue(values, oid);
    if (value === null || !namesSigningCertificate(value, version, certificate)) return false;
  }
  return true;
}

/** Digests of the content, each worked out once however many signers there are. */
class ContentDigests {
  readonly #content: Buffer;
  readonly #known = new Map<string, Buffer>();

  constructor(content: Buffer) {
    this.#content = content;
  }

  by(digest: string): Buffer {
    const known = this.#known.get(digest) ?? hash(digest, this.#content, 'buffer');
    this.#known.set(digest, known);
    return known;
  }
}

/** Where signers are looked for: in the message, and for one whose certificate it leaves out, among those known otherwise. */
interface SignedWithKnown {
  readonly data: SignedData;
  readonly known: readonly Certificate[];
}

/** Checks one signer over the content; a trap of a lenient verifier is `invalid` with its reason. */
function checkSigner(signer: SignerInfo, { data, known }: SignedWithKnown, digests: ContentDigests): SignerOutcome {
  const fromBag = certificateOf(signer, data.certificates);
  const certificate = fromBag === undefined ? certificateOf(signer, known) : fromBag;
  if (certificate === undefined) return invalid('signer-unknown');
  const { digest, attributes } = signer;
  if (digest === null) return invalid('algorithm-refused');
  if (certificate === null || attributes === null) return invalid('signature-malformed');
  const { values, signed } = readAttributes(attributes);
  const contentType = onlyValue(values, OID.contentType);
  const messageDigest = onlyValue(values, OID.messageDigest);
  // Mail is id-data (RFC 8551 §2.4.1): a timestamp or a receipt of the same signer is no letter of his.
  if (contentType === null || oidOf(contentType) !== data.contentType || data.contentType !== OID.content)
    return invalid('signature-malformed');
  if (messageDigest === null || !isUniversal(messageDigest, TAG.octetString) || !nameThisSigner(values, certificate))
    return invalid('signature-malformed');
  const algorithm = signatureAlgorithmOf(signer.signatureAlgorithm, digest);
  if (algorithm === null) return invalid('algorithm-refused');
  const outcome = checkSignature({ algorithm, key: certificate.publicKey, signed, signature: signer.signature });
  if (outcome === 'algorithm-refused') return invalid('algorithm-refused');
  if (outcome === 'wrong') return invalid('signature-wrong');
  if (!digests.by(digest).equals(contentOf(messageDigest))) return invalid('content-altered');
  const signingTime = onlyValue(values, OID.signingTime);
  const time = signingTime === null ? null : timeOf(signingTime);
  return { outcome: 'right', certificate, signingTime: time, attributes: values };
}

const RSA_WITH: Readonly<Record<string, string>> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

/** The algorithm with its digest; `rsaEncryption` takes it from digestAlgorithm, others must agree with it. */
function signatureAlgorithmOf(algorithm: Algorithm, digest: string): Algorithm | null {
  if (algorithm.oid === OID.rsaEncryption) {
    const oid = RSA_WITH[digest];
    return oid === undefined ? null : { ...algorithm, oid };
  }
  return digestOfSignature(algorithm) === digest ? algorithm : null;
}

/**
 * Checks every signer over the content (carried inside, or given by multipart/signed); `known` are certificates for
 * signers whose own the message leaves out.
 */
export function checkSigners(data: SignedData, content: Buffer, known: readonly Certificate[] = []): SignerOutcome[] {
  const digests = new ContentDigests(content);
  return data.signers.map((signer) => {
    try {
      return checkSigner(signer, { data, known }, digests);
    } catch (error) {
      if (error instanceof BerError) return invalid('signature-malformed');
      throw error;
    }
  });
}
