/**
 * One place that decides which signature algorithms count, for letters, certificates and revocation lists alike:
 * RSA PKCS#1 v1.5 (2048 to 8192 bits) and ECDSA on the NIST curves, with SHA-256, SHA-384 or SHA-512.
 * The mathematics is node:crypto's.
 */
import { type KeyObject, verify } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { Algorithm } from './algorithm.ts';
import { SIGNATURE_ALGORITHMS } from './oids.ts';

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Whether the key is one this gateway takes for signatures. */
export function isAcceptableKey(key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') {
    const bits = details?.modulusLength ?? 0;
    const exponent = details?.publicExponent ?? 0n;
    const modulusFits = bits >= ENVELOPE_LIMITS.rsaModulusMinBits && bits <= ENVELOPE_LIMITS.rsaModulusMaxBits;
    return modulusFits && exponent >= 3n && exponent % 2n === 1n && exponent < 1n << 64n;
  }
  return key.asymmetricKeyType === 'ec' && CURVES.includes(details?.namedCurve ?? '');
}

export type SignatureOutcome = 'right' | 'wrong' | 'algorithm-refused';

/** Checks `signature` over `signed` by an algorithm that names its digest. */
export function checkSignature(check: {
  algorithm: Algorithm;
  key: KeyObject;
  signed: Uint8Array;
  signature: Uint8Array;
}): SignatureOutcome {
  const algorithm = SIGNATURE_ALGORITHMS[check.algorithm.oid];
  if (algorithm === undefined || algorithm.key !== check.key.asymmetricKeyType || !isAcceptableKey(check.key))
    return 'algorithm-refused';
  try {
    return verify(algorithm.digest, check.signed, check.key, check.signature) ? 'right' : 'wrong';
  } catch {
    return 'wrong';
  }
}
