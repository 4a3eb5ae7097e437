/** What the judge of the HPRIM reader found once, by name: whose results are whose, and what of a short header is text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

const FIRST = [
  'FIC01',
  'DESSAINT',
  'Marguerite',
  '8 RUE DES TILLEULS',
  '',
  '59280 ARMENTIERES',
  '14/03/1941',
  '',
  'B26-1',
  '',
  '',
  '',
];
const INR = ['****LAB****', 'RES|INR|INR|N|6.8||2.0|3.0|HH|F'];
const whose = (lines: readonly string[]) =>
  readHprim(lines.join('\r\n'), NOW).map(({ patient, results }) => [patient.familyName, results.length]);

test('prevents: results of a second patient under the first, whose letter has no end marker', () => {
  const second = ['FIC02', 'ESSAI', 'Camille', '', '', '59000 LILLE', '12/01/1990', '', 'B26-2', '', '', ''];
  assert.deepEqual(whose([...FIRST, 'Lettre sans résultat.', ...second, ...INR]), [
    ['DESSAINT', 0],
    ['ESSAI', 1],
  ]);
  for (const birth of ['12 janvier 1990', '12 01 1990', '12011990', 'Née le 12/01/1990']) {
    const unread = second.with(6, birth);
    for (const end of [[], ['****FIN****']])
      assert.deepEqual(whose([...FIRST, 'Lettre.', ...end, ...unread, ...INR]).at(-1), ['', 1], birth);
  }
});

test('prevents: text behind a short header read as date, sender and recipient', () => {
  const body = [
    'Prélèvement hémolysé, à contrôler.',
    'HÉMOSTASE',
    'Antériorité 08/12/2025 : 2,6',
    'Au revoir',
    'Merci',
  ];
  const [report] = readHprim([...FIRST.slice(0, 7), ...body, ...INR].join('\n'), NOW);
  assert.deepEqual([report?.date, report?.sender, report?.recipient, report?.fileNumber], [null, '', '', '']);
  assert.equal(report?.text, body.join('\n'));
});

test('prevents: the first word of a line lost, taken for the code before a name', () => {
  const [report] = readHprim([...FIRST.slice(0, 11), 'Technique : chronométrie', ...INR].join('\n'), NOW);
  assert.equal(report?.recipient, 'Technique : chronométrie');
});

test('prevents: a title taken for a family name', () => {
  assert.deepEqual(whose(['', 'Compte-rendu', ...FIRST.slice(2), ...INR]), [['', 1]]);
});

test('prevents: a patient lost because the printed part of his report names him, or a correspondent, once more', () => {
  const printed = [
    ['DESSAINT', 'Marguerite', '8 RUE DES TILLEULS', '', '59280 ARMENTIERES', '14/03/1941'],
    ['MADAME', 'DESSAINT MARGUERITE', '8 RUE DES TILLEULS', '', '59280 ARMENTIERES', '', '12/01/2026'],
    ['MARTIN CLAIRE', 'RESIDENCE DES LILAS', 'RUE PASTEUR', '59000 LILLE', '', 'Le 12/01/2026'],
    ['COMPTE RENDU', 'HÉMATOLOGIE', '', '', '12/01/2026'],
  ];
  for (const block of printed) assert.deepEqual(whose([...FIRST, '', ...block, ...INR]), [['DESSAINT', 1]], block[0]);
});
