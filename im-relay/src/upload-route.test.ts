import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { PrivateRedis } from './testing/private-redis.ts';
import type { TestDevice } from './testing/test-device.ts';
import { TestRelay } from './testing/test-relay.ts';

let server: PrivateRedis;
let relay: TestRelay;
before(async () => {
  server = await PrivateRedis.start();
  relay = await TestRelay.start(server);
});
after(async () => {
  await relay.relay.close();
  await server.stop();
});

async function sessionOf(device: TestDevice): Promise<string> {
  const { connection, welcome } = await device.connect();
  await connection.leave();
  return welcome.session;
}

function put(at: TestRelay, blobId: string, session: string | null, body: Buffer, headers: object = {}) {
  return fetch(`http://${at.address}/v1/blobs/${blobId}`, {
    method: 'PUT',
    headers: {
      'content-type': 'application/octet-stream',
      ...(session === null ? {} : { authorization: `Bearer ${session}` }),
      ...headers,
    },
    body: new Uint8Array(body),
  });
}

const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

test('an upload lies under the mailbox of the session; the same bytes again are fine, others are refused', async () => {
  const device = await relay.joinedDevice();
  const session = await sessionOf(device);
  const [blobId, sealed] = [newId('blob'), randomBytes(200_000)];
  const first = await put(relay, blobId, session, sealed);
  assert.deepEqual([first.status, await first.json()], [201, { bytes: 200_000 }]);
  const place = `uploads/${device.mailboxId}/${blobId}`;
  assert.deepEqual(await relay.blobs.get(place), sealed);
  assert.equal((await put(relay, blobId, session, sealed)).status, 200);
  assert.deepEqual(await codeOf(await put(relay, blobId, session, randomBytes(200_000))), [409, 'blob-differs']);
  assert.deepEqual(await relay.blobs.get(place), sealed);
});

test('a device of another mailbox cannot touch it, and nobody can fetch it as a blob before the gateway took it', async () => {
  const [owner, stranger] = [await relay.joinedDevice(), await relay.joinedDevice()];
  const [blobId, sealed] = [newId('blob'), randomBytes(100)];
  const session = await sessionOf(owner);
  await put(relay, blobId, session, sealed);
  const other = await put(relay, blobId, await sessionOf(stranger), randomBytes(100));
  assert.equal(other.status, 201);
  assert.deepEqual(await relay.blobs.get(`uploads/${owner.mailboxId}/${blobId}`), sealed);
  const asked = await fetch(`http://${relay.address}/v1/blobs/${blobId}`, {
    headers: { authorization: `Bearer ${session}` },
  });
  assert.deepEqual(await codeOf(asked), [404, 'not-found']);
});

test('no session, a foreign page, a name that is no blob, too few bytes, another type: refused, and nothing is kept', async () => {
  const device = await relay.joinedDevice();
  const session = await sessionOf(device);
  const bytes = randomBytes(100);
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), null, bytes)), [401, 'session-refused']);
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), 'A'.repeat(43), bytes)), [401, 'session-refused']);
  const foreign = { origin: 'https://evil.example' };
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), session, bytes, foreign)), [403, 'origin-refused']);
  for (const id of [newId('letter'), 'blb_1', '..%2F..%2Fspool']) {
    assert.deepEqual(await codeOf(await put(relay, id, session, bytes)), [400, 'bad-request'], id);
  }
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), session, randomBytes(28))), [400, 'bad-request']);
  const text = { 'content-type': 'text/html' };
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), session, bytes, text)), [400, 'bad-request']);
  const kept = [];
  for await (const { name } of relay.blobs.list(`uploads/${device.mailboxId}/`)) kept.push(name);
  assert.deepEqual(kept, []);
});

test('an upload above its size is refused, announced or not, and keeps nothing', async () => {
  const own = await TestRelay.start(server, { limits: { uploadMaxBytes: 1_000 } });
  const device = await own.joinedDevice();
  const session = await sessionOf(device);
  const blobId = newId('blob');
  assert.deepEqual(await codeOf(await put(own, blobId, session, randomBytes(1_001))), [413, 'too-large']);
  assert.equal((await put(own, blobId, session, randomBytes(1_000))).status, 201);
  const unannounced = newId('blob');
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', authorization: `Bearer ${session}` };
    const sending = request(`http://${own.address}/v1/blobs/${unannounced}`, { method: 'PUT', headers });
    sending.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    sending.write(randomBytes(600));
    sending.write(randomBytes(600));
  });
  assert.equal(status, 413);
  assert.equal(await own.blobs.get(`uploads/${device.mailboxId}/${unannounced}`), null);
  await own.relay.close();
});

test('an upload that breaks off keeps nothing, is no trouble of ours, and may come again', async () => {
  const device = await relay.joinedDevice();
  const session = await sessionOf(device);
  const [blobId, sealed] = [newId('blob'), randomBytes(50_000)];
  const authorization = `Bearer ${session}`;
  const headers = { 'content-type': 'application/octet-stream', 'content-length': sealed.length, authorization };
  const sending = request(`http://${relay.address}/v1/blobs/${blobId}`, { method: 'PUT', headers });
  sending.on('error', () => undefined);
  await new Promise((resolve) => sending.write(sealed.subarray(0, 20_000), resolve));
  sending.destroy();
  await relay.queues.settled();
  assert.equal((await put(relay, blobId, session, sealed)).status, 201);
  assert.deepEqual(
    relay.log.lines.filter((line) => line.includes('"error"') && line.includes('a request failed')),
    [],
  );
});

test('too many uploads of one mailbox within an hour, in number or in bytes, are told to come later', async () => {
  for (const limits of [{ uploadsPerHourAndMailboxMax: 2 }, { uploadBytesPerHourAndMailboxMax: 250 }]) {
    const own = await TestRelay.start(server, { limits });
    const [busy, other] = [await own.joinedDevice(), await own.joinedDevice()];
    const session = await sessionOf(busy);
    for (let i = 0; i < 2; i += 1) {
      assert.equal((await put(own, newId('blob'), session, randomBytes(100))).status, 201);
    }
    assert.deepEqual(await codeOf(await put(own, newId('blob'), session, randomBytes(100))), [429, 'too-fast']);
    assert.equal((await put(own, newId('blob'), await sessionOf(other), randomBytes(100))).status, 201);
    await own.relay.close();
  }
});

test('a full disk is said as such, and the phone comes later', async () => {
  const session = await sessionOf(await relay.joinedDevice());
  relay.blobs.failsWith = 'ENOSPC';
  assert.deepEqual(await codeOf(await put(relay, newId('blob'), session, randomBytes(100))), [507, 'storage-full']);
  relay.blobs.failsWith = null;
});

test('an upload that nobody took within a day is swept; a younger one, and what the gateway keeps, stay', async () => {
  const own = await TestRelay.start(server, { sweepEveryMs: 10 });
  const device = await own.joinedDevice();
  const [old, kept] = [newId('blob'), `blobs/${device.mailboxId}/${newId('blob')}`];
  await own.blobs.put(kept, randomBytes(100));
  assert.equal((await put(own, old, await sessionOf(device), randomBytes(100))).status, 201);
  own.clock.advance(23 * 3_600_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.notEqual(await own.blobs.get(`uploads/${device.mailboxId}/${old}`), null);
  // Its age is counted by the real clock, which went on meanwhile: an hour more than a day.
  own.clock.advance(2 * 3_600_000);
  while (!own.log.lines.some((line) => line.includes('swept'))) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await own.blobs.get(`uploads/${device.mailboxId}/${old}`), null);
  assert.notEqual(await own.blobs.get(kept), null);
  await own.relay.close();
});
