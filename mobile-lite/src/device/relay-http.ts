/**
 * The relay's HTTP side as a device sees it (docs/protocol.md): join, get a one-time ticket, fetch a sealed
 * blob. Answers are validated; whatever does not fit is `RelayUnreachable`, which always means "later".
 */
import { type Bytes, base64url } from '@estafette/contracts/bytes';
import { signWithDevice, ticketSignatureInput } from '@estafette/contracts/device-keys';
import { type EnrolmentAnswer, EnrolmentAnswerSchema, type EnrolmentRequest } from '@estafette/contracts/enrolment';
import { type TicketAnswer, TicketAnswerSchema } from '@estafette/contracts/frames';
import * as v from 'valibot';
import type { DeviceIdentity } from './device-store.ts';

export type Fetch = typeof fetch;

const REQUEST_TIMEOUT_MS = 10_000;
/** Longer than the relay's own wait (enrolmentWaitSeconds). */
const LONG_POLL_TIMEOUT_MS = 40_000;

/** The relay could not be reached, or answered nothing we can use; trying again later may help. */
export class RelayUnreachable extends Error {
  override readonly name = 'RelayUnreachable';
}

/** What the relay says to an enrolment: not answered yet, or the gateway's answer. */
export type EnrolmentOutcome = 'pending' | EnrolmentAnswer;

const RefusalSchema = v.object({ failure: v.string() });

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

  /** Hands over the request to join. */
  async postEnrolment(request: EnrolmentRequest): Promise<EnrolmentOutcome> {
    return readEnrolment(await this.#post('/v1/enrolments', request));
  }

  /** Waits at the relay for the gateway's answer; `pending` when it has not come within the relay's patience. */
  async waitForEnrolment(enrolmentId: string, deviceId: string): Promise<EnrolmentOutcome> {
    const path = `/v1/enrolments/${enrolmentId}/answer?device=${deviceId}`;
    return readEnrolment(await this.#send(path, { method: 'GET' }, LONG_POLL_TIMEOUT_MS));
  }

  /** A one-time ticket, or why there is none. `at` is the server's time as the device knows it. */
  async requestTicket(identity: DeviceIdentity, at: number): Promise<TicketAnswer> {
    const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
    const unsigned = { deviceId: identity.deviceId, at: Math.round(at), nonce };
    const signature = await signWithDevice(identity.signingKeys.privateKey, ticketSignatureInput(unsigned));
    const answer = await this.#post('/v1/tickets', { ...unsigned, signature });
    const parsed = v.safeParse(TicketAnswerSchema, await readJson(answer));
    if (!parsed.success) throw new RelayUnreachable(`ticket answer ${answer.status}`);
    return parsed.output;
  }

  /** The bytes of a sealed blob; null when it is gone. */
  async fetchBlob(blobId: string, session: string): Promise<Bytes | null> {
    const headers = { authorization: `Bearer ${session}` };
    const answer = await this.#send(`/v1/blobs/${blobId}`, { method: 'GET', headers }, 6 * REQUEST_TIMEOUT_MS);
    if (answer.status === 404 || answer.status === 410) return null;
    if (!answer.ok) throw new RelayUnreachable(`blob answer ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  #post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) }, REQUEST_TIMEOUT_MS);
  }

  async #send(path: string, request: RequestInit, timeoutMs: number): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      return await this.#fetch(this.#baseUrl + path, { ...request, signal, cache: 'no-store', credentials: 'omit' });
    } catch (cause) {
      throw new RelayUnreachable(path, { cause });
    }
  }
}

async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

async function readEnrolment(answer: Response): Promise<EnrolmentOutcome> {
  if (answer.status === 202 || answer.status === 204) return 'pending';
  const body = await readJson(answer);
  const answered = v.safeParse(EnrolmentAnswerSchema, body);
  if (answered.success) return answered.output;
  const refused = v.safeParse(RefusalSchema, body);
  if (refused.success) return { outcome: 'refused', failure: refused.output.failure };
  throw new RelayUnreachable(`enrolment answer ${answer.status}`);
}
