/**
 * Opens a letter: peels its cryptographic layers, checks each, and says in the words of the verdict what was
 * found. Nothing is shown as verified unless the innermost signature covers everything that is shown, every signer
 * checks, the chain is good now and the one From address is in the signer's certificate (design, promise 5).
 * Decryption happens only at the root or directly under a signature, never in a part beside others (EFAIL).
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { Layer, LetterHeaders } from '../ports.ts';
import { BerError, type BerNode, isContext, oidOf, readBer, sequenceOf } from './ber.ts';
import { addressesOf, type Certificate, signerOf } from './certificate.ts';
import { type judgePath, mayBeUsedFor, type PathVerdict } from './certificate-path.ts';
import { decryptEnvelopedData, type OpeningKey } from './enveloped-data.ts';
import { displayNameOf, isSameAddress, singleAddress } from './mail-address.ts';
import { decodedBody, headerValues, MailMalformed, type MimeEntity, readEntity, signedParts } from './mime-entity.ts';
import { OID } from './oids.ts';
import { checkSigners, readSignedData, type SignedData } from './signed-data.ts';
import type { TrustSpace } from './trust-space.ts';

export interface OpenedEnvelope {
  readonly verdict: Verdict;
  readonly layers: readonly Layer[];
  readonly headers: LetterHeaders;
  /** The innermost entity, to be read; null when the letter must not be shown. */
  readonly content: Buffer | null;
  /** A certificate of the proven sender that may encrypt to him, DER; only from a verified letter. */
  readonly senderCertificate: Buffer | null;
}

export interface OpeningPolicy {
  readonly space: TrustSpace;
  readonly keys: readonly OpeningKey[];
  readonly judge: (question: Omit<Parameters<typeof judgePath>[0], 'store'>) => PathVerdict;
  /** Time of judgement: when the letter was received. */
  readonly at: Date;
}

interface SignatureFinding {
  readonly signature: 'valid' | 'invalid' | 'untrusted' | 'none';
  readonly reasons: readonly ReasonCode[];
  readonly signers: readonly Certificate[];
  readonly bag: SignedData | null;
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
  if (data.signers.length === 0) return { signature: 'none', reasons: ['not-signed'], signers: [], bag: data };
  const reasons: ReasonCode[] = [];
  const signers: Certificate[] = [];
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
    if (signature === 'valid') signature = 'untrusted';
  }
  return { signature, reasons, signers, bag: data };
}

interface Peeled {
  readonly layers: Layer[];
  readonly findings: SignatureFinding[];
  readonly encryption: Verdict['encryption'];
  readonly refusal: ReasonCode | null;
  /** An encrypted layer lies inside the innermost signature: what is shown was not what was signed. */
  readonly encryptedInside: boolean;
  readonly entity: MimeEntity;
}

/** Peels layers from the root until an entity that is neither signed nor encrypted, at most `layersMax`. */
function peel(root: MimeEntity, policy: OpeningPolicy): Peeled {
  const layers: Layer[] = [];
  const findings: SignatureFinding[] = [];
  let entity = root;
  let encryption: Verdict['encryption'] = 'none';
  let encryptedInside = false;
  const done = (refusal: ReasonCode | null): Peeled => ({
    layers,
    findings,
    encryption,
    refusal,
    encryptedInside,
    entity,
  });

  const sign = (data: SignedData, content: Buffer, form: 'detached' | 'opaque', malformed: boolean): void => {
    const found = judgeSignature(data, content, policy);
    const finding: SignatureFinding = malformed
      ? { ...found, signature: 'invalid', reasons: ['signature-malformed'] }
      : found;
    findings.push(finding);
    layers.push({ kind: 'signed', form, signature: finding.signature, reasons: finding.reasons });
    encryptedInside = false;
    entity = readEntity(content, { wire: false });
  };

  for (;;) {
    const isDetached = entity.contentType.type === 'multipart/signed';
    if (!isDetached && !isCmsEntity(entity)) return done(null);
    if (layers.length >= ENVELOPE_LIMITS.layersMax) return done('too-complex');
    if (isDetached) {
      const { signed, signature } = signedParts(entity);
      if (!SIGNATURE_TYPES.includes(signature.contentType.type)) return done('envelope-unsupported');
      const info = readContentInfo(decodedBody(signature));
      if (info.type !== OID.signedData) return done('envelope-malformed');
      const data = readSignedData(info.content);
      sign(data, signed, 'detached', data.content !== null);
      continue;
    }
    const info = readContentInfo(decodedBody(entity));
    if (info.type === OID.signedData) {
      const data = readSignedData(info.content);
      if (data.content === null) return done('envelope-malformed');
      sign(data, data.content, 'opaque', false);
    } else if (info.type === OID.envelopedData) {
      const result = decryptEnvelopedData(info.content, policy.keys);
      const refused = result.outcome === 'refused' ? result.reason : null;
      layers.push({ kind: 'encrypted', outcome: result.outcome, reason: refused });
      encryption = result.outcome;
      if (result.outcome === 'refused') return done(result.reason);
      encryptedInside = findings.length > 0;
      entity = readEntity(result.content, { wire: false });
    } else return done('envelope-unsupported');
  }
}

const WORST = ['valid', 'none', 'untrusted', 'invalid'] as const;

/** The signature word: the innermost signature counts, but a bad one around it is never ignored. */
function signatureWord(findings: readonly SignatureFinding[]): {
  signature: Verdict['signature'];
  reasons: ReasonCode[];
} {
  const innermost = findings.at(-1);
  if (innermost === undefined) return { signature: 'none', reasons: [] };
  let signature = innermost.signature;
  const reasons = [...innermost.reasons];
  for (const outer of findings.slice(0, -1)) {
    if (WORST.indexOf(outer.signature) <= WORST.indexOf(signature)) continue;
    signature = outer.signature;
    reasons.push(...outer.reasons);
  }
  return { signature, reasons };
}

/** The one From address of the letter, and whether a protected From inside agrees with it. */
function fromOf(root: MimeEntity, inner: MimeEntity): { address: string | null; disagrees: boolean } {
  const outer = headerValues(root, 'from');
  const address = outer.length === 1 ? singleAddress(outer[0] as string) : null;
  const within = inner === root ? [] : headerValues(inner, 'from');
  const disagrees = within.some((value) => address === null || !isSameAddress(singleAddress(value) ?? '', address));
  return { address, disagrees };
}

function headersOf(root: MimeEntity, inner: MimeEntity, address: string | null): LetterHeaders {
  const first = (name: string) => headerValues(root, name)[0] ?? '';
  const protectedSubject = inner === root ? undefined : headerValues(inner, 'subject')[0];
  return {
    from: address ?? '',
    fromName: displayNameOf(first('from')),
    to: first('to'),
    subject: protectedSubject ?? first('subject'),
    subjectProtected: protectedSubject !== undefined,
    date: first('date'),
    messageId: first('message-id'),
    inReplyTo: first('in-reply-to'),
    references: first('references'),
  };
}

function showWord(verdict: Omit<Verdict, 'show' | 'signer'>, space: TrustSpace, covered: boolean): Verdict['show'] {
  if (
    verdict.signature === 'invalid' ||
    verdict.encryption === 'refused' ||
    verdict.reasons.includes('certificate-revoked')
  )
    return 'quarantine';
  const carries = { signed: verdict.signature !== 'none', encrypted: verdict.encryption === 'opened' };
  const enough =
    space.requires === 'signed-and-encrypted'
      ? carries.signed && carries.encrypted
      : carries.signed || carries.encrypted;
  if (!enough) return 'quarantine';
  return verdict.signature === 'valid' && verdict.identity === 'match' && covered ? 'verified' : 'unverified';
}

/** A certificate from the proven sender's bag to encrypt answers to: the signer's own, or another of the same address. */
function encryptionCertificate(finding: SignatureFinding, address: string, policy: OpeningPolicy): Buffer | null {
  const uses = ['keyEncipherment'] as const;
  const ownFirst = [...finding.signers, ...(finding.bag?.certificates ?? [])];
  for (const certificate of ownFirst) {
    const bag = finding.bag;
    if (
      bag === null ||
      !addressesOf(certificate).some((own) => isSameAddress(own, address)) ||
      !mayBeUsedFor(certificate, uses)
    )
      continue;
    if (certificate.publicKey.asymmetricKeyType !== 'rsa') continue;
    if (policy.judge({ certificate, bag: bag.certificates, bagLists: bag.lists, at: policy.at, uses }).trusted)
      return certificate.raw;
  }
  return null;
}

function quarantined(reason: ReasonCode, headers: LetterHeaders, layers: readonly Layer[]): OpenedEnvelope {
  const encryption = layers.some((layer) => layer.kind === 'encrypted') ? 'refused' : 'none';
  const verdict: Verdict = {
    signature: 'none',
    identity: 'none',
    encryption,
    show: 'quarantine',
    reasons: [reason],
    signer: null,
  };
  return { verdict, layers, headers, content: null, senderCertificate: null };
}

const NO_HEADERS: LetterHeaders = {
  from: '',
  fromName: '',
  to: '',
  subject: '',
  subjectProtected: false,
  date: '',
  messageId: '',
  inReplyTo: '',
  references: '',
};

function judge(root: MimeEntity, peeled: Peeled, policy: OpeningPolicy): OpenedEnvelope {
  const from = fromOf(root, peeled.entity);
  const headers = headersOf(root, peeled.entity, from.address);
  if (peeled.refusal !== null) return quarantined(peeled.refusal, headers, peeled.layers);
  const word = signatureWord(peeled.findings);
  const reasons = new Set<ReasonCode>(word.reasons);
  const innermost = peeled.findings.at(-1);
  const signers = word.signature === 'none' ? [] : (innermost?.signers ?? []);
  if (from.address === null) reasons.add('from-missing');
  const address = from.address ?? '';
  const holder = signers.find((certificate) => addressesOf(certificate).some((own) => isSameAddress(own, address)));
  const identity: Verdict['identity'] =
    signers.length === 0 ? 'none' : holder !== undefined && !from.disagrees ? 'match' : 'mismatch';
  if (identity === 'mismatch') reasons.add('from-mismatch');
  if (peeled.encryptedInside) reasons.add('signature-partial');
  if (word.signature === 'none' && peeled.encryption === 'none') reasons.add('unprotected');
  if (word.signature === 'none') reasons.add('not-signed');
  if (peeled.encryption === 'none') reasons.add('not-encrypted');
  const found = { signature: word.signature, identity, encryption: peeled.encryption, reasons: [...reasons] };
  const show = showWord(found, policy.space, !peeled.encryptedInside && from.address !== null);
  const shownSigner = holder ?? signers[0];
  return {
    verdict: { ...found, show, signer: shownSigner === undefined ? null : signerOf(shownSigner) },
    layers: peeled.layers,
    headers,
    content: show === 'quarantine' ? null : peeled.entity.bytes,
    senderCertificate:
      show === 'verified' && innermost !== undefined ? encryptionCertificate(innermost, address, policy) : null,
  };
}

/** Opens one letter (bytes as on the wire). Never throws for what the letter contains: hostile input is a verdict. */
export function openEnvelope(letter: Buffer, policy: OpeningPolicy): OpenedEnvelope {
  let headers = NO_HEADERS;
  try {
    const root = readEntity(letter);
    const from = fromOf(root, root).address;
    headers = headersOf(root, root, from);
    return judge(root, peel(root, policy), policy);
  } catch (error) {
    if (error instanceof MailMalformed) return quarantined('mail-malformed', headers, []);
    if (error instanceof BerError || error instanceof RangeError) return quarantined('envelope-malformed', headers, []);
    throw error;
  }
}
