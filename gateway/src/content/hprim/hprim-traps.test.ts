/** The traps of HPRIM Médecins files, one by one (clinical-formats A.1.1–A.1.4). Everybody here is fictive. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { textDocuments } from '../text/text-documents.ts';
import { INR_HEADER } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

function only(reports: readonly ClinicalReport[]): ClinicalReport {
  assert.equal(reports.length, 1);
  return reports[0] as ClinicalReport;
}

/** A letter whose header has other lines in some places. */
const withHeader = (lines: Readonly<Record<number, string>>): ClinicalReport => {
  const header = INR_HEADER.map((line, at) => lines[at + 1] ?? line);
  return only(readHprim([...header, 'Cher confrère,', '****FIN****'].join('\r\n'), NOW));
};

const withResults = (...lines: string[]): ClinicalReport =>
  only(readHprim([...INR_HEADER, '****LAB****', ...lines, '****FIN****'].join('\r\n'), NOW));

function onlyResult(...lines: string[]): LabResult {
  const { results } = withResults(...lines);
  assert.equal(results.length, 1);
  return results[0] as LabResult;
}

test('line 1 may be a code, a number, a dot or nothing, and none of them is shown', () => {
  for (const first of ['', '.', '.         ', 'DOSSIER_12/3-A', '2410359999999 06']) {
    const report = withHeader({ 1: first });
    assert.deepEqual([report.patient.familyName, report.text], ['DESSAINT', 'Cher confrère,'], first);
  }
});

test('the national number is read with and without spaces and key, and is believed no further than its key', () => {
  const read = (line: string, birth = '14/03/1941'): (string | null | undefined)[] => {
    const { patient, warnings } = withHeader({ 7: birth, 8: line });
    assert.ok(patient.ins === null || patient.ins.quality === 'nir-only', 'a number in HPRIM is no qualified identity');
    return [patient.ins?.masked, patient.sex, warnings[0]];
  };
  assert.deepEqual(read('2410359999999 06'), ['2 41 03 … 06', 'F', undefined]);
  assert.deepEqual(read('241035999999906'), ['2 41 03 … 06', 'F', undefined]);
  assert.deepEqual(read('2 41 03 59 999 999 06'), ['2 41 03 … 06', 'F', undefined]);
  assert.deepEqual(read('2410359999999'), ['2 41 03 …', 'F', undefined]);
  assert.deepEqual(read('1500176000000 00', '02/01/1950'), ['1 50 01 … 00', 'M', undefined], 'the key was left out');
  assert.deepEqual(read('150012A004001 83', '02/01/1950'), ['1 50 01 … 83', 'M', undefined]);
  assert.deepEqual(read('7503359999999', '02/01/1950'), ['7 50 33 …', 'M', undefined]);
  assert.deepEqual(read('1410359999999 06'), ['1 41 03 … 06', null, 'nir-key-wrong']);
  const strange = withHeader({ 8: '12345' });
  assert.deepEqual([strange.patient.ins, strange.warnings], [null, ['nir-unreadable']]);
  assert.match(strange.text, /^12345\n/);
});

test('dates are read in every way they are written, and a date that is none is shown as it is', () => {
  for (const birth of ['14/03/1941', '14/03/41', '1941-03-14', '14-03-1941', '14.03.1941'])
    assert.equal(withHeader({ 7: birth }).patient.birthDate, '1941-03-14', birth);
  for (const [line, date] of [
    ['12/01/2026', '2026-01-12'],
    ['M-5128-23/10/06', '2006-10-23'],
    ['12/01/2026 07:42', '2026-01-12'],
    ['32/01/2026', null],
  ] as const) {
    const report = withHeader({ 10: line });
    assert.equal(report.date, date, line);
    assert.equal(report.text.includes(line), date === null);
  }
});

test('who sends and who receives are read with a code, without, and with a code to the right', () => {
  for (const [line, name] of [
    ['LABFICTIF LABORATOIRE DES TILLEULS', 'LABORATOIRE DES TILLEULS'],
    ['.          Claire.MARTIN', 'Claire.MARTIN'],
    ['         C LaboFictif', 'LaboFictif'],
    ['MARTPA     MARTIN CLAIRE', 'MARTIN CLAIRE'],
    ['LABORATOIRE DES TILLEULS', 'LABORATOIRE DES TILLEULS'],
    ['CENTRE BIO LABO', 'CENTRE BIO LABO'],
    ['LABFICTIF', 'LABFICTIF'],
  ] as const) {
    assert.equal(withHeader({ 11: line }).sender, name, line);
    assert.equal(withHeader({ 12: line }).recipient, name, line);
  }
});

test('a flag may be about the second unit; computed from both, one outside its range is enough', () => {
  const given = onlyResult('RES|Lymphocytes|ly|N|33.0|%|||L|F|964|/mm3|1000|4000');
  assert.deepEqual(
    [given.flag, given.flagComputed, given.first.value, given.second?.value],
    ['L', false, '33.0', '964'],
  );
  const computed = (fields: string): [LabResult['flag'], boolean] => {
    const result = onlyResult(`RES|X|X|N|${fields}`);
    return [result.flag, result.flagComputed];
  };
  assert.deepEqual(computed('33.0|%||||F|964|/mm3|1000|4000'), ['L', true]);
  assert.deepEqual(computed('70|umol/L|45|84||F|9.8|mg/L|5.1|9.5'), ['H', true]);
  assert.deepEqual(computed('70|umol/L|45|84||F|7.9|mg/L|5.1|9.5'), ['N', true]);
  assert.deepEqual(computed('99|umol/L|45|84||F|1.2|mg/L|5.1|9.5'), [null, false], 'they contradict each other');
});

test('values with stars, units or words inside stay as written, and are compared only when that is certain', () => {
  for (const [fields, value, flag] of [
    ['*12.9*|g/dL|13.0|17.0', '*12.9*', 'L'],
    ['85*|umol/L|45|84', '85*', 'H'],
    ['    < 0.12  mg/l |||5', '< 0.12  mg/l', 'N'],
    ['7,2 mg/L|mg/l|0|5', '7,2 mg/L', 'H'],
    ['7,2 mg/L|g/L|0|5', '7,2 mg/L', null],
    ['5,2 (contrôlé)|mmol/L|3,5|5,1', '5,2 (contrôlé)', null],
    ['4|mmol/L|(3,5 - 5,1)|', '4', 'N'],
    ['|mmol/L|3,5|5,1', '', null],
  ] as const) {
    const result = onlyResult(`RES|X|X|A|${fields}||F`);
    assert.deepEqual([result.first.value, result.flag], [value, flag], fields);
  }
});

test('a status is told, and so is a flag that is none of HPRIM', () => {
  const statuses = (status: string): [string | null, string] => {
    const report = withResults(`RES|X|X|N|4.1|mmol/L|3.5|5.1|N|${status}`);
    return [report.results[0]?.status ?? null, report.status];
  };
  assert.deepEqual(statuses('F'), ['F', 'final']);
  assert.deepEqual(statuses('R'), ['R', 'provisional']);
  assert.deepEqual(statuses('P'), ['P', 'provisional']);
  assert.deepEqual(statuses('c'), ['C', 'corrected']);
  assert.deepEqual(statuses(''), [null, 'final']);
  const unknown = withResults('RES|X|X|N|4.1||||N|Z');
  assert.deepEqual([unknown.results[0]?.status, unknown.warnings], [null, ['status-unknown']]);
  assert.match(unknown.text, /\|N\|Z$/, 'the line itself can be read');
  const [odd] = withResults('RES|X|X|A|Hémolysé||||?|F').results;
  assert.deepEqual([odd?.flag, odd?.severity, odd?.interpretation], [null, 'unknown', '?']);
  assert.equal(onlyResult('RES|X|X|A|Hémolysé||||A|F').severity, 'abnormal');
});

test('results stand under the section that the printed lines open, not under a remark in capitals', () => {
  const report = withResults(
    'TEX|H E M A T O L O G I E   C E L L U L A I R E',
    'RES|HB|HB|N|12|g/dL|12|16|N|F',
    'TEX|          PRELEVEMENT HEMOLYSE',
    'RES|K|K|N|6.1|mmol/L|3.5|5.1|H|F',
    'TEX|                    BIOCHIMIE SANGUINE',
    'TEX|GLUCOSE                  1,42',
    'RES|GLUCOSE|GLU|N|1.42|g/L|0.74|1.06|H|F',
  );
  assert.deepEqual(
    report.results.map(({ label, headings, comments }) => [label, headings, comments]),
    [
      ['K', ['HEMATOLOGIE CELLULAIRE'], []],
      ['GLUCOSE', ['BIOCHIMIE SANGUINE'], []],
      ['HB', ['HEMATOLOGIE CELLULAIRE'], ['PRELEVEMENT HEMOLYSE']],
    ],
  );
  assert.match(report.text, /^H E M A T O[\s\S]*BIOCHIMIE SANGUINE\nGLUCOSE {18}1,42$/);
});

test('a printed 2.920 is nobody’s number: values come from RES alone', () => {
  const result = onlyResult(
    'TEX|LEUCOCYTES   2.920 */mm3   4.000 à 10.000',
    'RES|LEUCOCYTES|gb|N|2920|/mm3|4000|10000||F',
  );
  assert.deepEqual([result.first.value, result.flag, result.flagComputed], ['2920', 'L', true]);
  const prose = only(readHprim([...INR_HEADER, 'INR   6,8   2,0 à 3,0', '****FIN****'].join('\n'), NOW));
  assert.deepEqual([prose.results, prose.text], [[], 'INR   6,8   2,0 à 3,0']);
});

test('a result line that mail software cut in two gives no half of a number', () => {
  const long = 'RES|PROTEINE C-REACTIVE ULTRASENSIBLE (CRP) IMMUNOTURBIDIMETRIE|CRPUS|N|0.1';
  const report = withResults(long, '2|mg/l|0|5|H|F', 'RES|K|K|N|4.1|mmol/L|3.5|5.1|N|F', 'remarque libre');
  assert.deepEqual(
    report.results.map(({ label }) => label),
    ['K'],
  );
  assert.ok(report.text.includes(`${long}\n2|mg/l|0|5|H|F\nremarque libre`));
  assert.deepEqual(report.warnings, ['line-broken', 'line-not-understood']);
});

test('a text longer than what is read is cut between lines, and says so', () => {
  const filler = `TEX|${'x'.repeat(99)}`;
  const lines = [...INR_HEADER, '****LAB****', 'RES|A|A|N|1||||N|F'];
  while (lines.join('\n').length < 199_985) lines.push(filler.slice(0, Math.max(5, 199_980 - lines.join('\n').length)));
  const text = [...lines, 'RES|CREATININE|C|N|123456789|umol/L|45|84|H|F', '****FIN****'].join('\n');
  const [report, whole] = textDocuments(text, { fileName: 'a.txt', now: NOW });
  assert.ok(report?.kind === 'report' && whole?.kind === 'file');
  assert.deepEqual(
    report.report.results.map(({ label }) => label),
    ['A'],
    'the last line within the limit is half of one',
  );
  assert.ok(report.report.warnings.includes('text-truncated'));
  assert.equal(whole.bytes.toString(), text);
});

const SAMPLES = join(import.meta.dirname, '../../../../../shared/samples/hprim');

test('the second message of the shared sample is read field by field', {
  skip: existsSync(SAMPLES) ? false : 'shared samples are not here',
}, () => {
  const bytes = readFileSync(join(SAMPLES, 'deux-messages-un-fichier-cp1252.hpr'));
  const report = readHprim(cleanText(decodeClinicalText(bytes).text), NOW)[1];
  assert.ok(report);
  const { date, fileNumber, sender, recipient, status, patient } = report;
  assert.deepEqual([date, fileNumber, status], ['2026-01-13', 'K-77', 'corrected']);
  assert.deepEqual([sender, recipient, patient.sex], ['LABORATOIRE DEMO', 'BERNARD.DEMO', null]);
  assert.deepEqual(
    report.results.map(({ label, first, flag, flagComputed, severity, status: of }) => {
      const { value, low, high } = first;
      return [label, value, low, high, flag, flagComputed, severity, of];
    }),
    [
      ['POTASSIUM', '6,1', '3,5', '5,1', 'HH', false, 'critical', 'F'],
      ['CREATININE', '152', '45', '84', 'H', false, 'abnormal', 'C'],
      ['ASPECT', 'Sérum hémolysé : à contrôler sur nouveau prélèvement', '', '', 'A', false, 'abnormal', 'P'],
      ['CALCIUM', '2.31', '2.20', '2.60', 'N', false, 'normal', 'F'],
      ['CRP', '< 0,3', '', '5.0', 'N', true, 'normal', 'F'],
    ],
  );
  assert.deepEqual(report.results[1]?.second, { value: '17.2', unit: 'mg/L', low: '5.1', high: '9.5' });
});
