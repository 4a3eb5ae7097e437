/**
 * Takes the cryptographic layers off a letter, outermost first, and notes what each was worth. Decryption happens only
 * at the root or directly under a signature, never in a part beside others (EFAIL). Every cryptographic failure of a
 * layer is one reason.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { Layer, LetterPolicy, StatusSource } from '../ports.ts';
import { BerError, type BerNode, isContext, oidOf, readBer, sequenceOf } from './ber.ts';
import type { Certificate } from './certificate.ts';
import type { judgePath, PathVerdict } from './certificate-path.ts';
import { inflateCompressedData } from './compressed-data.ts';
import { type Decryption, decryptAuthEnvelopedData, decryptEnvelopedData, type OpeningKey } from './enveloped-data.ts';
import { hasWireLines, toUnixLines } from './line-ends.ts';
import { MailMalformed } from './mail-malformed.ts';
import {
  decodedBody,
  isCmsEntity,
  isSignatureEntity,
  type MimeEntity,
  readEntity,
  signedParts,
} from './mime-entity.ts';
import { OID } from './oids.ts';
import { checkSigners, readSignedData, type SignedData, type SignerStatement } from './signed-data.ts';

export interface OpeningPolicy {
  /** What its trust space asks of a letter. */
  readonly letters: LetterPolicy;
  readonly keys: readonly OpeningKey[];
  readonly judge: (question: Omit<Parameters<typeof judgePath>[0], 'store'>) => PathVerdict;
  /** Time of judgement: when the letter was received. */
  readonly at: Date;
  /** Certificates of the sender from his earlier letters, for a signature that brings none. */
  readonly known?: readonly Certificate[];
  /** The operator decided: what could be opened is read, whatever it is worth. The verdict stays what it is. */
  readonly released?: boolean;
}

/** Whether the error says that bytes were not what they claim; anything else is a fault of ours. */
export function isMalformed(error: unknown): boolean {
  return error instanceof MailMalformed || error instanceof BerError || error instanceof RangeError;
}

export interface SignatureFinding {
  readonly signature: 'valid' | 'invalid' | 'untrusted' | 'none';
  readonly reasons: readonly ReasonCode[];
  readonly signers: readonly Certificate[];
  /** What the right signers signed beside the content. */
  readonly statements: readonly SignerStatement[];
  readonly bag: SignedData | null;
  readonly wants: readonly StatusSource[];
}

function readContentInfo(bytes: Buffer): { type: string; content: BerNode | undefined } {
  const limits = { depthMax: ENVELOPE_LIMITS.asn1DepthMax, nodesMax: ENVELOPE_LIMITS.asn1NodesMax, der: false };
  const [type, explicit] = sequenceOf(readBer(bytes, limits));
  if (!isContext(explicit, 0)) throw new BerError('ContentInfo without content');
  return { type: oidOf(type), content: explicit.children[0] };
}

/**
 * Why the claimed signing time cannot be true, or null. Nothing signed says which certificate goes with a signature: an
 * old letter could be given the renewed certificate of the same key, long after its own expired or was revoked.
 */
function timeReason({ signingTime, certificate }: SignerStatement, at: Date): ReasonCode | null {
  if (signingTime === null) return null;
  const claimed = signingTime.getTime();
  if (claimed > at.getTime() + ENVELOPE_LIMITS.clockSkewMs) return 'signing-time-ahead';
  return claimed < certificate.notBefore.getTime() - ENVELOPE_LIMITS.clockSkewMs ? 'signing-time-before' : null;
}

/** Checks a SignedData over its content and judges every signer's path. */
function judgeSignature(data: SignedData, content: Buffer, policy: OpeningPolicy): SignatureFinding {
  if (data.signers.length === 0)
    return { signature: 'none', reasons: ['not-signed'], signers: [], statements: [], bag: data, wants: [] };
  const reasons: ReasonCode[] = [];
  const signers: Certificate[] = [];
  const statements: SignerStatement[] = [];
  const wants: StatusSource[] = [];
  let signature: SignatureFinding['signature'] = 'valid';
  const { known = [] } = policy;
  for (const outcome of checkSigners(data, content, known)) {
    if (outcome.outcome === 'invalid') {
      reasons.push(outcome.reason);
      signature = 'invalid';
      continue;
    }
    signers.push(outcome.certificate);
    statements.push(outcome);
    const path = policy.judge({
      certificate: outcome.certificate,
      bag: [...data.certificates, ...known],
      bagLists: data.lists,
      at: policy.at,
      uses: ['digitalSignature', 'nonRepudiation'],
    });
    const reason = path.trusted ? timeReason(outcome, policy.at) : path.reason;
    if (reason === null) continue;
    reasons.push(reason);
    if (!path.trusted) wants.push(...path.wants);
    if (signature === 'valid') signature = 'untrusted';
  }
  return { signature, reasons, signers, statements, bag: data, wants };
}

/**
 * The signature of multipart/signed. RFC 8551 §3.1.1 has the signer make every line end CRLF; a Unix tool that forgot
 * signed the same text with LF, and the mail system made the lines CRLF. No other text gives that digest, so it counts.
 */
function judgeLines(data: SignedData, content: Buffer, policy: OpeningPolicy): SignatureFinding {
  const asItStands = judgeSignature(data, content, policy);
  if (!asItStands.reasons.includes('content-altered') || !hasWireLines(content)) return asItStands;
  const asSigned = judgeSignature(data, toUnixLines(content), policy);
  return asSigned.reasons.includes('content-altered') ? asItStands : asSigned;
}

export interface Peeled {
  readonly layers: Layer[];
  readonly findings: SignatureFinding[];
  readonly encryption: Verdict['encryption'];
  readonly refusal: ReasonCode | null;
  /** An encrypted layer lies inside the innermost signature: what is shown was not what was signed. */
  readonly encryptedInside: boolean;
  readonly entity: MimeEntity;
}

/** The layers found so far, and the entity under them. */
class Peeling {
  readonly layers: Layer[] = [];
  readonly findings: SignatureFinding[] = [];
  encryption: Verdict['encryption'] = 'none';
  encryptedInside = false;
  entity: MimeEntity;
  readonly #policy: OpeningPolicy;

  constructor(root: MimeEntity, policy: OpeningPolicy) {
    this.entity = root;
    this.#policy = policy;
  }

  /** Takes one layer off; gives 'bare' when there is none, or why the letter must not be opened further. */
  step(): ReasonCode | 'bare' | 'peeled' {
    const isDetached = this.entity.contentType.type === 'multipart/signed';
    if (!isDetached && !isCmsEntity(this.entity)) return 'bare';
    if (this.layers.length >= ENVELOPE_LIMITS.layersMax) return 'too-complex';
    return isDetached ? this.#detached() : this.#cms();
  }

  /** What came out of an encrypted layer is no mail: noise, refused in the same words as a wrong padding. */
  refuseNoise(): ReasonCode {
    this.layers.pop();
    return this.#refuseCipher('cannot-open');
  }

  #refuseCipher(reason: ReasonCode): ReasonCode {
    this.layers.push({ kind: 'encrypted', outcome: 'refused', authenticated: false, reason });
    this.encryption = 'refused';
    return reason;
  }

  #detached(): ReasonCode | 'peeled' {
    const { signed, signature, around } = signedParts(this.entity);
    if (!isSignatureEntity(signature)) return 'envelope-unsupported';
    const info = readContentInfo(decodedBody(signature));
    if (info.type !== OID.signedData) return 'envelope-malformed';
    const data = readSignedData(info.content);
    const found = judgeLines(data, signed, this.#policy);
    // Content inside a detached signature: two contents, one of them not shown.
    const finding: SignatureFinding =
      data.content === null ? found : { ...found, signature: 'invalid', reasons: ['signature-malformed'] };
    return this.#signed(finding, 'detached', () => readEntity(signed, around));
  }

  #cms(): ReasonCode | 'peeled' {
    const info = readContentInfo(decodedBody(this.entity));
    const opening = { keys: this.#policy.keys, opensTripleDes: this.#policy.letters.opensTripleDes };
    if (info.type === OID.envelopedData) return this.#encrypted(decryptEnvelopedData(info.content, opening));
    if (info.type === OID.authEnvelopedData) return this.#encrypted(decryptAuthEnvelopedData(info.content, opening));
    if (info.type === OID.compressedData) return this.#compressed(info.content);
    if (info.type !== OID.signedData) return 'envelope-unsupported';
    const data = readSignedData(info.content);
    if (data.content === null) return 'envelope-malformed';
    // Octets of another type than id-data are no MIME, whatever they look like (RFC 5652 §4).
    if (data.contentType !== OID.content) return 'envelope-unsupported';
    const { content } = data;
    return this.#signed(judgeSignature(data, content, this.#policy), 'opaque', () => readEntity(content));
  }

  /** The finding stands even when what was signed cannot be read. */
  #signed(finding: SignatureFinding, form: 'detached' | 'opaque', read: () => MimeEntity): 'peeled' {
    this.findings.push(finding);
    this.layers.push({ kind: 'signed', form, signature: finding.signature, reasons: finding.reasons });
    this.encryptedInside = false;
    this.entity = read();
    return 'peeled';
  }

  #compressed(content: BerNode | undefined): ReasonCode | 'peeled' {
    const result = inflateCompressedData(content);
    if (result.outcome === 'refused') return result.reason;
    this.layers.push({ kind: 'compressed' });
    this.entity = readEntity(result.content);
    return 'peeled';
  }

  #encrypted(result: Decryption): ReasonCode | 'peeled' {
    if (result.outcome === 'refused') return this.#refuseCipher(result.reason);
    this.layers.push({ kind: 'encrypted', outcome: 'opened', authenticated: result.authenticated, reason: null });
    this.encryption = 'opened';
    this.encryptedInside = this.findings.length > 0;
    this.entity = readEntity(result.content);
    return 'peeled';
  }
}

/**
 * Peels layers from the root until an entity that is neither signed nor encrypted, at most `layersMax`. Throws
 * `MailMalformed` or `BerError` for what cannot be read, except directly under an encrypted layer: there a wrong key
 * gives noise that once in 256 times is padded like a right one, and must not be told apart from a wrong padding.
 */
export function peelLayers(root: MimeEntity, policy: OpeningPolicy): Peeled {
  const peeling = new Peeling(root, policy);
  let found: ReasonCode | 'bare' | 'peeled' = 'peeled';
  while (found === 'peeled') {
    try {
      found = peeling.step();
    } catch (error) {
      if (!isMalformed(error) || peeling.layers.at(-1)?.kind !== 'encrypted') throw error;
      found = peeling.refuseNoise();
    }
  }
  const { layers, findings, encryption, encryptedInside, entity } = peeling;
  return { layers, findings, encryption, encryptedInside, entity, refusal: found === 'bare' ? null : found };
}
