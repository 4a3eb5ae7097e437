/**
 * One HTTP exchange that a certificate asked for, behind every guard: the address is on the allow-list, its name is
 * resolved here and every answer must be public, and the connection goes to the addresses that were checked and to no
 * other (no second look-up, so no DNS rebinding). Size is counted while it comes, the time of the whole is bounded,
 * nothing is unpacked, no proxy of the environment is used, no cookie or credential is sent. What comes is bytes: they
 * are believed only for the signature they carry.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import { type AllowedHost, allowedAddress, hostNameOf, portOf } from './allowed-address.ts';

/** Names and addresses, given from outside so that a test can stand in for the internet. */
export interface Network {
  /** Every IPv4 and IPv6 address of a name; rejects when there is none. */
  resolve(name: string, signal: AbortSignal): Promise<readonly string[]>;
  isPublicAddress(address: string): boolean;
}

export type FetchFailureCode =
  | 'address-not-allowed'
  | 'address-not-public'
  | 'name-not-found'
  | 'not-reachable'
  | 'too-slow'
  | 'too-large'
  | 'status-refused'
  | 'server-trouble'
  | 'redirects-too-many'
  | 'encoding-refused';

/** Why nothing came. */
export class FetchFailure extends Error {
  readonly code: FetchFailureCode;
  constructor(code: FetchFailureCode, cause?: unknown) {
    super(code, { cause });
    this.name = 'FetchFailure';
    this.code = code;
  }
}

export interface ExchangeOrder {
  readonly url: string;
  /** Sent by POST; absent: GET. */
  readonly body?: { readonly bytes: Uint8Array; readonly type: string };
  readonly accept: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const REDIRECTS = [301, 302, 303, 307, 308];
// Agents of our own: no connection is kept, and no proxy is taken from the environment.
const agents = { 'http:': new HttpAgent({ keepAlive: false }), 'https:': new HttpsAgent({ keepAlive: false }) };

async function addressesOf(url: URL, network: Network, signal: AbortSignal): Promise<readonly string[]> {
  const host = hostNameOf(url);
  const found =
    isIP(host) !== 0
      ? [host]
      : await network.resolve(host, signal).catch((cause: unknown) => {
          throw new FetchFailure('name-not-found', cause);
        });
  if (found.length === 0) throw new FetchFailure('name-not-found');
  // One bad answer among good ones spoils them all: that is what rebinding looks like.
  if (!found.every((address) => network.isPublicAddress(address))) throw new FetchFailure('address-not-public');
  return found.slice(0, STATUS_LIMITS.addressesMax);
}

/** A look-up that knows only the addresses that were checked. */
function pinnedTo(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  const [first] = entries;
  return (_name, options, callback) => {
    if (options.all === true) callback(null, entries);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

function answerTo(
  url: URL,
  order: ExchangeOrder,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const { body } = order;
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestHttps : requestHttp)({
      protocol: url.protocol,
      hostname: hostNameOf(url),
      port: portOf(url),
      path: `${url.pathname}${url.search}`,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Accept: order.accept,
        'Accept-Encoding': 'identity',
        Connection: 'close',
        ...(body === undefined ? {} : { 'Content-Type': body.type, 'Content-Length': body.bytes.length }),
      },
      agent: agents[isTls ? 'https:' : 'http:'],
      lookup: pinnedTo(addresses),
      maxHeaderSize: STATUS_LIMITS.responseHeaderMaxBytes,
      signal,
    });
    request.once('response', resolve);
    request.on('error', reject);
    // A change of protocol (101) is no answer: Node would drop the socket without a word.
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new FetchFailure('not-reachable'));
    });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    request.end(body?.bytes);
  });
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw new FetchFailure('encoding-refused');
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw new FetchFailure('too-large');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new FetchFailure('too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** One hop: the body, or where it is said to be. */
async function hop(
  url: URL,
  order: ExchangeOrder,
  network: Network,
  signal: AbortSignal,
): Promise<Buffer | { readonly movedTo: string }> {
  const response = await answerTo(url, order, await addressesOf(url, network, signal), signal);
  // Whoever reads the body hears of its errors; where nobody reads, nobody needs to.
  response.on('error', () => {});
  try {
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (REDIRECTS.includes(status) && location !== undefined && order.body === undefined) return { movedTo: location };
    if (status === 429 || status >= 500) throw new FetchFailure('server-trouble');
    if (status !== 200) throw new FetchFailure('status-refused');
    return await bodyOf(response, order.maxBytes);
  } finally {
    response.destroy();
  }
}

function failureFrom(error: unknown, signal: AbortSignal): FetchFailure {
  if (signal.aborted) return new FetchFailure('too-slow', error);
  return error instanceof FetchFailure ? error : new FetchFailure('not-reachable', error);
}

/** Fetches the bytes; throws `FetchFailure` for everything that can go wrong, `closing` included. */
export async function exchange(
  order: ExchangeOrder,
  allowed: readonly AllowedHost[],
  network: Network,
  closing: AbortSignal,
): Promise<Buffer> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(order.timeoutMs)]);
  let url = allowedAddress(order.url, allowed);
  try {
    for (let redirects = 0; redirects <= STATUS_LIMITS.redirectsMax; redirects += 1) {
      if (url === null) throw new FetchFailure('address-not-allowed');
      const came: Buffer | { readonly movedTo: string } = await hop(url, order, network, signal);
      if (Buffer.isBuffer(came)) return came;
      url = allowedAddress(came.movedTo, allowed, url);
    }
    throw new FetchFailure('redirects-too-many');
  } catch (error) {
    throw failureFrom(error, signal);
  }
}
