/**
 * `npm run bench`: every figure of docs/performance.md in one run, each beside its limit or a peer measured in the same
 * run. `--json` prints one object a line, `--only NAME` runs one bench, `--cpu-prof FOLDER` profiles the server.
 * Bounded to four minutes; stops and removes everything it started, also on Ctrl-C.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchAccept } from './src/accept.ts';
import { benchApp } from './src/app-size.ts';
import { benchClinical } from './src/clinical.ts';
import { watchForeignCpu } from './src/cpu.ts';
import { type Figure, tableOf } from './src/figures.ts';
import { benchHostile } from './src/hostile.ts';
import { benchInbound } from './src/inbound.ts';
import { benchLatency } from './src/latency.ts';
import { benchOpen } from './src/open.ts';
import { benchPictures } from './src/pictures.ts';
import { benchPostfix } from './src/postfix.ts';
import { benchReply } from './src/reply.ts';
import { type RunningFlow, startFlow } from './src/running-flow.ts';
import { type Stage, setStage } from './src/stage.ts';
import { benchTrustList } from './src/trust-list.ts';

const RUN_MAX_MS = 240_000;
const ALONE = {
  open: benchOpen,
  'trust-list': benchTrustList,
  hostile: benchHostile,
  clinical: benchClinical,
  pictures: benchPictures,
  accept: benchAccept,
  postfix: benchPostfix,
  app: benchApp,
} as const;
const IN_FLOW = { inbound: benchInbound, latency: benchLatency, reply: benchReply } as const;
const NAMES = [
  'open',
  'clinical',
  'pictures',
  'trust-list',
  'hostile',
  'inbound',
  'accept',
  'postfix',
  'latency',
  'reply',
  'app',
] as const;
type Name = (typeof NAMES)[number];

const isAlone = (name: Name): name is keyof typeof ALONE => name in ALONE;

interface Wishes {
  readonly json: boolean;
  readonly names: readonly Name[];
  readonly nodeFlags: readonly string[];
}

function readWishes(): Wishes {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
  });
  const names = NAMES.filter((name) => values.only === undefined || values.only === name);
  if (names.length === 0) {
    process.stderr.write(`--only takes one of: ${NAMES.join(', ')}\n`);
    process.exit(2);
  }
  const folder = values['cpu-prof'];
  return {
    json: values.json,
    names,
    nodeFlags: folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`],
  };
}

function machine(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${gibibytes} GiB, Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`;
}

/** Runs the wished benches in their order; the flow is started with the first that needs it. */
async function runAll(wishes: Wishes, closing: (() => unknown)[], tell: (figures: Figure[]) => void): Promise<void> {
  const stage: Stage = await setStage();
  closing.push(() => stage.remove());
  let flow: RunningFlow | null = null;
  const alone = wishes.names.filter(isAlone);
  for (const name of alone) tell(await noted(name, [], () => ALONE[name](stage)));
  for (const name of wishes.names) {
    if (isAlone(name)) continue;
    if (flow === null) {
      flow = await startFlow(stage, wishes.nodeFlags);
      const running = flow;
      closing.push(() => running.close());
    }
    const { server } = flow;
    const running = flow;
    tell(await noted(name, [server.pids.node, server.pids.redis], () => IN_FLOW[name](running)));
  }
}

/** A bench with what others did to the cores meanwhile as its last figure. Children of a bench count as others. */
async function noted(name: Name, pids: readonly number[], bench: () => Promise<Figure[]>): Promise<Figure[]> {
  const noise = watchForeignCpu(pids);
  const figures = await bench();
  const value = noise();
  if (name === 'app' || name === 'accept' || name === 'postfix' || name === 'hostile') return figures;
  const meaning = 'noise: cores used by other programs during this bench';
  return [...figures, { bench: name, name: 'foreign CPU', value, unit: 'cores', meaning }];
}

const wishes = readWishes();
const closing: (() => unknown)[] = [];
const all: Figure[] = [];
let closed: Promise<void> | undefined;
const close = (): Promise<void> =>
  (closed ??= (async () => {
    for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
  })());
const leave = (code: number): void => void close().finally(() => process.exit(code));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => leave(130));
process.once('disconnect', () => leave(130));
const timer = setTimeout(() => {
  process.stderr.write(`bench: not done after ${RUN_MAX_MS / 1_000} s, stopped\n`);
  leave(1);
}, RUN_MAX_MS);

if (wishes.json) console.log(JSON.stringify({ bench: 'machine', name: machine(), at: new Date().toISOString() }));
else console.log(`${machine()}\n`);
try {
  await runAll(wishes, closing, (figures) => {
    all.push(...figures);
    if (wishes.json) for (const figure of figures) console.log(JSON.stringify(figure));
    else process.stderr.write(`… ${figures[0]?.bench ?? ''} done\n`);
  });
  if (!wishes.json) console.log(tableOf(all));
} finally {
  clearTimeout(timer);
  await close();
}
process.exit();
