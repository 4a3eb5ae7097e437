/**
 * The shape certificates, revocation lists and certificate requests share: a body, the algorithm, the signature
 * (RFC 5280 4.1 and 5.1, RFC 2986 4.2). The structure is forge's, the signature is node:crypto's: forge's own RSA is a
 * hundred times slower, and never holds a key here. RSA signs PKCS#1 v1.5 with SHA-256, P-256 signs ECDSA with SHA-256.
 */

import { type KeyObject, sign } from 'node:crypto';
import { bitString, type DerValue, nullValue, oid, parseDer, sequence, toDer } from './der.ts';

/** The AlgorithmIdentifier of signatures made by this key. Throws RangeError on a key that is neither RSA nor EC. */
export function signatureAlgorithm(key: KeyObject): DerValue {
  if (key.asymmetricKeyType === 'rsa') return sequence(oid('1.2.840.113549.1.1.11'), nullValue());
  if (key.asymmetricKeyType === 'ec') return sequence(oid('1.2.840.10045.4.3.2'));
  throw new RangeError(`no signature algorithm for a key of type ${key.asymmetricKeyType}`);
}

/** SubjectPublicKeyInfo exactly as node:crypto encodes it, whatever the key type. */
export const publicKeyStructure = (publicKey: KeyObject): DerValue =>
  parseDer(publicKey.export({ type: 'spki', format: 'der' }));

/** The signed structure, in DER. */
export function signStructure(body: DerValue, key: KeyObject): Buffer {
  const signature = sign('sha256', toDer(body), key);
  return toDer(sequence(body, signatureAlgorithm(key), bitString(signature)));
}
