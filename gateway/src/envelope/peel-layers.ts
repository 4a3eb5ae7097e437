/**
 * Takes the cryptographic layers off a letter, outermost first, and notes what each was worth. Decryption happens only
 * at the root or directly under a signature, never in a part beside others (EFAIL). Every cryptographic failure of a
 * layer is one reason.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { Layer, StatusSource } from '../ports.ts';
import { BerError, type BerNode, isContext, oidOf, readBer, sequenceOf } from './ber.ts';
import type { Certificate } from './certificate.ts';
import type { judgePath, PathVerdict } from './certificate-path.ts';
import { decryptEnvelopedData, type OpeningKey } from './enveloped-data.ts';
import { decodedBody, headerValues, MailMalformed, type MimeEntity, readEntity, signedParts } from './mime-entity.ts';
import { OID } from './oids.ts';
import { checkSigners, readSignedData, type SignedData } from './signed-data.ts';
import type { TrustSpace } from './trust-space.ts';

export interface OpeningPolicy {
  readonly space: TrustSpace;
  readonly keys: readonly OpeningKey[];
  readonly judge: (question: Omit<Parameters<typeof judgePath>[0], 'store'>) => PathVerdict;
  /** Time of judgement: when the letter was received. */
  readonly at: Date;
}

/** Whether the error says that bytes were not what they claim; anything else is a fault of ours. */
export function isMalformed(error: unknown): boolean {
  return error instanceof MailMalformed || error instanceof BerError || error instanceof RangeError;
}

export interface SignatureFinding {
  readonly signature: 'valid' | 'invalid' | 'untrusted' | 'none';
  readonly reasons: readonly ReasonCode[];
  readonly signers: readonly Certificate[];
  readonly bag: SignedData | null;
  readonly wants: readonly StatusSource[];
}

const CMS_TYPES = ['application/pkcs7-mime', 'application/x-pkcs7-mime'];
const SIGNATURE_TYPES = ['application/pkcs7-signature', 'application/x-pkcs7-signature'];

function isCmsEntity(entity: MimeEntity): boolean {
  if (CMS_TYPES.includes(entity.contentType.type)) return true;
  if (entity.contentType.type !== 'application/octet-stream') return false;
  const disposition = headerValues(entity, 'content-disposition')[0] ?? '';
  const name = entity.contentType.parameters.get('name') ?? /filename="?([^";]*)/i.exec(disposition)?.[1] ?? '';
  return /\.p7m$/i.test(name.trim());
}

function readContentInfo(bytes: Buffer): { type: string; content: BerNode | undefined } {
  const limits = { depthMax: ENVELOPE_LIMITS.asn1DepthMax, nodesMax: ENVELOPE_LIMITS.asn1NodesMax, der: false };
  const [type, explicit] = sequenceOf(readBer(bytes, limits));
  if (!isContext(explicit, 0)) throw new BerError('ContentInfo without content');
  return { type: oidOf(type), content: explicit.children[0] };
}

/** Checks a SignedData over its content and judges every signer's path. */
function judgeSignature(data: SignedData, content: Buffer, policy: OpeningPolicy): SignatureFinding {
  if (data.signers.length === 0)
    return { signature: 'none', reasons: ['not-signed'], signers: [], bag: data, wants: [] };
  const reasons: ReasonCode[] = [];
  const signers: Certificate[] = [];
  const wants: StatusSource[] = [];
  let signature: SignatureFinding['signature'] = 'valid';
  for (const outcome of checkSigners(data, content)) {
    if (outcome.outcome === 'invalid') {
      reasons.push(outcome.reason);
      signature = 'invalid';
      continue;
    }
    signers.push(outcome.certificate);
    const path = policy.judge({
      certificate: outcome.certificate,
      bag: data.certificates,
      bagLists: data.lists,
      at: policy.at,
      uses: ['digitalSignature', 'nonRepudiation'],
    });
    const ahead =
      outcome.signingTime !== null && outcome.signingTime.getTime() > policy.at.getTime() + ENVELOPE_LIMITS.clockSkewMs;
    if (path.trusted && !ahead) continue;
    reasons.push(path.trusted ? 'signing-time-ahead' : path.reason);
    if (!path.trusted) wants.push(...path.wants);
    if (signature === 'valid') signature = 'untrusted';
  }
  return { signature, reasons, signers, bag: data, wants };
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
    this.layers.push({ kind: 'encrypted', outcome: 'refused', reason });
    this.encryption = 'refused';
    return reason;
  }

  #detached(): ReasonCode | 'peeled' {
    const { signed, signature } = signedParts(this.entity);
    if (!SIGNATURE_TYPES.includes(signature.contentType.type)) return 'envelope-unsupported';
    const info = readContentInfo(decodedBody(signature));
    if (info.type !== OID.signedData) return 'envelope-malformed';
    const data = readSignedData(info.content);
    return this.#signed(data, signed, 'detached');
  }

  #cms(): ReasonCode | 'peeled' {
    const info = readContentInfo(decodedBody(this.entity));
    if (info.type === OID.envelopedData) return this.#encrypted(info.content);
    if (info.type !== OID.signedData) return 'envelope-unsupported';
    const data = readSignedData(info.content);
    return data.content === null ? 'envelope-malformed' : this.#signed(data, data.content, 'opaque');
  }

  #signed(data: SignedData, content: Buffer, form: 'detached' | 'opaque'): 'peeled' {
    const found = judgeSignature(data, content, this.#policy);
    // Content inside a detached signature: two contents, one of them not shown.
    const finding: SignatureFinding =
      form === 'detached' && data.content !== null
        ? { ...found, signature: 'invalid', reasons: ['signature-malformed'] }
        : found;
    this.findings.push(finding);
    this.layers.push({ kind: 'signed', form, signature: finding.signature, reasons: finding.reasons });
    this.encryptedInside = false;
    this.entity = readEntity(content, { wire: false });
    return 'peeled';
  }

  #encrypted(content: BerNode | undefined): ReasonCode | 'peeled' {
    const result = decryptEnvelopedData(content, this.#policy.keys);
    if (result.outcome === 'refused') return this.#refuseCipher(result.reason);
    this.layers.push({ kind: 'encrypted', outcome: 'opened', reason: null });
    this.encryption = 'opened';
    this.encryptedInside = this.findings.length > 0;
    this.entity = readEntity(result.content, { wire: false });
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
