import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { ShownMessage } from '../device/conversation-view.ts';
import { labLetter, verdict } from '../test/demo-letters.ts';
import {
  CORRECTED_POTASSIUM,
  CRITICAL_INR,
  DELETED_POTASSIUM,
  DISCHARGE_LETTER,
  EARLIER_INRS,
  NORMAL_TSH,
  PROVISIONAL_POTASSIUM,
} from '../test/demo-reports.ts';
import { historyOf, readPlainNumber } from './report-history.ts';

type More = Parameters<typeof labLetter>[0];

function sent(report: ClinicalReport, more: More = {}): ShownMessage {
  const letter = labLetter({ documents: [{ kind: 'report', report }], ...more });
  return { type: 'letter', letter, key: letter.letterId, place: { seq: 1 } as never, at: 0 };
}

const [october, november] = EARLIER_INRS as [ClinicalReport, ClinicalReport];
const inrOf = (report: ClinicalReport) => report.results[0] as ClinicalReport['results'][number];
const trendIn = (reports: readonly ClinicalReport[], of = CRITICAL_INR): string[] => {
  const trend = historyOf(
    of,
    reports.map((report) => sent(report)),
  ).trend(inrOf(of));
  return (trend?.points ?? []).map(({ value, date }) => `${date} ${value}`);
};

test('the same analyte of the same patient gives a trend, by date and not by arrival; later values stay out', () => {
  const whole = ['2025-10-20 2.3', '2025-11-07 2.9', '2025-11-21 6.8'];
  assert.deepEqual(trendIn([october, november, CRITICAL_INR]), whole);
  assert.deepEqual(trendIn([CRITICAL_INR, november, october]), whole);
  assert.deepEqual(trendIn([october, november, CRITICAL_INR], november), whole.slice(0, 2));
});

test('another patient, another unit, another code, or an unknown birth gives none', () => {
  const changed = (more: Partial<ClinicalReport>) => trendIn([{ ...november, ...more }, CRITICAL_INR]);
  assert.equal(changed({}).length, 2);
  assert.deepEqual(changed({ patient: { ...november.patient, givenName: 'Marie' } }), []);
  assert.deepEqual(changed({ patient: { ...november.patient, birthDate: '1942-03-07' } }), []);
  assert.deepEqual(changed({ patient: { ...november.patient, birthDate: null } }), []);
  const result = inrOf(november);
  assert.deepEqual(changed({ results: [{ ...result, first: { ...result.first, unit: '%' } }] }), []);
  assert.deepEqual(changed({ results: [{ ...result, code: 'TCA' }] }), []);
  assert.deepEqual(changed({ results: [result, result] }), [], 'twice in one report: nobody knows which');
  assert.deepEqual(changed({ results: [{ ...result, first: { ...result.first, value: '<1.2' } }] }), []);
  assert.deepEqual(changed({ date: null }), []);
  assert.deepEqual(changed({ status: 'deleted' }), []);
});

test('a number is read only where it can be read one way', () => {
  const read = (text: string) => [readPlainNumber(text, 'hprim'), readPlainNumber(text, 'cda')];
  assert.deepEqual(read('6.8'), [6.8, 6.8]);
  assert.deepEqual(read('6,8'), [6.8, 6.8]);
  assert.deepEqual(read('1.950'), [null, 1.95]);
  assert.deepEqual(read('0.270'), [0.27, 0.27]);
  for (const text of ['6 200', '<5', '6.8*', '1/80', '', '1e5', 'négatif', '2.3.4'])
    assert.deepEqual(read(text), [null, null], text);
});

test('a corrected report takes the place of the one before, and keeps what it said', () => {
  const messages = [PROVISIONAL_POTASSIUM, CORRECTED_POTASSIUM].map((report) => sent(report));
  assert.equal(historyOf(PROVISIONAL_POTASSIUM, messages).replacedBy, CORRECTED_POTASSIUM);
  const history = historyOf(CORRECTED_POTASSIUM, messages);
  assert.equal(history.replacedBy, null);
  assert.equal(history.before(inrOf(CORRECTED_POTASSIUM))?.value, '6.1');
  assert.equal(history.trend(inrOf(CORRECTED_POTASSIUM)), null, 'an error corrected is no evolution');
  const unchanged = CORRECTED_POTASSIUM.results[1];
  assert.equal(unchanged && history.before(unchanged), null);
});

test('a later report that says other things folds nothing: both count', () => {
  const other = { ...CORRECTED_POTASSIUM, results: CORRECTED_POTASSIUM.results.slice(1) };
  const history = historyOf(
    PROVISIONAL_POTASSIUM,
    [PROVISIONAL_POTASSIUM, other].map((report) => sent(report)),
  );
  assert.equal(history.replacedBy, null);
  assert.equal(history.completedBy, other);
});

test('what its sender deletes or cancels folds the report before, whatever it holds', () => {
  for (const status of ['deleted', 'replaced'] as const) {
    const later = { ...DELETED_POTASSIUM, status, results: [] };
    const messages = [CORRECTED_POTASSIUM, later].map((report) => sent(report));
    assert.equal(historyOf(CORRECTED_POTASSIUM, messages).replacedBy, later);
  }
});

test('nobody else folds a report: not another sender, another patient, or a letter without proof', () => {
  const first = sent(PROVISIONAL_POTASSIUM);
  const replacedBy = (report: ClinicalReport, more?: More) =>
    historyOf(PROVISIONAL_POTASSIUM, [first, sent(report, more)]).replacedBy;
  assert.ok(replacedBy(CORRECTED_POTASSIUM));
  assert.equal(replacedBy(CORRECTED_POTASSIUM, { from: { name: '', address: 'autre@labo.example' } }), null);
  assert.equal(replacedBy(CORRECTED_POTASSIUM, { verdict: verdict('unverified') }), null);
  assert.equal(replacedBy({ ...CORRECTED_POTASSIUM, sender: 'Autre laboratoire' }), null);
  assert.equal(replacedBy({ ...CORRECTED_POTASSIUM, patient: DISCHARGE_LETTER.patient }), null);
  assert.equal(replacedBy({ ...CORRECTED_POTASSIUM, fileNumber: '' }), null);
  assert.equal(replacedBy({ ...CORRECTED_POTASSIUM, fileNumber: '260112-0209' }), null);
});

test('a report that stands in no letter of the conversation has no history', () => {
  const { replacedBy, trend } = historyOf(NORMAL_TSH, []);
  assert.deepEqual([replacedBy, trend(inrOf(NORMAL_TSH))], [null, null]);
});
