/** Laboratory reports in HPRIM form, as they come: right, odd and broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { decodeClinicalText } from '../text/charset.ts';
import { FIXTURE_CHARSETS, INR_HEADER, INR_LINES, inrReport } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOBODY = { familyName: '', birthName: '', givenName: '', birthDate: null, sex: null, ins: null };
const NOW = new Date('2026-01-12T10:00:00Z');
const read = (...lines: string[]): ClinicalReport[] => readHprim(lines.join('\r\n'), NOW);

function only(reports: readonly ClinicalReport[]): ClinicalReport {
  assert.equal(reports.length, 1);
  return reports[0] as ClinicalReport;
}

function result(report: ClinicalReport, label: string): LabResult {
  const found = report.results.find((one) => one.label === label);
  assert.ok(found, `no result ${label}`);
  return found;
}

const withResults = (...results: string[]): ClinicalReport =>
  only(read(...INR_HEADER, '****LAB****', ...results, '****FIN****'));

test('the same INR report in every charset gives the same card', () => {
  const cards = FIXTURE_CHARSETS.map((charset) => readHprim(decodeClinicalText(inrReport(charset)).text, NOW));
  for (const card of cards) assert.deepEqual(card, cards[0]);
  const report = only(cards[0] ?? []);
  assert.deepEqual(report.patient, {
    familyName: 'DESSAINT',
    birthName: '',
    givenName: 'Marguerite',
    birthDate: '1941-03-14',
    sex: 'F',
    ins: { masked: '2 41 03 … 06', quality: 'nir-only' },
  });
  assert.equal(report.date, '2026-01-12');
  assert.equal(report.sender, 'LABORATOIRE DES TILLEULS');
  assert.equal(report.recipient, 'CLAIRE.MARTIN');
  assert.equal(report.fileNumber, 'B26-104512');
  assert.deepEqual(report.warnings, []);
  assert.deepEqual(result(report, 'INR'), {
    headings: ['HÉMOSTASE'],
    interpretation: '',
    label: 'INR',
    code: 'INR',
    first: { value: '6.8', unit: '', low: '2.0', high: '3.0' },
    second: null,
    flag: 'HH',
    flagComputed: false,
    severity: 'critical',
    status: 'F',
    comments: ['Antériorité 08/12/2025 : 2,6', 'Résultat critique : prescripteur appelé à 09:05, non joint.'],
  });
  const tp = result(report, 'TP');
  assert.deepEqual([tp.first.value, tp.first.unit, tp.flag, tp.severity], ['9', '%', 'LL', 'critical']);
  assert.deepEqual(tp.comments, [], 'the printed line of the INR is no comment of the TP');
  assert.match(report.text, /^Compte-rendu[\s\S]*INR {10,}6,8 \*/);
});

test('critical results come first, then abnormal ones, then the rest in file order', () => {
  const report = withResults(
    'RES|SODIUM|NA|N|140|mmol/L|136|145|N|F',
    'RES|CREATININE|CREA|N|152|umol/L|45|84|H|F',
    'RES|ASPECT|ASP|A|Limpide||||?|F',
    'RES|POTASSIUM|K|N|6,1|mmol/L|3,5|5,1|HH|F',
  );
  assert.deepEqual(
    report.results.map((one) => one.label),
    ['POTASSIUM', 'CREATININE', 'SODIUM', 'ASPECT'],
  );
  assert.deepEqual(
    report.results.map((one) => one.severity),
    ['critical', 'abnormal', 'normal', 'unknown'],
  );
  assert.deepEqual(report.warnings, ['flag-unknown']);
});

test('a missing flag is computed from the norms, is marked so, and is never critical', () => {
  const cases: [string, string | null][] = [
    ['1.42|g/L|0.74|1.06', 'H'],
    ['0,50|g/L|0,74|1,06', 'L'],
    ['1.06|g/L|0.74|1.06', 'N'],
    ['2.31|mmol/L|2.20-2.60|', 'N'],
    ['2,75|mmol/L|2,20 - 2,60|', 'H'],
    ['-8|mmol/L|-2 - 2|', 'L'],
    ['< 0,3|mg/L||5.0', 'N'],
    ['> 90|mL/min|60|', 'N'],
    ['45|mL/min|sup. à 60|', 'L'],
    ['7|mg/L|< 5|', 'H'],
    ['*12.9*|g/dL|13|17', 'L'],
    ['99999|x|1|2', 'H'],
    // In doubt, nothing: is 12.500 twelve and a half or twelve thousand?
    ['12.500|/mm3|4000|10000', null],
    ['2920|/mm3|4.000|10.000', null],
    ['< 10|x|5|15', null],
    ['Positif|||', null],
    ['12|x||', null],
    ['12|x|9|3', null],
  ];
  for (const [fields, flag] of cases) {
    const found = result(withResults(`RES|X|X|N|${fields}||F`), 'X');
    assert.equal(found.flag, flag, fields);
    assert.equal(found.flagComputed, flag !== null, fields);
    assert.notEqual(found.severity, 'critical');
  }
});

test('values, units and both ranges stay as the laboratory wrote them', () => {
  const report = withResults(
    'RES|CREATININE|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53.1|97.4',
    'RES|PROTEINE C-REACTIVE (CRP)|CRPS33|A|    < 0.12  mg/l |||||F',
    'RES|CALCIUM|CA|N|2,310|mmol/L|2.20-2.60||N|C',
    'RES|Lymphocytes|ly|N|33.0|%|||L|F|964|/mm3|1000|4000',
    'RES||IGET 005|A',
    'RES|COURT|C|N|5',
  );
  assert.deepEqual(result(report, 'CREATININE').second, { value: '73.5', unit: 'umol/l', low: '53.1', high: '97.4' });
  assert.equal(result(report, 'PROTEINE C-REACTIVE (CRP)').first.value, '< 0.12  mg/l');
  assert.deepEqual(result(report, 'CALCIUM').first, { value: '2,310', unit: 'mmol/L', low: '2.20', high: '2.60' });
  assert.equal(result(report, 'CALCIUM').status, 'C');
  assert.equal(result(report, 'Lymphocytes').flag, 'L');
  assert.deepEqual(result(report, 'COURT').first, { value: '5', unit: '', low: '', high: '' });
  assert.equal(report.results.length, 5, 'the line without label and value is no result');
});

test('a shifted header, a vendor record before it and text in line 13 are understood', () => {
  const record = `${'LABO FICTIF'.padEnd(40)}${'MG01'.padEnd(40)}CLAIRE MARTIN`;
  for (const before of [[''], [record], ['COMPTE RENDU URGENT'], [record, ''], ['', '', '', '']]) {
    const report = only(read(...before, ...INR_HEADER.slice(0, 12), 'Ligne treize', ...INR_LINES.slice(13)));
    assert.equal(report.patient.familyName, 'DESSAINT', JSON.stringify(before));
    assert.equal(report.sender, 'LABORATOIRE DES TILLEULS');
    assert.match(report.text, /Ligne treize/);
    if (before[0]?.startsWith('COMPTE')) assert.match(report.text, /^COMPTE RENDU URGENT/);
  }
  const inLine1 = only(read(record, ...INR_LINES.slice(1)));
  assert.equal(inLine1.patient.givenName, 'Marguerite');
});

test('the minimal header of a letter is enough when a marker says HPRIM', () => {
  const letter = [
    '.',
    'ESSAI',
    'Jules',
    '',
    '',
    '',
    '02/11/19',
    '',
    '',
    '',
    '.          Claire.DEMO',
    '.          Bernard.DEMO',
    '',
  ];
  const report = only(read(...letter, 'Cher Confrère,', 'Otite gauche.', '****FIN****', '****FINFICHIER****'));
  assert.deepEqual(report.patient, { ...NOBODY, familyName: 'ESSAI', givenName: 'Jules', birthDate: '2019-11-02' });
  assert.ok(report.warnings.includes('birth-century-guessed'), 'a child of six or a man of a hundred and six');
  assert.deepEqual(report.results, []);
  assert.equal(report.sender, 'Claire.DEMO');
  assert.equal(report.text, 'Cher Confrère,\nOtite gauche.');
});

test('a birth is never in the future, and a date that is none is not a birth', () => {
  const header = (birth: string): string[] => [...INR_HEADER.slice(0, 6), birth, ...INR_HEADER.slice(7)];
  assert.equal(only(read(...header('14/03/41'), '****FIN****')).patient.birthDate, '1941-03-14');
  assert.equal(only(read(...header('1941-03-14'), '****FIN****')).patient.birthDate, '1941-03-14');
  for (const wrong of ['14/03/2041', '31/02/1941', '00/00/0000']) {
    const report = only(read(...header(wrong), '****FIN****'));
    assert.equal(report.patient.birthDate, null, wrong);
    assert.equal(report.patient.familyName, 'DESSAINT');
    assert.match(report.text, new RegExp(wrong), 'what could not be read is shown');
  }
});

test('several messages in one file are several reports, each with its own patient', () => {
  const second = [
    'FIC0000043',
    'ESSAI',
    'Bernadette',
    '',
    '',
    '59800 LILLE',
    '01/02/1950',
    '',
    'K-77',
    '13/01/26',
    'LABFICTIF LABO',
    'MG01',
  ];
  const potassium = 'RES|POTASSIUM|K|N|6,1|mmol/L|3,5|5,1|HH|F';
  const [first, other] = read(
    ...INR_LINES.slice(0, -1),
    ...second,
    '',
    '****LAB****',
    potassium,
    '****FIN****',
    '****FINFICHIER****',
  );
  assert.equal(first?.results.length, 2);
  assert.equal(other?.patient.familyName, 'ESSAI');
  assert.equal(other?.date, '2026-01-13');
  assert.deepEqual(
    other?.results.map((one) => one.label),
    ['POTASSIUM'],
  );
  // The first message's end marker was forgotten: still two patients.
  const unmarked = read(...INR_LINES.slice(0, -2), ...second, '', '****LAB****', potassium);
  assert.deepEqual(
    unmarked.map((one) => [one.patient.familyName, one.results.length]),
    [
      ['DESSAINT', 2],
      ['ESSAI', 1],
    ],
  );
  // And with an empty line for the patient code.
  const codeless = read(...INR_LINES.slice(0, -2), '', ...second.slice(1), '', '****LAB****', potassium);
  assert.deepEqual(
    codeless.map((one) => one.patient.familyName),
    ['DESSAINT', 'ESSAI'],
  );
});

test('results behind a header that cannot be read are never given to the patient before', () => {
  const broken = ['FIC0000043', '12345', '67890', '', '', '', '32/13/1950', '', '', '', '', ''];
  const reports = read(
    ...INR_LINES.slice(0, -1),
    ...broken,
    '****LAB****',
    'RES|POTASSIUM|K|N|6,1|mmol/L|3,5|5,1|HH|F',
    '****FIN****',
  );
  assert.deepEqual(
    reports.map((one) => one.patient.familyName),
    ['DESSAINT', ''],
  );
  assert.deepEqual(reports[1]?.warnings, ['header-missing']);
  assert.match(reports[1]?.text ?? '', /12345[\s\S]*32\/13\/1950/);
});

test('a broken order is read with warnings, and no text is lost', () => {
  const report = only(
    read(
      ...INR_HEADER.slice(0, 12),
      '****FIN****',
      'texte apres FIN',
      '****LAB****',
      'RES|INR|INR|N|6.8',
      '****FINFICHIER****',
      'pied de page',
    ),
  );
  assert.equal(result(report, 'INR').first.value, '6.8');
  assert.equal(result(report, 'INR').flag, null);
  assert.match(report.text, /texte apres FIN[\s\S]*pied de page/);
  assert.deepEqual(report.warnings, ['results-after-end', 'text-after-end']);
});

test('results without any header are shown without a patient', () => {
  const report = only(read('RES|TSH|TSH|N|0.10|mUI/L|0.27|4.20|L|', 'TEX|Contrôle conseillé.'));
  assert.deepEqual(report.patient, NOBODY);
  assert.deepEqual(report.warnings, ['header-missing']);
  assert.deepEqual(result(report, 'TSH').comments, ['Contrôle conseillé.']);
});

test('lines and fields nobody understands are shown as text', () => {
  const report = withResults('RES|A|A|N|1||||||||||trop|plein', 'NTE|remarque du laboratoire', 'RES|B|B|N|2|||||Z');
  assert.match(report.text, /trop\|plein/);
  assert.match(report.text, /NTE\|remarque du laboratoire/);
  assert.deepEqual(report.warnings.toSorted(), ['fields-not-understood', 'line-not-understood', 'status-unknown']);
});

test('HTML entities some laboratories leave are read, but make no field and no line', () => {
  const report = withResults(
    'RES|H&eacute;moglobine|HB|N|&lt; 5&#124;9|g/dL|||N|F',
    'TEX|Contr&ocirc;le<br />conseill&eacute;&#10;',
  );
  const hb = result(report, 'Hémoglobine');
  assert.equal(hb.first.value, '< 5|9');
  assert.deepEqual(hb.comments, ['Contrôle\nconseillé&#10;']);
});

test('more results than a card can hold are shown as text, critical ones stay', () => {
  const many = Array.from({ length: 520 }, (_, i) => `RES|DOSAGE ${i}|D${i}|N|${i}|||||F`);
  const report = withResults(...many, 'RES|INR|INR|N|6.8||2|3|HH|F');
  assert.equal(report.results.length, 500);
  assert.equal(report.results[0]?.label, 'INR');
  assert.match(report.text, /RES\|DOSAGE 519\|/);
});
