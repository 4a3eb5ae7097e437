/**
 * A small relay for tests of the device: real HTTP, real WebSockets (`ws`), the frames of contracts. One inbox,
 * kept for ever, uploads beside it. A test can cut the network, close sockets with any code, forget the numbering (a new epoch), turn
 * the server's clock, keep replies to itself, and see everything the device sent.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ticketSignatureInput, verifyDeviceSignature } from '@estafette/contracts/device-keys';
import { type EnrolmentAnswer, type EnrolmentRequest, EnrolmentRequestSchema } from '@estafette/contracts/enrolment';
import {
  type DeviceFrame,
  DeviceFrameSchema,
  PROTOCOL_VERSION,
  type RelayFrame,
  TicketRequestSchema,
} from '@estafette/contracts/frames';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { InboxEvent, SealedReply } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import { type WebSocket, WebSocketServer } from 'ws';
import { GatewayDouble } from './gateway-double.ts';

export interface RelayDoubleOptions {
  /** Milliseconds the server's clock is ahead of ours. */
  aheadMs?: number;
  heartbeatSeconds?: number;
  /** Serves everything that is not /v1, for instance the built app. */
  serveFile?(request: IncomingMessage, response: ServerResponse): void;
  port?: number;
}

export class RelayDouble {
  readonly gateway = new GatewayDouble((event) => this.store(event));
  readonly received: { deviceId: string; frame: DeviceFrame }[] = [];
  readonly blobs = new Map<string, Uint8Array>();
  readonly uploads = new Map<string, Uint8Array>();
  /** Status of the answer to an upload, asked before it is kept; null cuts the connection in the middle. */
  onUpload: (blobId: string) => number | null = (blobId) => (this.uploads.has(blobId) ? 200 : 201);
  /** Frames of one socket at once; then framesPerSecondMax, and it is closed with 4429, as by the real one. */
  framesAtOnceMax: number = RELAY_LIMITS.framesBurstMax;
  closedForHaste = 0;
  /** False: receipts are not noted. */
  notesReceipts = true;
  readonly tickets: { code: string }[] = [];
  /** What happens with a reply that was taken; by default the gateway accepts it. */
  onReply: (deviceId: string, reply: SealedReply) => void = () => undefined;
  /** What the relay says to a reply; null keeps silent. */
  answerReply: (reply: SealedReply) => RelayFrame | null = ({ replyId }) => ({ t: 'queued', replyId });
  epoch = 'epoch-1';
  aheadMs: number;
  /** False: HTTP and sockets fail as if there were no network. */
  reachable = true;

  readonly #options: RelayDoubleOptions;
  readonly #server: Server;
  readonly #sockets = new Map<WebSocket, { deviceId: string; greeted: boolean }>();
  readonly #openTickets = new Map<string, string>();
  readonly #answers = new Map<string, EnrolmentAnswer>();
  #log: { seq: number; at: number; event: InboxEvent }[] = [];
  #seq = 0;

  private constructor(options: RelayDoubleOptions) {
    this.#options = options;
    this.aheadMs = options.aheadMs ?? 0;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    const upgrader = new WebSocketServer({ noServer: true });
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.reachable) upgrader.handleUpgrade(request, socket, head, (ws) => this.#admit(ws, request));
      else socket.destroy();
    });
  }

  static async start(options: RelayDoubleOptions = {}): Promise<RelayDouble> {
    const relay = new RelayDouble(options);
    await new Promise<void>((resolve) => relay.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return relay;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get now(): number {
    return Date.now() + this.aheadMs;
  }

  /** Stores an event and gives it to every device that is there. */
  store(event: InboxEvent): void {
    this.#seq += 1;
    const stored = { seq: this.#seq, at: this.now, event };
    this.#log.push(stored);
    for (const [ws, { deviceId, greeted }] of this.#sockets) if (greeted) this.#give(ws, deviceId, stored);
  }

  /** Forgets the numbering: what lives is numbered anew. */
  forgetNumbers(epoch: string): void {
    this.epoch = epoch;
    this.#log = this.#log.map((one, index) => ({ ...one, seq: index + 1 }));
    this.#seq = this.#log.length;
  }

  closeSockets(code: number): void {
    for (const ws of this.#sockets.keys()) ws.close(code);
  }

  /** Cuts every socket without a word. */
  cut(): void {
    for (const ws of this.#sockets.keys()) ws.terminate();
  }

  framesOf<T extends DeviceFrame['t']>(t: T): Extract<DeviceFrame, { t: T }>[] {
    return this.received.flatMap(({ frame }) => (frame.t === t ? [frame as Extract<DeviceFrame, { t: T }>] : []));
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #give(ws: WebSocket, deviceId: string, { seq, at, event }: { seq: number; at: number; event: InboxEvent }): void {
    if (event.kind === 'key' && event.device !== deviceId) return;
    this.#send(ws, { t: 'event', seq, at, e: event });
  }

  #send(ws: WebSocket, frame: RelayFrame): void {
    ws.send(JSON.stringify(frame));
  }

  #admit(ws: WebSocket, request: IncomingMessage): void {
    const ticket = new URL(request.url ?? '/', this.baseUrl).searchParams.get('ticket') ?? '';
    const deviceId = this.#openTickets.get(ticket);
    this.#openTickets.delete(ticket);
    if (deviceId === undefined) {
      ws.close(4401);
      return;
    }
    this.#sockets.set(ws, { deviceId, greeted: false });
    ws.on('close', () => this.#sockets.delete(ws));
    const allowance = { frames: this.framesAtOnceMax, at: performance.now() };
    ws.on('message', (text) => {
      if (!this.#isSlowEnough(allowance)) return this.#closeForHaste(ws);
      const frame = v.parse(DeviceFrameSchema, JSON.parse(text.toString()));
      this.received.push({ deviceId, frame });
      this.#hear(ws, deviceId, frame);
    });
  }

  #closeForHaste(ws: WebSocket): void {
    this.closedForHaste += 1;
    ws.close(4429);
  }

  #isSlowEnough(allowance: { frames: number; at: number }): boolean {
    const now = performance.now();
    const gained = ((now - allowance.at) / 1_000) * RELAY_LIMITS.framesPerSecondMax;
    allowance.frames = Math.min(this.framesAtOnceMax, allowance.frames + gained) - 1;
    allowance.at = now;
    return allowance.frames >= 0;
  }

  #hear(ws: WebSocket, deviceId: string, frame: DeviceFrame): void {
    if ((frame.t === 'hello') === (this.#sockets.get(ws)?.greeted === true)) ws.close(4400);
    else if (frame.t === 'hello') this.#greet(ws, deviceId, frame);
    else if (frame.t === 'ping') this.#send(ws, { t: 'pong', serverTime: this.now });
    else if (frame.t === 'reply') {
      const answer = this.answerReply(frame.reply);
      if (answer !== null) this.#send(ws, answer);
      this.onReply(deviceId, frame.reply);
    } else if (frame.t === 'read' && this.notesReceipts) {
      this.#send(ws, { t: 'noted', letterId: frame.receipt.letterId });
    }
  }

  #greet(ws: WebSocket, deviceId: string, hello: Extract<DeviceFrame, { t: 'hello' }>): void {
    const heartbeatSeconds = this.#options.heartbeatSeconds ?? 25;
    const base = { v: PROTOCOL_VERSION, epoch: this.epoch, session: 'session-1', heartbeatSeconds } as const;
    this.#send(ws, { t: 'welcome', ...base, serverTime: this.now, frameMaxBytes: 65_536 });
    const fresh = hello.epoch === null && hello.cursor === 0;
    const gap = !fresh && (hello.epoch !== this.epoch || hello.cursor > this.#seq);
    if (gap) this.#send(ws, { t: 'gap', epoch: this.epoch });
    const after = gap ? 0 : hello.cursor;
    for (const stored of this.#log) if (stored.seq > after) this.#give(ws, deviceId, stored);
    this.#send(ws, { t: 'live', cursor: this.#seq });
    this.#sockets.set(ws, { deviceId, greeted: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.baseUrl);
    if (!pathname.startsWith('/v1/')) {
      if (this.#options.serveFile) this.#options.serveFile(request, response);
      else response.writeHead(404).end();
      return;
    }
    if (!this.reachable) {
      request.socket.destroy();
      return;
    }
    if (request.method === 'PUT') return this.#takeUpload(pathname, request, response);
    const body = request.method === 'POST' ? JSON.parse(Buffer.concat(await request.toArray()).toString()) : null;
    const [status, answer] = await this.#answer(pathname, body);
    if (answer instanceof Uint8Array) response.writeHead(status).end(answer);
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  async #takeUpload(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const blobId = /^\/v1\/blobs\/([^/]+)$/.exec(pathname)?.[1] ?? '';
    const isOurs = request.headers.authorization === 'Bearer session-1';
    const status = isOurs ? this.onUpload(blobId) : 401;
    if (status === null) return void request.socket.destroy();
    const bytes = Buffer.concat(await request.toArray());
    if (status === 200 || status === 201) this.uploads.set(blobId, new Uint8Array(bytes));
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }

  async #answer(pathname: string, body: unknown): Promise<[number, unknown]> {
    if (pathname === '/v1/tickets') return this.#ticket(body);
    if (pathname === '/v1/enrolments') {
      const request: EnrolmentRequest = v.parse(EnrolmentRequestSchema, body);
      this.#answers.set(request.enrolmentId, await this.gateway.answerEnrolment(request));
      return [202, {}];
    }
    const [, kind, id] = /^\/v1\/(enrolments|blobs)\/([^/]+)/.exec(pathname) ?? [];
    if (kind === 'enrolments') return [200, this.#answers.get(id ?? '')];
    const blob = this.blobs.get(id ?? '');
    return blob === undefined ? [404, {}] : [200, blob];
  }

  async #ticket(body: unknown): Promise<[number, unknown]> {
    const serverTime = this.now;
    const refuse = (code: string): [number, unknown] => {
      this.tickets.push({ code });
      return [401, { code, serverTime }];
    };
    const request = v.parse(TicketRequestSchema, body);
    const device = this.gateway.devices.get(request.deviceId);
    if (device === undefined) return refuse('unknown-device');
    if (!(await verifyDeviceSignature(device.signingKey, request.signature, ticketSignatureInput(request)))) {
      return refuse('bad-signature');
    }
    if (Math.abs(request.at - serverTime) > 300_000) return refuse('clock');
    const ticket = randomBytes(16).toString('base64url');
    this.#openTickets.set(ticket, request.deviceId);
    this.tickets.push({ code: 'ok' });
    return [200, { ticket, serverTime }];
  }
}
