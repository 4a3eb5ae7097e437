/**
 * Names of the internet by the name servers of this machine (not by its hosts file, which names what is inside). Bounded
 * in time; a question that is given up is cancelled.
 */
import { Resolver } from 'node:dns/promises';
import { STATUS_LIMITS } from '@estafette/contracts/limits';

/** Every IPv4, then every IPv6 address of a name; rejects when there is none. */
export async function resolveName(name: string, signal: AbortSignal): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: STATUS_LIMITS.dnsTimeoutMs, tries: 2 });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    if (ipv4.status === 'rejected' && ipv6.status === 'rejected') throw ipv4.reason;
    return [ipv4, ipv6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
