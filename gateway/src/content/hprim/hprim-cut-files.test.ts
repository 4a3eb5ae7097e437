/**
 * Whose results, values and words these are where a file is put together, cut, or written by hand (clinical-formats A.1):
 * what senders do to a second patient, to a line, to a date. Everybody here is fictive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { encode } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const header = (changes: Readonly<Record<number, string>> = {}): string[] =>
  [
    'D0042',
    'ESSAI',
    'Paul',
    '8 RUE DES TILLEULS',
    '',
    '59280 ARMENTIERES',
    '14/03/1941',
    '',
    'B26-104512',
    '12/01/2026',
    '.          Labo.FICTIF',
    '.          Claire.MARTIN',
  ].map((line, at) => changes[at + 1] ?? line);
const INR = ['****LAB****', 'RES|INR|INR|N|6.8||2.0|3.0|HH|F'];
const K = ['****LAB****', 'RES|K|K|N|6.1|mmol/L|3.5|5.1|H|F'];
const END = ['****FIN****', '****FINFICHIER****'];

const read = (lines: readonly string[]): ClinicalReport[] => readHprim(cleanText(lines.join('\r\n')), NOW);
const whose = (lines: readonly string[]): string[] =>
  read(lines).map(({ patient, results }) =>
    [patient.familyName, patient.givenName, patient.birthDate, ...results.map(({ label }) => label)].join(' '),
  );
const only = (lines: readonly string[]): ClinicalReport => {
  const reports = read(lines);
  assert.equal(reports.length, 1, lines.join(' / '));
  return reports[0] as ClinicalReport;
};
const coded = (...lines: string[]): ClinicalReport => only([...header(), '****LAB****', ...lines, ...END]);

test('prevents: results of a namesake, or of a brother whose name only goes on, under the patient of a letter', () => {
  for (const [given, birth, iso] of [
    ['Pauline', '02/05/1962', '1962-05-02'],
    ['Jean-Paul', '14/03/1941', '1941-03-14'],
    ['Paul', '02/05/1962', '1962-05-02'],
  ] as const)
    assert.deepEqual(whose([...header(), 'Lettre.', ...header({ 1: 'D0043', 3: given, 7: birth }), ...K, ...END]), [
      'ESSAI Paul 1941-03-14',
      `ESSAI ${given} ${iso} K`,
    ]);
  const printed = ['ESSAI', 'PAUL', '8 RUE DES TILLEULS', '', '59280 ARMENTIERES', '14/03/1941'];
  assert.deepEqual(whose([...header(), ...printed, ...K, ...END]), ['ESSAI Paul 1941-03-14 K'], 'his own, printed');
});

test('prevents: results under the patient before where words, not a header, name somebody else', () => {
  for (const words of [
    ['****FIN****', 'D0043', 'Louise EXEMPLE', 'née le 02/05/1962'],
    ['****FIN****', 'Mme EXEMPLE'],
    ['****FIN****', 'Exemple', 'Louise'],
    ['****FIN****', '2 62 05 59 999 999 12'],
    ['Mme EXEMPLE Louise née le 02/05/1962'],
    ['', 'Patient : EXEMPLE Louise   DDN : 02/05/1962'],
    ['TEX|Patiente : EXEMPLE Louise   DDN : 02/05/1962'],
  ])
    assert.deepEqual(
      whose([...header(), ...INR, ...words, ...K, ...END]),
      ['ESSAI Paul 1941-03-14 INR', '   K'],
      words[0],
    );
  for (const words of [
    ['****FIN****', 'Suite des résultats :'],
    ['****FIN****', 'M. ESSAI Paul né le 14/03/1941'],
    ['Né le 14/03/41'],
    ['TEX|Conjoint né le 02/05/1940'],
  ])
    assert.deepEqual(whose([...header(), ...INR, ...words, ...K, ...END]), ['ESSAI Paul 1941-03-14 INR K'], words[0]);
});

test('prevents: results under the patient before where sender and recipient tell that another header ended', () => {
  const unread = header({ 1: 'D0043', 2: 'M4RTIN', 3: '8', 4: '', 6: '', 7: 'mai 1962', 9: '', 10: '' });
  for (const before of [['Lettre sans résultat.'], INR])
    for (const second of [unread, unread.toSpliced(9, 1)])
      assert.equal(whose([...header(), ...before, ...second, ...K, ...END]).at(-1), '   K');
});

test('a date with a time, and one whose month is in words, are read; a number is no date; words beside it stay', () => {
  for (const birth of ['14/03/1941 à 08:30', '1941-03-14T00:00:00', '14-MAR-1941', '19410314083000']) {
    const { patient, text } = only([...header({ 7: birth }), ...INR, ...END]);
    assert.deepEqual([patient.birthDate, text], ['1941-03-14', birth]);
  }
  for (const [line, date, isTold] of [
    ['12-JAN-2026', '2026-01-12', false],
    ['20260112081530', '2026-01-12', false],
    ['Prélèvement du 12/01/2026 08h15', '2026-01-12', true],
    ['12/01/2026 - 13/01/2026', '2026-01-12', true],
    ['N°26-01-12-0045', null, true],
  ] as const) {
    const report = only([...header({ 8: '1410359999999', 10: line }), ...INR, ...END]);
    assert.deepEqual([report.date, report.sender, report.text.includes(line)], [date, 'Labo.FICTIF', isTold], line);
  }
});

test('prevents: the greeting of a letter shown as its number, its first sentences as sender and recipient', () => {
  const minimal = ['', 'ESSAI', 'Paul', '', '', '', '14/03/1941', ''];
  for (const letter of [
    ['Cher confrère,', '', 'Je vois ce jour', 'votre patient pour suivi.'],
    ['', '', 'Cher confrère', '', 'Merci.'],
    ['', '', 'K à 6,1 mmol/L ce jour', 'INR à 6,8', 'Merci.'],
  ]) {
    const { fileNumber, sender, recipient, text } = only([...minimal, ...letter, ...END]);
    assert.deepEqual([fileNumber, sender, recipient], ['', '', '']);
    assert.equal(text, letter.join('\n').trim());
  }
});

test('names with the spaces, hyphens and apostrophes of word processors and of cp850', () => {
  for (const family of ['DE\u00a0LA TOUR', 'D´ESSAI', 'ESSAI–DUBOIS', 'ESSAI‑DUBOIS'])
    assert.equal(only([...header({ 2: family }), ...INR, ...END]).patient.familyName, family);
});

test('prevents: half of a value from a result that goes on behind further lines, or stops within its second value', () => {
  const words = ['RES|BK|BK|A|Absence de bacilles', 'confirmée par culture', 'voir commentaire||||A|F'];
  for (const lines of [words, ['RES|CREAT|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53.1|97', '.4']]) {
    const { results, text } = coded(...lines);
    assert.deepEqual([results, text], [[], lines.join('\n')]);
  }
  const whole = 'RES|CREAT|C33|N|8.3|mg/l|6.0|11.0|N|F|73.5|umol/l|53.1|97.4';
  const stopped = only([...header(), '****LAB****', whole, 'RES|UREE|U|N|0.45|g/l|0.15|0.50|N|F|7']);
  assert.deepEqual([stopped.results.length, stopped.warnings], [1, ['line-broken']]);
  const remark = coded(K[1] ?? '', 'Contrôlé | appelé');
  assert.deepEqual([remark.results.length, remark.text], [1, 'Contrôlé | appelé'], 'a whole result stays one');
});

test('prevents: a unit read as a value, or a norm as a unit, where a field is missing; `Res|` in prose is prose', () => {
  for (const line of [
    'RES|Potassium|N|6,1|mmol/L|3,5|5,1||F',
    'RES|K|K|N|6,1|3,5|5,1||F',
    'RES|Anti (A|B)|HB|A|Positif||||A|F',
    'Res|ultat',
  ]) {
    const { results, text } = coded(line);
    assert.deepEqual([results, text], [[], line]);
  }
  assert.equal(coded('RES|GROUPE|GR|A|A||||N|F').results[0]?.first.value, 'A');
  assert.equal(coded('RES|ASP|ASP|A|Limpide<br />ambré||||N|F').results[0]?.first.value, 'Limpide ambré');
});

test('a table drawn in cp850, UTF-8 signs above a line of another charset, and a letter cut in two at the end', () => {
  const table = encode('Zoé\r\n│ Créatinine │ 8,3 │\r\n├────┼────┤', 'cp850');
  assert.equal(decodeClinicalText(table).text, 'Zoé\r\n│ Créatinine │ 8,3 │\r\n├────┼────┤');
  const mixed = Buffer.concat([encode('Zoé\nNorme ≥ 60 μg\n', 'utf-8'), encode('hémolysé', 'windows-1252')]);
  assert.equal(decodeClinicalText(mixed).text, 'Zoé\nNorme ≥ 60 μg\nhémolysé');
  const cut = Buffer.concat([encode('Débit é\nContr', 'utf-8'), Buffer.from([0xc3])]);
  assert.equal(decodeClinicalText(cut).text, 'Débit é\nContr\ufffd');
});
