/** Whether mail for a domain may leave by a way out at all: asked before anything is tried. */
import { canonicalDomain, type TrustList, type WayOutPolicy } from '../ports.ts';

/** The domain of an address, lower case, in its ASCII form; empty when there is none. */
export function domainOf(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).replace(/\.$/, '');
  const ascii = canonicalDomain(domain) ?? '';
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(ascii) ? ascii : '';
}

/** `list-unavailable`: it cannot be known now. A domain is compared as a whole: a parent does not reach its children. */
export function reachOf(
  policy: Pick<WayOutPolicy, 'reaches'>,
  list: TrustList | null,
  domain: string,
): 'reached' | 'outside' | 'list-unavailable' {
  const { reaches } = policy;
  if (domain === '') return 'outside';
  if (reaches === 'any-domain') return 'reached';
  if (reaches !== 'listed-domains') return reaches.some((one) => domainOf(one) === domain) ? 'reached' : 'outside';
  const answer = list?.lists(domain) ?? 'list-unavailable';
  if (answer === 'list-unavailable') return answer;
  return answer === 'listed' ? 'reached' : 'outside';
}
