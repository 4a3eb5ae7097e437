/**
 * What the software of laboratories, practices and mail does to an HPRIM Médecins file, and what a careful person still
 * reads in it (clinical-formats A.1). Everybody here is fictive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { encode } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const HEADER = [
  'D0042',
  'ESSAI',
  'Jules',
  '8 RUE DES TILLEULS',
  '',
  '59280 ARMENTIERES',
  '14/03/1941',
  '1410359999999',
  'B26-104512',
  '12/01/2026',
  '.          Labo.FICTIF',
  '.          Claire.MARTIN',
];
const INR = ['****LAB****', 'RES|INR|INR|N|6.8||2.0|3.0|HH|F'];
const END = ['****FIN****', '****FINFICHIER****'];

const read = (lines: readonly string[], lineEnd = '\r\n'): ClinicalReport[] =>
  readHprim(cleanText(lines.join(lineEnd)), NOW);
const headed = (changes: Readonly<Record<number, string>>): string[] =>
  HEADER.map((line, at) => changes[at + 1] ?? line);

function onlyOne(lines: readonly string[], lineEnd = '\r\n'): ClinicalReport {
  const reports = read(lines, lineEnd);
  assert.equal(reports.length, 1, lines.join(' / '));
  return reports[0] as ClinicalReport;
}
const onlyOrNone = (lines: readonly string[]): ClinicalReport | null =>
  read(lines).length === 0 ? null : onlyOne(lines);
const withHeader = (changes: Readonly<Record<number, string>>): ClinicalReport =>
  onlyOne([...headed(changes), ...INR, ...END]);
const withResults = (...lines: string[]): ClinicalReport => onlyOne([...HEADER, '****LAB****', ...lines, ...END]);
const told = ({ label, first, second, flag, flagComputed }: LabResult): string =>
  [label, first.value, first.low, first.high, second?.value ?? '', `${flag}${flagComputed ? ' computed' : ''}`].join(
    '|',
  );

test('a date of birth is read as people and databases write it, and words beside it stay', () => {
  for (const birth of [
    '19410314',
    '14031941',
    '14 03 1941',
    '14 mars 1941',
    'Né le 14/03/1941',
    'DDN : 14/03/1941',
    '14/03/1941 00:00:00',
    '14/03/1941 (84 ans)',
    '14/03/1941 M',
  ]) {
    const { patient, text } = withHeader({ 7: birth });
    assert.deepEqual([patient.familyName, patient.birthDate], ['ESSAI', '1941-03-14'], birth);
    assert.equal(text.includes(birth), /\p{L}/u.test(birth), birth);
  }
  for (const [birth, iso] of [
    ['1er février 1941', '1941-02-01'],
    ['29/02/24', '2024-02-29'],
    ['13/01/26', '1926-01-13'],
    ['29 février 1941', null],
    ['31021941', null],
    ['14/20/1941', null],
    ['14 marsouin 1941', null],
  ] as const)
    assert.equal(withHeader({ 7: birth, 8: '' }).patient.birthDate, iso, birth);
});

test('prevents: the sex of an insured parent given to the child', () => {
  const { patient } = withHeader({ 7: '02/11/2019', 8: '2850359999999' });
  assert.deepEqual([patient.sex, patient.ins?.quality], [null, 'nir-only']);
  assert.equal(withHeader({ 8: '1.41.03.59.999.999' }).patient.sex, 'M');
  assert.equal(withHeader({ 8: '141032a999999' }).patient.ins?.masked, '1 41 03 …');
  assert.equal(withHeader({ 8: '1415059999999' }).patient.sex, 'M', 'a month that says nothing');
});

test('names are long, odd, or also words of a letterhead', () => {
  for (const [family, given] of [
    ["DE LA TOUR D'ESSAI DE SAINT PAUL DU BOIS", 'Jules'],
    ['D`ESSAI', 'Jules'],
    ['ESSAI_DUBOIS', 'Jules'],
    ['ESSAI', 'JUMEAU 2'],
    ['CHU', 'Thi Mai'],
    ['MEDECIN', 'Paul'],
  ] as const) {
    const { patient } = withHeader({ 2: family, 3: given });
    assert.deepEqual([patient.familyName, patient.givenName], [family, given]);
  }
  assert.equal(withHeader({ 2: 'CHU', 3: 'LILLE', 8: '' }).patient.familyName, '', 'nothing says that it is a patient');
});

test('prevents: the given name taken for the family name, or a title or a street for a name, where a line is too many', () => {
  const patientOf = (header: readonly string[]) => {
    const { familyName, givenName, birthDate } = onlyOne([...header, ...INR, ...END]).patient;
    return [familyName, givenName, birthDate];
  };
  const known = ['ESSAI', 'Jules', '1941-03-14'];
  const nobody = ['', '', null];
  assert.deepEqual(patientOf(HEADER.toSpliced(3, 0, 'RESIDENCE DES LILAS')), known);
  assert.deepEqual(patientOf(HEADER.toSpliced(3, 0, 'CHEZ MADAME EXEMPLE')), nobody, 'it may be a name as well');
  assert.deepEqual(patientOf(HEADER.toSpliced(1, 0, 'MME')), known);
  assert.deepEqual(patientOf(HEADER.toSpliced(1, 0, 'TITRE LIBRE')), nobody);
  for (const code of ['ESSJUL', 'DEMO']) assert.deepEqual(patientOf(['', ...HEADER.with(0, code)]), known, code);
  for (const lacking of [HEADER.toSpliced(6, 1).toSpliced(3, 2), HEADER.toSpliced(5, 3)])
    assert.deepEqual(patientOf(lacking), nobody, 'the date of the examination is no birth');
  const oneLess = onlyOne([...HEADER.toSpliced(9, 1), 'Lettre.', ...INR, ...END]);
  assert.deepEqual([oneLess.sender, oneLess.recipient], ['', ''], 'without its date, nobody knows who sent it');
  assert.match(oneLess.text, /Labo\.FICTIF[\s\S]*Claire\.MARTIN\nLettre\.$/);
});

test('prevents: a letterhead above the date of the letter taken for a newborn patient', () => {
  const letter = [
    '',
    'MARTIN CLAIRE',
    'CARDIOLOGIE',
    '12 RUE NEUVE',
    '',
    '59000 LILLE',
    '10/01/2026',
    '',
    '',
    '10/01/2026',
  ];
  const read = onlyOrNone([...letter, 'Cher confrère', 'Merci.', ...END]);
  assert.equal(read, null);
  const newborn = withHeader({ 3: 'JUMEAU 1', 7: '10/01/2026', 8: '' });
  assert.equal(newborn.patient.birthDate, '2026-01-10', 'its file has a code');
});

test('the date of the examination is read in figures and in words, and a long number of it moves nothing', () => {
  for (const date of ['20260112', '12012026', '12 janvier 2026']) {
    const { date: iso, sender } = withHeader({ 8: '', 10: date });
    assert.deepEqual([iso, sender], ['2026-01-12', 'Labo.FICTIF'], date);
  }
  const report = withHeader({ 8: '', 9: 'Dossier n° 26 0112 45' });
  assert.deepEqual([report.fileNumber, report.date], ['Dossier n° 26 0112 45', '2026-01-12']);
  assert.equal(withHeader({ 11: 'DUPONT    Jean' }).sender, 'DUPONT    Jean', 'a person in columns, not a code');
});

test('the header is found below the words of a letter, and where mail took lines off or put them in', () => {
  const bent: [string, string[]][] = [
    ['words before', ['Bonjour,', '', 'Ci-joint un résultat.', '', 'Le laboratoire', '', ...HEADER]],
    ['three titles', ['LABORATOIRE FICTIF', 'COMPTE RENDU', 'URGENT', ...HEADER]],
    ['its empty first line taken off', HEADER.slice(1)],
    ['blank lines taken out', HEADER.filter((line) => line !== '')],
    ['an address of five lines', HEADER.toSpliced(4, 0, 'BATIMENT 3', 'ESCALIER 2')],
    ['no address', HEADER.toSpliced(3, 3)],
  ];
  for (const [name, header] of bent) {
    const report = onlyOne([...header, 'Ligne treize', ...INR, ...END]);
    const { patient, date, sender, results } = report;
    assert.deepEqual(
      [patient.familyName, patient.birthDate, date, sender],
      ['ESSAI', '1941-03-14', '2026-01-12', 'Labo.FICTIF'],
      name,
    );
    assert.match(report.text, /(?:^|\n)Ligne treize$/, name);
    assert.equal(results.length, 1);
  }
  assert.match(onlyOne([...(bent[0]?.[1] ?? []), ...INR]).text, /^Bonjour,\n\nCi-joint/);
  const unproven = onlyOne([...headed({ 8: '', 10: '' }).slice(1), ...INR, ...END]);
  assert.equal(unproven.patient.familyName, '', 'a name and a date are not enough where lines are missing');
});

test('lines that mail or a program set apart are one file: CR CR LF, a blank line behind each, vertical tabs', () => {
  const lines = [...HEADER, 'Prélèvement', ...INR, ...END];
  for (const [lineEnd, all] of [
    ['\r\r\n', lines],
    ['\r\n', lines.flatMap((line) => [line, ''])],
    ['\v', lines],
  ] as const) {
    const { patient, results, text } = onlyOne(all, lineEnd);
    assert.deepEqual([patient.familyName, results.length, text], ['ESSAI', 1, 'Prélèvement'], JSON.stringify(lineEnd));
  }
});

test('a further patient behind free text is that patient, and what mail puts below the end is nobody else', () => {
  const second = headed({ 1: 'D0043', 2: 'EXEMPLE', 3: 'Louise', 7: '02/05/1962', 8: '2620559999999' });
  const two = read([...HEADER, ...INR, '****FIN****', '', 'Suite des résultats', '', ...second, ...INR, ...END]);
  assert.deepEqual(
    two.map(({ patient, results }) => [patient.familyName, results.length]),
    [
      ['ESSAI', 1],
      ['EXEMPLE', 1],
    ],
  );
  const below = ['--', 'LABORATOIRE FICTIF', '12 RUE NEUVE', '59000 LILLE', '12/01/2026', 'Message confidentiel.'];
  const report = onlyOne([...HEADER, ...INR, ...END, '', ...below]);
  assert.deepEqual(report.warnings, ['text-after-end']);
  assert.equal(report.text, below.join('\n'));
  const unread = headed({ 2: 'EXEMPLE', 3: 'Louise', 7: '32/05/1962', 8: '' });
  assert.equal(read([...HEADER, ...INR, ...END, ...unread, 'Lettre.']).length, 2, 'somebody else is named there');
});

test('prevents: half of a number from a result line that was cut in two, wherever it was', () => {
  const cut: string[][] = [
    ['RES|CREAT|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53', '.1|97.4'],
    ['RES|CREATININE SERUM METHODE DE JAFFE|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53.1|97', '.4'],
    ['RES|CRP|CRP|A|< 0', '', '.3|mg/L||5.0||F'],
    ['RES|CRP|CRP|A|12', '3'],
  ];
  for (const lines of cut) {
    const { results, text, warnings } = withResults(...lines);
    assert.deepEqual([results, warnings.includes('line-broken')], [[], true], lines[0]);
    for (const line of lines) assert.ok(text.includes(line));
  }
  const whole = 'RES|INDICE D HEMOLYSE D ICTERE ET DE LIPEMIE DU SERUM|SIH|N|12|mg/L|0|20|N|F';
  assert.equal(withResults(whole, 'remarque libre').results.length, 1, 'a remark is not the rest of it');
  const broken = onlyOne([...HEADER, ...INR, 'RES|POTASSIUM|K|N|4.1|mmol/L|3.5|5']);
  assert.deepEqual(broken.results.map(told), ['INR|6.8|2.0|3.0||HH']);
  assert.deepEqual([broken.warnings, broken.text], [['line-broken'], 'RES|POTASSIUM|K|N|4.1|mmol/L|3.5|5']);
});

test('prevents: a number read from a neighbour’s field where a bar is too many or missing', () => {
  for (const line of [
    'RES|Anti (Ag|Ac)|HBS|A|Négatif|||||F',
    'RES|K|K|N|6,1||mmol/L|3,5|5,1|HH|F',
    'RES|K|K|N|6,1||mmol/L|3,5|5,1',
    'RES|K|K|N|6,1|||mmol/L|3,5|5,1|HH|F',
    'RES|K|K|N|6,1|mmol/L|3,5 - 5,1|H|F',
  ]) {
    const { results, text, warnings } = withResults(line);
    assert.deepEqual([results, text, warnings], [[], line, ['fields-not-understood']]);
  }
  const numbered = withResults('RES|K|K|N|6,1|mmol/L|3,5|5,1|2|1');
  assert.deepEqual(numbered.results.map(told), ['K|6,1|3,5|5,1||null'], 'a laboratory’s own flag moves nothing');
  assert.deepEqual(withResults('res|INR|INR|N|6.8||2.0|3.0|HH|F').results.map(told), ['INR|6.8|2.0|3.0||HH']);
});

test('norms of zero, a starred value within its norms and a word that begins like a comparison give no flag', () => {
  for (const [fields, flag] of [
    ['6,1||0|0', null],
    ['6,1||0|', null],
    ['6,1|||0,0', null],
    ['0,4||0|0,5', 'N'],
    ['4,1*|mmol/L|3,5|5,1', null],
    ['5,4*|mmol/L|3,5|5,1', 'H'],
    ['infini 5|||10', null],
    ['Inférieur à 5|||10', 'N'],
    ['supérieure à 300|||10', 'H'],
    ['sup. à 300|||10', 'H'],
  ] as const)
    assert.equal(withResults(`RES|X|X|N|${fields}||F`).results[0]?.flag, flag, fields);
});

test('prevents: the printed line of the next result shown as a remark on the one before', () => {
  const { results, text } = withResults(
    'RES|GLOBULES ROUGES|GR|N|4.50|T/L|4.00|5.70|N|F',
    'TEX|   Antériorité 08/12/2025 :    6,2',
    'TEX|Leucocytes                 6,2   G/L     4,0 à 10,0',
    'RES|GLOBULES BLANCS|GB|N|6.2|G/L|4.0|10.0|N|F',
  );
  assert.deepEqual(
    results.map(({ comments }) => comments),
    [['Antériorité 08/12/2025 :    6,2'], []],
  );
  assert.equal(text, 'Leucocytes                 6,2   G/L     4,0 à 10,0');
});

test('a header in UTF-8 above a body in another charset is read line by line', () => {
  for (const charset of ['windows-1252', 'cp850', 'macintosh'] as const) {
    const bytes = Buffer.concat([
      encode(`${headed({ 3: 'Zoé' }).join('\r\n')}\r\n`, 'utf-8'),
      encode(['Prélèvement hémolysé, à contrôler', ...INR, ...END].join('\r\n'), charset),
    ]);
    const [report] = readHprim(cleanText(decodeClinicalText(bytes).text), NOW);
    assert.deepEqual([report?.patient.givenName, report?.text], ['Zoé', 'Prélèvement hémolysé, à contrôler'], charset);
  }
});
