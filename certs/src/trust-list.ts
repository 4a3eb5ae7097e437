/**
 * Builds and signs a list of domains and operators exactly as MSSanté publishes its own (shared facts, MSSanté 1.3):
 * UTF-8 XML, an enveloped signature by RSA and SHA-256 over the whole document in exclusive canonical form, the signer's
 * certificate beside it, base64 in lines that end in a carriage return. For tests and demos: who trusts such a list
 * trusts the development authority. The real signer's certificate is that of a mailbox with a common name of its own:
 * `issueMailboxCertificate` with `usage: 'signing'` and `commonName`.
 */
import { SignedXml } from 'xml-crypto';

export interface TrustListRow {
  readonly domain: string;
  /** Distinguished names of certificates, as they shall be printed; one row of the list for each. */
  readonly names: readonly string[];
}

export interface TrustListOptions {
  readonly generatedAt: Date;
  readonly rows: readonly TrustListRow[];
}

const NAMESPACE = 'https://listeblanche.mssante.fr/schema';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => SIGNS[sign] ?? sign);
/** xsd:dateTime as the list has it: seconds, in UTC. */
const timeText = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

function rowText(domain: string, name: string, time: string): string {
  const operator = domain.split('.')[0]?.toUpperCase() ?? '';
  return `    <Domaine>
      <Nom>${escaped(domain)}</Nom>
      <Description>Domaine de messagerie de ${escaped(operator)} (essai)</Description>
      <DNCertificatOperateur>${escaped(name)}</DNCertificatOperateur>
      <ResponsableContact>01 00 00 00 00, responsable@${escaped(domain)}</ResponsableContact>
      <SupportContact>01 00 00 00 00, support@${escaped(domain)}</SupportContact>
      <DateMAJ>${time}</DateMAJ>
    </Domaine>`;
}

/** The list without a signature. */
export function trustListXml({ generatedAt, rows }: TrustListOptions): string {
  const time = timeText(generatedAt);
  const lines = rows.flatMap(({ domain, names }) => names.map((name) => rowText(domain, name, time)));
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListeBlancheMSSante xmlns="${NAMESPACE}">
  <DateDeGeneration>${time}</DateDeGeneration>
  <ListeDomaines>
${lines.join('\n')}
  </ListeDomaines>
</ListeBlancheMSSante>`;
}

/** Base64 in lines of 76, as Java writes it: the carriage return survives as a character reference. */
const inLines = (base64: string): string => (base64.replace(/\s/g, '').match(/.{1,76}/g) ?? []).join('&#13;\n');

/** Signs a list. Some seconds for ten thousand rows: the library walks the document as a tree. */
export function signTrustList(
  xml: string,
  signer: { readonly certificatePem: string; readonly privateKeyPem: string },
): Buffer {
  const signing = new SignedXml({
    privateKey: signer.privateKeyPem,
    publicCert: signer.certificatePem,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  const transforms = [ENVELOPED, EXCLUSIVE];
  signing.addReference({ xpath: '/*', isEmptyUri: true, transforms, digestAlgorithm: SHA256 });
  signing.computeSignature(xml, { location: { reference: '/*', action: 'append' } });
  // Neither element is under the signature: its value, and the certificate beside it.
  const signed = signing
    .getSignedXml()
    .replace(
      /<(SignatureValue|X509Certificate)>([^<]*)</g,
      (_all, name: string, base64: string) => `<${name}>${inLines(base64)}<`,
    );
  return Buffer.from(signed);
}
