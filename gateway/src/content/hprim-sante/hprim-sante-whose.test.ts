/** Whose results are whose in HPRIM Santé files of several patients, some of whose segments are damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { H, OBR, P } from './hprim-sante.fixture.ts';
import { readHprimSante } from './hprim-sante.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const FAMILY = ['ALPHA', 'BRAVO', 'CHARLIE'];

/** What becomes of the segment of a patient on its way. */
const DAMAGES: Readonly<Record<string, (segment: string) => string>> = {
  none: (segment) => segment,
  indented: (segment) => `  ${segment}`,
  'in small letters': (segment) => `p${segment.slice(1)}`,
  'of HL7': (segment) => `PID${segment.slice(1)}`,
  doubled: (segment) => `P${segment}`,
  'with another separator': (segment) => segment.replaceAll('|', ';'),
  'with a blank': (segment) => `P ${segment.slice(1)}`,
  quoted: (segment) => `"${segment}`,
  'broken in two': (segment) => `${segment.slice(0, 30)}\r\n${segment.slice(30)}`,
};

const patients = fc.array(
  fc.record({ damage: fc.constantFrom(...Object.keys(DAMAGES)), results: fc.integer({ min: 0, max: 3 }) }),
  { minLength: 1, maxLength: 3 },
);

test('no result stands under another patient, and every result is shown', () => {
  fc.assert(
    fc.property(patients, (all) => {
      const lines = all.flatMap(({ damage, results }, index) => [
        (DAMAGES[damage] ?? String)(P.replace('DESSAINT', FAMILY[index] ?? '').replace('P|1|', `P|${index + 1}|`)),
        OBR,
        ...Array.from(
          { length: results },
          (_, at) => `OBX|${at}|NM|C${at}~${FAMILY[index]} ${at}~L||${index}.${at}|g/l||||||F`,
        ),
      ]);
      const reports = readHprimSante(`${[H, ...lines, 'L|1'].join('\r\n')}\r\n`, NOW);
      const shown = reports.flatMap((report) => report.results);
      for (const { patient, results } of reports)
        for (const { label } of results)
          if (patient.familyName !== '')
            assert.ok(label.startsWith(patient.familyName), `${label} of ${patient.familyName}`);
      assert.equal(
        shown.length,
        all.reduce((sum, { results }) => sum + results, 0),
      );
    }),
    { seed: 20260112, numRuns: 400 },
  );
});
