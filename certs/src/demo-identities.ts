/**
 * The people and servers of the demo, all fictive, made in memory at the first start: a doctor, a laboratory, the hosted
 * pharmacy, the gateway and the demo operator, under a fresh development authority with its revocation lists.
 * RPPS and FINESS numbers are made up: no department 99 exists, and the RPPS fails its check digit.
 */

import type { DevelopmentAuthority } from './authority-register.ts';
import type { Structure } from './certificate-profiles.ts';
import { buildRevocationList } from './certificate-revocation-list.ts';
import {
  createAuthority,
  type IssuedCertificate,
  issueMailboxCertificate,
  issuePractitionerCertificate,
  issueServerCertificate,
} from './development-authority.ts';

/** A demo left running over a long weekend keeps its lists; each start renews them. */
const CRL_VALID_HOURS = 168;

const CABINET = { name: 'CABINET DU DR MARTIN', number: { finess: '990000038' }, department: 'Paris (75)' };
const LABORATORY = {
  name: 'LABORATOIRE DES CHARMES',
  number: { finess: '990000012' },
  department: 'Val-de-Marne (94)',
};
const PHARMACY = { name: 'PHARMACIE DES HALLES', number: { finess: '990000020' }, department: 'Paris (75)' };

export interface DemoIdentity {
  readonly address: string;
  readonly displayName: string;
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  readonly serialHex: string;
}

export interface DemoServer {
  readonly hostNames: readonly string[];
  /** The server's certificate, then the issuing authority's, as TLS sends them. */
  readonly certificateChainPem: string;
  readonly certificatePem: string;
  /** PKCS#8, not encrypted, P-256. */
  readonly privateKeyPem: string;
}

export interface DemoIdentities {
  readonly authority: DevelopmentAuthority;
  /** Root, then issuing authority: what `ca.pem` holds. */
  readonly authoritiesPem: string;
  /** Issuing list, then root list: what `crl.pem` holds. */
  readonly revocationListsPem: string;
  readonly doctor: DemoIdentity;
  readonly lab: DemoIdentity;
  readonly pharmacy: DemoIdentity;
  readonly gatewayServer: DemoServer;
  readonly operatorServer: DemoServer;
}

/** Makes everything the demo needs, within about a second: five RSA-2048 keys and two P-256 keys. */
export async function createDemoIdentities(options: { readonly now: Date }): Promise<DemoIdentities> {
  const { now } = options;
  const authority = await createAuthority({ now });
  const [doctor, lab, pharmacy, gatewayServer, operatorServer] = await Promise.all([
    demoDoctor(authority, now),
    demoMailbox(authority, now, { address: 'resultats@labo.example', structure: LABORATORY }),
    demoMailbox(authority, now, { address: 'pharmacie.halles@officine.example', structure: PHARMACY }),
    demoServer(authority, now, { hostNames: ['gateway.officine.example', 'localhost'], structure: PHARMACY }),
    demoServer(authority, now, {
      hostNames: ['mx.cabinet.example', 'mx.labo.example', 'localhost'],
      structure: CABINET,
    }),
  ]);
  const authoritiesPem = authority.rootCertificatePem + authority.issuingCertificatePem;
  const revocationListsPem = renewDemoRevocationLists(authority, now);
  return { authority, authoritiesPem, revocationListsPem, doctor, lab, pharmacy, gatewayServer, operatorServer };
}

/** Fresh lists of both levels, issuing first, joined in PEM, good for seven days. Counts them in the register. */
export function renewDemoRevocationLists(authority: DevelopmentAuthority, now: Date): string {
  const levels = ['issuing', 'root'] as const;
  return levels
    .map((level) => buildRevocationList(authority, { level, now, validHours: CRL_VALID_HOURS }).pem)
    .join('');
}

async function demoDoctor(authority: DevelopmentAuthority, now: Date): Promise<DemoIdentity> {
  const address = 'claire.martin@cabinet.example';
  const practitioner = { givenName: 'Claire', surname: 'MARTIN', title: 'Médecin', rpps: '10000000001' };
  const issued = await issuePractitionerCertificate(authority, { now, address, practitioner });
  return identity(address, 'Dr Claire MARTIN', issued);
}

async function demoMailbox(
  authority: DevelopmentAuthority,
  now: Date,
  owner: { readonly address: string; readonly structure: Structure },
): Promise<DemoIdentity> {
  const issued = await issueMailboxCertificate(authority, { now, ...owner });
  return identity(owner.address, owner.structure.name, issued);
}

async function demoServer(
  authority: DevelopmentAuthority,
  now: Date,
  server: { readonly hostNames: readonly string[]; readonly structure: Structure },
): Promise<DemoServer> {
  const { certificatePem, privateKeyPem } = await issueServerCertificate(authority, {
    now,
    ...server,
    ipAddresses: ['127.0.0.1'],
  });
  const certificateChainPem = certificatePem + authority.issuingCertificatePem;
  return { hostNames: server.hostNames, certificateChainPem, certificatePem, privateKeyPem };
}

function identity(address: string, displayName: string, issued: IssuedCertificate): DemoIdentity {
  const { certificatePem, privateKeyPem, serialHex } = issued;
  return { address, displayName, certificatePem, privateKeyPem, serialHex };
}
