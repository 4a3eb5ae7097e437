/**
 * One place that decides which signature algorithms count, for letters, certificates, revocation lists and OCSP alike:
 * RSA PKCS#1 v1.5 and RSASSA-PSS (2048 to 8192 bits), ECDSA on the NIST and Brainpool curves, with SHA-256, SHA-384 or
 * SHA-512, and Ed25519. Never SHA-1, MD5 or DSA. The mathematics is node:crypto's, judged by Wycheproof
 * (wycheproof.test.ts); what it is lax about is refused here.
 */
import { constants, type KeyObject, verify } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { type Algorithm, isNullOrAbsent } from './algorithm.ts';
import { BerError, isUniversal, readBer, TAG } from './ber.ts';
import { isSmallOrderPoint } from './ed25519-point.ts';
import { CURVES, OID } from './oids.ts';
import { readPssParameters } from './rsa-parameters.ts';

type Scheme =
  | { readonly kind: 'rsa' | 'ec' | 'ed25519'; readonly digest: string }
  | { readonly kind: 'rsa-pss'; readonly digest: string; readonly saltBytes: number };

/** Signature algorithms that name their digest. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.1.1.11': { kind: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { kind: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { kind: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { kind: 'ec', digest: 'sha512' },
};

/** How the algorithm signs, or null when it does not count here. */
function schemeOf({ oid, parameters }: Algorithm): Scheme | null {
  if (oid === OID.rsaPss) {
    const pss = readPssParameters(parameters);
    return pss === null ? null : { kind: 'rsa-pss', ...pss };
  }
  // RFC 8410 §3: no parameters. RFC 8419 §3.1: signed attributes go with SHA-512.
  if (oid === OID.ed25519) return parameters === null ? { kind: 'ed25519', digest: 'sha512' } : null;
  return isNullOrAbsent(parameters) ? (SCHEMES[oid] ?? null) : null;
}

/** The digest a signature algorithm goes with, or null when the algorithm does not count; throws `BerError`. */
export function digestOfSignature(algorithm: Algorithm): string | null {
  return schemeOf(algorithm)?.digest ?? null;
}

function isAcceptableRsa({ asymmetricKeyDetails: details }: KeyObject): boolean {
  const bits = details?.modulusLength ?? 0;
  const exponent = details?.publicExponent ?? 0n;
  const modulusFits = bits >= ENVELOPE_LIMITS.rsaModulusMinBits && bits <= ENVELOPE_LIMITS.rsaModulusMaxBits;
  // CryptoAPI holds exponents of 32 bits: no certificate for mail has a longer one, and a longer one only costs time.
  return modulusFits && exponent >= 3n && exponent % 2n === 1n && exponent < 1n << 32n;
}

/** A curve by its name: explicit parameters, which node:crypto may take for the named curve, are refused (RFC 5480 §2.1.1). */
function isAcceptableCurve(key: KeyObject): boolean {
  if (CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] === undefined) return false;
  const spki = readBer(key.export({ type: 'spki', format: 'der' }), { depthMax: 8, nodesMax: 32, der: true });
  return isUniversal(spki.children[0]?.children[1], TAG.oid);
}

function findAcceptable(key: KeyObject): boolean {
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return isAcceptableRsa(key);
    case 'ec':
      return isAcceptableCurve(key);
    case 'ed25519':
      return !isSmallOrderPoint(key.export({ type: 'spki', format: 'der' }).subarray(-32));
    default:
      return false;
  }
}

const acceptable = new WeakMap<KeyObject, boolean>();

/** Whether the key is one this gateway takes for signatures. */
export function isAcceptableKey(key: KeyObject): boolean {
  const known = acceptable.get(key);
  if (known !== undefined) return known;
  const found = findAcceptable(key);
  acceptable.set(key, found);
  return found;
}

/** Whether key and scheme go together; a key made for PSS may restrict digest and salt (RFC 4055 §3.3). */
function fits(key: KeyObject, scheme: Scheme): boolean {
  if (scheme.kind !== 'rsa-pss') return key.asymmetricKeyType === scheme.kind;
  const { modulusLength = 0, hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {};
  // RFC 8017 §9.1.1: the encoded message holds hash, salt and two octets.
  const saltMaxBytes =
    Math.ceil((modulusLength - 1) / 8) - DIGEST_BYTES[scheme.digest as keyof typeof DIGEST_BYTES] - 2;
  if (scheme.saltBytes > saltMaxBytes) return false;
  if (key.asymmetricKeyType === 'rsa') return true;
  return (
    key.asymmetricKeyType === 'rsa-pss' &&
    (hashAlgorithm === undefined ||
      (hashAlgorithm === scheme.digest && mgf1HashAlgorithm === scheme.digest && scheme.saltBytes >= saltLength))
  );
}

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;

export type SignatureOutcome = 'right' | 'wrong' | 'algorithm-refused';

/** Checks `signature` over `signed` by an algorithm that names its digest. */
export function checkSignature(check: {
  algorithm: Algorithm;
  key: KeyObject;
  signed: Uint8Array;
  signature: Uint8Array;
}): SignatureOutcome {
  const { key, signed, signature } = check;
  try {
    const scheme = schemeOf(check.algorithm);
    if (scheme === null || !fits(key, scheme) || !isAcceptableKey(key)) return 'algorithm-refused';
    const digest = scheme.kind === 'ed25519' ? null : scheme.digest;
    const keyInput =
      scheme.kind === 'rsa-pss' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltBytes } : key;
    return verify(digest, signed, keyInput, signature) ? 'right' : 'wrong';
  } catch (error) {
    return error instanceof BerError ? 'algorithm-refused' : 'wrong';
  }
}
