/**
 * Questions to OCSP responders (RFC 6960 §4.1) about one certificate each, with a nonce of 32 octets (RFC 9654), so that
 * an old answer cannot be given for a new question.
 */
import { createHash, randomBytes } from 'node:crypto';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError, isContext, readBer, sequenceOf } from './ber.ts';
import { type Certificate, readExtensions } from './certificate.ts';
import { context, element, nullElement, octetString, oid, sequence } from './der.ts';
import { nonceIn } from './ocsp-response.ts';
import { OID } from './oids.ts';

const SHA1 = '1.3.14.3.2.26';
const REQUEST_LIMITS = { depthMax: 12, nodesMax: 500, der: true } as const;

/**
 * The DER of a request about `certificate` of `issuer`. The certificate is named by SHA-1 digests, which every responder
 * knows (RFC 5019 §2.1.1): they identify and prove nothing.
 */
export function ocspRequest(certificate: Certificate, issuer: Certificate): Buffer {
  const digest = (bytes: Buffer): Buffer => octetString(createHash('sha1').update(bytes).digest());
  const id = sequence(
    sequence(oid(SHA1), nullElement()),
    digest(certificate.issuerRaw),
    digest(issuer.keyOctets),
    element(0x02, certificate.serial),
  );
  const nonce = octetString(octetString(randomBytes(TRUST_LIMITS.ocspNonceBytes)));
  return sequence(sequence(sequence(sequence(id)), context(2, sequence(sequence(oid(OID.ocspNonce), nonce)))));
}

/** The nonce of a request we made, or null when it has none; throws `BerError`. */
export function nonceOfRequest(raw: Buffer): Buffer | null {
  if (raw.length > TRUST_LIMITS.ocspResponseMaxBytes) throw new BerError('request too large');
  const fields = sequenceOf(sequenceOf(readBer(raw, REQUEST_LIMITS))[0]);
  const extensions = fields.find((node) => isContext(node, 2));
  return extensions === undefined ? null : nonceIn(readExtensions(extensions.children[0]));
}
