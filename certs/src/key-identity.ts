/**
 * From loose private keys and certificates to identities: each key with every certificate that is of it, and the chain
 * above. Who belongs to whom is settled by node:crypto and by signatures' names, never by labels or order in a file.
 */

import { type KeyObject, X509Certificate } from 'node:crypto';
import { KeyFileRefused } from './key-file-refused.ts';
import { toPem } from './pem.ts';

export interface KeyIdentity {
  /** PKCS#8 PEM, not encrypted. */
  readonly privateKeyPem: string;
  /** The certificate of that key. */
  readonly certificatePem: string;
  /** Its issuer, that one's issuer, and so on, as far as the file has them. Not verified. */
  readonly chainPem: readonly string[];
}

/**
 * Every key with its certificates, in the order of the keys; a key with two certificates gives two identities.
 * Throws KeyFileRefused: no-key, or no-certificate where no key has one.
 */
export function identitiesFrom(found: readonly KeyObject[], given: readonly X509Certificate[]): KeyIdentity[] {
  const keys = found.filter((one, at) => found.findIndex((other) => other.equals(one)) === at);
  if (keys.length === 0) throw new KeyFileRefused('no-key', 'the file holds no readable private key');
  const certificates = given.filter((one, at) => given.findIndex((other) => other.raw.equals(one.raw)) === at);
  const identities = keys.flatMap((key) =>
    certificates
      .filter((candidate) => candidate.checkPrivateKey(key))
      .map((certificate) => ({
        privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certificatePem: toPem('CERTIFICATE', certificate.raw),
        chainPem: chainAbove(certificate, certificates).map((issuer) => toPem('CERTIFICATE', issuer.raw)),
      })),
  );
  if (identities.length === 0)
    throw new KeyFileRefused('no-certificate', 'the file holds no certificate of its private key');
  return identities;
}

/** The certificates above one, as far as these candidates have them; PEM. */
export const chainOf = (certificatePem: string, candidatesPem: readonly string[]): string[] =>
  chainAbove(
    new X509Certificate(certificatePem),
    candidatesPem.map((pem) => new X509Certificate(pem)),
  ).map((issuer) => toPem('CERTIFICATE', issuer.raw));

function chainAbove(leaf: X509Certificate, candidates: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let lowest = leaf;
  for (;;) {
    const issuer = candidates.find(
      (candidate) => !candidate.raw.equals(leaf.raw) && !chain.includes(candidate) && lowest.checkIssued(candidate),
    );
    if (issuer === undefined) return chain;
    chain.push(issuer);
    lowest = issuer;
  }
}
