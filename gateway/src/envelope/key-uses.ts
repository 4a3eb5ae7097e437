/**
 * What a mailbox's certificate says its key may be used for (RFC 8550 §4.4.2): signing by digitalSignature or
 * nonRepudiation, receiving encrypted letters by keyEncipherment or keyAgreement; without keyUsage both. A purpose
 * other than mail, or a kind of key that cannot do it, takes the use away. It says nothing of trust.
 */
import type { KeyUses } from '../ports.ts';
import { BerError } from './ber.ts';
import { readCertificate } from './certificate.ts';
import { mayBeUsedFor } from './certificate-path.ts';

const SIGNING_KINDS = ['rsa', 'rsa-pss', 'ec', 'ed25519'];
const ENCRYPTING_KINDS = ['rsa', 'ec', 'x25519'];

/** The uses of a DER certificate; none when it cannot be read. */
export function keyUsesOf(der: Buffer): KeyUses {
  try {
    const certificate = readCertificate(der);
    const kind = certificate.publicKey.asymmetricKeyType ?? '';
    return {
      sign: SIGNING_KINDS.includes(kind) && mayBeUsedFor(certificate, ['digitalSignature', 'nonRepudiation']),
      encrypt: ENCRYPTING_KINDS.includes(kind) && mayBeUsedFor(certificate, ['keyEncipherment', 'keyAgreement']),
    };
  } catch (error) {
    if (error instanceof BerError) return { sign: false, encrypt: false };
    throw error;
  }
}
