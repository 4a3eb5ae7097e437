/**
 * What letters made to cost time or memory do cost: processor time and memory of opening and reading one, in a process
 * of its own that has opened honest letters before, beside the two limits.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOMBS } from '@estafette/gateway/envelope/bombs.fixture';
import type { Figure } from './figures.ts';

const CPU_WANTED_MS = 200;
const MEMORY_WANTED_MIB = 64;

/** What the child measured for one bomb. */
export interface BombCost {
  readonly cpuMs: number;
  readonly memoryMib: number;
  readonly show: string;
}

async function costOf(file: string): Promise<BombCost> {
  const child = fork(new URL('./hostile-child.ts', import.meta.url), [file], { execArgv: ['--expose-gc'] });
  const [cost] = (await once(child, 'message')) as [BombCost];
  return cost;
}

/** One figure for time and one for memory, per bomb; what it means is how the letter would be shown. */
export async function benchHostile(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-bombs-'));
  try {
    return await costsIn(join(folder, 'bomb.eml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function costsIn(file: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, make] of Object.entries(BOMBS)) {
    writeFileSync(file, make());
    const { cpuMs, memoryMib, show } = await costOf(file);
    const words = { bench: 'hostile', meaning: show };
    figures.push(
      {
        ...words,
        name: `${name}, CPU`,
        value: cpuMs,
        unit: 'ms',
        beside: { name: 'at most', value: CPU_WANTED_MS, unit: 'ms' },
        ratio: cpuMs / CPU_WANTED_MS,
      },
      {
        ...words,
        name: `${name}, memory`,
        value: memoryMib,
        unit: 'MiB',
        beside: { name: 'at most', value: MEMORY_WANTED_MIB, unit: 'MiB' },
        ratio: memoryMib / MEMORY_WANTED_MIB,
      },
    );
  }
  return figures;
}
