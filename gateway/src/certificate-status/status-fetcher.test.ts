/** Fetching what certificates need: once, from listed hosts only, kept while it is good, and hosts are spared. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { StatusSource } from '../ports.ts';
import { networkOf, serveHttp, type TestServer } from './hostile-server.fixture.ts';
import { createStatusFetcher, refreshAt, type StatusFetcher } from './status-fetcher.ts';
import { openStatusStore, type StatusFacts, type StatusStore } from './status-store.ts';

const HOUR_MS = 3_600_000;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const clock = { ms: 0, now: () => new Date(clock.ms) };
let folder: string;
let server: TestServer;
let answer: RequestListener;
let store: StatusStore;
let fetcher: StatusFetcher;
let asked: string[];

/** What a worker would read: `good FROM UNTIL` in hours from the beginning; anything else is of no use. */
const read = async (_kind: string, bytes: Uint8Array): Promise<StatusFacts | null> => {
  const [word, from, until] = Buffer.from(bytes).toString().split(' ');
  return word === 'good' ? { freshFrom: Number(from) * HOUR_MS, freshUntil: Number(until) * HOUR_MS } : null;
};

beforeEach(async () => {
  clock.ms = 100 * HOUR_MS;
  folder = mkdtempSync(join(tmpdir(), 'estafette-status-'));
  asked = [];
  answer = (_request, response) => response.end('good 99 124');
  server = await serveHttp((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  store = await openStatusStore(folder, clock);
  fetcher = fetcherOver(store);
});
afterEach(async () => {
  await fetcher.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function fetcherOver(over: StatusStore): StatusFetcher {
  const { port } = server;
  const allowed = ['crl.example', 'other.example'].map((name) => ({ name, isSuffix: false, port }));
  const network = networkOf({ 'crl.example': ['127.0.0.1'], 'other.example': ['127.0.0.1'] });
  return createStatusFetcher({ allowed, network, store: over, read, clock, log });
}

const list = (path = 'a.crl', host = 'crl.example'): StatusSource => ({
  kind: 'crl',
  url: `http://${host}:${server.port}/${path}`,
});
const question = (text: string): StatusSource => ({
  kind: 'ocsp',
  url: `http://crl.example:${server.port}/ocsp`,
  request: Buffer.from(text),
});
const filesWith = (suffix: string) => readdirSync(folder).filter((name) => name.endsWith(suffix));

test('a list is fetched once for all who ask at the same time, and stored', async () => {
  const outcomes = await Promise.all([
    fetcher.fetch([list()]),
    fetcher.fetch([list()]),
    fetcher.fetch([list(), list()]),
  ]);
  assert.deepEqual(outcomes, [true, true, true]);
  assert.deepEqual(asked, ['GET /a.crl']);
  const [file = ''] = filesWith('.crl');
  assert.equal(readFileSync(join(folder, file), 'utf8'), 'good 99 124');
});

test('what was stored a moment ago is not fetched again, though a letter still wants something', async () => {
  await fetcher.fetch([list()]);
  const version = store.version();
  assert.equal(fetcher.mayHelp([list()]), false);
  assert.equal(await fetcher.fetch([list()]), false);
  assert.deepEqual([asked.length, store.version()], [1, version]);
});

test('who opened a letter before a list came learns that it came', async () => {
  await fetcher.fetch([list()]);
  assert.equal(fetcher.cameSince([list()], clock.ms), true);
  assert.equal(fetcher.cameSince([list()], clock.ms + 1), false);
  assert.equal(fetcher.cameSince([list('b.crl')], 0), false);
});

test('a host that is not listed is never asked', async () => {
  const source = list('a.crl', 'elsewhere.example');
  assert.equal(fetcher.mayHelp([source]), false);
  assert.equal(await fetcher.fetch([source]), false);
  assert.deepEqual(asked, []);
});

test('what is of the wrong kind is not stored, and not asked for again for a while', async () => {
  answer = (_request, response) => response.end('<html>');
  assert.equal(await fetcher.fetch([list()]), false);
  assert.deepEqual(filesWith(''), []);
  assert.equal(fetcher.mayHelp([list()]), false);
  clock.ms += STATUS_LIMITS.refusalRememberedMs + 1;
  assert.equal(fetcher.mayHelp([list()]), true);
});

for (const [kind, content] of [
  ['is over already', 'good 90 99'],
  ['begins in the future', 'good 101 124'],
] as const)
  test(`a list that ${kind} is not stored`, async () => {
    answer = (_request, response) => response.end(content);
    assert.equal(await fetcher.fetch([list()]), false);
    assert.deepEqual(filesWith('.crl'), []);
  });

test('an older list does not take the place of a newer one that is still good', async () => {
  await fetcher.fetch([list()]);
  answer = (_request, response) => response.end('good 98 125');
  clock.ms += HOUR_MS;
  assert.equal(await fetcher.fetch([list()]), false);
  assert.equal(store.entries()[0]?.freshFrom, 99 * HOUR_MS);
  answer = (_request, response) => response.end('good 100 125');
  clock.ms += HOUR_MS;
  assert.equal(await fetcher.fetch([list()]), true);
  assert.deepEqual([store.entries()[0]?.freshFrom, filesWith('.crl').length], [100 * HOUR_MS, 1]);
});

test('an OCSP answer lies beside its question, and goes when it is over', async () => {
  await fetcher.fetch([question('one'), question('two')]);
  assert.deepEqual(asked, ['POST /ocsp', 'POST /ocsp']);
  assert.deepEqual([filesWith('.ocsp').length, filesWith('.ocsp-request').length], [2, 2]);
  for (const file of filesWith('.ocsp')) assert.ok(existsSync(join(folder, `${file}-request`)));
  clock.ms = 124 * HOUR_MS;
  await store.expire();
  assert.deepEqual(filesWith(''), []);
});

test('a list stays a week past its end: what it says of revoked certificates stays true', async () => {
  await fetcher.fetch([list()]);
  clock.ms = 124 * HOUR_MS + STATUS_LIMITS.staleListKeptMs - 1;
  await store.expire();
  assert.equal(filesWith('.crl').length, 1);
  clock.ms += 1;
  await store.expire();
  assert.deepEqual(filesWith(''), []);
});

test('a host that fails is left alone for a while, tried by one, and trusted again', async () => {
  answer = (_request, response) => response.writeHead(503).end();
  for (const path of ['1', '2', '3']) await fetcher.fetch([list(path)]);
  assert.equal(asked.length, 3);
  assert.equal(fetcher.mayHelp([list('4')]), false);
  assert.equal(fetcher.mayHelp([list('4', 'other.example')]), true);
  clock.ms += STATUS_LIMITS.hostRestFirstMs;
  await Promise.all(['5', '6', '7'].map((path) => fetcher.fetch([list(path)])));
  assert.equal(asked.length, 4);
  clock.ms += STATUS_LIMITS.hostRestFirstMs;
  assert.equal(fetcher.mayHelp([list('8')]), false, 'it rests longer now');
  clock.ms += STATUS_LIMITS.hostRestFirstMs;
  answer = (_request, response) => response.end('good 99 124');
  assert.equal(await fetcher.fetch([list('9')]), true);
  assert.equal(await fetcher.fetch([list('10')]), true);
});

test('a host is not asked more often than allowed in a minute', async () => {
  const paths = Array.from({ length: STATUS_LIMITS.fetchesPerHostPerMinuteMax + 5 }, (_, at) => `${at}`);
  for (const path of paths) await fetcher.fetch([list(path)]);
  assert.equal(asked.length, STATUS_LIMITS.fetchesPerHostPerMinuteMax);
  clock.ms += 60_001;
  assert.equal(await fetcher.fetch([list('later')]), true);
});

test('letters that ask for issuers without end leave the lists of that host their share', async () => {
  for (let at = 0; at <= STATUS_LIMITS.fetchesPerHostPerMinuteMax; at += 1)
    await fetcher.fetch([{ kind: 'issuer', url: `http://crl.example:${server.port}/${at}` }]);
  assert.equal(asked.length, STATUS_LIMITS.fetchesPerHostPerMinuteMax);
  assert.equal(await fetcher.fetch([list()]), true);
});

test('few fetches from one host run at once', async () => {
  const running: ServerResponse[] = [];
  let most = 0;
  answer = (_request, response) => {
    most = Math.max(most, running.push(response));
    // Answered once as many run as may, and a moment later, so that one too many would be seen.
    if (running.length !== STATUS_LIMITS.fetchesAtOncePerHostMax) return;
    setTimeout(() => {
      for (const one of running.splice(0)) one.end('good 99 124');
    }, 20);
  };
  const fetched = await Promise.all(
    ['1', '2', '3', '4', '5', '6', '7', '8'].map((path) => fetcher.fetch([list(path)])),
  );
  assert.ok(fetched.every((stored) => stored));
  assert.equal(most, STATUS_LIMITS.fetchesAtOncePerHostMax);
});

test('one letter cannot make us fetch more than a few things', async () => {
  await fetcher.fetch(Array.from({ length: 50 }, (_, at) => list(`${at}`)));
  assert.equal(asked.length, STATUS_LIMITS.sourcesPerLetterMax);
});

test('a list is fetched again before it ends, and a new one is seen at once', async () => {
  await fetcher.fetch([list()]);
  const version = store.version();
  clock.ms += STATUS_LIMITS.listRefreshMaxMs * 0.8 - 1;
  fetcher.refresh();
  assert.equal(asked.length, 1);
  answer = (_request, response) => response.end('good 103 148');
  clock.ms += STATUS_LIMITS.listRefreshMaxMs * 0.2 + 1;
  fetcher.refresh();
  fetcher.refresh();
  await fetcher.fetch([list()]);
  assert.deepEqual([asked.length, store.version()], [2, version + 1]);
  assert.equal(store.entries()[0]?.freshUntil, 148 * HOUR_MS);
});

test('the moment of a refresh lies before the end of the list, never all at the same time', () => {
  const entry = { name: '00000000', fetchedAt: 0, freshUntil: 2 * HOUR_MS } as ReturnType<
    StatusStore['entries']
  >[number];
  assert.equal(refreshAt(entry), 1.5 * HOUR_MS);
  const soonest = refreshAt({ ...entry, name: 'ffffffff' });
  assert.ok(soonest >= 1.2 * HOUR_MS && soonest < 1.21 * HOUR_MS);
  assert.equal(refreshAt({ ...entry, freshUntil: 1_000 * HOUR_MS }), STATUS_LIMITS.listRefreshMaxMs);
  assert.equal(refreshAt({ ...entry, freshUntil: 1 }), STATUS_LIMITS.listRefreshMinMs);
});

test('a list nobody asked for in a month is not fetched ahead any more', async () => {
  await fetcher.fetch([list()]);
  clock.ms += STATUS_LIMITS.listRefreshedForMs + 1;
  fetcher.refresh();
  await fetcher.close();
  assert.equal(asked.length, 1);
});

test('a list that was stored is known after a restart, and refreshed; half-written files are gone', async () => {
  await fetcher.fetch([list(), question('one')]);
  writeFileSync(join(folder, 'abc.part'), 'half');
  writeFileSync(join(folder, `${'0'.repeat(64)}.crl`), 'nobody knows it');
  writeFileSync(join(folder, `${'1'.repeat(64)}.json`), '{"kind":');
  const again = await openStatusStore(folder, clock);
  assert.deepEqual(
    again
      .entries()
      .map(({ kind }) => kind)
      .sort(),
    ['crl', 'ocsp'],
  );
  assert.equal(readdirSync(folder).length, 5);
  clock.ms += STATUS_LIMITS.listRefreshMaxMs;
  await fetcher.close();
  fetcher = fetcherOver(again);
  fetcher.refresh();
  await fetcher.fetch([list()]);
  assert.equal(asked.filter((line) => line === 'GET /a.crl').length, 2);
});

test('above its size the store gives up what was wanted longest ago', async () => {
  const bytes = STATUS_LIMITS.storeMaxBytes / 8;
  for (let wantedAt = 0; wantedAt < 9; wantedAt += 1) {
    const entry = { kind: 'crl', url: `http://crl.example/${wantedAt}`, bytes, freshFrom: 0, fetchedAt: 0, wantedAt };
    const name = `${wantedAt}`.repeat(64);
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...entry, freshUntil: 1_000 * HOUR_MS }));
    writeFileSync(join(folder, `${name}.crl`), '');
  }
  const full = await openStatusStore(folder, clock);
  await full.expire();
  assert.equal(full.entries().length, 8);
  assert.ok(full.entries().every(({ wantedAt }) => wantedAt > 0));
  assert.equal(filesWith('.crl').length, 8);
});

test('a slow authority holds a letter for its time at most', { timeout: 60_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  answer = () => {};
  const waiting = fetcher.fetch([list()]);
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(STATUS_LIMITS.letterWaitMs);
  assert.equal(await waiting, false);
});
