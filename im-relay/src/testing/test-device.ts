/** A device that speaks the protocol as docs/protocol.md tells it: tickets by signature, frames, resume by cursor. */
import { once } from 'node:events';
import { base64url } from '@estafette/contracts/bytes';
import {
  exportPublicKey,
  makeSigningKeys,
  signWithDevice,
  ticketSignatureInput,
} from '@estafette/contracts/device-keys';
import { type RelayFrame, RelayFrameSchema, type TicketRequest } from '@estafette/contracts/frames';
import { newId } from '@estafette/contracts/ids';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import { type ClientOptions, WebSocket } from 'ws';

type FrameOf<T extends RelayFrame['t']> = Extract<RelayFrame, { t: T }>;

/** One socket and the frames that came by it. */
export class TestConnection {
  readonly ws: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  readonly #frames: RelayFrame[] = [];
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(url: string, options: ClientOptions) {
    this.ws = new WebSocket(url, options);
    this.ws.on('error', () => undefined);
    this.ws.on('message', (content) => {
      this.#frames.push(v.parse(RelayFrameSchema, JSON.parse(content.toString())));
      this.#wake();
    });
    this.closed = once(this.ws, 'close').then(([code]) => {
      this.#isClosed = true;
      this.#wake();
      return code as number;
    });
  }

  send(frame: object): void {
    this.ws.send(JSON.stringify(frame));
  }

  /** The next frame, whatever it is. */
  async next(): Promise<RelayFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#isClosed) throw new Error('the socket is closed and no frame is left');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame, which must be a `t`. */
  async expect<T extends RelayFrame['t']>(t: T): Promise<FrameOf<T>> {
    const frame = await this.next();
    if (frame.t !== t) throw new Error(`expected ${t}, got ${JSON.stringify(frame).slice(0, 200)}`);
    return frame as FrameOf<T>;
  }

  /** All event frames up to `live`, which is taken too. */
  async eventsUntilLive(): Promise<FrameOf<'event'>[]> {
    const events: FrameOf<'event'>[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.t === 'live') return events;
      if (frame.t !== 'event') throw new Error(`expected an event, got ${frame.t}`);
      events.push(frame);
    }
  }

  /** As a phone in a lift: no goodbye. */
  async loseNetwork(): Promise<void> {
    this.ws.terminate();
    await this.closed;
  }

  async leave(): Promise<void> {
    this.ws.close(1000);
    await this.closed;
  }
}

export class TestDevice {
  readonly deviceId = newId('device');
  readonly mailboxId: string;
  readonly signingKey: string;
  readonly #keys: CryptoKeyPair;
  readonly #relay: string;

  private constructor(relay: string, mailboxId: string, keys: CryptoKeyPair, signingKey: string) {
    this.#relay = relay;
    this.mailboxId = mailboxId;
    this.#keys = keys;
    this.signingKey = signingKey;
  }

  /** `relay` is host and port. */
  static async make(relay: string, mailboxId = newId('mailbox')): Promise<TestDevice> {
    const keys = await makeSigningKeys();
    return new TestDevice(relay, mailboxId, keys, await exportPublicKey(keys.publicKey));
  }

  async ticketRequest(at: number): Promise<TicketRequest> {
    const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
    const unsigned = { deviceId: this.deviceId, at, nonce };
    const signature = await signWithDevice(this.#keys.privateKey, ticketSignatureInput(unsigned));
    return { ...unsigned, signature };
  }

  async ticket(at = Date.now()): Promise<string> {
    const response = await post(this.#relay, '/v1/tickets', await this.ticketRequest(at));
    const answer = (await response.json()) as { ticket: string };
    if (response.status !== 200) throw new Error(`ticket refused: ${JSON.stringify(answer)}`);
    return answer.ticket;
  }

  /** Opens a socket and says nothing yet. */
  async dial(options: ClientOptions = {}): Promise<TestConnection> {
    const connection = new TestConnection(`ws://${this.#relay}/v1/socket?ticket=${await this.ticket()}`, options);
    if (connection.ws.readyState === WebSocket.CONNECTING) await once(connection.ws, 'open');
    return connection;
  }

  /** Opens a socket, greets, and gives it with its welcome. */
  async connect(
    seen: { epoch: string | null; cursor: number } = { epoch: null, cursor: 0 },
  ): Promise<{ connection: TestConnection; welcome: FrameOf<'welcome'> }> {
    const connection = await this.dial();
    connection.send({ t: 'hello', v: 1, ...seen });
    return { connection, welcome: await connection.expect('welcome') };
  }
}

export function post(relay: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`http://${relay}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function sampleReply(conversationId = newId('conversation')): SealedReply {
  return { replyId: newId('reply'), conversationId, iv: 'AAAA', ct: 'cmVwbHk', signature: 'c2ln' };
}
