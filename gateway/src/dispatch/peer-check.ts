/**
 * Who is at the other end, before it gets a mail: its certificate must be good by the anchors and lists of the trust
 * space (`JudgePeer`), and carry either a name that the trust list gives for the recipient's domain, or, where the list
 * names nobody, the name we connected to (RFC 6125). Anything less means `later`: nothing is sent, nothing in clear.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { JudgePeer, NamePart, TrustList, WayOutPolicy } from '../ports.ts';
import { type Later, later } from './smtp-session.ts';

/** Certificates of a chain that are looked at. */
const CHAIN_MAX = 10;

/** The chain as the other side sent it, DER, leaf first. */
function chainOf(tls: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: PeerCertificate | undefined = tls.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < CHAIN_MAX) {
    const { raw } = certificate;
    if (chain.some((der) => raw.equals(der))) break;
    chain.push(raw);
    const { issuerCertificate } = certificate as { issuerCertificate?: PeerCertificate };
    certificate = issuerCertificate;
  }
  return chain;
}

/** The proven subject of the other side, or why it gets nothing. `host`: what we connected to. */
export async function checkPeer(
  tls: TLSSocket,
  way: { readonly policy: WayOutPolicy; readonly host: string; readonly judgePeer: JudgePeer },
): Promise<{ readonly subject: readonly NamePart[] } | Later> {
  const { policy, host, judgePeer } = way;
  const chain = chainOf(tls);
  if (chain.length === 0) return later('peer-untrusted');
  const judged = await judgePeer({ chain, use: 'server', trust: policy.servers });
  if (judged.standing !== 'good') return later('peer-untrusted');
  if (policy.checksPeerName) return { subject: judged.subject };
  const name = policy.serverName ?? host;
  const wrong = checkServerIdentity(isIP(name) === 0 ? name.replace(/\.$/, '') : name, tls.getPeerCertificate());
  return wrong === undefined ? { subject: judged.subject } : later('peer-untrusted');
}

/** Whether the list gives the recipient's domain to the other side; null: it does, or need not. */
export function checkListing(
  policy: WayOutPolicy,
  list: TrustList | null,
  domain: string,
  subject: readonly NamePart[],
): Later | null {
  if (!policy.checksPeerName) return null;
  const answer = list?.check(domain, subject) ?? 'list-unavailable';
  if (answer === 'listed') return null;
  if (answer === 'list-unavailable') return later('peer-list-unavailable');
  // A smart host carries the mail of every domain: what it is not listed for says nothing of the others.
  return later('peer-not-listed', { isOfDomain: policy.route.kind !== 'smart-host' });
}
