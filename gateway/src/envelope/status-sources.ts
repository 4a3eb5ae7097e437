/**
 * Where what is missing to judge a path could be had, as the certificates themselves say (RFC 5280 §4.2.1.13,
 * §4.2.2.1): lists, OCSP responders with a ready question, certificates of issuers. Nothing is fetched here, and a
 * certificate may name any address it likes: whoever fetches decides what may be reached.
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import type { StatusSource } from '../ports.ts';
import { BerError } from './ber.ts';
import type { Certificate } from './certificate.ts';
import { ocspRequest } from './ocsp-request.ts';
import { OID } from './oids.ts';
import { accessUrlsOf, listUrlsOf } from './revocation-scope.ts';

/** An extension that cannot be read proposes nothing. */
function orNothing(find: () => StatusSource[]): StatusSource[] {
  try {
    return find();
  } catch (error) {
    if (error instanceof BerError) return [];
    throw error;
  }
}

/** Where the status of a certificate could be had. */
export const statusSources = (certificate: Certificate, issuer: Certificate): StatusSource[] => [
  ...orNothing(() =>
    accessUrlsOf(certificate, OID.ocsp).map((url) => ({
      kind: 'ocsp',
      url,
      request: ocspRequest(certificate, issuer),
    })),
  ),
  ...orNothing(() => listUrlsOf(certificate).map((url) => ({ kind: 'crl', url }))),
];

/** Where the certificate of its issuer could be had. */
export const issuerSources = (certificate: Certificate): StatusSource[] =>
  orNothing(() => accessUrlsOf(certificate, OID.caIssuers).map((url) => ({ kind: 'issuer', url })));

/** Each place once (an OCSP responder once for each question), as many as may be proposed. */
export function boundedSources(sources: readonly StatusSource[]): StatusSource[] {
  const places = new Map<string, StatusSource>();
  for (const source of sources) {
    const name = source.kind === 'ocsp' ? `${source.url} ${places.size}` : `${source.kind} ${source.url}`;
    if (places.size < TRUST_LIMITS.sourcesMax && !places.has(name)) places.set(name, source);
  }
  return [...places.values()];
}
