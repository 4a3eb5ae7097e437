/** For tests: an authority, a signer of lists, somebody else's authority, and lists signed by them in the real form. */
import {
  createAuthority,
  type IssuedCertificate,
  issueMailboxCertificate,
  issueServerCertificate,
} from '@estafette/certs/development-authority';
import { signTrustList, type TrustListRow, trustListXml } from '@estafette/certs/trust-list';
import type { NamePart } from '../ports.ts';
import type { SignerPolicy } from './list-signer.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Now, to the second: what a list can say. */
export const NOW = Math.floor(Date.now() / 1_000) * 1_000;
export const SIGNER_NAME = 'liste.example';
export const STRUCTURE = { name: 'ESSAI', number: { siret: '12345678901234' }, department: 'Nord (59)' };

const now = new Date(NOW - 60 * DAY_MS);
export const authority = await createAuthority({ now });
export const foreignAuthority = await createAuthority({ now, organization: 'AUTRE' });

type Issuing = typeof authority;

/** A certificate as the real signer of lists has one. */
export const issueSigner = (
  issuing: Issuing,
  options: { commonName?: string; now?: Date; validityDays?: number } = {},
): Promise<IssuedCertificate> =>
  issueMailboxCertificate(issuing, {
    now,
    address: 'liste@liste.example',
    commonName: SIGNER_NAME,
    usage: 'signing',
    structure: STRUCTURE,
    ...options,
  });

export const signer = await issueSigner(authority);
export const authorities = `${authority.rootCertificatePem}${authority.issuingCertificatePem}`;
export const policy: SignerPolicy = { authorities, commonName: SIGNER_NAME };
export const tlsServer = await issueServerCertificate(authority, {
  now,
  hostNames: ['localhost'],
  keyKind: 'rsa-2048',
  structure: STRUCTURE,
});

export const ROWS: readonly TrustListRow[] = [
  { domain: 'un.mssante.example', names: ['CN=mta1.un.example,OU=1750000001,O=UN,ST=Hérault (34),C=FR'] },
  {
    domain: 'deux.mssante.example',
    names: [
      'CN=mta1.deux.example,OU=1750000002,O=DEUX & FILS,ST=Paris (75),C=FR',
      'CN=mta2.deux.example,OU=1750000002,O=DEUX & FILS,ST=Paris (75),C=FR',
    ],
  },
  { domain: 'trois.mssante.example', names: ['CN=mta1.un.example,OU=1750000001,O=UN,ST=Hérault (34),C=FR'] },
];

/** A subject as a certificate encodes it: the country first. */
export const subject = (...parts: readonly (readonly [type: string, value: string])[]): NamePart[] =>
  parts.map(([type, value]) => ({ type, value }));

export const UN = subject(
  ['C', 'FR'],
  ['ST', 'Hérault (34)'],
  ['O', 'UN'],
  ['OU', '1750000001'],
  ['CN', 'mta1.un.example'],
);
export const DEUX = subject(
  ['C', 'FR'],
  ['ST', 'Paris (75)'],
  ['O', 'DEUX & FILS'],
  ['OU', '1750000002'],
  ['CN', 'mta2.deux.example'],
);

/** The XML of a list, unsigned. */
export const listXml = (rows: readonly TrustListRow[] = ROWS, generatedAt: number = NOW): string =>
  trustListXml({ generatedAt: new Date(generatedAt), rows });

/** A signed list. */
export const signedList = (
  rows: readonly TrustListRow[] = ROWS,
  generatedAt: number = NOW,
  by: IssuedCertificate = signer,
): Buffer => signTrustList(listXml(rows, generatedAt), by);

/** The bytes with a text replaced; fails when it is not there, so that no test passes for nothing. */
export function changed(bytes: Buffer, from: string | RegExp, to: string): Buffer {
  const text = bytes.toString('utf8');
  const result = text.replace(from, to);
  if (result === text) throw new Error(`nothing was changed: ${String(from)}`);
  return Buffer.from(result);
}
