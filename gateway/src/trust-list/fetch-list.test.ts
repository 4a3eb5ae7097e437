/** Fetching over real HTTPS: own authorities, nothing fetched twice, and servers that mean no good. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type FetchOrder, fetchList } from './fetch-list.ts';
import { ListRefused } from './list-refused.ts';
import { authority, foreignAuthority, tlsServer } from './lists.fixture.ts';

let server: Server;
let answer: RequestListener;
let asked: string[];
let order: FetchOrder;
const open = new AbortController().signal;

before(async () => {
  const tls = { key: tlsServer.privateKeyPem, cert: `${tlsServer.certificatePem}${authority.issuingCertificatePem}` };
  server = createServer(tls, (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['if-none-match'] ?? '-'}`);
    answer(request, response);
  });
  server.on('connection', (socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  answer = (_request, response) => response.setHeader('ETag', '"1"').end('the list');
  const { port } = server.address() as AddressInfo;
  order = {
    source: `https://localhost:${port}/liste.xml`,
    serverAuthorities: authority.rootCertificatePem,
    etag: null,
    lastModified: null,
    timeoutMs: 5_000,
  };
});

const unreachable =
  (detail: RegExp, code = 'list-unreachable') =>
  (error: unknown) => {
    assert.ok(error instanceof ListRefused, String(error));
    assert.equal(error.code, code);
    assert.match(error.detail ?? '', detail);
    return true;
  };

test('the list comes from a server that the given authorities vouch for, with what the server calls it', async () => {
  const fetched = await fetchList(order, open);
  assert.ok(fetched.kind === 'bytes');
  assert.equal(fetched.bytes.toString(), 'the list');
  assert.deepEqual([fetched.etag, fetched.lastModified, fetched.currentAt], ['"1"', null, null]);
});

test('a server that other authorities vouch for, or only those of the system, is not believed', async () => {
  const foreign = { ...order, serverAuthorities: foreignAuthority.rootCertificatePem };
  await assert.rejects(fetchList(foreign, open), unreachable(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO/));
  await assert.rejects(fetchList({ ...order, serverAuthorities: null }, open), unreachable(/SELF_SIGNED|UNABLE_TO/));
  assert.deepEqual(asked, []);
});

test('a server of another name is not believed', async () => {
  const byAddress = { ...order, source: order.source.replace('localhost', '127.0.0.1') };
  await assert.rejects(fetchList(byAddress, open), unreachable(/ERR_TLS_CERT_ALTNAME_INVALID/));
});

test('a list that did not change is not sent again', async () => {
  answer = (_request, response) => response.writeHead(304).end();
  assert.deepEqual(await fetchList({ ...order, etag: '"1"' }, open), { kind: 'same' });
  assert.deepEqual(asked, ['GET /liste.xml "1"']);
  await assert.rejects(fetchList(order, open), unreachable(/304/), 'nobody asked whether it changed');
});

test('nothing is fetched from where a server sends us', async () => {
  answer = (_request, response) => response.writeHead(302, { Location: `${order.source}2` }).end();
  await assert.rejects(fetchList(order, open), unreachable(/302/));
  assert.equal(asked.length, 1);
});

for (const status of [204, 206, 404, 500])
  test(`an answer ${status} is no list`, async () => {
    answer = (_request, response) => response.writeHead(status).end();
    await assert.rejects(fetchList(order, open), unreachable(new RegExp(`${status}`)));
  });

test('a server that answers, and then keeps us waiting, is left', async () => {
  answer = (_request, response) => void response.write('begin');
  await assert.rejects(fetchList({ ...order, timeoutMs: 200 }, open), unreachable(/too long/));
  answer = () => {};
  await assert.rejects(fetchList({ ...order, timeoutMs: 200 }, open), unreachable(/too long/));
});

test('a list without end is broken off', async () => {
  const block = Buffer.alloc(1_024 * 1_024, 0x20);
  answer = (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  await assert.rejects(fetchList(order, open), unreachable(/^$/, 'list-too-large'));
});

test('a list that breaks off is none', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'Content-Length': '1000' }).write('half', () => response.destroy());
  };
  await assert.rejects(fetchList(order, open), unreachable(/ECONNRESET|broke off|failed/));
});

test('a packed list is not unpacked', async () => {
  answer = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('x');
  await assert.rejects(fetchList(order, open), unreachable(/packed/));
});

test('a validator that is not fit to be sent back is forgotten', async () => {
  answer = (_request, response) => response.setHeader('ETag', `"${'x'.repeat(300)}"`).end('x');
  const fetched = await fetchList(order, open);
  assert.ok(fetched.kind === 'bytes');
  assert.equal(fetched.etag, null);
});

test('closing breaks a fetch off', async () => {
  const closing = new AbortController();
  answer = () => closing.abort();
  await assert.rejects(fetchList(order, closing.signal), unreachable(/too long/));
});

test('a file is read with the time it was renewed; anything but https and files is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'est-list-'));
  try {
    const file = join(folder, 'liste.xml');
    writeFileSync(file, 'x');
    utimesSync(file, 1_000, 1_000);
    const fetched = await fetchList({ ...order, source: file }, open);
    assert.ok(fetched.kind === 'bytes');
    assert.equal(fetched.currentAt, 1_000_000);
    await assert.rejects(fetchList({ ...order, source: join(folder, 'none') }, open), unreachable(/ENOENT/));
    await assert.rejects(fetchList({ ...order, source: folder }, open), unreachable(/EISDIR/));
  } finally {
    rmSync(folder, { recursive: true });
  }
  const plain = { ...order, source: order.source.replace('https', 'http') };
  await assert.rejects(fetchList(plain, open), unreachable(/only https/));
});
