/**
 * Whether a browser that names an Origin may talk to the relay: its own page may, another site's page may not
 * (cross-site WebSocket hijacking). No Origin means no browser, and no cookie exists that could be abused.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface OriginRule {
  /** Origins allowed besides the relay's own, e.g. `https://app.example`. */
  readonly allowedOrigins: readonly string[];
  /** Whether X-Forwarded-Host is set by a proxy of ours. */
  readonly trustProxy: boolean;
}

export function isOriginAllowed(headers: IncomingHttpHeaders, rule: OriginRule): boolean {
  const { origin } = headers;
  if (origin === undefined) return true;
  if (rule.allowedOrigins.includes(origin)) return true;
  const requested = requestedHost(headers, rule.trustProxy);
  if (requested === null || !URL.canParse(origin)) return false;
  const named = new URL(origin);
  // The host as the origin's scheme would write it: without the default port.
  const own = `${named.protocol}//${requested}`;
  return URL.canParse(own) && new URL(own).host === named.host;
}

/** The host the browser asked for, or null when there is none that looks like a host. */
export function requestedHost(headers: IncomingHttpHeaders, trustProxy: boolean): string | null {
  const forwarded = trustProxy ? headers['x-forwarded-host'] : undefined;
  const host = typeof forwarded === 'string' ? forwarded : headers.host;
  return host !== undefined && /^[A-Za-z0-9.\-[\]:]+$/.test(host) ? host : null;
}
