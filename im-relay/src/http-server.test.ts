import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { QUEUES } from '@estafette/contracts/queues';
import { PrivateRedis } from './testing/private-redis.ts';
import { post, TestDevice } from './testing/test-device.ts';
import { TestRelay } from './testing/test-relay.ts';

let server: PrivateRedis;
let relay: TestRelay;
let webRoot: string;
before(async () => {
  webRoot = await mkdtemp(join(tmpdir(), 'estafette-web-'));
  await mkdir(join(webRoot, 'assets'));
  await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Estafette</title>');
  await writeFile(join(webRoot, 'service-worker.js'), '// worker');
  await writeFile(join(webRoot, 'assets', 'app-3F9A2C1B.js'), '// app');
  server = await PrivateRedis.start();
  relay = await TestRelay.start(server, { webRoot });
});
after(async () => {
  await relay.relay.close();
  await server.stop();
  await rm(webRoot, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://${relay.address}${path}`, { headers });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

describe('a ticket is given to the device that signed the request, and to no other', () => {
  test('a good request gets a ticket and the server time', async () => {
    const device = await relay.joinedDevice();
    const response = await post(relay.address, '/v1/tickets', await device.ticketRequest(relay.clock.ms));
    assert.equal(response.status, 200);
    const answer = (await response.json()) as { ticket: string; serverTime: number };
    assert.match(answer.ticket, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(answer.serverTime, relay.clock.ms);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  });

  test('an unknown device', async () => {
    const stranger = await TestDevice.make(relay.address);
    const response = await post(relay.address, '/v1/tickets', await stranger.ticketRequest(relay.clock.ms));
    assert.deepEqual(await codeOf(response), [401, 'unknown-device']);
  });

  test('a device not known yet to a relay that lost its memory is told to come back', async () => {
    const device = await relay.joinedDevice();
    await relay.redis.flushall();
    const ask = async () => post(relay.address, '/v1/tickets', await device.ticketRequest(relay.clock.ms));
    assert.deepEqual(await codeOf(await ask()), [503, 'unavailable']);
    await relay.deliver({ kind: 'devices-introduced' });
    assert.deepEqual(await codeOf(await ask()), [401, 'unknown-device']);
  });

  test('a signature by another key, or over another time', async () => {
    const device = await relay.joinedDevice();
    const stranger = await TestDevice.make(relay.address);
    const request = await device.ticketRequest(relay.clock.ms);
    const { signature } = await stranger.ticketRequest(relay.clock.ms);
    for (const wrong of [
      { ...request, signature },
      { ...request, at: request.at + 1 },
    ]) {
      assert.deepEqual(await codeOf(await post(relay.address, '/v1/tickets', wrong)), [401, 'bad-signature']);
    }
    // The nonce was not burnt by the wrong ones.
    assert.equal((await post(relay.address, '/v1/tickets', request)).status, 200);
  });

  test('a request sent again', async () => {
    const device = await relay.joinedDevice();
    const request = await device.ticketRequest(relay.clock.ms);
    await post(relay.address, '/v1/tickets', request);
    assert.deepEqual(await codeOf(await post(relay.address, '/v1/tickets', request)), [401, 'replayed']);
  });

  test('a clock too far off is told the time', async () => {
    const device = await relay.joinedDevice();
    for (const skew of [-301_000, 301_000]) {
      const request = await device.ticketRequest(relay.clock.ms + skew);
      const response = await post(relay.address, '/v1/tickets', request);
      assert.equal(response.status, 401);
      const { code, serverTime } = (await response.json()) as { code: string; serverTime: number };
      assert.deepEqual([code, serverTime], ['clock', relay.clock.ms]);
    }
  });

  test('what is no request', async () => {
    for (const body of [
      '{',
      '{}',
      '[]',
      'null',
      JSON.stringify({ deviceId: 'dev_1', at: 1, nonce: '', signature: '' }),
    ]) {
      assert.deepEqual(await codeOf(await post(relay.address, '/v1/tickets', body)), [400, 'bad-request']);
    }
    const large = JSON.stringify({ nonce: 'x'.repeat(100_000) });
    assert.deepEqual(await codeOf(await post(relay.address, '/v1/tickets', large)), [413, 'too-large']);
  });

  test('a page of another site', async () => {
    const device = await relay.joinedDevice();
    const request = await device.ticketRequest(relay.clock.ms);
    const headers = { origin: 'https://evil.example' };
    assert.deepEqual(await codeOf(await post(relay.address, '/v1/tickets', request, headers)), [403, 'origin-refused']);
    const own = { origin: `http://${relay.address}` };
    assert.equal((await post(relay.address, '/v1/tickets', request, own)).status, 200);
  });
});

describe('an enrolment request reaches the gateway and its answer the phone', () => {
  function sampleRequest() {
    const key = 'B'.repeat(87);
    const ids = { enrolmentId: newId('enrolment'), deviceId: newId('device') };
    return { ...ids, wrappingKey: key, signingKey: key, proof: 'p'.repeat(43) };
  }
  const answerPath = (request: { enrolmentId: string; deviceId: string }) =>
    `/v1/enrolments/${request.enrolmentId}/answer?device=${request.deviceId}`;

  test('asked before it is there, the answer is waited for', async () => {
    const request = sampleRequest();
    const accepted = await post(relay.address, '/v1/enrolments', request);
    assert.equal(accepted.status, 202);
    assert.deepEqual(relay.queues.added.at(-1), {
      queue: QUEUES.reply,
      jobId: request.deviceId,
      job: { kind: 'enrolment', request },
    });
    const waiting = get(answerPath(request));
    const { enrolmentId, deviceId, signingKey } = request;
    const answer = { outcome: 'joined', iv: 'AAAA', ct: 'bWVtYmVy' };
    const member = { mailboxId: newId('mailbox'), deviceId, signingKey, validUntil: null };
    await relay.deliver({ kind: 'device-joined', ...member, enrolmentId, answer, events: [] });
    assert.deepEqual(await (await waiting).json(), answer);
    assert.deepEqual(await (await get(answerPath(request))).json(), answer);
  });

  test('a refusal carries its code', async () => {
    const { enrolmentId, deviceId } = sampleRequest();
    const answer = { outcome: 'refused', failure: 'enrolment-unknown' };
    await relay.deliver({ kind: 'enrolment-refused', enrolmentId, deviceId, answer });
    assert.deepEqual(await (await get(answerPath({ enrolmentId, deviceId }))).json(), answer);
  });

  test('without an answer the wait ends with 204', async () => {
    const own = await TestRelay.start(server, { limits: { enrolmentWaitSeconds: 0.05 } });
    const response = await fetch(`http://${own.address}${answerPath(sampleRequest())}`);
    assert.equal(response.status, 204);
    await own.relay.close();
  });

  test('malformed requests and questions are refused', async () => {
    const bad = { ...sampleRequest(), proof: 'short' };
    assert.deepEqual(await codeOf(await post(relay.address, '/v1/enrolments', bad)), [400, 'bad-request']);
    assert.deepEqual(await codeOf(await get('/v1/enrolments/enr_1/answer?device=dev_1')), [400, 'bad-request']);
    assert.deepEqual(await codeOf(await get(`/v1/enrolments/${newId('enrolment')}/answer`)), [400, 'bad-request']);
  });

  test('too many are refused, per address and in all', async () => {
    for (const limits of [{ enrolmentsPerMinutePerAddressMax: 2 }, { enrolmentsPerMinuteMax: 2 }]) {
      const own = await TestRelay.start(server, { limits });
      for (let i = 0; i < 2; i += 1) {
        assert.equal((await post(own.address, '/v1/enrolments', sampleRequest())).status, 202);
      }
      assert.deepEqual(await codeOf(await post(own.address, '/v1/enrolments', sampleRequest())), [429, 'too-fast']);
      await own.relay.close();
    }
  });
});

describe('a blob is given to the devices of its mailbox only', () => {
  test('own mailbox, another mailbox, no session, no such blob, a revoked device', async () => {
    const owner = await relay.joinedDevice();
    const stranger = await relay.joinedDevice();
    const blobId = newId('blob');
    await relay.blobs.put(`blobs/${owner.mailboxId}/${blobId}`, Buffer.from('sealed bytes'));
    const sessionOf = async (device: TestDevice) => {
      const { connection, welcome } = await device.connect();
      await connection.leave();
      return { authorization: `Bearer ${welcome.session}` };
    };
    const own = await sessionOf(owner);
    const response = await get(`/v1/blobs/${blobId}`, own);
    assert.equal(await response.text(), 'sealed bytes');
    assert.equal(response.headers.get('content-type'), 'application/octet-stream');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await codeOf(await get(`/v1/blobs/${blobId}`, await sessionOf(stranger))), [404, 'not-found']);
    assert.deepEqual(await codeOf(await get(`/v1/blobs/${blobId}`)), [401, 'session-refused']);
    const forged = { authorization: `Bearer ${'A'.repeat(43)}` };
    assert.deepEqual(await codeOf(await get(`/v1/blobs/${blobId}`, forged)), [401, 'session-refused']);
    for (const id of [newId('blob'), '..%2F..%2Fspool', 'blb_1']) {
      assert.deepEqual(await codeOf(await get(`/v1/blobs/${id}`, own)), [404, 'not-found']);
    }
    const { mailboxId, deviceId } = owner;
    await relay.deliver({ kind: 'device-revoked', mailboxId, deviceId });
    assert.deepEqual(await codeOf(await get(`/v1/blobs/${blobId}`, own)), [401, 'session-refused']);
  });
});

describe('the app is served with its policy', () => {
  test('the page and the worker are asked for each time, files named by digest never again', async () => {
    for (const path of ['/', '/index.html', '/service-worker.js']) {
      assert.equal((await get(path)).headers.get('cache-control'), 'no-cache', path);
    }
    const asset = await get('/assets/app-3F9A2C1B.js');
    assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  });

  test('the page may talk to its relay only and be framed by no one', async () => {
    const { headers } = await get('/');
    const policy = headers.get('content-security-policy') ?? '';
    assert.ok(policy.includes("default-src 'self'"));
    assert.ok(policy.includes(`connect-src 'self' ws://${relay.address} wss://${relay.address};`));
    assert.ok(policy.includes("frame-ancestors 'none'"));
    assert.ok(!policy.includes('unsafe'));
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  });

  test('a page somebody navigates to shows the app; a missing file or call does not', async () => {
    const page = await get('/conversations/1', { accept: 'text/html' });
    assert.deepEqual([page.status, (await page.text()).includes('<title>')], [200, true]);
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    for (const path of ['/assets/gone.js', '/v1/nothing', '/../package.json', '/.git/config']) {
      assert.deepEqual(await codeOf(await get(path, { accept: 'text/html' })), [404, 'not-found'], path);
    }
    assert.deepEqual(await codeOf(await get('/conversations/1')), [404, 'not-found']);
  });
});

test('healthz says whether Redis answers', async () => {
  const response = await get('/healthz');
  assert.deepEqual([response.status, await response.json()], [200, { status: 'ok' }]);
});
