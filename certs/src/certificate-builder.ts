/**
 * Builds one X.509 v3 certificate (RFC 5280 4.1) from its parts: TBSCertificate by `forge.asn1`, so that EC keys fit
 * as well as RSA ones, keys and signature by node:crypto. It decides nothing about profiles.
 */

import { createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type DerValue, integer, itemAt, parseDer, positiveInteger, sequence, tagged, time } from './der.ts';
import { fromPem, toPem } from './pem.ts';
import { publicKeyStructure, signatureAlgorithm, signStructure } from './signed-structure.ts';

const generateKeys = promisify(generateKeyPair);

/** 127 random bits, positive, 16 bytes: over the 64 bits of entropy asked of CAs, under the 20 bytes of RFC 5280. */
const SERIAL_BYTES = 16;

export const KEY_KINDS = ['rsa-2048', 'rsa-3072', 'ec-p256'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export interface CertificateDraft {
  readonly serialHex: string;
  readonly issuerName: DerValue;
  readonly subjectName: DerValue;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly DerValue[];
}

/** A random positive serial number in 32 hex digits. */
export function newSerialHex(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** A new private key, made on the thread pool. */
export async function newPrivateKey(kind: KeyKind): Promise<KeyObject> {
  const pair =
    kind === 'ec-p256'
      ? await generateKeys('ec', { namedCurve: 'P-256' })
      : await generateKeys('rsa', { modulusLength: kind === 'rsa-2048' ? 2048 : 3072 });
  return pair.privateKey;
}

/** PKCS#8 PEM, not encrypted. */
export const privateKeyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const publicKeyOf = (privateKey: KeyObject): KeyObject => createPublicKey(privateKey);

/** The subject Name of a certificate, as it stands there, to be the issuer Name of what it signs. */
export function subjectNameOf(certificatePem: string): DerValue {
  const body = itemAt(parseDer(fromPem('CERTIFICATE', certificatePem)), 0);
  return itemAt(body, 5);
}

/** Signs the draft with the issuer's private key and gives the certificate in PEM. */
export function signCertificate(draft: CertificateDraft, issuerKey: KeyObject): string {
  const body = sequence(
    tagged(0, integer(2)),
    positiveInteger(Buffer.from(draft.serialHex, 'hex')),
    signatureAlgorithm(issuerKey),
    draft.issuerName,
    sequence(time(draft.notBefore), time(draft.notAfter)),
    draft.subjectName,
    publicKeyStructure(draft.publicKey),
    tagged(3, sequence(...draft.extensions)),
  );
  return toPem('CERTIFICATE', signStructure(body, issuerKey));
}
