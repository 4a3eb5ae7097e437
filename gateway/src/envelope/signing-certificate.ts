/**
 * The signed attributes signingCertificate (RFC 2634 §5.4) and signingCertificateV2 (RFC 5035 §3): the signer names his
 * own certificate by its digest, so that nobody can put another of the same key in its place.
 */
import { hash } from 'node:crypto';
import { readAlgorithm } from './algorithm.ts';
import { BerError, type BerNode, contentOf, isUniversal, sequenceOf, TAG } from './ber.ts';
import type { Certificate } from './certificate.ts';
import { KEY_DIGESTS } from './oids.ts';

/** ESSCertID or ESSCertIDv2: SHA-1 there, here the digest that is named or else SHA-256. */
function names(identifier: BerNode | undefined, defaultDigest: 'sha1' | 'sha256', certificate: Certificate): boolean {
  const [first, second] = sequenceOf(identifier);
  const isNamed = defaultDigest === 'sha256' && isUniversal(first, TAG.sequence);
  const digest = isNamed ? KEY_DIGESTS[readAlgorithm(first).oid] : defaultDigest;
  const value = isNamed ? second : first;
  if (digest === undefined || !isUniversal(value, TAG.octetString)) return false;
  // SHA-256, the usual one, is known of every certificate.
  const known = digest === 'sha256' ? certificate.fingerprint : hash(digest, certificate.raw);
  return contentOf(value).toString('hex') === known;
}

/** Whether the attribute's value names this certificate: the first of its list does (RFC 5035 §5.4). Throws `BerError`. */
export function namesSigningCertificate(value: BerNode, version: 1 | 2, certificate: Certificate): boolean {
  const [list] = sequenceOf(value);
  const [own] = sequenceOf(list);
  if (own === undefined) throw new BerError('signing certificate not named');
  return names(own, version === 1 ? 'sha1' : 'sha256', certificate);
}
