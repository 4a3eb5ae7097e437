/**
 * The door for sockets: GET /v1/socket?ticket=… with an Upgrade. A ticket is taken away by the first who shows it.
 * A wrong one is still upgraded and then closed with 4401, because a browser shows its page no HTTP answer of a
 * refused upgrade (WHATWG WebSockets §feedback). No compression: it costs memory per socket, and compressing
 * secrets beside chosen text leaks.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from '@estafette/contracts/close-codes';
import { WebSocket, WebSocketServer } from 'ws';
import type { Admission } from './access-store.ts';
import { DeviceSocket } from './device-socket.ts';
import { isOriginAllowed, type OriginRule } from './origin.ts';
import type { RelayContext } from './relay-context.ts';
import type { SentCloseCode, Switchboard } from './switchboard.ts';

/** How long a peer may take over the closing handshake before its connection is cut. */
const CLOSE_TIMEOUT_MS = 2_000;
const SOCKET_PATH = '/v1/socket';
const TICKET = /^[A-Za-z0-9_-]{43}$/;

/** ws closes by itself on broken frames, with the codes of RFC 6455 §7.4.1; devices are told in our own. */
const OUR_CODES: Readonly<Record<number, SentCloseCode>> = {
  1002: 4400,
  1003: 4400,
  1007: 4400,
  1008: 4400,
  1009: 4413,
};

class RelayWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const ours = code === undefined ? undefined : OUR_CODES[code];
    if (ours === undefined) super.close(code, reason);
    else super.close(ours, CLOSE_CODES[ours].name);
  }
}

export interface SocketGate {
  /** Refuses new sockets from now on. */
  close(): void;
}

export function openSocketGate(gate: {
  server: Server;
  context: RelayContext;
  switchboard: Switchboard;
  origins: OriginRule;
}): SocketGate {
  const { server, context, switchboard, origins } = gate;
  let isOpen = true;
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: context.limits.frameMaxBytes,
    maxFragments: context.limits.fragmentsMax,
    closeTimeout: CLOSE_TIMEOUT_MS,
    WebSocket: RelayWebSocket,
  };
  const upgrader = new WebSocketServer(options);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = refusalOf(request, isOpen, origins);
    if (refusal !== null) return refuse(socket, refusal);
    void takeTicket(request, context).then((outcome) => {
      if (socket.destroyed) return;
      upgrader.handleUpgrade(request, socket, head, (ws) => {
        ws.on('error', () => undefined);
        if (typeof outcome === 'number') ws.close(outcome, CLOSE_CODES[outcome].name);
        else if (!isOpen) ws.close(1001, CLOSE_CODES[1001].name);
        else new DeviceSocket(ws, outcome, context, switchboard);
      });
    });
  });
  return {
    close() {
      isOpen = false;
    },
  };
}

function refusalOf(request: IncomingMessage, isOpen: boolean, origins: OriginRule): string | null {
  if (!isOpen) return '503 Service Unavailable';
  if (pathOf(request).pathname !== SOCKET_PATH) return '404 Not Found';
  return isOriginAllowed(request.headers, origins) ? null : '403 Forbidden';
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function pathOf(request: IncomingMessage): URL {
  const target = `http://relay.invalid${request.url ?? '/'}`;
  return new URL(URL.canParse(target) ? target : 'http://relay.invalid/');
}

/** Whose ticket it is, or the code to close with. */
async function takeTicket(request: IncomingMessage, context: RelayContext): Promise<Admission | SentCloseCode> {
  const ticket = pathOf(request).searchParams.get('ticket') ?? '';
  if (!TICKET.test(ticket)) return 4401;
  if (!(await context.access.isReachable())) return 1013;
  try {
    return (await context.access.takeTicket(ticket)) ?? 4401;
  } catch (error) {
    context.log.warn('a ticket could not be checked', { error });
    return 1013;
  }
}
