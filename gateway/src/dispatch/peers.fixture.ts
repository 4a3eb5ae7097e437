/**
 * For tests: certificates of servers, a judge of them (chain and time; the real one lives in the envelope stage), a
 * trust list of a few lines, and policies for the way out.
 */
import { X509Certificate } from 'node:crypto';
import { createAuthority, issueServerCertificate } from '@estafette/certs/development-authority';
import type { JudgePeer, NamePart, TrustList, WayOutPolicy } from '../ports.ts';

const now = new Date();
const structure = { name: 'Operateur', number: { siret: '00000000000000' }, department: 'Paris (75)' } as const;
const authority = await createAuthority({ now });
const foreign = await createAuthority({ now });
const issue = async (hostName: string, by = authority) => ({
  ...(await issueServerCertificate(by, { now, hostNames: [hostName], structure })),
  chainPem: by.issuingCertificatePem,
});

export const RIGHT = await issue('mail.operateur.example');
export const ELSEWHERE = await issue('elsewhere.example');
export const FOREIGN = await issue('mail.operateur.example', foreign);
export const OURS = await issue('gateway.officine.example');
export const ANCHORS = authority.rootCertificatePem;

const partsOf = (subject: string): NamePart[] =>
  subject.split('\n').map((line) => ({ type: line.split('=')[0] ?? '', value: line.slice(line.indexOf('=') + 1) }));

/** Good: every certificate of the chain was issued by the next, and the last by the root. */
export const judgePeer: JudgePeer = async ({ chain }) => {
  const certificates = [...chain.map((der) => new X509Certificate(der)), new X509Certificate(ANCHORS)];
  const isGood = certificates.every((one, at) => {
    const issuer = certificates[at + 1];
    return issuer === undefined || one.fingerprint256 === issuer.fingerprint256 || one.verify(issuer.publicKey);
  });
  const [leaf] = certificates;
  if (!isGood || leaf === undefined) return { standing: 'untrusted', wants: [] };
  return { standing: 'good', subject: partsOf(leaf.subject), fingerprint: leaf.fingerprint256 };
};

/** Gives domains to common names; null: it is too old. */
export const listOf = (domains: Readonly<Record<string, string>> | null): TrustList => ({
  check(domain, subject) {
    if (domains === null) return 'list-unavailable';
    const name = domains[domain];
    if (name === undefined) return 'domain-not-listed';
    return subject.some(({ type, value }) => type === 'CN' && value === name) ? 'listed' : 'name-not-listed';
  },
  lists: (domain) =>
    domains === null ? 'list-unavailable' : domains[domain] === undefined ? 'domain-not-listed' : 'listed',
  listsName: () => 'list-unavailable',
});

/** The common name of a certificate. */
export const commonNameOf = ({ certificatePem }: { certificatePem: string }): string =>
  partsOf(new X509Certificate(certificatePem).subject).find(({ type }) => type === 'CN')?.value ?? '';

/** A way out over a smart host on loopback, whose name is checked. */
export const smartHost = (port: number, change: Partial<WayOutPolicy> = {}): WayOutPolicy => ({
  route: { kind: 'smart-host', host: '127.0.0.1', port },
  servers: { anchors: 'anchors.pem', lists: null },
  serverName: 'mail.operateur.example',
  ownCertificate: null,
  reaches: 'any-domain',
  checksPeerName: false,
  connectionsPerDomainMax: 4,
  giveUpAfterHours: 48,
  ...change,
});
