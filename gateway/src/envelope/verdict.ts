/**
 * Says in the words of the verdict what the layers of a letter were worth together. `verified` needs a valid signature
 * over everything that is shown, every signer right, and the one From address, which nobody could mistake for another,
 * in the certificate of one of them (design, promise 5). Whatever is missing has its reason.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Signer, Verdict } from '@estafette/contracts/verdict';
import type { Layer, LetterPolicy } from '../ports.ts';
import { addressesOf, type Certificate, signerOf } from './certificate.ts';
import { namesSomebodyElse, type Payload, type Writer } from './header-protection.ts';
import { isConfusable, isSameAddress } from './mail-address.ts';
import type { MimeTree } from './mime-tree.ts';
import type { OpeningPolicy, Peeled, SignatureFinding } from './peel-layers.ts';

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

/**
 * Whether what was decrypted may have been changed on the way: a cipher without a tag, and no right signature inside
 * (EFAIL). A signature around it says nothing: whoever changed the cipher text could sign it again.
 */
export function isMalleable(layers: readonly Layer[]): boolean {
  let malleable = false;
  for (const layer of layers) {
    if (layer.kind === 'encrypted') malleable ||= layer.outcome === 'opened' && !layer.authenticated;
    else if (layer.kind === 'signed' && (layer.signature === 'valid' || layer.signature === 'untrusted'))
      malleable = false;
  }
  return malleable;
}

/** Whether a layer protects what it says: encryption, or a signature whose mathematics are right. */
export const hasProtection = ({ findings, encryption }: Peeled): boolean =>
  encryption === 'opened' || findings.some(({ signature }) => signature === 'valid' || signature === 'untrusted');

const signersKnown = new WeakMap<Certificate, Signer>();

/** The signer as people see him, worked out once for each certificate. */
function signerFrom(certificate: Certificate): Signer {
  const signer = signersKnown.get(certificate) ?? signerOf(certificate);
  signersKnown.set(certificate, signer);
  return signer;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** The one From address, or empty. */
  readonly address: string;
  /** The signer whose certificate holds that address. */
  readonly holder: Certificate | null;
  /** Signature valid and identity matching, whatever else is wrong. */
  readonly isProven: boolean;
}

type Found = Omit<Verdict, 'show' | 'signer'>;

/** Reasons that keep a letter with a valid signature of the right person from being `verified`. */
const DOUBTS: readonly ReasonCode[] = ['signature-partial', 'address-confusable', 'not-addressed', 'not-authenticated'];

/** Whether the letter carries what its space asks for. */
function carriesEnough({ signature, encryption }: Found, requires: LetterPolicy['requires']): boolean {
  const [isSigned, isEncrypted] = [signature !== 'none', encryption === 'opened'];
  if (requires === 'nothing') return true;
  return requires === 'signed-and-encrypted' ? isSigned && isEncrypted : isSigned || isEncrypted;
}

function showWord(found: Found, letters: LetterPolicy): Verdict['show'] {
  if (found.signature === 'invalid' || found.encryption === 'refused' || found.reasons.includes('certificate-revoked'))
    return 'quarantine';
  if (!carriesEnough(found, letters.requires)) return 'quarantine';
  const isSure = found.signature === 'valid' && found.identity === 'match';
  return isSure && !found.reasons.some((reason) => DOUBTS.includes(reason)) ? 'verified' : 'unverified';
}

type Doubt = readonly [ReasonCode, boolean];

const reasonsOf = (doubts: readonly Doubt[]): ReasonCode[] =>
  doubts.filter(([, applies]) => applies).map(([reason]) => reason);

/** Reasons about who it is from and for. */
function identityReasons(
  { address }: Writer,
  identity: Verdict['identity'],
  payload: Payload,
  policy: OpeningPolicy,
): ReasonCode[] {
  const isForSomebodyElse = (): boolean => {
    const own = policy.keys.flatMap(({ certificate }) => addressesOf(certificate));
    return namesSomebodyElse(payload, own);
  };
  return reasonsOf([
    ['from-missing', address === null],
    ['address-confusable', address !== null && isConfusable(address)],
    ['from-mismatch', identity === 'mismatch'],
    ['not-addressed', identity === 'match' && payload.isProtected && isForSomebodyElse()],
  ]);
}

/**
 * Whether the signer of that address claims to have signed long ago. It is no doubt of who wrote it, but an old letter
 * can be sent again under another date and subject, which stand outside of what was signed (smime checklist 18).
 */
function isSignedEarlier(finding: SignatureFinding | undefined, holder: Certificate | undefined, at: Date): boolean {
  const own = finding?.statements.find(({ certificate }) => certificate === holder);
  const signedAt = own?.signingTime?.getTime();
  return signedAt !== undefined && at.getTime() - signedAt > ENVELOPE_LIMITS.learntSigningAgeMaxMs;
}

/** Reasons about what the layers cover. */
function coverageReasons(peeled: Peeled, signature: Verdict['signature'], tree: MimeTree | null): ReasonCode[] {
  const isPartial = peeled.findings.length === 0 && tree?.holdsSigned === true;
  return reasonsOf([
    ['signature-partial', peeled.encryptedInside || isPartial],
    ['not-authenticated', isMalleable(peeled.layers)],
    ['encryption-partial', tree?.holdsEncrypted === true],
    ['unprotected', signature === 'none' && peeled.encryption === 'none' && !isPartial],
    ['not-signed', signature === 'none'],
    ['not-encrypted', peeled.encryption === 'none'],
  ]);
}

/** Judges a letter. `tree` is null when what lies under the layers was not read. */
export function judgeLetter(
  letter: {
    readonly peeled: Peeled;
    readonly payload: Payload;
    readonly writer: Writer;
    readonly tree: MimeTree | null;
  },
  policy: OpeningPolicy,
): Judgement {
  const { peeled, payload, writer, tree } = letter;
  const { encryption, refusal } = peeled;
  const address = writer.address ?? '';
  const { signature, reasons: signatureReasons } = signatureWord(peeled.findings);
  const signers = signature === 'none' ? [] : (peeled.findings.at(-1)?.signers ?? []);
  const holder = signers.find((certificate) => addressesOf(certificate).some((own) => isSameAddress(own, address)));
  const identity: Verdict['identity'] =
    signers.length === 0 ? 'none' : holder !== undefined && !writer.disagrees ? 'match' : 'mismatch';
  const shownSigner = holder ?? signers[0];
  const signer = shownSigner === undefined ? null : signerFrom(shownSigner);
  const isEarlier = identity === 'match' && isSignedEarlier(peeled.findings.at(-1), holder, policy.at);
  const times = reasonsOf([['signed-earlier', isEarlier]]);
  const about = [...signatureReasons, ...times, ...identityReasons(writer, identity, payload, policy)];
  const reasons = refusal === null ? [...about, ...coverageReasons(peeled, signature, tree)] : [refusal, ...about];
  const found: Found = { signature, identity, encryption, reasons: [...new Set(reasons)] };
  const show = refusal === null ? showWord(found, policy.letters) : 'quarantine';
  return {
    verdict: { ...found, show, signer },
    address,
    holder: holder ?? null,
    isProven: signature === 'valid' && identity === 'match',
  };
}
