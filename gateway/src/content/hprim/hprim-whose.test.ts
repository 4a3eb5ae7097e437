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
  const births: [string, string][] = [
    ['12 janvier 1990', 'ESSAI'],
    ['12 01 1990', 'ESSAI'],
    ['12011990', 'ESSAI'],
    ['Née le 12/01/1990', 'ESSAI'],
    ['12/01/1990 (36 ans)', 'ESSAI'],
    ['32 janvier 1990', ''],
    ['Née le 12/13/1990', ''],
    ['31021990', ''],
  ];
  for (const [birth, name] of births) {
    const unended = /\p{L}|\(|:/u.test(birth) ? '' : name; // without an end before it, a header needs more proof than words
    for (const [end, expected] of [
      [[], unended],
      [['****FIN****'], name],
    ] as const)
      assert.deepEqual(
        whose([...FIRST, 'Lettre.', ...end, ...second.with(6, birth), ...INR]).at(-1),
        [expected, 1],
        birth,
      );
  }
});

test('prevents: results under the patient of a letter without end, whose follower has a header that cannot be read', () => {
  const unread = (changes: Readonly<Record<number, string>>): string[] =>
    [
      'D43',
      'M4RTIN',
      '8',
      '1 PLACE NEUVE',
      '',
      '',
      '',
      '',
      'B26-3',
      '13/01/2026',
      'LABO01    LABO',
      'MART01    DR X',
    ].map((line, at) => changes[at + 1] ?? line);
  for (const header of [
    unread({ 7: '02/05/1962' }),
    unread({ 7: '31/02/1962', 11: '', 12: '', 6: '59800 LILLE' }),
    unread({ 8: '2620559999999' }),
    unread({ 7: 'mai 1962', 8: '2620559999999' }),
  ])
    for (const before of [['Lettre sans résultat.'], INR])
      assert.deepEqual(whose([...FIRST, ...before, ...header, ...INR]).at(-1), ['', 1], header.join('/'));
  const sure = unread({ 2: 'Exemple', 3: 'Louise', 7: '02/05/1962' });
  assert.deepEqual(whose([...FIRST, 'Lettre sans résultat.', ...sure, ...INR]).at(-1), ['Exemple', 1]);
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
