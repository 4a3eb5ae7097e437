/**
 * Which addresses may be connected to when a certificate says where something is: only such that are routed on the
 * internet, so that no letter makes the gateway knock on a door of its own network (SSRF). What is not public stands in
 * the IANA special-purpose registries (RFC 6890 and its updates). IPv6 is the other way round: only global unicast
 * (2000::/3) is taken, which leaves out loopback, link-local, unique local, mapped, NAT64 and multicast by itself.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const NOT_PUBLIC_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** Within 2000::/3: protocol assignments with Teredo and ORCHID, documentation, 6to4, AS112, documentation again. */
const NOT_PUBLIC_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

function blocksOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const blocks = new BlockList();
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/');
    blocks.addSubnet(network, Number(bits), family);
  }
  return blocks;
}

const ipv4Blocks = blocksOf(NOT_PUBLIC_IPV4, 'ipv4');
const ipv6Blocks = blocksOf(NOT_PUBLIC_IPV6, 'ipv6');
const globalUnicast = blocksOf(['2000::/3'], 'ipv6');

/** Whether the address (as a name server gives it) is one of the public internet; what is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !ipv4Blocks.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  return globalUnicast.check(address, 'ipv6') && !ipv6Blocks.check(address, 'ipv6');
}
