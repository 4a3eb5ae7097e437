/** Opens the bomb in a file, after honest letters, and sends what it cost. */
import { readFileSync } from 'node:fs';
import { detached, mail, opaqueEntity, TEXT_ENTITY } from '@estafette/gateway/envelope/letters.fixture';
import { openLetter } from '@estafette/gateway/letter-worker';
import { PRESETS } from '@estafette/gateway/ports';
import type { BombCost } from './hostile.ts';

const WARM_UP = 60;

const open = (letter: Buffer) =>
  openLetter({ letter, keys: [], trust: null, letters: PRESETS.demo.letters, at: Date.now() });
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

const honest = [detached(), mail(opaqueEntity(TEXT_ENTITY)), mail(TEXT_ENTITY)];
for (let time = 0; time < WARM_UP; time += 1) await open(honest[time % honest.length] as Buffer);
const letter = readFileSync(process.argv[2] ?? '');
globalThis.gc?.();
const before = { cpu: cpuMs(), peak: process.resourceUsage().maxRSS };
const { verdict } = await open(letter);
const cost: BombCost = {
  cpuMs: Math.round((cpuMs() - before.cpu) * 10) / 10,
  memoryMib: Math.round(((process.resourceUsage().maxRSS - before.peak) / 1_024) * 10) / 10,
  show: verdict.show,
};
process.send?.(cost);
process.disconnect();
