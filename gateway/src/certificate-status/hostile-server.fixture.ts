/**
 * For tests: servers on 127.0.0.1 that stand in for the internet. Names are those of a table; an address is public when
 * the test says so, so that the guards can be seen at work over real sockets.
 */

import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type { Network } from './guarded-exchange.ts';

export interface TestServer {
  readonly port: number;
  /** Connections that were made to it. */
  connections(): number;
  close(): Promise<void>;
}

function listen(server: TcpServer): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        connections: () => connections,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

/** A server that speaks HTTP. */
export const serveHttp = (listener: RequestListener): Promise<TestServer> => listen(createServer(listener));

/** A server that answers whatever comes with these bytes, in its own way. */
export const serveRaw = (answer: (socket: Socket) => void): Promise<TestServer> =>
  listen(
    createTcpServer((socket) => {
      socket.once('data', () => answer(socket));
    }),
  );

/** Names by table; `isPublicAddress` takes 127.0.0.1 for the internet, as the tests need, and nothing else. */
export function networkOf(names: Readonly<Record<string, readonly string[]>>): Network & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async resolve(name) {
      asked.push(name);
      const found = names[name];
      if (found === undefined) throw new Error('ENOTFOUND');
      return found;
    },
    isPublicAddress: (address) => address === '127.0.0.1',
  };
}
