/**
 * The development authority: a root and an issuing authority modelled on IGC-Santé, for demos, tests and mailboxes
 * without a certificate of their own. It issues to mailboxes, practitioners and servers (RFC 5280, RFC 8550).
 *
 * Every function here that issues writes one line into the authority's register. Nothing here is a trusted or
 * qualified authority, and its certificates say so: their policies are example OIDs, their names end in DEMO.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type AuthorityLevel, crlUrl, type DevelopmentAuthority } from './authority-register.ts';
import {
  type KeyKind,
  newPrivateKey,
  newSerialHex,
  privateKeyPem,
  publicKeyOf,
  signCertificate,
  subjectNameOf,
} from './certificate-builder.ts';
import {
  type AlternativeName,
  authorityConstraint,
  authorityKeyIdentifier,
  certificatePolicy,
  crlDistributionPoint,
  extendedKeyUsage,
  type KeyPurpose,
  type KeyUsage,
  keyUsage,
  leafConstraint,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from './certificate-extensions.ts';
import * as profile from './certificate-profiles.ts';
import type { DerValue } from './der.ts';
import { describeName, distinguishedName, type NamePart } from './distinguished-name.ts';

const DAY_MS = 86_400_000;
const ROOT_VALIDITY_DAYS = 3650;
const ISSUING_VALIDITY_DAYS = 2555;
/** Certificates start a little before they are made, for peers whose clock is slow. */
const CLOCK_TOLERANCE_MS = 600_000;

export interface AuthorityOptions {
  readonly now: Date;
  /** O of both authorities. Default `ESTAFETTE DEMO`. */
  readonly organization?: string;
  /** CN of the root. Default `AC RACINE ESTAFETTE DEMO`. */
  readonly rootName?: string;
  /** CN of the issuing authority. Default `AC ESTAFETTE DEMO ELEMENTAIRE`. */
  readonly issuingName?: string;
  /** Default `http://crl.estafette-demo.example`. */
  readonly crlBaseUrl?: string;
}

export interface IssueOptions {
  readonly now: Date;
  /** Default three years. Never beyond the end of the issuing authority. */
  readonly validityDays?: number;
  /** Certify this key (PKCS#8 PEM) instead of a new one. */
  readonly privateKeyPem?: string;
}

export interface MailboxCertificateOptions extends IssueOptions {
  readonly address: string;
  readonly structure: profile.Structure;
  /** Default: the address. Needed where the address has more than 64 characters. */
  readonly commonName?: string;
  /** Default `both`. */
  readonly usage?: profile.MailboxUsage;
}

export interface PractitionerCertificateOptions extends IssueOptions {
  readonly address: string;
  readonly practitioner: profile.PractitionerName;
  /** Default `both`. */
  readonly usage?: profile.MailboxUsage;
}

export interface ServerCertificateOptions extends IssueOptions {
  /** At least one; the first is the common name. */
  readonly hostNames: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly structure: profile.Structure;
  /** Default `ec-p256`: the cheaper handshake. Not looked at where `privateKeyPem` is given. */
  readonly keyKind?: KeyKind;
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** What the register and `revoke` know it by. */
  readonly serialHex: string;
  readonly notAfter: Date;
}

interface Leaf {
  readonly subject: readonly NamePart[];
  readonly usages: readonly KeyUsage[];
  readonly purposes: readonly KeyPurpose[];
  readonly alternativeNames: readonly AlternativeName[];
  readonly policyOid: string;
}

/** A new root and issuing authority, RSA-2048, valid ten and seven years. Throws RangeError on an ill-formed name. */
export async function createAuthority(options: AuthorityOptions): Promise<DevelopmentAuthority> {
  const organization = options.organization ?? 'ESTAFETTE DEMO';
  const crlBaseUrl = options.crlBaseUrl ?? 'http://crl.estafette-demo.example';
  const rootParts = authorityName(organization, options.rootName ?? 'AC RACINE ESTAFETTE DEMO');
  const issuingParts = authorityName(organization, options.issuingName ?? 'AC ESTAFETTE DEMO ELEMENTAIRE');
  const [rootKey, issuingKey] = await Promise.all([newPrivateKey('rsa-2048'), newPrivateKey('rsa-2048')]);
  const rootPublic = publicKeyOf(rootKey);
  const issuingPublic = publicKeyOf(issuingKey);
  const rootSerial = newSerialHex();
  const issuingSerial = newSerialHex();
  const rootPeriod = validity(options.now, ROOT_VALIDITY_DAYS);
  const issuingPeriod = validity(options.now, ISSUING_VALIDITY_DAYS);
  const issuerName = distinguishedName(rootParts);
  const rootExtensions = [authorityConstraint(1), ...authorityExtensions(rootPublic, rootPublic)];
  const issuingExtensions = [
    authorityConstraint(0),
    ...authorityExtensions(issuingPublic, rootPublic),
    crlDistributionPoint(crlUrl(crlBaseUrl, 'root')),
  ];
  const rootDraft = { ...rootPeriod, serialHex: rootSerial, issuerName, extensions: rootExtensions };
  const issuingDraft = { ...issuingPeriod, serialHex: issuingSerial, issuerName, extensions: issuingExtensions };
  const subjectName = distinguishedName(issuingParts);
  const authority: DevelopmentAuthority = {
    rootCertificatePem: signCertificate({ ...rootDraft, subjectName: issuerName, publicKey: rootPublic }, rootKey),
    rootKeyPem: privateKeyPem(rootKey),
    issuingCertificatePem: signCertificate({ ...issuingDraft, subjectName, publicKey: issuingPublic }, rootKey),
    issuingKeyPem: privateKeyPem(issuingKey),
    crlBaseUrl,
    register: [],
    crlNumbers: { root: 0, issuing: 0 },
  };
  recordIssue(authority, 'root', { serialHex: rootSerial, subject: rootParts, notAfter: rootPeriod.notAfter });
  recordIssue(authority, 'root', { serialHex: issuingSerial, subject: issuingParts, notAfter: issuingPeriod.notAfter });
  return authority;
}

/** A certificate for the mailbox of a structure: emailProtection, the address in subjectAltName and as common name. */
export async function issueMailboxCertificate(
  authority: DevelopmentAuthority,
  options: MailboxCertificateOptions,
): Promise<IssuedCertificate> {
  const address = profile.mailboxAddress(options.address);
  const key = await keyFor(options, 'rsa-2048');
  const leaf: Leaf = {
    subject: profile.structureName(options.structure, options.commonName ?? address),
    usages: profile.mailboxKeyUsages(key, options.usage ?? 'both'),
    purposes: profile.MAILBOX_PURPOSES,
    alternativeNames: [{ kind: 'address', value: address }],
    policyOid: profile.POLICY_OIDS.mailbox,
  };
  return issueForKey(authority, leaf, options, key);
}

/** A certificate for the personal mailbox of a practitioner, who is named by RPPS number, name and profession. */
export async function issuePractitionerCertificate(
  authority: DevelopmentAuthority,
  options: PractitionerCertificateOptions,
): Promise<IssuedCertificate> {
  const key = await keyFor(options, 'rsa-2048');
  const leaf: Leaf = {
    subject: profile.practitionerName(options.practitioner),
    usages: profile.mailboxKeyUsages(key, options.usage ?? 'both'),
    purposes: profile.MAILBOX_PURPOSES,
    alternativeNames: [{ kind: 'address', value: profile.mailboxAddress(options.address) }],
    policyOid: profile.POLICY_OIDS.practitioner,
  };
  return issueForKey(authority, leaf, options, key);
}

/** A certificate for a mail or web server, good for both ends of mutual TLS. */
export async function issueServerCertificate(
  authority: DevelopmentAuthority,
  options: ServerCertificateOptions,
): Promise<IssuedCertificate> {
  const [commonName] = options.hostNames;
  if (commonName === undefined) throw new RangeError('a server certificate needs at least one host name');
  const key = await keyFor(options, options.keyKind ?? 'ec-p256');
  const leaf: Leaf = {
    subject: profile.structureName(options.structure, commonName),
    usages: profile.serverKeyUsages(key),
    purposes: profile.SERVER_PURPOSES,
    alternativeNames: [
      ...options.hostNames.map((value) => ({ kind: 'host' as const, value })),
      ...(options.ipAddresses ?? []).map((value) => ({ kind: 'ip' as const, value })),
    ],
    policyOid: profile.POLICY_OIDS.server,
  };
  return issueForKey(authority, leaf, options, key);
}

function issueForKey(
  authority: DevelopmentAuthority,
  leaf: Leaf,
  options: IssueOptions,
  key: KeyObject,
): IssuedCertificate {
  const issuingKey = createPrivateKey(authority.issuingKeyPem);
  const issuingEnd = new X509Certificate(authority.issuingCertificatePem).validToDate;
  const period = validity(options.now, options.validityDays ?? profile.DEFAULT_VALIDITY_DAYS);
  const notAfter = new Date(Math.min(period.notAfter.getTime(), issuingEnd.getTime()));
  const publicKey = publicKeyOf(key);
  const serialHex = newSerialHex();
  const certificatePem = signCertificate(
    {
      serialHex,
      issuerName: subjectNameOf(authority.issuingCertificatePem),
      subjectName: distinguishedName(leaf.subject),
      publicKey,
      notBefore: period.notBefore,
      notAfter,
      extensions: [
        leafConstraint(),
        keyUsage(leaf.usages),
        extendedKeyUsage(leaf.purposes),
        subjectAlternativeNames(leaf.alternativeNames),
        subjectKeyIdentifier(publicKey),
        authorityKeyIdentifier(publicKeyOf(issuingKey)),
        certificatePolicy(leaf.policyOid),
        crlDistributionPoint(crlUrl(authority.crlBaseUrl, 'issuing')),
      ],
    },
    issuingKey,
  );
  recordIssue(authority, 'issuing', { serialHex, subject: leaf.subject, notAfter });
  return { certificatePem, privateKeyPem: privateKeyPem(key), serialHex, notAfter };
}

/** What both authorities carry beside basicConstraints (RFC 5280 4.2.1.1 to 4.2.1.3). */
function authorityExtensions(publicKey: KeyObject, issuerPublicKey: KeyObject): DerValue[] {
  return [
    keyUsage(['keyCertSign', 'cRLSign']),
    subjectKeyIdentifier(publicKey),
    authorityKeyIdentifier(issuerPublicKey),
  ];
}

function authorityName(organization: string, commonName: string): NamePart[] {
  // IGC-Santé writes the SIREN of its operator after the ICD code 0002; nobody has the SIREN 000000000.
  return [
    ['C', 'FR'],
    ['O', organization],
    ['OU', '0002 000000000'],
    ['CN', commonName],
  ];
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  if (!(days > 0)) throw new RangeError(`validity must be more than 0 days: ${days}`);
  const notAfter = new Date(Math.floor((now.getTime() + days * DAY_MS) / 1000) * 1000);
  return { notBefore: new Date(now.getTime() - CLOCK_TOLERANCE_MS), notAfter };
}

async function keyFor(options: IssueOptions, kind: KeyKind): Promise<KeyObject> {
  return options.privateKeyPem === undefined ? newPrivateKey(kind) : createPrivateKey(options.privateKeyPem);
}

function recordIssue(
  authority: DevelopmentAuthority,
  issuer: AuthorityLevel,
  issued: { serialHex: string; subject: readonly NamePart[]; notAfter: Date },
): void {
  const { serialHex, notAfter } = issued;
  const subject = describeName(issued.subject);
  authority.register.push({ serialHex, issuer, subject, notAfter: notAfter.toISOString(), revocation: null });
}
