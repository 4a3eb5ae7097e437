/** The steps of `npm run check`, as the first tests of `npm test`, so that they stand in its one summary. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultsOf, STEPS } from './check.ts';

describe('check', () => {
  for (const step of STEPS) {
    it(step.title, async () => {
      const faults = await faultsOf(step);
      assert.ok(faults === '', `\n${faults}`);
    });
  }
});
