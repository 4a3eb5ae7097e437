/** HPRIM reading under all that is not a tidy report: ordinary letters, arbitrary text, huge lines, the shared samples. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import fc from 'fast-check';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { INR_HEADER, INR_LINES } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const read = (...lines: string[]): ClinicalReport[] => readHprim(lines.join('\r\n'), NOW);

test('ordinary letters are not taken for HPRIM, whatever stands in their seventh line', () => {
  const letters = [
    [
      'Dr Claire MARTIN',
      'Médecin généraliste',
      'Cabinet des Lilas',
      '12 rue des Lilas',
      '59000 LILLE',
      '',
      '12/01/2026',
      '',
      'Cher confrère,',
    ],
    ['', 'Docteur MARTIN', 'Généraliste', '12 rue des Lilas', '', '59000 LILLE', '12/01/2026', '', 'Bonjour,'],
    ['Bonjour', 'Merci', 'Cordialement', '', '', '', '12/01/2026'],
    ['Bonjour,', 'INR à 6,8 ce matin.', 'Merci de votre appel.'],
    ['> ****LAB****', '> RES|INR|INR|N|6.8||2.0|3.0|HH|F', 'Merci, vu avec la patiente.'],
    [''],
  ];
  for (const letter of letters) assert.deepEqual(read(...letter), [], letter[0] ?? '');
});

test('any text is read without error, and every value shown stands in it', () => {
  const piece = fc.constantFrom(
    'RES|',
    'TEX|',
    '****LAB****',
    '****FIN****',
    '\n',
    '\r',
    '|',
    ...INR_HEADER,
    '6,8',
    'HH',
    ' ',
    '-',
    'é',
  );
  const texts = fc.oneof(
    fc.string({ maxLength: 400, unit: 'binary' }),
    fc.array(piece, { maxLength: 120 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const plain = text.replaceAll('&', '');
      for (const { results, patient } of readHprim(plain, NOW)) {
        for (const { label, first, second } of results) {
          const shown = [
            label,
            ...Object.values(first),
            ...Object.values(second ?? {}),
            patient.familyName,
            patient.givenName,
          ];
          for (const value of shown) assert.ok(plain.includes(value), JSON.stringify(value));
        }
      }
    }),
    { seed: 20260112, numRuns: 800 },
  );
});

test('a megabyte on one line, or in a million lines, comes to an end', () => {
  for (const unit of ['a', '|', ' ', 'RES|', '-', '1/', '****', '&#', '<br', 'é']) {
    readHprim(unit.repeat(1_000_000 / unit.length), NOW);
    readHprim(`${INR_HEADER.join('\n')}\n****LAB****\nRES|${unit.repeat(1_000_000 / unit.length)}`, NOW);
  }
  readHprim(`${INR_LINES.join('\n')}\n${'x\n'.repeat(300_000)}`, NOW);
  readHprim(`${INR_LINES.slice(0, -2).join('\n')}\n${'TEX|x\n'.repeat(200_000)}RES|A|A|N|1`, NOW);
});

const SAMPLES = join(import.meta.dirname, '../../../../../shared/samples/hprim');
/** File → [patient, label of the first result, its value, its flag], as a careful reader of the file would. */
const EXPECTED: Readonly<Record<string, readonly (string | null | undefined)[]>> = {
  'deux-messages-un-fichier-cp1252.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'inr-critique-cp1252-crlf.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'inr-critique-cp850-crlf.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'inr-critique-macroman-cr.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'inr-critique-utf8bom-lf.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'lettre-sans-lab-cp1252.txt': ['ESSAI', undefined, undefined, undefined],
  'ligne0-editeur-decalee-cp1252.hpr': ['DESSAINT', 'TP', '9', 'LL'],
  'ordre-casse-a-tolerer-cp1252.hpr': ['DESSAINT', 'INR', '6.8', null],
  'yokoinc-header-solabio.hpm': ['DUPONT', 'HEMOGLOBINE', '14.8', 'N'],
  'yokoinc-pipes.hpr': ['', 'GLUCOSE A JEUN', '1.42', 'H'],
  'yokoinc-tags.hpr': ['', 'GLYCEMIE', '1.30', 'H'],
  'yokoinc-text.hpr': ['MARTIN', undefined, undefined, undefined],
};

test('the shared samples are read as a careful reader would', {
  skip: existsSync(SAMPLES) ? false : 'shared samples are not here',
}, () => {
  for (const name of readdirSync(SAMPLES)) {
    const text = cleanText(decodeClinicalText(readFileSync(join(SAMPLES, name))).text);
    const reports = readHprim(text, new Date('2026-07-01'));
    const [report] = reports;
    const [first] = report?.results ?? [];
    assert.equal(reports.length, name.startsWith('deux') ? 2 : 1, name);
    assert.deepEqual([report?.patient.familyName, first?.label, first?.first.value, first?.flag], EXPECTED[name], name);
    if (name.startsWith('inr')) {
      const inr = report?.results.find((one) => one.label === 'INR');
      assert.deepEqual([inr?.first.value, inr?.flag, inr?.severity], ['6.8', 'HH', 'critical'], name);
    }
    assertNoLineLost(text, reports, name);
  }
});

/** Each line of the body stands in a report: as text, as a comment, or as the label and value of a result. */
function assertNoLineLost(text: string, reports: readonly ClinicalReport[], name: string): void {
  const shown = reports
    .map((one) => `${one.text}\n${one.results.flatMap((each) => each.comments).join('\n')}`)
    .join('\n');
  for (const line of text.split('\n')) {
    if (!line.startsWith('TEX|') || line.trim() === 'TEX|') continue;
    assert.ok(shown.includes(line.slice(4).trim()), `${name}: ${line}`);
  }
}
