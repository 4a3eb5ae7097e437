/**
 * Gets the bytes of a list: over HTTPS with a bundle of authorities of its own (the real server is in no public store,
 * mssante.md 1.3), or from a file that somebody else renews. One host, no redirects, no proxy of the environment,
 * nothing unpacked; size is counted while it comes and the time of the whole is bounded. What comes is believed for its
 * signature alone.
 */
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { ListRefused } from './list-refused.ts';

export interface FetchOrder {
  readonly source: string;
  /** PEM text; null: the authorities of the system. */
  readonly serverAuthorities: string | null;
  /** What the server called the copy that we have; null where it did not, or there is none. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly timeoutMs: number;
}

export type Fetched =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'bytes';
      readonly bytes: Buffer;
      readonly etag: string | null;
      readonly lastModified: string | null;
      /** When the bytes were known to be the current ones, milliseconds since 1970; null: now. */
      readonly currentAt: number | null;
    };

const unreachable = (detail: string, cause?: unknown): ListRefused =>
  new ListRefused('list-unreachable', detail, cause);

/** What the server calls a copy, if it is fit to be sent back. */
const validator = (value: string | undefined): string | null =>
  value !== undefined && /^[\x21-\x7e][\x20-\x7e]{0,200}$/.test(value) ? value : null;

function answerOf(order: FetchOrder, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = requestHttps(new URL(order.source), {
      agent: new Agent({ keepAlive: false }),
      ...(order.serverAuthorities === null ? {} : { ca: order.serverAuthorities }),
      minVersion: 'TLSv1.2',
      maxHeaderSize: TRUST_LIST_LIMITS.responseHeaderMaxBytes,
      headers: {
        Accept: 'application/xml, text/xml, */*;q=0.1',
        'Accept-Encoding': 'identity',
        Connection: 'close',
        ...(order.etag === null ? {} : { 'If-None-Match': order.etag }),
        ...(order.lastModified === null ? {} : { 'If-Modified-Since': order.lastModified }),
      },
      signal,
    });
    asked.once('response', resolve);
    asked.on('error', reject);
    asked.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(unreachable('the server changed the protocol'));
    });
    asked.end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw unreachable('it came packed');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > TRUST_LIST_LIMITS.listMaxBytes) throw new ListRefused('list-too-large');
    chunks.push(chunk);
  }
  if (!response.complete) throw unreachable('the connection broke off');
  return Buffer.concat(chunks);
}

function outcomeWords(error: unknown, signal: AbortSignal): ListRefused {
  if (error instanceof ListRefused) return error;
  if (signal.aborted) return unreachable('it took too long', error);
  const { code } = error as { code?: unknown };
  return unreachable(typeof code === 'string' ? code : 'the connection failed', error);
}

async function fetchOverHttps(order: FetchOrder, closing: AbortSignal): Promise<Fetched> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(order.timeoutMs)]);
  let response: IncomingMessage | undefined;
  try {
    response = await answerOf(order, signal);
    response.on('error', () => {});
    const { statusCode = 0, headers } = response;
    if (statusCode === 304 && (order.etag !== null || order.lastModified !== null)) return { kind: 'same' };
    if (statusCode >= 300 && statusCode < 400 && statusCode !== 304)
      throw unreachable(`the server sends elsewhere (${statusCode}), which is not followed`);
    if (statusCode !== 200) throw unreachable(`the server answered ${statusCode}`);
    const bytes = await bodyOf(response);
    const [etag, lastModified] = [validator(headers.etag), validator(headers['last-modified'])];
    return { kind: 'bytes', bytes, etag, lastModified, currentAt: null };
  } catch (error) {
    throw outcomeWords(error, signal);
  } finally {
    response?.destroy();
  }
}

/** Reads a list from a file, never more of it than a list may have; the file's time says when it was renewed. */
export async function readListFile(path: string): Promise<{ readonly bytes: Buffer; readonly renewedAt: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const { size, mtimeMs } = await file.stat();
      if (size > TRUST_LIST_LIMITS.listMaxBytes) throw new ListRefused('list-too-large');
      return { bytes: await file.readFile(), renewedAt: mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ListRefused) throw error;
    throw unreachable((error as NodeJS.ErrnoException).code ?? 'the file cannot be read', error);
  }
}

/** Gets the list; throws `ListRefused` for everything that can go wrong, `closing` included. */
export async function fetchList(order: FetchOrder, closing: AbortSignal): Promise<Fetched> {
  if (order.source.startsWith('https://')) return fetchOverHttps(order, closing);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(order.source)) throw unreachable('only https addresses and files are read');
  const { bytes, renewedAt } = await readListFile(order.source);
  return { kind: 'bytes', bytes, etag: null, lastModified: null, currentAt: renewedAt };
}
