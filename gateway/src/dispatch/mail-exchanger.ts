/**
 * Connects to a mail exchanger of a domain: MX records by preference, all their addresses, the domain itself where there
 * is none (RFC 5321 §5.1), a null MX as a refusal (RFC 7505). Danger: names of strangers lead anywhere, so private,
 * loopback and reserved addresses are refused unless the trust space says otherwise, and everything is counted.
 */
import { Resolver } from 'node:dns/promises';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import mxConnect, { type ExchangerConnection } from 'mx-connect';
import type { MailExchangerRoute } from '../ports.ts';

export type Exchanger =
  | { readonly connection: ExchangerConnection }
  | { readonly failure: 'domain-takes-no-mail' | 'domain-not-found' | 'next-hop-unreachable' };

/** Records of one name that are looked at. */
const RECORDS_MAX = 8;

function resolverOf(route: MailExchangerRoute): Resolver {
  const resolver = new Resolver({ timeout: DISPATCH_LIMITS.dnsTimeoutMs, tries: 2 });
  if (route.nameServers.length > 0) resolver.setServers(route.nameServers);
  return resolver;
}

const preference = (record: unknown): number => (record as { priority?: number }).priority ?? 0;

/** A connection to the first exchanger that answers, leaving out these addresses. */
export async function connectExchanger(
  domain: string,
  route: MailExchangerRoute,
  without: readonly string[],
): Promise<Exchanger> {
  const resolver = resolverOf(route);
  const isOpen = route.allowsPrivateAddresses === true;
  try {
    const connection = await mxConnect({
      target: domain,
      port: route.port,
      maxConnectTime: DISPATCH_LIMITS.connectionTimeoutMs,
      ignoreMXHosts: [...without],
      mxLastError: Object.assign(new Error('every exchanger was tried'), { category: 'network' }),
      dnsOptions: {
        blockLocalAddresses: !isOpen,
        blockReservedNetworks: !isOpen,
        resolveRecords: async (name, type) => {
          const records = (await resolver.resolve(name, type)) as unknown[];
          const ordered = type === 'MX' ? records.toSorted((a, b) => preference(a) - preference(b)) : records;
          return ordered.slice(0, RECORDS_MAX);
        },
      },
    });
    return { connection };
  } catch (error) {
    const { code, category } = error as { code?: string; category?: string };
    if (code === 'ENULLMX') return { failure: 'domain-takes-no-mail' };
    return { failure: category === 'network' ? 'next-hop-unreachable' : 'domain-not-found' };
  }
}
