/**
 * The way in with certificates whose status has to be fetched: from real HTTP servers and openssl's OCSP responder, through
 * the real worker, spool and trail, by the order of inbound.ts. The internet is 127.0.0.1, by the ports of the fetcher.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@estafette/contracts/ids';
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { createTrail } from '../audit/trail.ts';
import { type CertificateStatus, openCertificateStatus } from '../certificate-status/open-certificate-status.ts';
import { openCertificateBook } from '../conversation/certificate-book.ts';
import { createLetterKeeper } from '../conversation/letter-message.ts';
import { createInbound } from '../inbound.ts';
import { openSpool, type Spool } from '../intake/spool.ts';
import { type LetterWorkers, startLetterWorkers } from '../letter-workers.ts';
import { PRESETS } from '../ports.ts';
import { endResponder, publishedAuthority } from './published-authority.fixture.ts';
import { openWorld, type World } from './world.fixture.ts';

const HOST = 'pki.authority.example';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let workers: LetterWorkers;
before(() => {
  // No letter is too complex here because a busy machine takes its time.
  workers = startLetterWorkers(1, () => new AbortController().signal);
});
after(() => workers.close());

let folder: string;
let world: World;
let spool: Spool;
let status: CertificateStatus;
let inbound: (letterId: string) => Promise<void>;
let back: string[];
/** How letters stood when it was asked whether a machine wrote them. */
let judged: string[];
let server: Server;
let port: number;
let asked: string[];
/** What the authority publishes, by path; without an entry it is in trouble, with null it never answers. */
let published: Map<string, Buffer | null>;
let authority: ReturnType<typeof publishedAuthority>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'estafette-authority-'));
  world = await openWorld();
  // What openssl certifies in the next seconds is valid already.
  world.clock.ms = Date.now() + MINUTE_MS;
  spool = openSpool(world.blobs, world.vault);
  [asked, published] = [[], new Map()];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const bytes = published.get(request.url ?? '');
    if (bytes === undefined) response.writeHead(503).end();
    else if (bytes !== null) response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  authority = publishedAuthority(join(folder, 'root'), 'AC ESSAI');
  authority.found();
});
afterEach(async () => {
  await status.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts (again) what a gateway keeps in memory, over what it keeps on disk. */
async function start(holdHours = 0, ports = [port]): Promise<void> {
  const { store, vault, clock } = world;
  back = [];
  judged = [];
  status = await openCertificateStatus({
    folder: join(folder, 'revocation'),
    allowed: ports.map((one) => ({ name: HOST, isSuffix: false, port: one })),
    network: { resolve: async () => ['127.0.0.1'], isPublicAddress: (address) => address === '127.0.0.1' },
    trust: { anchors: authority.certificate, lists: null },
    holdHoursOf: () => holdHours,
    readStatus: workers.readStatus,
    readLists: workers.readLists,
    comeBack: (letterId) => back.push(letterId),
    store,
    clock,
    log,
  });
  const trailOf = (inside: typeof store) => createTrail(inside, clock);
  inbound = createInbound({
    ...world,
    spool,
    waits: status.waits,
    open: ({ bytes, receivedAt }) => {
      const facts = { at: receivedAt, statusAt: clock.now().getTime(), letters: PRESETS.demo.letters } as const;
      return workers.open({ letter: bytes, keys: [], trust: status.trust(), ...facts });
    },
    certificates: openCertificateBook({ store, vault, trailOf, clock }),
    keeper: createLetterKeeper(world),
    quarantine: { hold: async () => {} },
    notify: async () => {},
    automatic: async ({ opened }) => {
      judged.push(opened.verdict.show);
      return opened;
    },
    courtesies: async () => {},
    log,
    delivered: async () => {},
  });
}

/** A letter is on disk. */
async function accept(bytes: Buffer): Promise<string> {
  const letterId = newId('letter');
  const facts = { mailFrom: '', mailboxIds: [world.mailboxId], receivedAt: world.clock.ms };
  await spool.store(
    letterId,
    facts,
    (async function* () {
      yield bytes;
    })(),
  );
  return letterId;
}

/** A letter is accepted, and taken as far as it goes by itself. */
async function arrive(bytes: Buffer): Promise<string> {
  const letterId = await accept(bytes);
  await take(letterId);
  return letterId;
}

/** Runs the job of a letter, and again whenever it comes back, until it is delivered or held. */
async function take(letterId: string): Promise<void> {
  await inbound(letterId);
  while ((await spool.read(letterId)) !== null && !(await isHeld(letterId))) {
    if (back.shift() === letterId) await inbound(letterId);
    else await pause(10);
  }
}

const isHeld = async (letterId: string): Promise<boolean> =>
  status.waits.isAside(letterId) && (await eventsOf(letterId)).includes('letter-held') && back.length === 0;

/** Time passes; letters whose pause is over come back and run. */
async function passes(ms: number): Promise<void> {
  world.clock.ms += ms;
  await status.sweep();
  for (const letterId of back.splice(0)) await inbound(letterId);
}

/** Time passes in steps so small that hours of it outlast every fetch until the letter left the spool; gives how it was shown. */
async function shown(letterId: string): Promise<string> {
  while ((await spool.read(letterId)) !== null) {
    await passes(5_000);
    await pause(20);
  }
  return verdictOf(letterId);
}

const eventsOf = async (letterId: string): Promise<string[]> =>
  (await world.store.trace(letterId)).map(({ event }) => event);
const verdictOf = async (letterId: string): Promise<string> =>
  (await world.store.trace(letterId)).find(({ event }) => event === 'letter-opened')?.detail ?? 'not opened yet';
const listAt = (path: string): string => `crlDistributionPoints = URI:http://${HOST}:${port}${path}`;

test('a list that is published over HTTP only: verified after one fetch, the next letter costs none', async () => {
  authority.doctor(listAt('/ca.crl'));
  published.set('/ca.crl', authority.list());
  await start();
  assert.match(await verdictOf(await arrive(authority.letter('one'))), /^verified/);
  assert.match(await verdictOf(await arrive(authority.letter('two'))), /^verified/);
  assert.deepEqual(asked, ['/ca.crl']);
  assert.deepEqual(judged, ['verified', 'verified'], 'not taken for automatic mail before it waited');
});

test('without an allow-list nothing is fetched: unverified, revocation unknown', async () => {
  authority.doctor(listAt('/ca.crl'));
  published.set('/ca.crl', authority.list());
  await start(0, []);
  assert.match(await verdictOf(await arrive(authority.letter('one'))), /^unverified.*revocation-unknown/);
  assert.deepEqual(asked, []);
});

test('the authority is down and the space does not wait: unverified at once', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start();
  assert.match(await verdictOf(await arrive(authority.letter('one'))), /^unverified.*revocation-unknown/);
});

test('the authority is down: the letter is held, also over a restart, and verified when the list comes back', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start(4);
  const letterId = await arrive(authority.letter('one'));
  assert.deepEqual(await eventsOf(letterId), ['letter-held']);
  await passes(2 * MINUTE_MS);
  await status.close();
  await start(4);
  await take(letterId);
  await passes(30 * MINUTE_MS);
  assert.deepEqual(await eventsOf(letterId), ['letter-held']);
  assert.notEqual(await spool.read(letterId), null);
  published.set('/ca.crl', authority.list());
  await passes(30 * MINUTE_MS);
  assert.match(await shown(letterId), /^verified/);
});

test('the authority stays down: at the end of its time the letter is shown as unverified, with the reason', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start(4);
  const letterId = await arrive(authority.letter('one'));
  for (let minutes = 15; minutes < 240; minutes += 15) await passes(15 * MINUTE_MS);
  assert.deepEqual(await eventsOf(letterId), ['letter-held']);
  await passes(20 * MINUTE_MS);
  assert.match(await shown(letterId), /^unverified.*revocation-unknown/);
  assert.equal(status.waits.asideCount(), 0);
});

test('a certificate that is revoked meanwhile: seen after the list was fetched ahead', async () => {
  authority.doctor(listAt('/ca.crl'));
  published.set('/ca.crl', authority.list());
  await start();
  assert.match(await verdictOf(await arrive(authority.letter('one'))), /^verified/);
  authority.revokeDoctor();
  published.set('/ca.crl', authority.list());
  const before = status.trust().fetched?.version;
  await passes(4 * HOUR_MS);
  while (status.trust().fetched?.version === before) await pause(10);
  assert.match(await verdictOf(await arrive(authority.letter('two'))), /^quarantine.*certificate-revoked/);
  assert.deepEqual(asked, ['/ca.crl', '/ca.crl']);
});

test('a letter held before its signer was revoked is not verified afterwards', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start(4);
  const letterId = await arrive(authority.letter('one'));
  authority.revokeDoctor();
  published.set('/ca.crl', authority.list());
  await passes(10 * MINUTE_MS);
  assert.match(await shown(letterId), /^quarantine.*certificate-revoked/);
});

test('a list of another authority under the right address proves nothing, and is not fetched for every letter', async () => {
  authority.doctor(listAt('/ca.crl'));
  const other = publishedAuthority(join(folder, 'other'), 'AC ESSAI');
  other.found();
  published.set('/ca.crl', other.list());
  await start();
  for (const subject of ['one', 'two', 'three'])
    assert.match(await verdictOf(await arrive(authority.letter(subject))), /^unverified.*revocation-unknown/);
  assert.equal(asked.length, 1);
});

for (const [says, shown] of [
  ['good', /^verified/],
  ['revoked', /^quarantine.*certificate-revoked/],
] as const)
  test(`the responder of openssl says ${says}, and its answer holds when it is gone`, async () => {
    const ocspPort = await freePort();
    authority.doctor(`authorityInfoAccess = OCSP;URI:http://${HOST}:${ocspPort}/`);
    if (says === 'revoked') authority.revokeDoctor();
    await start(0, [ocspPort]);
    const responder = await authority.respond(ocspPort);
    try {
      assert.match(await verdictOf(await arrive(authority.letter('one'))), shown);
    } finally {
      await endResponder(responder);
    }
    assert.match(await verdictOf(await arrive(authority.letter('two'))), shown);
  });

test('no responder answers: unverified, revocation unknown', async () => {
  authority.doctor(`authorityInfoAccess = OCSP;URI:http://${HOST}:${port}/`);
  await start();
  assert.match(await verdictOf(await arrive(authority.letter('one'))), /^unverified.*revocation-unknown/);
});

test('an issuer that the letter does not bring is fetched, then the lists of both authorities', async () => {
  const issuing = publishedAuthority(join(folder, 'issuing'), 'AC ESSAI MAIL', authority);
  issuing.found(listAt('/root.crl'));
  issuing.doctor(`${listAt('/issuing.crl')}\nauthorityInfoAccess = caIssuers;URI:http://${HOST}:${port}/issuing.cer`);
  published.set('/root.crl', authority.list());
  published.set('/issuing.crl', issuing.list());
  published.set('/issuing.cer', issuing.der());
  await start();
  assert.match(await verdictOf(await arrive(issuing.letter('one'))), /^verified/);
  assert.deepEqual(asked.sort(), ['/issuing.cer', '/issuing.crl', '/root.crl']);
  assert.match(await verdictOf(await arrive(issuing.letter('two'))), /^verified/);
  assert.equal(asked.length, 3);
});

test('an authority that never answers holds up nobody else', async (t) => {
  // A letter waits ten seconds for one round of fetching: opening all of these may take longer.
  const begin = globalThis.setTimeout;
  const patient = (work: () => void, ms = 0) => begin(work, ms === STATUS_LIMITS.letterWaitMs ? 100 * ms : ms);
  t.mock.method(globalThis, 'setTimeout', patient as typeof setTimeout);
  authority.doctor(listAt('/slow.crl'));
  const slow = Array.from({ length: 20 }, (_, at) => authority.letter(`slow-${at}`));
  authority.doctor(listAt('/ca.crl'));
  published.set('/slow.crl', null);
  published.set('/ca.crl', authority.list());
  await start();
  const waiting = [];
  for (const bytes of slow) {
    waiting.push(await accept(bytes));
    await inbound(waiting.at(-1) ?? '');
  }
  assert.match(await verdictOf(await arrive(authority.letter('fast'))), /^verified/);
  assert.ok(waiting.every((letterId) => status.waits.isAside(letterId)));
  assert.deepEqual(asked, ['/slow.crl', '/ca.crl']);
});

test('a letter that is released is judged after the status of its certificates was fetched', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start();
  const letter = authority.letter('one');
  const at = world.clock.ms;
  const open = () =>
    workers.open({ letter, keys: [], trust: status.trust(), at, letters: PRESETS.demo.letters, released: true });
  assert.equal((await status.opening(open)).verdict.show, 'unverified', 'nothing is published yet');
  published.set('/ca.crl', authority.list());
  world.clock.ms += MINUTE_MS;
  assert.equal((await status.opening(open)).verdict.show, 'verified');
  assert.equal((await status.opening(open)).verdict.show, 'verified');
  assert.equal(asked.length, 2);
});

test('an answer is sealed after the status of the certificates was fetched', async () => {
  authority.doctor(listAt('/ca.crl'));
  await start();
  const { certificate, privateKey } = authority.doctorKey();
  const task = {
    headers: ['From: <a@b.example>', 'Subject: Re'],
    entity: Buffer.from('Content-Type: text/plain\r\n\r\nok\r\n'),
    ...{ certificate, privateKey, chain: [], recipient: certificate, recipientChain: [] },
    answers: PRESETS.demo.answers,
    trust: { anchors: authority.certificate, lists: null },
    at: world.clock.ms,
  };
  const seal = status.sealing((one) => workers.seal(one));
  assert.equal('refused' in (await seal(task)), true, 'nothing is published yet');
  published.set('/ca.crl', authority.list());
  world.clock.ms += MINUTE_MS;
  assert.equal('sealed' in (await seal(task)), true);
  assert.equal(asked.length, 2);
});
