/**
 * What OCSP answers prove of one certificate (RFC 6960 §3.2, §4.2.2): the answer is about this certificate, signed by
 * its issuer or by a responder this issuer certified directly for that purpose, fresh, and not an answer to somebody
 * else's question. An answer that fails any of this is no answer: unknown, never good.
 */
import { createHash } from 'node:crypto';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { type Certificate, extendedKeyUsageOf, keyUsageOf } from './certificate.ts';
import { isIdOf, type OcspResponse, type SingleAnswer, type StatusAnswer } from './ocsp-response.ts';
import { OID } from './oids.ts';
import { brokenRule } from './path-rules.ts';
import { ANY_POLICY } from './policy-graph.ts';
import { earlier, REVOKED, type RevocationState, type StatusQuestion, UNKNOWN } from './revocation-status.ts';
import { checkSignature } from './signature-check.ts';

/** Asks the lists about a responder's own certificate. */
export type AskLists = (question: StatusQuestion) => RevocationState;

const isResponder = ({ responder }: OcspResponse, certificate: Certificate): boolean =>
  'nameKey' in responder
    ? responder.nameKey === certificate.subjectKey
    : responder.keyHash.equals(createHash('sha1').update(certificate.keyOctets).digest());

const isSignedBy = (response: OcspResponse, certificate: Certificate): boolean =>
  checkSignature({
    algorithm: response.signatureAlgorithm,
    key: certificate.publicKey,
    signed: response.tbs,
    signature: response.signature,
  }) === 'right';

/** RFC 6960 §4.2.2.2: certified by the very key that certified the certificate in question, for this purpose. */
function isDelegate(responder: Certificate, question: StatusQuestion): boolean {
  const [issuer] = question.above;
  const { signatureAlgorithm: algorithm, tbs: signed, signature } = responder;
  return (
    responder !== question.certificate &&
    responder.issuerKey === issuer.subjectKey &&
    extendedKeyUsageOf(responder)?.includes(OID.ocspSigning) === true &&
    (keyUsageOf(responder)?.('digitalSignature') ?? true) &&
    checkSignature({ algorithm, key: issuer.publicKey, signed, signature }) === 'right' &&
    brokenRule([responder, ...question.above], { at: question.at, policies: ANY_POLICY, purpose: question.purpose }) ===
      null
  );
}

/** Until when the responder may be believed; null when it may not speak for this issuer. */
function authorityOf(response: OcspResponse, question: StatusQuestion, askLists: AskLists): Date | null {
  const [issuer] = question.above;
  if (isResponder(response, issuer) && isSignedBy(response, issuer)) return issuer.notAfter;
  for (const responder of response.certificates) {
    if (!isResponder(response, responder) || !isSignedBy(response, responder)) continue;
    if (!isDelegate(responder, question)) continue;
    // RFC 6960 §4.2.2.2.1: the issuer may say that this certificate needs no check; else lists must know it as good.
    if (responder.extensions.has(OID.ocspNoCheck)) return responder.notAfter;
    const own = askLists({ ...question, certificate: responder });
    if (own.state === 'good') return earlier(own.until, responder.notAfter);
  }
  return null;
}

/** Until when the answer counts; null when it is stale, or dated ahead of the time of judgement. */
function freshUntil(answer: SingleAnswer, response: OcspResponse, at: Date): Date | null {
  const latest = at.getTime() + TRUST_LIMITS.clockSkewMs;
  const { thisUpdate, nextUpdate } = answer;
  if (thisUpdate.getTime() > latest || response.producedAt.getTime() > latest) return null;
  if (nextUpdate !== null && nextUpdate < thisUpdate) return null;
  const until = nextUpdate ?? new Date(thisUpdate.getTime() + TRUST_LIMITS.ocspAnswerMaxAgeMs);
  return at <= until ? until : null;
}

/** RFC 9654 §2.1: another nonce than the one we sent is an answer to another question. */
const answersOurs = ({ response, nonceAsked }: StatusAnswer): boolean =>
  nonceAsked === null || response.nonce === null || response.nonce.equals(nonceAsked);

function stateBy(
  answer: SingleAnswer,
  said: StatusAnswer,
  question: StatusQuestion,
  askLists: AskLists,
): RevocationState {
  if (answer.status === 'unknown' || !answersOurs(said)) return UNKNOWN;
  const until = freshUntil(answer, said.response, question.at);
  if (until === null && answer.status !== 'revoked') return UNKNOWN;
  const authority = authorityOf(said.response, question, askLists);
  if (authority === null) return UNKNOWN;
  if (answer.status !== 'good' || until === null) return REVOKED;
  return { state: 'good', until: earlier(until, authority) };
}

/** Whether the certificate is revoked, as far as OCSP answers tell. */
export function revocationByAnswers(
  question: StatusQuestion,
  answers: readonly StatusAnswer[],
  askLists: AskLists,
): RevocationState {
  let best: RevocationState = UNKNOWN;
  for (const said of answers) {
    for (const answer of said.response.answers) {
      if (!isIdOf(answer.id, question.certificate, question.above[0])) continue;
      const found = stateBy(answer, said, question, askLists);
      if (found.state === 'revoked') return found;
      if (found.state === 'good' && (best.state !== 'good' || found.until > best.until)) best = found;
    }
  }
  return best;
}
