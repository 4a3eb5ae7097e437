/** Whose time it is in the pool of workers: nobody's runs while others keep the workers busy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { PEER_LIMITS } from '@estafette/contracts/limits';
import { doctor, NOW, pem, root } from './envelope/test-authority.fixture.ts';
import { type LetterWorkers, startLetterWorkers } from './letter-workers.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-workers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const anchors = join(folder, 'anchors.pem');
writeFileSync(anchors, pem('CERTIFICATE', root.certificate));

/** What happened, in order; `time` is the moment from which a task's own time runs. */
let happened: string[];
let workers: LetterWorkers;
let timer: AbortController;
/** Ends how long a peer waits for a worker. */
let patience: AbortController;
let number = 0;
const startWorkers = (): LetterWorkers =>
  startLetterWorkers(1, (ms) => {
    if (ms === PEER_LIMITS.waitMaxMs) return patience.signal;
    happened.push('time');
    return timer.signal;
  });
before(() => {
  workers = startWorkers();
});
beforeEach(() => {
  happened = [];
  timer = new AbortController();
  patience = new AbortController();
});
after(() => workers.close());

/** A file that keeps whoever reads it waiting, until it is written; it opens for writing once somebody reads it. */
function slowFile(): { path: string; write: () => Promise<void> } {
  number += 1;
  const path = join(folder, `slow-${number}`);
  execFileSync('mkfifo', [path]);
  return { path, write: () => writeFile(path, '') };
}

const note = (what: string, work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => happened.push(what),
    () => happened.push(what),
  );
const peer = (trusted = anchors) =>
  workers.judgePeer({
    chain: [doctor.certificate],
    use: 'client',
    trust: { anchors: trusted, lists: null },
    at: NOW.getTime(),
  });

/** One no worker can judge: what is asked of it is not there. */
const openLetter = () => workers.open({ letter: Buffer.from('From: a@b.example\r\n\r\nx') } as never);

test('a peer waits for lists being read without its time running, and goes ahead of a mail to be sealed', async () => {
  const slow = slowFile();
  const lists = note('lists', workers.readLists(slow.path));
  const seal = note('sealed', workers.seal({} as Parameters<LetterWorkers['seal']>[0]));
  const judged = peer();
  const file = await open(slow.path, 'w');
  assert.deepEqual(happened, []);
  await file.close();
  const { judgement } = await judged;
  await Promise.all([lists, seal]);
  assert.equal(happened.at(-1), 'sealed', happened.join(' '));
  assert.equal(judgement.standing, 'untrusted', 'a certificate for mail is none of a peer');
});

test('lists wait for a peer being judged, as everything does', async () => {
  const slow = slowFile();
  const judged = note('judged', peer(slow.path));
  const other = peer();
  const lists = note('lists', workers.readLists(anchors));
  const status = note('status', workers.readStatus('crl', Buffer.from('no list')));
  const file = await open(slow.path, 'w');
  assert.deepEqual(happened, ['time'], 'of the peer being judged');
  await file.close();
  await Promise.all([judged, other, lists, status]);
  assert.deepEqual(happened.slice(-3), ['lists', 'time', 'status'], happened.join(' '));
});

test('a peer without an answer in time is unknown: a temporary refusal, and nothing said of the certificate', async () => {
  timer.abort();
  assert.deepEqual((await peer()).judgement, { standing: 'status-unknown', wants: [] });
});

test('letters have their turn however many peers come', async () => {
  const slow = slowFile();
  const lists = note('lists', workers.readLists(slow.path));
  const letter = note('letter', openLetter());
  const peers = Array.from({ length: PEER_LIMITS.aheadInARowMax + 2 }, () => note('peer', peer()));
  await slow.write();
  await Promise.all([lists, letter, ...peers]);
  const order = happened.filter((what) => what !== 'time');
  assert.equal(order.indexOf('letter'), 1 + PEER_LIMITS.aheadInARowMax, order.join(' '));
});

test('a peer that waits too long for a worker is unknown, and the worker is there for the next', async () => {
  const slow = slowFile();
  const lists = note('lists', workers.readLists(slow.path));
  const waiting = peer();
  patience.abort();
  assert.deepEqual((await waiting).judgement, { standing: 'status-unknown', wants: [] });
  assert.deepEqual((await peer()).judgement, { standing: 'status-unknown', wants: [] });
  assert.deepEqual(happened, []);
  await slow.write();
  await lists;
  assert.equal((await peer()).judgement.standing, 'untrusted');
});

test('a letter that keeps a worker too long is too complex', async () => {
  timer.abort();
  const { verdict } = await openLetter();
  assert.deepEqual([verdict.show, verdict.reasons], ['quarantine', ['too-complex']]);
});

test('prevents: a letter that a closing pool did not open being judged too complex', async () => {
  const slow = slowFile();
  const lists = note('lists', workers.readLists(slow.path));
  const waiting = [openLetter(), openLetter(), workers.readStatus('crl', Buffer.from('no list')), peer()];
  const outcomes = Promise.allSettled(waiting);
  const file = await open(slow.path, 'w');
  const closing = workers.close();
  const later = await Promise.allSettled([openLetter(), peer()]);
  await file.close();
  await Promise.all([lists, closing]);
  for (const { status } of [...(await outcomes), ...later]) assert.equal(status, 'rejected');
  assert.deepEqual(happened, ['lists']);
});

test('a letter on its way to a worker while the pool closes is not judged either', async () => {
  await workers.close();
  workers = startWorkers();
  const begun = Promise.allSettled([openLetter()]);
  await workers.close();
  assert.equal((await begun)[0].status, 'rejected');
});
