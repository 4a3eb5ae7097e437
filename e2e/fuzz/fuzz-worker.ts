/**
 * Fuzzes one target in a thread of its own until its time is over, writing what it tries into shared memory before it
 * tries it: should it hang or die, the thread that watches still has the input.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { randomOf } from '@estafette/gateway/envelope/mutations.fixture';
import { type FuzzTarget, isRefusal, TARGETS, type TargetName } from './targets.ts';

export interface FuzzOrder {
  readonly target: TargetName;
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
  /** [0] number of inputs tried, [1] seed of the one under way, [2] its length. */
  readonly progress: Int32Array;
  readonly input: Uint8Array;
  readonly cpuMaxMs: number;
}

export interface Finding {
  readonly seed: number;
  readonly why: string;
  readonly input: Uint8Array;
}

const order = workerData as FuzzOrder;
const target: FuzzTarget = TARGETS[order.target];
const report = (finding: Finding): void => parentPort?.postMessage(finding);

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

function inputOf(seed: number): Buffer {
  const random = randomOf(seed);
  const sample = target.samples[random(target.samples.length)] as Buffer;
  const mutation = target.mutations[random(target.mutations.length)];
  return mutation === undefined ? sample : mutation(sample, random).subarray(0, order.input.length);
}

/** Reads once and reports what must not be; gives the CPU time it took, in milliseconds. */
function costOf(seed: number, input: Buffer): number {
  const before = cpuMs();
  try {
    target.read(input);
  } catch (error) {
    if (!isRefusal(error))
      report({ seed, why: error instanceof Error ? (error.stack ?? error.message) : 'thrown', input });
  }
  return cpuMs() - before;
}

function tryOne(seed: number): void {
  const input = inputOf(seed);
  order.input.set(input);
  Atomics.store(order.progress, 1, seed);
  Atomics.store(order.progress, 2, input.length);
  let spent = costOf(seed, input);
  // A collection of garbage may fall on any input: one that is slow is slow again.
  for (let again = 0; again < 2 && spent > order.cpuMaxMs; again += 1) spent = Math.min(spent, costOf(seed, input));
  if (spent > order.cpuMaxMs) report({ seed, why: `took ${Math.round(spent)} ms of CPU`, input });
  Atomics.add(order.progress, 0, 1);
}

for (let seed = order.seed; Date.now() < order.endsAt; seed = (seed + 1) | 0) tryOne(seed);
