/**
 * How CMS names a certificate: issuer and serial number, or subject key identifier (RFC 5652 §5.3 and §6.2.1). The
 * name decides nothing about trust; the identifier is the one the certificate states, never one worked out from its key.
 */
import { BerError, type BerNode, integerOf, isContext, octetsOf, rawOf, sequenceOf } from './ber.ts';
import { type Certificate, subjectKeyIdentifierOf } from './certificate.ts';
import { readName } from './certificate-name.ts';

export type CertificateIdentifier =
  | { readonly issuer: BerNode; readonly serial: Buffer }
  | { readonly keyIdentifier: Buffer };

const SERIAL_MAX_BYTES = 64;

function readIssuerAndSerial(node: BerNode): CertificateIdentifier {
  const [issuer, serial] = sequenceOf(node);
  if (issuer === undefined) throw new BerError('issuer missing');
  return { issuer, serial: integerOf(serial, SERIAL_MAX_BYTES) };
}

/** SignerIdentifier, or RecipientIdentifier of key transport. */
export function readIdentifier(node: BerNode | undefined): CertificateIdentifier {
  if (node === undefined) throw new BerError('identifier missing');
  return isContext(node, 0) ? { keyIdentifier: octetsOf(node) } : readIssuerAndSerial(node);
}

/** KeyAgreeRecipientIdentifier (RFC 5652 §6.2.2): there the key identifier stands in a SEQUENCE, with more beside it. */
export function readAgreementIdentifier(node: BerNode | undefined): CertificateIdentifier {
  if (node === undefined) throw new BerError('identifier missing');
  if (!isContext(node, 0)) return readIssuerAndSerial(node);
  const identifier = node.children[0];
  if (identifier === undefined) throw new BerError('key identifier missing');
  return { keyIdentifier: octetsOf(identifier) };
}

/** Whether the identifier names this certificate. */
export function isIdentified(certificate: Certificate, identifier: CertificateIdentifier): boolean {
  if ('keyIdentifier' in identifier)
    return subjectKeyIdentifierOf(certificate)?.equals(identifier.keyIdentifier) === true;
  if (!certificate.serial.equals(identifier.serial)) return false;
  const { issuer } = identifier;
  return rawOf(issuer).equals(certificate.issuerRaw) || readName(issuer).key === certificate.issuerKey;
}
