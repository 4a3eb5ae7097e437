/**
 * `npm run fuzz [-- --minutes N] [--only NAME] [--seed N]`: hostile bytes for every reader, N minutes each (one by
 * default). An input that crashes a reader, keeps it longer than a letter may, makes it grow without end or lets it show
 * what was not signed is written to e2e/fuzz/kept and fails the run; what lies there is tried by every test run.
 * Inputs follow from their seeds; keys of the samples are new in each run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Finding, FuzzOrder } from './fuzz-worker.ts';
import { TARGETS, type TargetName } from './targets.ts';

/** What one input may cost before it counts as a finding: twice what the open stage promises, for a busy machine. */
const CPU_MAX_MS = 400;
const HANG_MS = 5_000;
const HEAP_MAX_MIB = 192;
const GROWTH_MAX_MIB = 400;
const INPUT_MAX_BYTES = 1_048_576;
const WATCH_EVERY_MS = 250;
const KEPT_MAX = 20;

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);

function keep(target: TargetName, { seed, why, input }: Finding): string {
  const folder = new URL(`./kept/${target}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`seed-${seed >>> 0}.bin`, folder);
  writeFileSync(file, input);
  process.stdout.write(`  FOUND ${target} seed ${seed}: ${why.split('\n', 1)[0]}\n  kept as ${file.pathname}\n`);
  return file.pathname;
}

/** Runs one target in a watched thread; gives how many inputs it tried and how many findings there were. */
async function fuzzTarget(target: TargetName, seed: number, milliseconds: number) {
  const progress = new Int32Array(new SharedArrayBuffer(12));
  const input = new Uint8Array(new SharedArrayBuffer(INPUT_MAX_BYTES));
  const order: FuzzOrder = { target, seed, endsAt: Date.now() + milliseconds, progress, input, cpuMaxMs: CPU_MAX_MS };
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MIB },
  });
  let findings = 0;
  let peak = 0;
  const rssAtStart = process.memoryUsage().rss;
  const found = (finding: Finding): void => {
    findings += 1;
    if (findings <= KEPT_MAX) keep(target, finding);
  };
  const underWay = (why: string): void =>
    found({ seed: progress[1] ?? 0, why, input: Buffer.from(input.subarray(0, progress[2])) });
  let tried = -1;
  let movedAt = Date.now();
  const watch = setInterval(() => {
    const { rss } = process.memoryUsage();
    peak = Math.max(peak, rss - rssAtStart);
    const now = Atomics.load(progress, 0);
    if (now !== tried) movedAt = Date.now();
    tried = now;
    const isGrowing = mebibytes(rss - rssAtStart) > GROWTH_MAX_MIB;
    if (!isGrowing && Date.now() - movedAt <= HANG_MS + (tried === 0 ? HANG_MS : 0)) return;
    underWay(isGrowing ? `memory grew by ${mebibytes(rss - rssAtStart)} MiB` : `hung for ${HANG_MS} ms`);
    void worker.terminate();
  }, WATCH_EVERY_MS);
  worker.on('message', found);
  await new Promise<void>((resolve) => {
    worker.on('error', (error) => underWay(`the thread died: ${error.message}`));
    worker.on('exit', () => resolve());
  });
  clearInterval(watch);
  return { tried: Atomics.load(progress, 0), findings, growthMib: mebibytes(peak) };
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, firstSeed] = [Number(values.minutes), Number(values.seed)];
const names = (Object.keys(TARGETS) as TargetName[]).filter(
  (name) => values.only === undefined || name === values.only,
);
if (!(minutes > 0) || !Number.isInteger(firstSeed) || names.length === 0) {
  process.stderr.write(`usage: npm run fuzz -- [--minutes N] [--seed N] [--only ${Object.keys(TARGETS).join('|')}]\n`);
  process.exit(2);
}
for (const name of names) {
  const { tried, findings, growthMib } = await fuzzTarget(name, firstSeed, minutes * 60_000);
  process.stdout.write(
    `${name.padEnd(14)} ${String(tried).padStart(9)} inputs, ${findings} findings, memory grew by at most ${growthMib} MiB\n`,
  );
  if (findings > 0 || tried === 0) process.exitCode = 1;
}
