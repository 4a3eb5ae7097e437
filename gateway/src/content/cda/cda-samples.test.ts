/** The CDA documents of the French agency's examples, read as a careful reader of the files would. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LabResult } from '@estafette/contracts/document';
import { readArchive } from '../xdm/read-archive.ts';
import type { CdaDocument } from './read-cda.ts';
import { readCda } from './read-cda.ts';

const SAMPLES = join(import.meta.dirname, '../../../../../shared/samples/xdm');
const skip = existsSync(SAMPLES) ? false : 'shared samples are not here';
const NOW = new Date('2026-01-12T12:00:00Z');

async function sample(name: string): Promise<CdaDocument> {
  const bytes = readFileSync(join(SAMPLES, name));
  const files = name.endsWith('.xml') ? [{ path: 'DOC0001.XML', bytes }] : await readArchive(bytes);
  assert.ok(!('refused' in files), name);
  const document = files.find(({ path }) => path.endsWith('DOC0001.XML'));
  const found = document ? readCda(document.bytes, NOW) : null;
  assert.ok(found, name);
  return found;
}

function byCode({ report }: CdaDocument, code: string): LabResult {
  const [found, ...more] = report.results.filter((result) => result.code === code);
  assert.ok(found && more.length === 0, code);
  return found;
}

const line = ({ first, flag, interpretation }: LabResult): string =>
  [first.value, first.unit, `[${first.low};${first.high}]`, flag ?? interpretation].join(' ');

test('every sample is about the same patient and tells who wrote it, when and what', { skip }, async () => {
  const names = readdirSync(SAMPLES);
  assert.equal(names.length, 10);
  for (const name of names) {
    const { report } = await sample(name);
    assert.deepEqual(
      report.patient,
      {
        familyName: 'PAT-TROIS',
        birthName: 'PAT-TROIS',
        givenName: 'DOMINIQUE',
        birthDate: '1979-03-28',
        sex: 'F',
        ins: { masked: '2 79 03 … 89', quality: 'unqualified' },
      },
      name,
    );
    assert.ok(report.sender !== '' && report.title !== '' && report.typeCode !== '' && report.date !== null, name);
    assert.deepEqual(report.warnings, [], name);
  }
});

test('the report with an INR and a second laboratory’s PDF', { skip }, async () => {
  const found = await sample('BIO-CR-BIO_2021.01_CR-2nde-intention.xml');
  const { report, files } = found;
  assert.deepEqual(
    [report.sender, report.prescriber, report.date, report.fileNumber, report.status],
    [
      'Dr Marcel CAMPARINI (RPPS 01234534765), Laboratoire des charmes',
      'Dr Eva BLUE (RPPS 01234567892), Cabinet du DR BLUE',
      '2021-01-04',
      '202111111123',
      'final',
    ],
  );
  assert.equal(report.results.length, 1);
  const inr = byCode(found, '6301-6');
  assert.equal(line(inr), '2.0  [;] N');
  assert.deepEqual(inr.headings, ['Hématologie', 'Hémostase, coagulation']);
  assert.match(report.text, /^INR \| 2\.0 \| Normal$/m);
  assert.match(report.text, /Résultats validés par Jean DE SANTS - 04\/01\/2021, 11h20/);
  assert.deepEqual(
    files.map(({ mediaType, bytes }) => [mediaType, bytes.length]),
    [['application/pdf', 82_200]],
  );
});

test('the thyroid report: a low T4 first, TSH with its range and unit', { skip }, async () => {
  const found = await sample('BIO-CR-BIO_2024.01_TSH_1.IHE_XDM.ZIP');
  assert.deepEqual(
    found.report.results.map(({ code }) => code),
    ['3024-7', '3016-3'],
  );
  assert.equal(line(byCode(found, '3016-3')), '1.950 mUI/L [0.270;4.200] N');
  assert.equal(line(byCode(found, '3024-7')), '7.67 pg/mL [9.30;17.00] L');
  assert.equal(found.files.length, 1);
});

test('the report that presents itself: three abnormal of eleven, two units where the laboratory gives them', {
  skip,
}, async () => {
  const found = await sample('BIO-CR-BIO_2021.01_Auto-Presentable.IHE_XDM.ZIP');
  const { results } = found.report;
  assert.equal(results.length, 11);
  assert.deepEqual(results.filter(({ severity }) => severity === 'abnormal').map(line), [
    '45 UI/L [10;50] H',
    '65 UI/L [4;60] H',
    '7.67 pg/mL [9.30;17.00] L',
  ]);
  assert.deepEqual(byCode(found, '2571-8').second, { value: '0.71', unit: 'mmol/L', low: '0.57', high: '1.71' });
  assert.equal(line(byCode(found, '1988-5')), '<1.0 mg/L [;5.0] N');
  assert.equal(found.report.prescriber, 'Dr Pascal CHARLES (RPPS 10002422979)');
});

test('the urine culture, and its second version that replaces the first', { skip }, async () => {
  const first = await sample('BIO-CR-BIO_2024.01_Microbiologie_V1.IHE_XDM.ZIP');
  const second = await sample('BIO-CR-BIO_2024.01_Microbiologie_V2.IHE_XDM.ZIP');
  assert.deepEqual([first.version, first.replaces, first.report.status], [1, null, 'final']);
  assert.deepEqual([second.version, second.replaces, second.report.status], [2, first.id, 'corrected']);
  assert.equal(second.setId, first.setId);
  const [resistant] = first.report.results;
  assert.deepEqual(resistant?.headings.slice(1), ['Escherichia coli', 'Antibiogramme']);
  assert.equal(resistant && line(resistant), '≥ 0.512 µg/mL [;] résistant');
  const counts = ({ report }: CdaDocument): string[] =>
    report.results.filter(({ code }) => code === '51480-2').map(({ first: { value, unit } }) => `${value} ${unit}`);
  assert.deepEqual(
    [counts(first), counts(second)],
    [
      ['100000 /mL', '200000 /mL'],
      ['120000 /mL', '200000 /mL'],
    ],
  );
  assert.match(first.report.text, /^\| Ampicilline \| <0,128 µg\/ml \| I$/m);
});

test('a report that is a PDF, a rapid test, a discharge letter, a prescription', { skip }, async () => {
  const pdf = await sample('BIO-CR-BIO_2021.01_CDA-R2-Niveau-1.IHE_XDM.ZIP');
  assert.deepEqual([pdf.report.results.length, pdf.report.text, pdf.files[0]?.bytes.length], [0, '', 326_650]);
  const rapid = await sample('BIO-TROD_2024.01_Cystite.IHE_XDM.ZIP');
  assert.deepEqual(
    rapid.report.results.map(({ first }) => first.value),
    ['négatif', 'négatif', 'négatif'],
  );
  assert.equal(rapid.report.recipient, 'Dr Stéphane MEDIONI (RPPS 01234567897), Centre de soins le Belvédère');
  const letter = await sample('LDL-SES_2022.01.IHE_XDM.ZIP');
  assert.deepEqual(
    [letter.report.status, letter.report.date, letter.report.results.length],
    ['provisional', '2019-10-29', 0],
  );
  assert.match(letter.report.text, /LEPONEX 100 mg \| 1 comprimé/);
  const prescription = await sample('eP-MED-DM_2024.01_PosoStruct.IHE_XDM.ZIP');
  assert.match(prescription.report.text, /1500 mg\/j à 3000 mg\/j ; 1000 mg\/j à 2000 mg\/j/);
  assert.deepEqual(
    prescription.files.map(({ mediaType }) => mediaType),
    ['image/png', 'application/pdf'],
  );
});
