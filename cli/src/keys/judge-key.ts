/**
 * Decides whether a key with its certificate may become a key of a mailbox, before anything is written: the address
 * stands in the certificate (RFC 8550 §3), key and certificate fit, the key is strong enough and of a kind that is
 * offered, the certificate may sign or receive mail, and it has not ended (an ended one is taken for opening only).
 * Whether its issuer is trusted and it was not revoked is judged when letters are sealed.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { KeyFileRefusalCode } from '@estafette/certs/key-file-refused';
import type { KeyIdentity } from '@estafette/certs/key-identity';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { isAmong, type OwnCertificate, readOwnCertificate } from '@estafette/gateway/inspect';
import { PlainError } from '../plain-error.ts';

export type KeyRefusalCode =
  | KeyFileRefusalCode
  /** The certificate cannot be read, or is that of an authority. */
  | 'certificate-refused'
  | 'address-other'
  | 'key-does-not-fit'
  /** RSA below 2048 bits or above 8192. */
  | 'key-size'
  /** A kind of key, or a curve, that is not offered. */
  | 'key-kind'
  /** Neither for signing nor for receiving encrypted mail. */
  | 'use-other'
  | 'expired';

/** A key that is not taken: a code, and a sentence for the operator. */
export class KeyRefused extends PlainError {
  readonly code: KeyRefusalCode;
  constructor(code: KeyRefusalCode, sentence: string) {
    super(`Refused: ${code}. ${sentence}`);
    this.code = code;
  }
}

/** A key that may be added. */
export interface AcceptedKey {
  readonly certificate: X509Certificate;
  readonly facts: OwnCertificate;
  readonly chain: readonly Buffer[];
  readonly privateKey: KeyObject;
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'];
const KINDS = ['rsa', 'rsa-pss', 'ec', 'ed25519', 'x25519'];

/** A key in words: `RSA 2048`, `EC prime256v1`, `ED25519`. */
export function keyInWords(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return [key.asymmetricKeyType?.toUpperCase(), modulusLength ?? namedCurve].filter(Boolean).join(' ');
}

function checkStrength(key: KeyObject): void {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const { rsaModulusMinBits: least, rsaModulusMaxBits: most } = KEY_LIMITS;
  if (modulusLength !== undefined && (modulusLength < least || modulusLength > most))
    throw new KeyRefused('key-size', `An RSA key has ${least} to ${most} bits, this one ${modulusLength}.`);
  if (!KINDS.includes(key.asymmetricKeyType ?? '') || (namedCurve !== undefined && !CURVES.includes(namedCurve)))
    throw new KeyRefused('key-kind', `Keys of kind ${keyInWords(key)} are not offered.`);
}

/** checkEmail knows SmtpUTF8Mailbox (RFC 9598) as well; its comparison of the local part minds capitals, ours does not. */
const holdsAddress = (certificate: X509Certificate, { addresses }: OwnCertificate, address: string): boolean =>
  isAmong(address, addresses) || certificate.checkEmail(address, { subject: 'always' }) !== undefined;

/** Gives the key when it may be added to the mailbox of this address; throws `KeyRefused`. */
export function judgeKey(
  identity: KeyIdentity,
  mailbox: { readonly address: string; readonly now: Date; readonly forOpening: boolean },
): AcceptedKey {
  const certificate = new X509Certificate(identity.certificatePem);
  const privateKey = createPrivateKey(identity.privateKeyPem);
  const facts = readOwnCertificate(certificate.raw);
  if (facts === null) throw new KeyRefused('certificate-refused', 'The certificate cannot be read.');
  if (facts.isAuthority) throw new KeyRefused('certificate-refused', 'It is the certificate of an authority.');
  if (!certificate.checkPrivateKey(privateKey))
    throw new KeyRefused('key-does-not-fit', 'The private key is not that of the certificate.');
  checkStrength(privateKey);
  if (!holdsAddress(certificate, facts, mailbox.address)) {
    const named = facts.addresses.length === 0 ? 'no address' : facts.addresses.join(', ');
    throw new KeyRefused('address-other', `The certificate is not for ${mailbox.address}: it names ${named}.`);
  }
  const isOver = certificate.validToDate <= mailbox.now;
  if (isOver && !mailbox.forOpening)
    throw new KeyRefused(
      'expired',
      `The certificate ended on ${certificate.validToDate.toISOString()}. With --for-opening it still opens older letters.`,
    );
  if (!facts.uses.encrypt && (isOver || !facts.uses.sign))
    throw new KeyRefused('use-other', 'The certificate is neither for signing nor for receiving encrypted mail.');
  const chain = identity.chainPem.map((pem) => new X509Certificate(pem)).filter((one) => one.subject !== one.issuer);
  return { certificate, facts, chain: chain.map(({ raw }) => raw), privateKey };
}
