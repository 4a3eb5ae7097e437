/**
 * What fuzzing once found stays tried: every input kept beside this file is read or refused, as any other. `npm run fuzz`
 * looks for more; here each target also gets a few hundred inputs, so that a target that no longer works is noticed.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { randomOf } from '@estafette/gateway/envelope/mutations.fixture';
import { type FuzzTarget, isRefusal, TARGETS } from './targets.ts';

const INPUTS = 200;

function tryTo(read: FuzzTarget['read'], input: Buffer, name: string): 'read' | 'refused' {
  try {
    read(input);
    return 'read';
  } catch (error) {
    assert.ok(isRefusal(error), `${name}: ${String(error)}`);
    return 'refused';
  }
}

const TARGET_LIST: readonly (readonly [string, FuzzTarget])[] = Object.entries(TARGETS);
for (const [name, { samples, mutations, read }] of TARGET_LIST) {
  test(`${name}: what was kept, the samples themselves, and some mutations are read or refused`, (t) => {
    const folder = new URL(`./kept/${name}/`, import.meta.url);
    const kept = existsSync(folder) ? readdirSync(folder) : [];
    for (const file of kept) tryTo(read, readFileSync(new URL(file, folder)), file);
    for (const [at, sample] of samples.entries()) tryTo(read, sample, `sample ${at}`);
    let refused = 0;
    for (let seed = 0; seed < INPUTS; seed += 1) {
      const random = randomOf(seed);
      const sample = samples[random(samples.length)] as Buffer;
      const mutation = mutations[random(mutations.length)];
      if (mutation !== undefined && tryTo(read, mutation(sample, random), `seed ${seed}`) === 'refused') refused += 1;
    }
    t.diagnostic(`${kept.length} kept; of ${INPUTS} mutations ${refused} refused`);
  });
}
