/**
 * Reading clinical files on one core: reports per second of CPU time for HPRIM and CDA, each from its bytes to a report,
 * beside JSON.parse of as many bytes in the same round; and the memory of a process that reads letters with an XDM
 * archive one after the other, which must not grow.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readCda } from '@estafette/gateway/content/cda/read-cda';
import { readHprim } from '@estafette/gateway/content/hprim/hprim';
import { decodeClinicalText } from '@estafette/gateway/content/text/charset';
import { cdaReport, hprimReport, RESULTS } from './clinical-files.ts';
import { ratePerCpuSecond } from './cpu.ts';
import { type Figure, figureOf } from './figures.ts';

const ROUNDS = 5;
const SLICE_MS = 250;
const LETTERS = 2_000;
const GROWTH_MAX_MIB = 32;

/** What the child measured. */
export interface Growth {
  readonly warmMib: number;
  readonly endMib: number;
  readonly lettersPerSecond: number;
}

function sides() {
  const [hprim, cda] = [hprimReport(), cdaReport()];
  const [hprimPeer, cdaPeer] = [hprim, cda].map((file) => JSON.stringify(file.toString('latin1')));
  const now = new Date('2026-01-12T10:00:00Z');
  const check = (results: number | undefined): void => {
    if (results !== RESULTS) throw new Error(`a report of the bench has ${results} results`);
  };
  return {
    hprim: () => check(readHprim(decodeClinicalText(hprim).text, now)[0]?.results.length),
    cda: () => check(readCda(cda, now)?.report.results.length),
    hprimPeer: () => JSON.parse(hprimPeer ?? ''),
    cdaPeer: () => JSON.parse(cdaPeer ?? ''),
  };
}

async function growth(): Promise<Growth> {
  // A heap as small as it may be: a larger one takes memory because it may, and would hide what is not given back.
  const execArgv = ['--expose-gc', '--max-old-space-size=64', '--max-semi-space-size=4'];
  const child = fork(new URL('./clinical-child.ts', import.meta.url), [String(LETTERS)], { execArgv });
  const [measured] = (await once(child, 'message')) as [Growth];
  return measured;
}

/** Reports read per second and core, and what 2 000 letters in a row leave behind. */
export async function benchClinical(): Promise<Figure[]> {
  const work = sides();
  const names = Object.keys(work) as (keyof typeof work)[];
  const rates: Record<keyof typeof work, number[]> = { hprim: [], cda: [], hprimPeer: [], cdaPeer: [] };
  for (const name of names) await ratePerCpuSecond(work[name], SLICE_MS);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed())
      rates[name].push(await ratePerCpuSecond(work[name], SLICE_MS));
  const { warmMib, endMib, lettersPerSecond } = await growth();
  const words = { bench: 'clinical', unit: '/s/core' };
  const beside = (peer: readonly number[]) => ({ name: 'JSON.parse of the bytes', value: Math.max(...peer) });
  const grown = Math.max(0, endMib - warmMib);
  return [
    figureOf(
      { ...words, name: 'HPRIM', meaning: `charset, header, ${RESULTS} results with their comments` },
      rates.hprim,
      beside(rates.hprimPeer),
    ),
    figureOf(
      { ...words, name: 'CDA', meaning: `XML, header, ${RESULTS} results with ranges, narrative` },
      rates.cda,
      beside(rates.cdaPeer),
    ),
    {
      bench: 'clinical',
      name: `growth over ${LETTERS} letters with XDM`,
      value: grown,
      unit: 'MiB',
      beside: { name: 'at most', value: GROWTH_MAX_MIB, unit: 'MiB' },
      ratio: grown / GROWTH_MAX_MIB,
      meaning: `RSS after warm-up ${Math.round(warmMib)} MiB, at the end ${Math.round(endMib)} MiB; ${Math.round(lettersPerSecond)} letters/s`,
    },
  ];
}
