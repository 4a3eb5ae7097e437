/**
 * A trust list from its bytes: taken apart strictly, its signer judged, its signature checked by xml-crypto (XML
 * Signature Syntax and Processing, §3.2), and its rows read from nothing but the octets that the signature covers
 * (`getSignedReferences`): whatever else stands in the document is never looked at, so nothing can be wrapped around.
 * Runs in a worker: ten thousand rows are some hundred milliseconds.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization, SignedXml } from 'xml-crypto';
import { canonicalList, LIST_ROOT, SIGNATURE_NAMESPACE } from './canonical-list.ts';
import { ListRefused } from './list-refused.ts';
import { type ListRows, readRows } from './list-rows.ts';
import { checkSigner, type ListSigner, type SignerPolicy } from './list-signer.ts';
import { ALGORITHMS, signerCertificate } from './signature-form.ts';

export interface VerifiedList extends ListRows {
  readonly signer: ListSigner;
  /** SHA-256 of the signed octets, hexadecimal. */
  readonly digest: string;
}

const wrong = (cause?: unknown): ListRefused => new ListRefused('list-signature-wrong', null, cause);

/**
 * Exclusive canonicalization for xml-crypto: its own for SignedInfo; for the list, whose document it is given with
 * nothing in it but the signature, the canonical form that was made of the whole.
 */
function canonicalizationOf(canonical: string): typeof ExclusiveCanonicalization {
  return class extends ExclusiveCanonicalization {
    override process(...given: Parameters<ExclusiveCanonicalization['process']>): string {
      return given[0].localName === LIST_ROOT ? canonical : super.process(...given);
    }
  };
}

function only<T>(table: Record<string, T>, ...names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)));
}

/** The octets that were signed. The form of the signature was checked before; the key is that of its certificate. */
function signedOctets(signatureAlone: string, canonical: string, certificate: X509Certificate): string {
  const check = new SignedXml({ publicCert: certificate.publicKey, getCertFromKeyInfo: () => null });
  check.CanonicalizationAlgorithms = {
    ...only(check.CanonicalizationAlgorithms, ALGORITHMS.enveloped),
    [ALGORITHMS.canonicalization]: canonicalizationOf(canonical),
  };
  check.HashAlgorithms = only(check.HashAlgorithms, ALGORITHMS.digest);
  check.SignatureAlgorithms = only(check.SignatureAlgorithms, ALGORITHMS.signature);
  const errorHandler = (_level: string, message: unknown): never => {
    throw wrong(message);
  };
  let isRight = false;
  try {
    const document = new DOMParser({ errorHandler }).parseFromString(signatureAlone, 'text/xml');
    const [signature, ...others] = Array.from(document.getElementsByTagNameNS(SIGNATURE_NAMESPACE, 'Signature'));
    if (signature === undefined || others.length > 0) throw wrong();
    check.loadSignature(signature);
    isRight = check.checkSignature(signatureAlone);
  } catch (error) {
    throw error instanceof ListRefused ? error : wrong(error);
  }
  const [octets, ...more] = check.getSignedReferences();
  if (!isRight || octets === undefined || more.length > 0) throw wrong();
  return octets;
}

/**
 * Reads and verifies a list. `at`: when its signer must be in date, beside the time the list was generated; null: only
 * then (a copy that was accepted before). Throws `ListRefused` and nothing else for what the bytes contain.
 */
export function readList(bytes: Uint8Array, policy: SignerPolicy, at: number | null): VerifiedList {
  const { canonical, signatureAlone } = canonicalList(bytes);
  if (signatureAlone === null) throw new ListRefused('list-unsigned');
  const der = signerCertificate(signatureAlone);
  const { signer, certificate } = checkSigner(der, policy, at);
  const octets = signedOctets(signatureAlone, canonical, certificate);
  const rows = readRows(octets);
  checkSigner(der, policy, rows.generatedAt);
  return { ...rows, signer, digest: createHash('sha256').update(octets).digest('hex') };
}
