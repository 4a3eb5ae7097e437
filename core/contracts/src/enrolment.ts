/**
 * How a phone joins: a one-time link whose secret stands in the URL fragment, so that it reaches the phone and
 * never the relay. The phone proves the secret by a MAC over its public keys; the gateway answers under a key
 * derived from the same secret. The relay carries both and can change neither.
 */
import * as v from 'valibot';
import { type Bytes, base64url, fromBase64url, fromUtf8, utf8 } from './bytes.ts';
import { idOf } from './ids.ts';

const PublicKey = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{87}$/, 'an uncompressed P-256 point'));

/** What the phone posts to the relay. */
export const EnrolmentRequestSchema = v.object({
  enrolmentId: idOf('enrolment'),
  deviceId: idOf('device'),
  wrappingKey: PublicKey,
  signingKey: PublicKey,
  /** HMAC-SHA256 of the fields above under a key derived from the secret. */
  proof: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
});
export type EnrolmentRequest = v.InferOutput<typeof EnrolmentRequestSchema>;

/** What the gateway answers, sealed; or a code of the failure catalogue, in clear. */
export const EnrolmentAnswerSchema = v.variant('outcome', [
  v.object({ outcome: v.literal('joined'), iv: v.string(), ct: v.string() }),
  v.object({ outcome: v.literal('refused'), failure: v.string() }),
]);
export type EnrolmentAnswer = v.InferOutput<typeof EnrolmentAnswerSchema>;

/** The content of a sealed answer. */
export const MembershipSchema = v.object({
  mailboxId: idOf('mailbox'),
  address: v.string(),
  mailboxName: v.string(),
  person: v.string(),
  gatewayKey: PublicKey,
});
export type Membership = v.InferOutput<typeof MembershipSchema>;

/** The link for a person: `<web>/#/enrol/<enrolment id>.<secret>`. */
export function enrolmentLink(webAddress: string, enrolmentId: string, secret: Bytes): string {
  return `${webAddress.replace(/\/+$/, '')}/#/enrol/${enrolmentId}.${base64url(secret)}`;
}

/** Reads the fragment (or the whole link); null when it is not an enrolment link. */
export function readEnrolmentLink(link: string): { enrolmentId: string; secret: Bytes } | null {
  const found = /#\/enrol\/(enr_[0-9A-Za-z]{26})\.([A-Za-z0-9_-]{43})$/.exec(link.trim());
  if (found === null) return null;
  return { enrolmentId: found[1] as string, secret: fromBase64url(found[2] as string) };
}

async function derive(secret: Bytes, enrolmentId: string, purpose: 'request' | 'answer'): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const parameters = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: utf8(enrolmentId),
    info: utf8(`estafette/1 enrolment ${purpose}`),
  };
  return purpose === 'request'
    ? crypto.subtle.deriveKey(parameters, base, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, [
        'sign',
        'verify',
      ])
    : crypto.subtle.deriveKey(parameters, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function requestInput(request: Omit<EnrolmentRequest, 'proof'>): Bytes {
  const { enrolmentId, deviceId, wrappingKey, signingKey } = request;
  return utf8(JSON.stringify(['estafette', 1, 'enrolment', enrolmentId, deviceId, wrappingKey, signingKey]));
}

/** Phone: the proof for a request. */
export async function proveEnrolment(secret: Bytes, request: Omit<EnrolmentRequest, 'proof'>): Promise<string> {
  const key = await derive(secret, request.enrolmentId, 'request');
  return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, requestInput(request))));
}

/** Gateway: whether the request comes from someone who holds the secret. Constant time (WebCrypto verify). */
export async function checkEnrolmentProof(secret: Bytes, request: EnrolmentRequest): Promise<boolean> {
  const key = await derive(secret, request.enrolmentId, 'request');
  return crypto.subtle.verify('HMAC', key, fromBase64url(request.proof), requestInput(request));
}

function answerBinding(enrolmentId: string, deviceId: string): Bytes {
  return utf8(JSON.stringify(['estafette', 1, 'enrolment-answer', enrolmentId, deviceId]));
}

/** Gateway: the sealed answer. */
export async function sealMembership(
  secret: Bytes,
  request: { enrolmentId: string; deviceId: string },
  membership: Membership,
): Promise<EnrolmentAnswer> {
  const key = await derive(secret, request.enrolmentId, 'answer');
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = answerBinding(request.enrolmentId, request.deviceId);
  const ct = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData },
    key,
    utf8(JSON.stringify(membership)),
  );
  return { outcome: 'joined', iv: base64url(iv), ct: base64url(new Uint8Array(ct)) };
}

/** Phone: opens the answer; throws when it is not from the gateway that made the link. */
export async function openMembership(
  secret: Bytes,
  request: { enrolmentId: string; deviceId: string },
  answer: { iv: string; ct: string },
): Promise<Membership> {
  const key = await derive(secret, request.enrolmentId, 'answer');
  const additionalData = answerBinding(request.enrolmentId, request.deviceId);
  const clear = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: fromBase64url(answer.iv), additionalData },
    key,
    fromBase64url(answer.ct),
  );
  return v.parse(MembershipSchema, JSON.parse(fromUtf8(new Uint8Array(clear))));
}
