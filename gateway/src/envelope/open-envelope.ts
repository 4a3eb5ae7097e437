/**
 * Opens a letter: peels its cryptographic layers, checks each, and says in the words of the verdict what was
 * found. Nothing is shown as verified unless the innermost signature covers everything that is shown, every signer
 * checks, the chain is good now and the one From address is in the signer's certificate (design, promise 5).
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import { type ApprovedLeaf, type Layer, type LetterHeaders, NO_HEADERS, type StatusSource } from '../ports.ts';
import { authoritiesIn, encryptionCertificate, type SenderStatement, statementOf } from './harvest-certificate.ts';
import { headersOf, type Payload, payloadOf, unprotected, writerOf } from './header-protection.ts';
import { MailMalformed } from './mail-malformed.ts';
import { type MimeEntity, readLetter } from './mime-entity.ts';
import { type MimeTree, readMimeTree } from './mime-tree.ts';
import { isMalformed, type OpeningPolicy, type Peeled, peelLayers } from './peel-layers.ts';
import { hasProtection, isMalleable, judgeLetter } from './verdict.ts';

export interface OpenedEnvelope {
  readonly verdict: Verdict;
  readonly layers: readonly Layer[];
  readonly headers: LetterHeaders;
  /** The innermost entity, to be read; null when the letter must not be shown. */
  readonly content: Buffer | null;
  /** Its parts, as the strict reading found them; whoever reads the content keeps to them. */
  readonly leaves: readonly ApprovedLeaf[];
  /** The content may have been changed on the way (EFAIL), or was released: shown as plain words and plain files only. */
  readonly inert: boolean;
  /** A certificate of the proven sender that may encrypt to him, DER; only from a verified letter freshly signed. */
  readonly senderCertificate: Buffer | null;
  /** What the proven sender states beside it; never null with a certificate, always null without. */
  readonly senderStatement: SenderStatement | null;
  /** The same of a proven sender whose letter must not be shown: for a notice to him, never learnt. */
  readonly noticeCertificate: Buffer | null;
  /** Authorities that came with the letter: what leads from that certificate to an anchor may be among them. */
  readonly senderChain: readonly Buffer[];
  /** What could be fetched to judge the signers better. */
  readonly wants: readonly StatusSource[];
}

const NOTHING_SHOWN = {
  content: null,
  leaves: [],
  inert: false,
  senderCertificate: null,
  senderStatement: null,
  noticeCertificate: null,
  senderChain: [],
  wants: [],
} as const;

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
  return { ...NOTHING_SHOWN, verdict, layers, headers };
}

/** What lies under the layers, taken apart strictly; null when it is not to be read at all. */
function readUnder(peeled: Peeled, payload: Payload): MimeTree | null {
  return peeled.refusal === null ? readMimeTree(payload.entity) : null;
}

function judge(root: MimeEntity, peeled: Peeled, policy: OpeningPolicy): OpenedEnvelope {
  const payload = payloadOf(root, peeled.entity, hasProtection(peeled));
  const writer = writerOf(root, payload);
  const headers = headersOf(root, payload, writer);
  const tree = readUnder(peeled, payload);
  const { verdict, address, holder, isProven } = judgeLetter({ peeled, payload, writer, tree }, policy);
  const innermost = peeled.findings.at(-1);
  const hisCertificate = () =>
    isProven && innermost !== undefined ? encryptionCertificate(innermost, address, policy) : null;
  const isShown = tree !== null && (verdict.show !== 'quarantine' || policy.released === true);
  const statement =
    verdict.show === 'verified' && innermost !== undefined && holder !== null
      ? statementOf(innermost, holder, policy.at)
      : null;
  const senderCertificate = statement === null ? null : hisCertificate();
  return {
    verdict,
    layers: peeled.layers,
    headers,
    content: isShown ? payload.entity.bytes : null,
    leaves: isShown ? tree.leaves : [],
    inert: isMalleable(peeled.layers) || verdict.show === 'quarantine',
    senderCertificate,
    senderStatement: senderCertificate === null ? null : statement,
    noticeCertificate: verdict.show === 'quarantine' ? hisCertificate() : null,
    senderChain: authoritiesIn(innermost),
    wants: peeled.refusal === null ? peeled.findings.flatMap((finding) => finding.wants) : [],
  };
}

const REFUSED_LAYER: Layer = { kind: 'encrypted', outcome: 'refused', authenticated: false, reason: 'cannot-open' };

function outerHeaders(root: MimeEntity): LetterHeaders {
  const payload = unprotected(root);
  return headersOf(root, payload, writerOf(root, payload));
}

/** The policy with one budget for all the paths of one letter: signers and certificates without number cost no more. */
function withBudget(policy: OpeningPolicy): OpeningPolicy {
  const budget = { left: TRUST_LIMITS.letterCandidatesMax };
  return { ...policy, judge: (question) => policy.judge({ ...question, budget }) };
}

/** Opens one letter (bytes as on the wire). Never throws for what the letter contains: hostile input is a verdict. */
export function openEnvelope(letter: Buffer, given: OpeningPolicy): OpenedEnvelope {
  const policy = withBudget(given);
  let root: MimeEntity | null = null;
  let peeled: Peeled | null = null;
  try {
    root = readLetter(letter);
    peeled = peelLayers(root, policy);
    return judge(root, peeled, policy);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    const headers = root === null ? NO_HEADERS : outerHeaders(root);
    // Noise that a wrong key or a changed cipher text left is refused in the same words as a wrong padding.
    if (peeled?.layers.at(-1)?.kind === 'encrypted')
      return quarantined('cannot-open', headers, [...peeled.layers.slice(0, -1), REFUSED_LAYER]);
    return quarantined(error instanceof MailMalformed ? error.reason : 'envelope-malformed', headers, []);
  }
}
