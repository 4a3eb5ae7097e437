/** One exchange with a server that is hostile, slow, too talkative, or not where it should be. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { AllowedHost } from './allowed-address.ts';
import { type ExchangeOrder, exchange, FetchFailure, type Network } from './guarded-exchange.ts';
import { networkOf, serveHttp, serveRaw, type TestServer } from './hostile-server.fixture.ts';
import { isPublicAddress } from './public-address.ts';

const HOST = 'crl.authority.example';
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function http(listener: RequestListener): Promise<TestServer> {
  servers.push(await serveHttp(listener));
  return servers.at(-1) as TestServer;
}
async function raw(answer: (socket: Socket) => void): Promise<TestServer> {
  servers.push(await serveRaw(answer));
  return servers.at(-1) as TestServer;
}

const allowing = (...ports: number[]): AllowedHost[] => ports.map((port) => ({ name: HOST, isSuffix: false, port }));
const orderTo = (port: number, change: Partial<ExchangeOrder> = {}): ExchangeOrder => ({
  url: `http://${HOST}:${port}/list.crl`,
  accept: 'application/pkix-crl',
  maxBytes: 1_000,
  timeoutMs: 60_000,
  ...change,
});
const open = new AbortController().signal;
const here = () => networkOf({ [HOST]: ['127.0.0.1'] });

async function failureOf(order: ExchangeOrder, allowed: AllowedHost[], network: Network = here()): Promise<string> {
  try {
    await exchange(order, allowed, network, open);
  } catch (error) {
    assert.ok(error instanceof FetchFailure, String(error));
    return error.code;
  }
  return 'fetched';
}

test('bytes of a listed host come, without cookie, credential or wish for compression', async () => {
  const { port } = await http((request, response) => {
    assert.deepEqual(
      [request.method, request.headers['accept-encoding'], request.headers.cookie, request.headers.authorization],
      ['GET', 'identity', undefined, undefined],
    );
    response.end('list');
  });
  assert.equal((await exchange(orderTo(port), allowing(port), here(), open)).toString(), 'list');
});

test('a request goes by POST with its type', async () => {
  const { port } = await http((request, response) => {
    request.pipe(response);
    assert.deepEqual([request.method, request.headers['content-type']], ['POST', 'application/ocsp-request']);
  });
  const body = { bytes: Buffer.from('question'), type: 'application/ocsp-request' };
  assert.equal((await exchange(orderTo(port, { body }), allowing(port), here(), open)).toString(), 'question');
});

test('a host that is not listed is neither resolved nor connected to', async () => {
  const server = await http((_request, response) => response.end('x'));
  const network = here();
  assert.equal(await failureOf(orderTo(server.port), [], network), 'address-not-allowed');
  assert.deepEqual([network.asked, server.connections()], [[], 0]);
});

for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00::1', '0.0.0.0'])
  test(`a listed name that resolves to ${address} is not connected to`, async () => {
    const server = await http((_request, response) => response.end('x'));
    const network = { ...networkOf({ [HOST]: [address] }), isPublicAddress };
    assert.equal(await failureOf(orderTo(server.port), allowing(server.port), network), 'address-not-public');
    assert.equal(server.connections(), 0);
  });

test('one private address among public ones spoils the name', async () => {
  const server = await http((_request, response) => response.end('x'));
  const network = networkOf({ [HOST]: ['127.0.0.1', '10.0.0.1'] });
  assert.equal(await failureOf(orderTo(server.port), allowing(server.port), network), 'address-not-public');
  assert.equal(server.connections(), 0);
});

test('a listed address of the own network is not connected to either', async () => {
  const server = await http((_request, response) => response.end('x'));
  const allowed = [{ name: '127.0.0.1', isSuffix: false, port: server.port }];
  const network = { ...here(), isPublicAddress };
  const order = orderTo(server.port, { url: `http://127.0.0.1:${server.port}/` });
  assert.equal(await failureOf(order, allowed, network), 'address-not-public');
  assert.equal(server.connections(), 0);
});

test('a name is resolved once: what it says afterwards moves nothing (rebinding)', async () => {
  const server = await http((_request, response) => response.end('list'));
  const answers = [['127.0.0.1'], ['10.0.0.1']];
  const network: Network = { ...here(), resolve: async () => answers.shift() ?? [] };
  assert.equal(await failureOf(orderTo(server.port), allowing(server.port), network), 'fetched');
  assert.equal(answers.length, 1);
});

test('a name that is not known is a failure', async () => {
  assert.equal(await failureOf(orderTo(80), allowing(80), networkOf({})), 'name-not-found');
});

test('a server that does not listen is a failure', async () => {
  const server = await http((_request, response) => response.end('x'));
  // Our own end of a connection: nobody listens on that port, and nobody else is given it meanwhile.
  const connection = connect(server.port, '127.0.0.1');
  await once(connection, 'connect');
  const port = connection.localPort ?? 0;
  assert.equal(await failureOf(orderTo(port), allowing(port)), 'not-reachable');
  connection.destroy();
});

for (const [kind, location, code] of [
  ['to a private address', 'http://internal.example/', 'address-not-allowed'],
  ['to an address of the own network', 'http://127.0.0.1/', 'address-not-allowed'],
  ['to another scheme', 'file:///etc/passwd', 'address-not-allowed'],
  ['to another host without a scheme', '//internal.example/', 'address-not-allowed'],
  ['in a circle', '/list.crl', 'redirects-too-many'],
] as const)
  test(`a redirect ${kind} is not followed`, async () => {
    const { port } = await http((_request, response) => response.writeHead(302, { Location: location }).end());
    assert.equal(await failureOf(orderTo(port), allowing(port)), code);
  });

test('a redirect to a listed name that resolves to a private address is not followed', async () => {
  const { port } = await http((_request, response) =>
    response.writeHead(301, { Location: 'http://second.example/' }).end(),
  );
  const allowed = [...allowing(port), { name: 'second.example', isSuffix: false, port: null }];
  const network = networkOf({ [HOST]: ['127.0.0.1'], 'second.example': ['192.168.0.1'] });
  assert.equal(await failureOf(orderTo(port), allowed, network), 'address-not-public');
});

test('two redirects within the list are followed', async () => {
  const { port } = await http((request, response) => {
    const hop = Number(request.url?.slice(1) ?? 0);
    if (hop < 2) response.writeHead(302, { Location: `/${hop + 1}` }).end();
    else response.end('list');
  });
  const order = orderTo(port, { url: `http://${HOST}:${port}/0` });
  assert.equal((await exchange(order, allowing(port), here(), open)).toString(), 'list');
});

test('a request by POST is not sent on by a redirect', async () => {
  const { port } = await http((_request, response) => response.writeHead(307, { Location: '/b' }).end());
  const body = { bytes: Buffer.from('question'), type: 'application/ocsp-request' };
  assert.equal(await failureOf(orderTo(port, { body }), allowing(port)), 'status-refused');
});

for (const [status, code] of [
  [204, 'status-refused'],
  [206, 'status-refused'],
  [304, 'status-refused'],
  [404, 'status-refused'],
  [429, 'server-trouble'],
  [500, 'server-trouble'],
  [503, 'server-trouble'],
] as const)
  test(`status ${status} brings nothing`, async () => {
    const { port } = await http((_request, response) => response.writeHead(status).end());
    assert.equal(await failureOf(orderTo(port), allowing(port)), code);
  });

test('a body announced as too large is not read', async () => {
  const { port } = await http((_request, response) => {
    response.writeHead(200, { 'Content-Length': 1_001 });
    response.write('x');
  });
  assert.equal(await failureOf(orderTo(port), allowing(port)), 'too-large');
});

test('a body in chunks without end is cut at the limit, and the server is left', async () => {
  const left = Promise.withResolvers<void>();
  const { port } = await http((_request, response) => {
    const timer = setInterval(() => response.write('y'.repeat(400)), 1);
    response.once('close', () => {
      clearInterval(timer);
      left.resolve();
    });
  });
  assert.equal(await failureOf(orderTo(port), allowing(port)), 'too-large');
  await left.promise;
});

test('a body that is packed is refused unread, whatever it would become', async () => {
  const { port } = await http((_request, response) =>
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000))),
  );
  assert.equal(await failureOf(orderTo(port, { maxBytes: 100_000 }), allowing(port)), 'encoding-refused');
});

test('a server that sends one byte now and then runs into the time of the whole', async () => {
  const { port } = await http((_request, response) => {
    const timer = setInterval(() => response.write('z'), 20);
    response.once('close', () => clearInterval(timer));
  });
  assert.equal(await failureOf(orderTo(port, { timeoutMs: 300 }), allowing(port)), 'too-slow');
});

for (const [kind, answer] of [
  ['never answers', () => {}],
  ['sends a header line that never ends', (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nX-A: b')],
  [
    'sends hints without end',
    (socket: Socket) => void setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20).unref(),
  ],
] as const)
  test(`a server that ${kind} runs into the time of the whole`, async () => {
    const { port } = await raw(answer);
    assert.equal(await failureOf(orderTo(port, { timeoutMs: 300 }), allowing(port)), 'too-slow');
  });

for (const [kind, bytes] of [
  ['headers without measure', `HTTP/1.1 200 OK\r\n${`X-Filler: ${'a'.repeat(1_000)}\r\n`.repeat(40)}\r\n`],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
  ['half of what it announced', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
] as const)
  test(`a server that sends ${kind} brings nothing`, async () => {
    const { port } = await raw((socket) => void socket.end(bytes));
    assert.equal(await failureOf(orderTo(port), allowing(port)), 'not-reachable');
  });

test('a proxy named in the environment is not used', async () => {
  const proxy = await http((_request, response) => response.end('from the proxy'));
  const { port } = await http((_request, response) => response.end('list'));
  const before = { ...process.env };
  Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
  try {
    assert.equal((await exchange(orderTo(port), allowing(port), here(), open)).toString(), 'list');
    assert.equal(proxy.connections(), 0);
  } finally {
    process.env = before;
  }
});

test('closing breaks off what is under way', async () => {
  const closing = new AbortController();
  const { port } = await http(() => closing.abort());
  await assert.rejects(exchange(orderTo(port), allowing(port), here(), closing.signal), FetchFailure);
});
