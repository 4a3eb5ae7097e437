/**
 * Revocation: strikes a certificate out of the register, and publishes the lists (X.509 CRL v2, RFC 5280 5) of the
 * root and of the issuing authority, complete, with reasons, cRLNumber and authorityKeyIdentifier.
 *
 * cRLNumber never falls, even if the register was not saved after the last list: it is at least the time of the list in
 * seconds. A revocation is for good; revoking again changes nothing.
 */

import { createPrivateKey } from 'node:crypto';
import type { AuthorityLevel, DevelopmentAuthority, RegisterEntry, RevocationReason } from './authority-register.ts';
import { publicKeyOf, subjectNameOf } from './certificate-builder.ts';
import { authorityKeyIdentifier, extension } from './certificate-extensions.ts';
import { type DerValue, enumerated, integer, positiveInteger, sequence, tagged, time } from './der.ts';
import { toPem } from './pem.ts';
import { signatureAlgorithm, signStructure } from './signed-structure.ts';

const HOUR_MS = 3_600_000;

/** CRLReason (RFC 5280 5.3.1). `unspecified` is written by leaving the reason out. */
const REASON_CODES: Record<RevocationReason, number> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
};

/** The register knows no certificate with this serial number. */
export class UnknownCertificate extends Error {
  override readonly name = 'UnknownCertificate';
}

export interface RevocationListOptions {
  /** Which of the two authorities publishes. */
  readonly level: AuthorityLevel;
  readonly now: Date;
  /** From `now` to nextUpdate, in hours. */
  readonly validHours: number;
}

export interface RevocationList {
  readonly pem: string;
  readonly der: Buffer;
  readonly crlNumber: number;
  readonly nextUpdate: Date;
}

/**
 * Strikes the certificate out, as of `at`. Takes the serial in hex, in any case, colons and leading zeros allowed.
 * Gives the register entry; one already revoked keeps its first date and reason. Throws UnknownCertificate.
 */
export function revoke(
  authority: DevelopmentAuthority,
  serialHex: string,
  reason: RevocationReason,
  at: Date,
): RegisterEntry {
  const wanted = serialHex.replaceAll(':', '').toLowerCase().replace(/^0+/, '');
  const entry = authority.register.find((candidate) => candidate.serialHex.replace(/^0+/, '') === wanted);
  if (entry === undefined) throw new UnknownCertificate(`no certificate with serial ${serialHex} in the register`);
  entry.revocation ??= { at: at.toISOString(), reason };
  return entry;
}

/** Builds and signs the complete list of one level, and counts its number in the register. */
export function buildRevocationList(authority: DevelopmentAuthority, options: RevocationListOptions): RevocationList {
  const { level, now } = options;
  if (!(options.validHours > 0)) throw new RangeError(`validHours must be more than 0: ${options.validHours}`);
  const key = createPrivateKey(level === 'root' ? authority.rootKeyPem : authority.issuingKeyPem);
  const issuerPem = level === 'root' ? authority.rootCertificatePem : authority.issuingCertificatePem;
  const crlNumber = Math.max(authority.crlNumbers[level] + 1, Math.floor(now.getTime() / 1000));
  const nextUpdate = new Date(now.getTime() + options.validHours * HOUR_MS);
  const revoked = authority.register.filter((entry) => entry.issuer === level).flatMap(revokedItem);
  const extensions = sequence(
    authorityKeyIdentifier(publicKeyOf(key)),
    extension('2.5.29.20', integer(crlNumber)), // cRLNumber, RFC 5280 5.2.3
  );
  const body = sequence(
    integer(1), // v2
    signatureAlgorithm(key),
    subjectNameOf(issuerPem),
    time(now),
    time(nextUpdate),
    ...(revoked.length > 0 ? [sequence(...revoked)] : []), // absent when empty, RFC 5280 5.1.2.6
    tagged(0, extensions),
  );
  const der = signStructure(body, key);
  authority.crlNumbers[level] = crlNumber;
  return { pem: toPem('X509 CRL', der), der, crlNumber, nextUpdate };
}

function revokedItem(entry: RegisterEntry): DerValue[] {
  if (entry.revocation === null) return [];
  const { at, reason } = entry.revocation;
  const serial = positiveInteger(Buffer.from(entry.serialHex, 'hex'));
  const when = time(new Date(at));
  if (reason === 'unspecified') return [sequence(serial, when)];
  return [sequence(serial, when, sequence(extension('2.5.29.21', enumerated(REASON_CODES[reason]))))];
}
