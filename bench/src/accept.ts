/**
 * SMTP acceptance: 31 KB over STARTTLS on eight kept connections until the 250 that promises durability. Beside it, in
 * the same run: the same door without a spool, and what the disk itself allows by fdatasync.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuMicrosOf } from './cpu.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { type Letter, sealLetters } from './letters.ts';
import { connectPeers, type SmtpPeer } from './smtp-peer.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 5;
const ROUND_MS = 1_000;
const DISK_MS = 300;
const CONNECTIONS = 8;

export interface Door {
  readonly child: ChildProcess;
  readonly port: number;
  readonly pid: number;
  readonly peers: readonly SmtpPeer[];
}

/** The door of the gateway in a process of its own. */
export async function openDoor(stage: Stage, kind: 'file' | 'discard'): Promise<Door> {
  const child = fork(fileURLToPath(new URL('./door.ts', import.meta.url)), [stage.home, kind], { stdio: 'inherit' });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const peers = await connectPeers(CONNECTIONS, port, readFileSync(stage.files.anchors, 'utf8'));
  return { child, port, pid: child.pid ?? 0, peers };
}

export async function closeDoor({ child, peers }: Door): Promise<void> {
  for (const peer of peers) peer.close();
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Accepted letters per second, and the door's CPU time for each. */
async function knock({ pid, peers }: Door, letters: readonly Letter[]): Promise<{ perSecond: number; micros: number }> {
  const startedAt = performance.now();
  const before = cpuMicrosOf(pid);
  let accepted = 0;
  const work = async (peer: SmtpPeer): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      const letter = letters[accepted % letters.length];
      if (letter === undefined) return;
      accepted += 1;
      await peer.deliver(letter);
    }
  };
  await Promise.all(peers.map(work));
  const perSecond = accepted / ((performance.now() - startedAt) / 1_000);
  return { perSecond, micros: (cpuMicrosOf(pid) - before) / accepted };
}

/** Writes of `bytes` per second to one file, each followed by fdatasync. */
function syncRate(folder: string, bytes: number): number {
  const file = join(folder, 'disk-limit');
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(bytes, 0x61);
  const startedAt = performance.now();
  let times = 0;
  while (performance.now() - startedAt < DISK_MS) {
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    times += 1;
  }
  const rate = times / ((performance.now() - startedAt) / 1_000);
  closeSync(descriptor);
  rmSync(file);
  return rate;
}

/** New files of 31 KB per second, each fdatasynced, eight at a time: what a durable spool cannot be quicker than. */
async function fileRate(folder: string): Promise<number> {
  const block = Buffer.alloc(31 * 1_024, 0x61);
  const startedAt = performance.now();
  const made: string[] = [];
  const work = async (): Promise<void> => {
    while (performance.now() - startedAt < DISK_MS) {
      const path = join(folder, `disk-limit-${made.length}`);
      made.push(path);
      const file = await open(path, 'w');
      await file.writeFile(block);
      await file.datasync();
      await file.close();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const rate = made.length / ((performance.now() - startedAt) / 1_000);
  for (const path of made) rmSync(path);
  return rate;
}

interface Samples {
  readonly file: { perSecond: number; micros: number }[];
  readonly discard: { perSecond: number; micros: number }[];
  readonly sync4: number[];
  readonly sync31: number[];
  readonly files31: number[];
}

async function playRounds(stage: Stage, doors: Record<'file' | 'discard', Door>): Promise<Samples> {
  const letters = sealLetters(stage, 64);
  const samples: Samples = { file: [], discard: [], sync4: [], sync31: [], files31: [] };
  for (const kind of ['file', 'discard'] as const) await knock(doors[kind], letters);
  for (let round = 0; round < ROUNDS; round += 1) {
    const kinds = round % 2 === 0 ? (['file', 'discard'] as const) : (['discard', 'file'] as const);
    for (const kind of kinds) samples[kind].push(await knock(doors[kind], letters));
    samples.sync4.push(syncRate(stage.home, 4 * 1_024));
    samples.sync31.push(syncRate(stage.home, 31 * 1_024));
    samples.files31.push(await fileRate(stage.home));
  }
  return samples;
}

function figuresOf({ file, discard, sync4, sync31, files31 }: Samples): Figure[] {
  const words = { bench: 'accept', unit: '/s' };
  const peer = { name: 'the same door, nothing kept', value: median(discard.map((round) => round.perSecond)) };
  const cpu = { ...words, unit: 'µs/letter' };
  return [
    figureOf(
      { ...words, name: '31 KB, TLS, durable', meaning: 'beside smtp-server draining: what the spool costs' },
      file.map((round) => round.perSecond),
      peer,
    ),
    figureOf(
      { ...words, name: 'the same, beside the disk', meaning: 'limit: 8 at a time, new file, 31 KB, fdatasync' },
      file.map((round) => round.perSecond),
      { name: 'durable new files', value: median(files31) },
    ),
    figureOf(
      { ...cpu, name: 'node CPU', meaning: 'TLS, SMTP, sealing, file and folder synced' },
      file.map((round) => round.micros),
      { name: peer.name, value: median(discard.map((round) => round.micros)) },
    ),
    figureOf({ ...words, name: 'disk: fdatasync, 4 KB', meaning: 'one after the other in one file' }, sync4),
    figureOf({ ...words, name: 'disk: fdatasync, 31 KB', meaning: 'one after the other in one file' }, sync31),
  ];
}

/** Acceptance per second and CPU per letter. */
export async function benchAccept(stage: Stage): Promise<Figure[]> {
  const file = await openDoor(stage, 'file');
  try {
    const discard = await openDoor(stage, 'discard');
    try {
      return figuresOf(await playRounds(stage, { file, discard }));
    } finally {
      await closeDoor(discard);
    }
  } finally {
    await closeDoor(file);
  }
}
