/**
 * CPU time as the kernel counts it. On a machine whose cores are shared with others, the CPU time a server spent on a
 * letter is the honest figure, and the clock is not. Resolution: one tick (10 ms), so count over many letters.
 */
import { constants, createPublicKey, type KeyObject, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for what it tells user space (proc(5)). */
const MICROS_PER_TICK = 10_000;

/** User and system time of a process, all its threads, in microseconds. */
export function cpuMicrosOf(pid: number): number {
  const fields = (readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1) ?? '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** What all cores did since boot, idle and waiting excluded, in microseconds. */
function busyMicros(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + soft + steal) * MICROS_PER_TICK;
}

function ownMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Watches how many cores others use meanwhile; `pids` are ours besides this process. Call the result to stop. */
export function watchForeignCpu(pids: readonly number[]): () => number {
  const ours = () => ownMicros() + pids.reduce((sum, pid) => sum + cpuMicrosOf(pid), 0);
  const start = { at: performance.now(), busy: busyMicros(), ours: ours() };
  return () => {
    const elapsedMicros = (performance.now() - start.at) * 1_000;
    return Math.max(0, busyMicros() - start.busy - (ours() - start.ours)) / elapsedMicros;
  };
}

/**
 * What one RSA-2048 private operation of node:crypto costs right now, in microseconds of CPU time. A letter cannot cost
 * less, and on a machine whose cores are shared it is the yardstick that swells and shrinks with everything else.
 */
export async function privateOperationMicros(privateKey: KeyObject): Promise<number> {
  const padding = constants.RSA_PKCS1_PADDING;
  const encrypted = publicEncrypt({ key: createPublicKey(privateKey), padding }, randomBytes(32));
  return 1_000_000 / (await ratePerCpuSecond(() => privateDecrypt({ key: privateKey, padding }, encrypted), 200));
}

/** Runs `work` over and over for about `forMs`; gives how often per second of this process's CPU time. */
export async function ratePerCpuSecond(work: () => unknown, forMs: number): Promise<number> {
  const startedAt = performance.now();
  const before = ownMicros();
  let times = 0;
  while (performance.now() - startedAt < forMs) {
    const made = work();
    if (made instanceof Promise) await made;
    times += 1;
  }
  return times / ((ownMicros() - before) / 1_000_000);
}
