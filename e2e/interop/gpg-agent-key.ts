/**
 * A private key as gpg-agent keeps it in a file (GnuPG, agent/keyformat.txt: an S-expression, not protected), because
 * gpgsm's import of PKCS#12 knows RSA only. From PKCS#8 (RFC 5958), RSAPrivateKey (RFC 8017) and ECPrivateKey (RFC 5915).
 */
import type { KeyObject } from 'node:crypto';
import { type BerNode, contentOf, octetsOf, readBer, sequenceOf } from '@estafette/gateway/envelope/ber';
import type { Identity, KeyKind } from './world.ts';

const CURVES: Readonly<Partial<Record<KeyKind, { name: string; bytes: number }>>> = {
  p256: { name: 'NIST P-256', bytes: 32 },
  p384: { name: 'NIST P-384', bytes: 48 },
  p521: { name: 'NIST P-521', bytes: 66 },
  brainpool: { name: 'brainpoolP256r1', bytes: 32 },
};

const readDer = (der: Buffer): readonly BerNode[] =>
  sequenceOf(readBer(der, { depthMax: 8, nodesMax: 100, der: true }));

/** The key inside PKCS#8: its fields in the order of its own format. */
function fieldsOf(key: KeyObject): readonly BerNode[] {
  const [, , inner] = readDer(key.export({ type: 'pkcs8', format: 'der' }));
  return inner === undefined ? [] : readDer(octetsOf(inner));
}

const hexOf = (node: BerNode | undefined): string => (node === undefined ? '' : contentOf(node).toString('hex'));

/** The file's text, or null for a kind of key that gpg-agent does not keep for gpgsm. */
export function agentKey({ kind, privateKey, certificate }: Identity): string | null {
  const curve = CURVES[kind];
  if (curve !== undefined) {
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    const point = spki.subarray(-(2 * curve.bytes + 1)).toString('hex');
    const [, secret] = fieldsOf(privateKey);
    return `(private-key (ecc (curve "${curve.name}")(q #${point}#)(d #00${hexOf(secret)}#)))`;
  }
  if (kind === 'ed25519') {
    const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
    const [point, secret] = [x, d].map((part) => Buffer.from(part, 'base64url').toString('hex'));
    return `(private-key (ecc (curve Ed25519)(flags eddsa)(q #40${point}#)(d #${secret}#)))`;
  }
  if (kind === 'x25519') return null; // opening fails with every curve
  const [, n, e, d, p, q, , , coefficient] = fieldsOf(privateKey).map(hexOf);
  // libgcrypt wants p < q and u = p⁻¹ mod q, which is OpenSSL's coefficient with p and q exchanged.
  return `(private-key (rsa (n #${n}#)(e #${e}#)(d #${d}#)(p #${q}#)(q #${p}#)(u #${coefficient}#)))`;
}
