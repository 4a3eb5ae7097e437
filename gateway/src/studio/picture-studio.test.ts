/** The studio's processes: what they make, and that a hostile file costs one of them and nothing else. */
import assert from 'node:assert/strict';
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MEBIBYTE, STUDIO_LIMITS } from '@estafette/contracts/limits';
import { drawingBomb, formsInForms, labReport, textFlood } from '../content/pdf/pdf.fixture.ts';
import { cameraJpeg, HEIC, plainPicture } from '../content/pictures/decoded.fixture.ts';
import type { Developed, StudioTask } from '../ports.ts';
import { openStudio } from './picture-studio.ts';

let told: string[] = [];
const tell = (message: string): void => void told.push(message);
const log = { debug: tell, info: tell, warn: tell, error: tell };
let studio = openStudio({ log });
afterEach(() => studio.close());

const open = (options: { timeoutMs?: number; patience?: (ms: number) => AbortSignal } = {}): void => {
  told = [];
  studio = openStudio({ log, processes: 1, ...options });
};
const pdf = (bytes: Uint8Array): StudioTask => ({ kind: 'pdf', bytes });
const jpeg = (bytes: Uint8Array): StudioTask => ({ kind: 'picture', format: 'jpeg', bytes });
const kindOf = (developed: Developed): string => ('refused' in developed ? developed.refused : developed.kind);

/** Process ids of what a process started and what lives. */
function children(parent = process.pid): number[] {
  const tasks = readdirSync(`/proc/${parent}/task`);
  const ids = tasks.flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' '));
  return ids.filter((id) => id !== '').map(Number);
}

/** Hundredths of a second that a process computed. */
function ticksOf(id: number): number {
  const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  return Number(fields?.[11]) + Number(fields?.[12]);
}

/** What `look` finds, as soon as it does; the deadline of the tests is the only one. */
async function found(look: () => number | undefined): Promise<number> {
  for (;;) {
    const one = look();
    if (one !== undefined) return one;
    await setTimeout(20);
  }
}

test('pictures and PDFs are developed in a process that is started when the first one comes', async () => {
  open();
  const before = children();
  const photo = await studio.develop(jpeg(await cameraJpeg(900, 600)));
  assert.ok('picture' in photo && photo.picture.thumbnail?.width === 320);
  const paper = await studio.develop(pdf(await labReport()));
  assert.ok('pdf' in paper && paper.pdf.text.includes('INR : 6,8') && paper.pdf.picture);
  assert.equal(children().filter((child) => !before.includes(child)).length, 1);
  const heic = await studio.develop({ kind: 'picture', format: 'heic', bytes: HEIC });
  assert.ok('picture' in heic && heic.picture.converted?.width === 640);
});

test('neither the gateway nor a reader of letters loads what decodes pictures', () => {
  const sides = ['../main.ts', '../letter-worker.ts'].map((name) => new URL(name, import.meta.url).href);
  const look = (loaded: string[]): string => `
    process.report.excludeNetwork = true;
    for (const side of ${JSON.stringify(loaded)}) await import(side);
    const { sharedObjects } = process.report.getReport();
    console.log(sharedObjects.filter((one) => /sharp|vips/.test(one)).length);`;
  const count = (loaded: string[]): number =>
    Number(execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', look(loaded)]));
  assert.equal(count(sides), 0);
  assert.ok(count([new URL('../content/pictures/decode-picture.ts', import.meta.url).href]) > 0);
});

test('a process has no environment to give away', async () => {
  open();
  await studio.develop(jpeg(await cameraJpeg(400, 300)));
  const environments = children().map((id) => readFileSync(`/proc/${id}/environ`, 'utf8'));
  assert.ok(process.env.PATH && environments.every((one) => !one.includes('PATH=') && !one.includes('ESTAFETTE')));
});

test('a process may read the program, and neither keys nor anything else; it writes and starts nothing', async () => {
  open();
  await studio.develop(jpeg(await cameraJpeg(400, 300)));
  const [child = 0] = children();
  const rights = readFileSync(`/proc/${child}/cmdline`, 'utf8')
    .split('\0')
    .filter((word) => word.startsWith('--'));
  const attempt = (what: string): string =>
    execFileSync(process.execPath, [
      ...rights,
      '-e',
      `try { ${what}; console.log('done') } catch ({ code }) { console.log(code) }`,
    ])
      .toString()
      .trim();
  const fs = "process.getBuiltinModule('node:fs')";
  const read = (file: string): string => attempt(`${fs}.readFileSync(${JSON.stringify(file)})`);
  assert.equal(read(fileURLToPath(import.meta.url)), 'done');
  assert.deepEqual(
    ['/etc/passwd', `/proc/${process.pid}/environ`, import.meta.dirname.replace(/gateway.*/, 'var')].map(read),
    Array(3).fill('ERR_ACCESS_DENIED'),
  );
  assert.equal(
    attempt(`${fs}.writeFileSync(${JSON.stringify(join(import.meta.dirname, 'left'))}, '')`),
    'ERR_ACCESS_DENIED',
  );
  assert.equal(attempt("process.getBuiltinModule('node:child_process').execFileSync('true')"), 'ERR_ACCESS_DENIED');
});

test('a file that takes too long costs its process; the next one is developed by another', async () => {
  open({ timeoutMs: 1_500 });
  const endless = pdf(textFlood());
  const [first, second, third] = await Promise.all([
    studio.develop(endless),
    studio.develop(endless),
    studio.develop(jpeg(await cameraJpeg(400, 300))),
  ]);
  assert.deepEqual([first, second, third].map(kindOf), ['costly', 'costly', 'picture']);
  assert.deepEqual(
    told.map((line) => line.slice(0, 35)),
    Array(2).fill('a picture or PDF cost its process: '),
  );
});

test('a process that dies takes no file with it that it was not the first to work on', async () => {
  open({ timeoutMs: 8_000 });
  assert.equal(kindOf(await studio.develop(jpeg(await cameraJpeg(400, 300)))), 'picture');
  const [child = 0] = children();
  const slow = studio.develop(pdf(textFlood(300)));
  process.kill(child, 'SIGSEGV');
  assert.equal(kindOf(await slow), 'pdf');
  assert.ok(!children().includes(child));
});

test('a gateway that is killed in the middle of a file leaves no process behind', async () => {
  const from = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const gateway = spawn(process.execPath, [
    '--no-warnings',
    '--input-type=module',
    '-e',
    `const { openStudio } = await import(${from('./picture-studio.ts')});
     const { textFlood } = await import(${from('../content/pdf/pdf.fixture.ts')});
     await openStudio({ log: { warn() {} } }).develop({ kind: 'pdf', bytes: textFlood() });`,
  ]);
  // A second and a half of its own time: long after it began to read, when it hears of nothing else.
  const isBusy = (id: number): boolean => ticksOf(id) > 150;
  const busy = await found(() => children(gateway.pid).find(isBusy));
  gateway.kill('SIGKILL');
  const MUCH_LATER = 1_000;
  await found(() => {
    if (!existsSync(`/proc/${busy}`)) return busy;
    assert.ok(ticksOf(busy) < MUCH_LATER, 'it works on, for nobody');
    return undefined;
  });
});

test('a process whose gateway is gone does not wait for the picture it decodes', async () => {
  const child = fork(new URL('./picture-worker.ts', import.meta.url), [], { execArgv: ['--no-warnings'] });
  await once(child, 'message');
  const ended = once(child, 'exit');
  child.disconnect();
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});

test('files that unfold into gigabytes are refused within the memory of a process', async () => {
  open();
  for (const bytes of [drawingBomb(), formsInForms()]) {
    const kind = kindOf(await studio.develop(pdf(bytes)));
    assert.ok(['damaged', 'costly'].includes(kind), kind);
  }
  assert.ok(STUDIO_LIMITS.wasmPagesMax * 65_536 < STUDIO_LIMITS.residentMaxMib * MEBIBYTE);
});

test('forty pictures and PDFs later, a process has not grown', async () => {
  open();
  const photo = jpeg(await cameraJpeg(1_200, 900));
  const paper = pdf(await labReport());
  const png = { kind: 'picture', format: 'png', bytes: await plainPicture(700, 500).png().toBuffer() } as const;
  const residents: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    for (const task of [photo, paper, png]) assert.ok(!('refused' in (await studio.develop(task))));
    const [child = 0] = children();
    residents.push(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]) / 1_024);
  }
  const early = Math.max(...residents.slice(3, 8));
  const late = Math.max(...residents.slice(10));
  assert.ok(late < early + 60, residents.map(Math.round).join(' '));
});

test('a studio that closes ends its processes and says nothing of the files it had not done', async () => {
  open();
  assert.equal(kindOf(await studio.develop(jpeg(await cameraJpeg(400, 300)))), 'picture');
  const waiting = [studio.develop(pdf(textFlood())), studio.develop(pdf(textFlood()))];
  await setImmediate();
  const working = children();
  studio.close();
  for (const outcome of await Promise.allSettled(waiting)) assert.equal(outcome.status, 'rejected');
  assert.ok(working.length > 0 && !children().some((child) => working.includes(child)));
  await assert.rejects(studio.develop(pdf(Buffer.alloc(0))));
});

test('a picture that finds a long row before it does not wait for its end: it stays as it came', async () => {
  const wishes: { ms: number; ended: AbortController }[] = [];
  const patience = (ms: number): AbortSignal => {
    const ended = new AbortController();
    wishes.push({ ms, ended });
    return ended.signal;
  };
  open({ patience });
  const photo = jpeg(await cameraJpeg(400, 300));
  const endless = pdf(textFlood());
  const working = assert.rejects(studio.develop(endless));
  await setImmediate();
  const row = Array.from({ length: STUDIO_LIMITS.rowMax }, () => assert.rejects(studio.develop(endless)));
  const last = studio.develop(photo);
  assert.equal(wishes.at(-2)?.ms, STUDIO_LIMITS.letterTimeoutMs);
  assert.equal(wishes.at(-1)?.ms, STUDIO_LIMITS.waitInLongRowMs);
  wishes.at(-1)?.ended.abort();
  assert.equal(kindOf(await last), 'absent');
  studio.close();
  await Promise.all([working, ...row]);
});

test('Ctrl-C, which every process hears, says nothing of the file that was worked on', async () => {
  open();
  assert.equal(kindOf(await studio.develop(jpeg(await cameraJpeg(400, 300)))), 'picture');
  const child = children().at(-1) ?? 0;
  const slow = studio.develop(pdf(textFlood(300)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(child, signal);
  assert.equal(kindOf(await slow), 'pdf');
  assert.ok(children().includes(child));
});

test('a process that is told to end before it can hear does not call the file damaged', async () => {
  open();
  const before = children();
  const asked = assert.rejects(studio.develop(jpeg(await cameraJpeg(400, 300))), /SIGTERM/);
  const child = await found(() => children().find((one) => !before.includes(one)));
  process.kill(child, 'SIGTERM');
  await asked;
});
