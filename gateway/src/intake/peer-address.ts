/**
 * The address by which a peer is counted. Whoever has one IPv6 address has the whole /64 around it (RFC 4291 §2.5.4), so
 * each of its 2^64 addresses counted apart would be no limit; an IPv4 peer at a listener for both is the IPv4 address
 * (RFC 4291 §2.5.5.2).
 */
import { isIPv6 } from 'node:net';

const GROUPS = 8;
const GROUPS_COUNTED = 4;

/** The eight groups of an IPv6 address without its zone. */
function groupsOf(address: string): number[] {
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [before = [], after] = dotted
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  if (after === undefined) return before;
  return [...before, ...new Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}

/** The IPv4 address, or the /64 of the IPv6 address; what is neither stays what it is. */
export function peerOf(address: string): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  const [high = 0, low = 0] = groups.slice(-2);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  const network = groups.slice(0, GROUPS_COUNTED).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}
