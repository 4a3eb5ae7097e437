/** Units, points in time and interpretation codes as people read them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { interpretation, laboratoryCda, observation, quantity } from './cda.fixture.ts';
import { printUnit } from './print-unit.ts';
import { readCda } from './read-cda.ts';
import { isoDateOf, printStamp } from './time-stamp.ts';

test('units are written as people write them, and what is unknown stays', () => {
  const units: Record<string, string> = {
    'm[IU]/L': 'mUI/L',
    '[IU]/mL': 'UI/mL',
    'u[IU]/mL': 'µUI/mL',
    '10*9/L': '10⁹/L',
    '10*12/L': '10¹²/L',
    '10*-3': '10⁻³',
    'ug/L': 'µg/L',
    umol: 'µmol',
    uL: 'µL',
    '[pH]': 'pH',
    'mm[Hg]': 'mmHg',
    'mL/min/{1.73_m2}': 'mL/min/1.73 m²',
    'mg/d': 'mg/j',
    '{cells}/uL': 'cells/µL',
    'mg/(24.h)': 'mg/24 h',
    'ug/L{FEU}': 'µg/L FEU',
    '{copies/mL}': 'copies/mL',
    '{ratio}': 'ratio',
    '/[HPF]': '/champ',
    '{}': '{}',
    '%': '%',
    '1': '',
    '/mL': '/mL',
    'g/L': 'g/L',
    ukn: 'ukn',
    'kg.m-2': 'kg.m-2',
    toString: 'toString',
  };
  for (const [ucum, written] of Object.entries(units)) assert.equal(printUnit(ucum), written, ucum);
});

test('a point in time says as much as it says', () => {
  assert.equal(isoDateOf('20210104160527+0100'), '2021-01-04');
  assert.equal(isoDateOf('20210104'), '2021-01-04');
  for (const stamp of ['202101', '2021', '20210230', 'hier', '']) assert.equal(isoDateOf(stamp), null, stamp);
  assert.equal(printStamp('202101040735+0100'), '04/01/2021 07:35');
  assert.equal(printStamp('20210104'), '04/01/2021');
  assert.equal(printStamp('202101'), '01/2021');
  assert.equal(printStamp('vers 2021'), 'vers 2021');
});

const VALUE_SET = join(
  import.meta.dirname,
  '../../../../../shared/samples/value-sets/JDV_HL7_ObservationInterpretation_CISIS.xml',
);

test('every interpretation code of the French value set has a meaning', {
  skip: existsSync(VALUE_SET) ? false : 'shared samples are not here',
}, () => {
  const codes = [...readFileSync(VALUE_SET, 'utf8').matchAll(/<Concept code="([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  assert.equal(codes.length, 39);
  for (const code of codes) {
    const file = laboratoryCda(observation(quantity('1') + interpretation(code)));
    assert.deepEqual(readCda(Buffer.from(file), new Date())?.report.warnings, [], code);
  }
});

test('the gravest of several interpretation codes counts, with the words of all', () => {
  const file = laboratoryCda(observation(quantity('1') + interpretation('U') + interpretation('HH')));
  const result = readCda(Buffer.from(file), new Date())?.report.results[0];
  assert.deepEqual([result?.flag, result?.severity], ['HH', 'critical']);
  assert.match(result?.interpretation ?? '', /^augmentation significative/);
});
