/**
 * Opens a letter: peels its cryptographic layers, checks each, and says in the words of the verdict what was
 * found. Nothing is shown as verified unless the innermost signature covers everything that is shown, every signer
 * checks, the chain is good now and the one From address is in the signer's certificate (design, promise 5).
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import { type Layer, type LetterHeaders, NO_HEADERS, type StatusSource } from '../ports.ts';
import { BerError } from './ber.ts';
import { addressesOf, type Certificate, isAuthority, signerOf } from './certificate.ts';
import { mayBeUsedFor } from './certificate-path.ts';
import { displayNameOf, isSameAddress, singleAddress } from './mail-address.ts';
import { headerValues, MailMalformed, type MimeEntity, readEntity } from './mime-entity.ts';
import { isMalformed, type OpeningPolicy, type Peeled, peelLayers, type SignatureFinding } from './peel-layers.ts';
import type { TrustSpace } from './trust-space.ts';

export interface OpenedEnvelope {
  readonly verdict: Verdict;
  readonly layers: readonly Layer[];
  readonly headers: LetterHeaders;
  /** The innermost entity, to be read; null when the letter must not be shown. */
  readonly content: Buffer | null;
  /** A certificate of the proven sender that may encrypt to him, DER; only from a verified letter. */
  readonly senderCertificate: Buffer | null;
  /** Authorities that came with the letter: what leads from that certificate to an anchor may be among them. */
  readonly senderChain: readonly Buffer[];
  /** What could be fetched to judge the signers better. */
  readonly wants: readonly StatusSource[];
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

const ENCRYPTING = ['keyEncipherment'] as const;

/** Whether the certificate says that it may encrypt to this address. One whose extensions cannot be read may not. */
function mayEncryptTo(certificate: Certificate, address: string): boolean {
  try {
    const isHis = addressesOf(certificate).some((own) => isSameAddress(own, address));
    return isHis && mayBeUsedFor(certificate, ENCRYPTING) && certificate.publicKey.asymmetricKeyType === 'rsa';
  } catch (error) {
    if (error instanceof BerError) return false;
    throw error;
  }
}

/** Authorities among the certificates of the innermost signature, as many as a path may have. */
function authoritiesIn(finding: SignatureFinding | undefined): Buffer[] {
  const authorities = (finding?.bag?.certificates ?? []).filter((certificate) => isAuthority(certificate));
  return authorities.slice(0, ENVELOPE_LIMITS.pathLengthMax).map((certificate) => certificate.raw);
}

/** A certificate from the proven sender's bag to encrypt answers to: the signer's own, or another of the same address. */
function encryptionCertificate(finding: SignatureFinding, address: string, policy: OpeningPolicy): Buffer | null {
  const { bag, signers } = finding;
  if (bag === null) return null;
  const question = { bag: bag.certificates, bagLists: bag.lists, at: policy.at, uses: ENCRYPTING };
  const found = [...signers, ...bag.certificates].find(
    (certificate) => mayEncryptTo(certificate, address) && policy.judge({ ...question, certificate }).trusted,
  );
  return found?.raw ?? null;
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
  return { verdict, layers, headers, content: null, senderCertificate: null, senderChain: [], wants: [] };
}

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
    senderChain: authoritiesIn(innermost),
    wants: peeled.findings.flatMap((finding) => finding.wants),
  };
}

/** Opens one letter (bytes as on the wire). Never throws for what the letter contains: hostile input is a verdict. */
export function openEnvelope(letter: Buffer, policy: OpeningPolicy): OpenedEnvelope {
  let headers = NO_HEADERS;
  try {
    const root = readEntity(letter);
    const from = fromOf(root, root).address;
    headers = headersOf(root, root, from);
    return judge(root, peelLayers(root, policy), policy);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    return quarantined(error instanceof MailMalformed ? 'mail-malformed' : 'envelope-malformed', headers, []);
  }
}
