/**
 * The allow-list in front of every fetch: an address out of a certificate is a wish of whoever wrote it. Only http and
 * https, only hosts the operator named, only their ports, nobody's user name. Redirects are judged by the same rule.
 */
import { isIP } from 'node:net';
import { STATUS_LIMITS } from '@estafette/contracts/limits';

/** A host the operator named; `isSuffix`: every host below it too. Without a port: 80 and 443. */
export interface AllowedHost {
  /** Lower case, no dot at either end; an IPv6 address without brackets. */
  readonly name: string;
  readonly isSuffix: boolean;
  readonly port: number | null;
}

const PORTS = [80, 443];

/** The host as a name server or a socket takes it: no brackets, no dot at the end. */
export const hostNameOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

export const portOf = (url: URL): number => (url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80);

function covers(entry: AllowedHost, host: string, port: number): boolean {
  const isNamed = host === entry.name;
  const isBelow = entry.isSuffix && isIP(host) === 0 && host.endsWith(`.${entry.name}`);
  return (isNamed ? !entry.isSuffix : isBelow) && (entry.port === null ? PORTS.includes(port) : port === entry.port);
}

/** The address as it may be fetched, or null. `base` is where a redirect came from. */
export function allowedAddress(text: string, allowed: readonly AllowedHost[], base?: URL): URL | null {
  if (text.length > STATUS_LIMITS.urlMaxCharacters || !URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username !== '' || url.password !== '') return null;
  const [host, port] = [hostNameOf(url), portOf(url)];
  return host !== '' && allowed.some((entry) => covers(entry, host, port)) ? url : null;
}
