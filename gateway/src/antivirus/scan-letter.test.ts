/** Letters as the real clamd sees them: the whole as a mail, every file by itself, and nothing goes on without its word. */
import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import { ANTIVIRUS_LIMITS } from '@estafette/contracts/limits';
import type { Verdict } from '@estafette/contracts/verdict';
import { silentLog } from '@estafette/runtime/log';
import { type Antivirus, NO_HEADERS, NotScanned, type OpenedLetter, type ReadDocument } from '../ports.ts';
import { type RunningClamd, startClamd, VIRUS, VIRUS_NAME } from './clamd.fixture.ts';
import { clamdAt } from './clamd.ts';
import { openAntivirus } from './open-antivirus.ts';
import { notingUnscanned, scanLetter } from './scan-letter.ts';

const VERIFIED: Verdict = {
  signature: 'valid',
  identity: 'match',
  encryption: 'opened',
  show: 'verified',
  reasons: [],
  signer: null,
};
const CERTIFICATE = {
  der: Buffer.from('c'),
  chain: [],
  fingerprint: 'f',
  capabilities: null,
  signedAt: 1,
  signer: 's',
};

const text: ReadDocument = { kind: 'text', text: 'INR à 2,4', truncated: false };
const fileOf = (bytes: string): ReadDocument => ({
  kind: 'file',
  name: 'compte-rendu.pdf',
  mediaType: 'application/pdf',
  bytes: Buffer.from(bytes),
  note: null,
});

const letterOf = (content: string, documents: ReadDocument[], verdict = VERIFIED): OpenedLetter => ({
  verdict,
  layers: [],
  headers: { ...NO_HEADERS, from: 'claire.martin@cabinet.example' },
  documents,
  senderCertificate: CERTIFICATE,
  noticeCertificate: null,
  wants: [],
  identity: 'x',
  content: Buffer.from(content),
});

const base64Part = (bytes: string) =>
  [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'Bonjour',
    '--b',
    'Content-Type: application/octet-stream; name=a.bin',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(bytes).toString('base64'),
    '--b--',
    '',
  ].join('\r\n');

const setOf = (letter: OpenedLetter) => [letter.verdict.show, letter.verdict.reasons, letter.documents.length];

describe('a letter before the real clamd', () => {
  let running: RunningClamd;
  let antivirus: Antivirus;
  let now = Date.UTC(2026, 0, 12);
  const lines: string[] = [];
  const noting = (line: string) => void lines.push(line);
  before(async () => {
    running = await startClamd();
    antivirus = openAntivirus({
      clamd: clamdAt({ path: running.path }),
      clock: { now: () => new Date(now) },
      log: { ...silentLog, info: noting, warn: noting },
    });
  });
  after(() => running.end());
  const scanned = (letter: OpenedLetter) => scanLetter(antivirus, letter);

  it('goes on as it is when it is clean, without the clear bytes that were scanned', async () => {
    const { content: _, ...rest } = letterOf(base64Part('propre'), [text, fileOf('%PDF-1.4 propre')]);
    assert.deepEqual(await scanned({ ...rest, content: Buffer.from(base64Part('propre')) }), rest);
  });

  it('is held for what stands in an attachment, though it was given as no file of ours', async () => {
    const found = await scanned(letterOf(base64Part(`PK ${VIRUS}`), [text]));
    assert.deepEqual(setOf(found), ['quarantine', ['virus-found'], 0]);
    assert.equal(found.virus, VIRUS_NAME);
    assert.ok(!('content' in found));
  });

  it('is held for what stands in a file that clamd cannot find in the mail by itself', async () => {
    const hidden = `Content-Type: application/xml\r\n\r\n<text representation="B64">${Buffer.from(VIRUS).toString('base64')}</text>`;
    assert.deepEqual(setOf(await scanned(letterOf(hidden, [text]))), ['verified', [], 1]);
    const found = await scanned(letterOf(hidden, [text, fileOf(`%PDF-1.4 ${VIRUS}`)]));
    assert.deepEqual(setOf(found), ['quarantine', ['virus-found'], 0]);
  });

  it('teaches no certificate when it is infected; its proven sender may still be told', async () => {
    const found = await scanned(letterOf(base64Part(VIRUS), [text]));
    assert.deepEqual([found.senderCertificate, found.noticeCertificate?.fingerprint], [null, 'f']);
    assert.equal(found.headers.from, 'claire.martin@cabinet.example');
  });

  it('keeps every earlier reason when it is released and infected', async () => {
    const forged: Verdict = { ...VERIFIED, signature: 'invalid', show: 'quarantine', reasons: ['content-altered'] };
    const found = await scanned(letterOf(base64Part(VIRUS), [text], forged));
    assert.deepEqual(setOf(found), ['quarantine', ['content-altered', 'virus-found'], 0]);
  });

  it('waits while clamd is away: said once, and not even opened for a moment; goes on when it is back', async () => {
    lines.length = 0;
    const letter = letterOf(base64Part('propre'), [text]);
    await running.stop();
    await assert.rejects(scanned(letter), NotScanned);
    assert.throws(() => antivirus.mayScan(), NotScanned);
    now += 6_000;
    antivirus.mayScan();
    await assert.rejects(scanned(letter), NotScanned);
    await running.start();
    now += 6_000;
    assert.deepEqual(setOf(await scanned(letter)), ['verified', [], 1]);
    assert.deepEqual(lines, [
      'the antivirus gives no verdict: letters and attachments wait',
      'the antivirus answers again',
    ]);
  });
});

test('what would not be shown anyway is not scanned', async () => {
  const never: Antivirus = { mayScan: () => {}, scan: () => assert.fail('scanned') };
  const held = letterOf('x', [], { ...VERIFIED, show: 'quarantine', reasons: ['not-for-us'] });
  assert.deepEqual(setOf(await scanLetter(never, held)), ['quarantine', ['not-for-us'], 0]);
});

test('a letter that waits for the antivirus is told once in the trail, other trouble is none of its business', async () => {
  const told: string[] = [];
  let trouble: Error | null = new NotScanned('antivirus-unavailable', 'away');
  const takeIn = notingUnscanned(
    async () => {
      if (trouble !== null) throw trouble;
    },
    {
      trail: { letterUnscanned: async (letterId, code) => void told.push(`${letterId} ${code}`) },
      clock: { now: () => new Date(0) },
    },
  );
  await assert.rejects(takeIn('ltr_1'), NotScanned);
  await assert.rejects(takeIn('ltr_1'), NotScanned);
  trouble = new Error('disk');
  await assert.rejects(takeIn('ltr_2'), /disk/);
  trouble = null;
  await takeIn('ltr_1');
  assert.deepEqual(told, ['ltr_1 antivirus-unavailable']);
});

test('letters that are slow to scan are tried again few at a time: others find a place', async () => {
  let now = 0;
  const world = { trail: { letterUnscanned: async () => {} }, clock: { now: () => new Date(now) } };
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `slow_${at}`);
  const tooSlow = new NotScanned('antivirus-unavailable', 'no answer in time');
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let isAgain = false;
  const begun: string[] = [];
  const takeIn = notingUnscanned(async (letterId) => {
    if (isAgain) {
      begun.push(letterId);
      return over;
    }
    now += ANTIVIRUS_LIMITS.slowFromMs;
    throw tooSlow;
  }, world);
  const { slowLettersMax } = ANTIVIRUS_LIMITS;
  for (const letterId of names(slowLettersMax + 1)) await assert.rejects(takeIn(letterId), NotScanned);
  isAgain = true;
  const again = names(slowLettersMax).map(takeIn);
  await assert.rejects(takeIn(`slow_${slowLettersMax}`), NotScanned);
  const other = takeIn('other');
  assert.deepEqual(begun, [...names(slowLettersMax), 'other']);
  end();
  await Promise.all([...again, other]);
  await takeIn(`slow_${slowLettersMax}`);
});

test('the files of one letter have an end together, and none of it is shown without a verdict on each', async () => {
  let now = 0;
  const scanned: Uint8Array[] = [];
  const antivirus = openAntivirus({
    clamd: {
      async scan(file) {
        scanned.push(file);
        now += 120_000;
        return null;
      },
      version: async () => 'ClamAV',
    },
    clock: { now: () => new Date(now) },
    log: silentLog,
  });
  const letter = letterOf(
    base64Part('propre'),
    Array.from({ length: 60 }, () => fileOf('%PDF-1.4')),
  );
  await assert.rejects(scanLetter(antivirus, letter), NotScanned);
  assert.equal(scanned.length, 3);
});
