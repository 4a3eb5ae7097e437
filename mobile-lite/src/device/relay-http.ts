/**
 * The relay's HTTP side as a device sees it (docs/protocol.md): get a one-time ticket, fetch a sealed blob, hand one
 * over. How to join is in enrol-device.ts. Answers are validated; whatever does not fit is `RelayUnreachable`, which always means "later".
 */
import { type Bytes, base64url } from '@estafette/contracts/bytes';
import { signWithDevice, ticketSignatureInput } from '@estafette/contracts/device-keys';
import { type TicketAnswer, TicketAnswerSchema } from '@estafette/contracts/frames';
import * as v from 'valibot';
import type { DeviceIdentity } from './device-store.ts';

export type Fetch = typeof fetch;

const REQUEST_TIMEOUT_MS = 10_000;

/** A phone in a cellar: slower than this an upload is given up and tried again. */
const SLOWEST_BYTES_PER_MS = 20;

/** The relay could not be reached, or answered nothing we can use; trying again later may help. */
export class RelayUnreachable extends Error {
  override readonly name = 'RelayUnreachable';
}

export class RelayHttp {
  readonly #baseUrl: string;
  readonly #fetch: Fetch;

  constructor(baseUrl: string, fetchWith: Fetch) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#fetch = fetchWith;
  }

  /** Address of the socket for a ticket. */
  socketAddress(ticket: string): string {
    return `${this.#baseUrl.replace(/^http/, 'ws')}/v1/socket?ticket=${encodeURIComponent(ticket)}`;
  }

  /** A one-time ticket, or why there is none. `at` is the server's time as the device knows it. */
  async requestTicket(identity: DeviceIdentity, at: number): Promise<TicketAnswer> {
    const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
    const unsigned = { deviceId: identity.deviceId, at: Math.round(at), nonce };
    const signature = await signWithDevice(identity.signingKeys.privateKey, ticketSignatureInput(unsigned));
    const answer = await this.post('/v1/tickets', { ...unsigned, signature });
    const parsed = v.safeParse(TicketAnswerSchema, await readJson(answer));
    if (!parsed.success) throw new RelayUnreachable(`ticket answer ${answer.status}`);
    return parsed.output;
  }

  /** The bytes of a sealed blob; null when it is gone. */
  async fetchBlob(blobId: string, session: string): Promise<Bytes | null> {
    const headers = { authorization: `Bearer ${session}` };
    const answer = await this.send(`/v1/blobs/${blobId}`, { method: 'GET', headers }, 6 * REQUEST_TIMEOUT_MS);
    if (answer.status === 404 || answer.status === 410) return null;
    if (!answer.ok) throw new RelayUnreachable(`blob answer ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** Hands over a sealed photo or file; gives the status of the answer. */
  async putBlob(blobId: string, stored: Bytes, session: string): Promise<number> {
    const headers = { authorization: `Bearer ${session}`, 'content-type': 'application/octet-stream' };
    const timeoutMs = 6 * REQUEST_TIMEOUT_MS + Math.ceil(stored.length / SLOWEST_BYTES_PER_MS);
    const request = { method: 'PUT', headers, body: stored };
    return (await this.send(`/v1/blobs/${blobId}`, request, timeoutMs)).status;
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.send(path, { method: 'POST', headers, body: JSON.stringify(body) }, REQUEST_TIMEOUT_MS);
  }

  /** Throws RelayUnreachable when there is no answer in time. */
  async send(path: string, request: RequestInit, timeoutMs: number): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      return await this.#fetch(this.#baseUrl + path, { ...request, signal, cache: 'no-store', credentials: 'omit' });
    } catch (cause) {
      throw new RelayUnreachable(path, { cause });
    }
  }
}

/** Null for what is no JSON. */
export async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}
