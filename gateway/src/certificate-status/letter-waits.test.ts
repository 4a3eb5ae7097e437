/** Letters that wait for the revocation status of their signer: which, how long, and that they come back. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { Verdict } from '@estafette/contracts/verdict';
import { createLetterWaits, type LetterWaits, lacksOnlyRevocation } from './letter-waits.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const UNKNOWN: Verdict = {
  signature: 'untrusted',
  identity: 'match',
  encryption: 'opened',
  show: 'unverified',
  reasons: ['revocation-unknown'],
  signer: null,
};
const GOOD: Verdict = { ...UNKNOWN, signature: 'valid', show: 'verified', reasons: [] };
const SOURCES = [{ kind: 'crl', url: 'http://crl.example/a.crl' }] as const;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const clock = { ms: 0, now: () => new Date(clock.ms) };

let back: string[];
let told: string[];
let fetches: number;
let mayHelp: boolean;
let came: boolean;
let stored: boolean;

beforeEach(() => {
  clock.ms = 1_000 * HOUR_MS;
  [back, told, fetches] = [[], [], 0];
  [mayHelp, came, stored] = [false, false, false];
});

function waitsFor(holdHours: number): LetterWaits {
  return createLetterWaits({
    fetcher: {
      mayHelp: () => mayHelp,
      cameSince: () => came,
      fetch: async () => {
        fetches += 1;
        return stored;
      },
    },
    holdMsOf: () => holdHours * HOUR_MS,
    comeBack: (letterId) => back.push(letterId),
    tellHeld: async (letterId, _mailboxId, until) => void told.push(`${letterId} ${(until - clock.ms) / HOUR_MS}`),
    clock,
    log,
    chance: () => 0.5,
  });
}

const letter = (letterId = 'ltr_1', mailboxId = 'mbx_1') => ({
  letterId,
  mailboxId,
  receivedAt: 1_000 * HOUR_MS,
  openedAt: clock.ms,
});
const unknown = { verdict: UNKNOWN, wants: [...SOURCES] };
const isBack = async (count: number): Promise<void> => {
  while (back.length < count) await pause(5);
};

test('a letter that is verified, or must not be shown, does not wait', async () => {
  mayHelp = true;
  const waits = waitsFor(4);
  for (const verdict of [GOOD, { ...UNKNOWN, show: 'quarantine' as const }])
    assert.equal(await waits.mustWait(letter(), { verdict, wants: [] }), false);
  assert.equal(waits.hasWaited('ltr_1'), false);
});

test('without anything to fetch and without time to wait it goes on at once', async () => {
  assert.equal(await waitsFor(0).mustWait(letter(), unknown), false);
});

test('it waits while what it wants is fetched, comes back once, and then goes on', async () => {
  [mayHelp, stored] = [true, true];
  const waits = waitsFor(0);
  assert.equal(await waits.mustWait(letter(), unknown), true);
  assert.deepEqual([waits.isAside('ltr_1'), waits.asideCount()], [true, 1]);
  await isBack(1);
  assert.deepEqual([waits.isAside('ltr_1'), waits.asideCount(), fetches], [false, 0, 1]);
  assert.equal(await waits.mustWait(letter(), { verdict: GOOD, wants: [] }), false);
  waits.forget('ltr_1');
  assert.equal(waits.hasWaited('ltr_1'), false);
});

test('a fetch that brought nothing is not repeated for the same look', async () => {
  mayHelp = true;
  const waits = waitsFor(0);
  await waits.mustWait(letter(), unknown);
  await isBack(1);
  assert.equal(await waits.mustWait(letter(), unknown), false);
  assert.equal(fetches, 1);
});

test('one fetch may lead to another, a few times', async () => {
  [mayHelp, stored] = [true, true];
  const waits = waitsFor(0);
  for (let round = 1; round <= STATUS_LIMITS.fetchRoundsMax; round += 1) {
    assert.equal(await waits.mustWait(letter(), unknown), true);
    await isBack(round);
  }
  assert.equal(await waits.mustWait(letter(), unknown), false);
});

test('what came while the letter was being opened makes it be opened again', async () => {
  came = true;
  const waits = waitsFor(0);
  assert.equal(await waits.mustWait(letter(), unknown), true);
  await isBack(1);
});

test('in a space that waits, it is held with growing pauses and told once a pause, until its time is over', async () => {
  const waits = waitsFor(4);
  const pauses: number[] = [];
  for (;;) {
    if (!(await waits.mustWait(letter(), unknown))) break;
    const from = clock.ms;
    while (waits.isAside('ltr_1')) {
      clock.ms += MINUTE_MS;
      waits.wakeDue();
    }
    pauses.push((clock.ms - from) / MINUTE_MS);
  }
  assert.deepEqual(pauses.slice(0, 7), [1, 2, 5, 10, 15, 15, 15]);
  assert.equal(
    pauses.reduce((sum, one) => sum + one, 0),
    240,
  );
  assert.equal(clock.ms, 1_004 * HOUR_MS);
  assert.equal(told[0], 'ltr_1 4');
});

test('its time counts from when it was received, also after a restart', async () => {
  const waits = waitsFor(4);
  clock.ms += 3.99 * HOUR_MS;
  assert.equal(await waits.mustWait(letter(), unknown), true);
  clock.ms = 1_004 * HOUR_MS;
  waits.wakeDue();
  assert.deepEqual(back, ['ltr_1']);
  assert.equal(await waits.mustWait(letter(), unknown), false);
});

test('only a letter that lacks nothing else is held', () => {
  assert.equal(lacksOnlyRevocation(UNKNOWN), true);
  assert.equal(lacksOnlyRevocation({ ...UNKNOWN, reasons: ['revocation-unknown', 'not-encrypted'] }), true);
  for (const change of [
    { identity: 'mismatch', reasons: ['revocation-unknown', 'from-mismatch'] },
    { signature: 'invalid' },
    { show: 'quarantine' },
    { show: 'verified' },
    { reasons: ['issuer-unknown'] },
    { reasons: ['revocation-unknown', 'signature-partial'] },
    { reasons: ['revocation-unknown', 'certificate-expired'] },
  ] as Partial<Verdict>[])
    assert.equal(lacksOnlyRevocation({ ...UNKNOWN, ...change }), false, JSON.stringify(change));
});

test('above a number letters do not wait: the spool must not fill', async () => {
  const waits = waitsFor(4);
  for (let at = 0; at < STATUS_LIMITS.lettersHeldMax; at += 1)
    assert.equal(await waits.mustWait(letter(`ltr_${at}`), unknown), true);
  assert.equal(await waits.mustWait(letter('ltr_more'), unknown), false);
  waits.forget('ltr_0');
  assert.equal(waits.asideCount(), STATUS_LIMITS.lettersHeldMax - 1);
  assert.equal(await waits.mustWait(letter('ltr_other'), unknown), true);
});

test('a letter to two mailboxes waits once for both, and a mailbox that can have it does not wait', async () => {
  const waits = waitsFor(4);
  assert.equal(await waits.mustWait(letter('ltr_1', 'mbx_1'), unknown), true);
  assert.equal(await waits.mustWait(letter('ltr_1', 'mbx_2'), unknown), true);
  assert.equal(await waits.mustWait(letter('ltr_1', 'mbx_3'), { verdict: GOOD, wants: [] }), false);
  assert.equal(waits.asideCount(), 1);
});
