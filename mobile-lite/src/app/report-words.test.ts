import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabResult } from '@estafette/contracts/document';
import { letter } from '../test/demo-letters.ts';
import { ANTIBIOGRAM, BLOOD_COUNT, CRITICAL_INR, DELETED_POTASSIUM, DISCHARGE_LETTER } from '../test/demo-reports.ts';

// The language is chosen when the texts are first asked for.
Object.defineProperty(navigator, 'language', { value: 'fr-FR' });
const { loadMoreWords, loadWords } = await import('../words/words.ts');
const { bornLine, formatAge, fullName, groupByHeading, isLong, isTable, sensitivityOf, titleOf } = await import(
  './report-words.ts'
);
const { analyteName, headline } = await import('./result-words.ts');
await loadWords();
await loadMoreWords();

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('a patient stands with the name in use, the birth name where it is another, and who is not named is told so', () => {
  const { patient } = CRITICAL_INR;
  assert.equal(plain(fullName(patient)), 'DESSAINT (née LEROUX) Marguerite');
  assert.equal(fullName({ ...patient, birthName: 'Dessaint' }), 'DESSAINT Marguerite');
  assert.match(fullName({ ...patient, sex: null }), /\(né\(e\)/);
  assert.equal(fullName({ ...patient, familyName: '', birthName: '', givenName: '' }), 'Patient non identifié');
});

test('age is told in years, below two in months, and not at all for a date that cannot be', () => {
  const now = Date.parse('2026-01-12');
  assert.equal(bornLine(CRITICAL_INR.patient, now), 'née le 07/03/1941, 84 ans, F');
  assert.equal(bornLine({ ...CRITICAL_INR.patient, birthDate: null, sex: null }, now), '');
  assert.equal(formatAge('2025-08-13', now), '4 mois');
  assert.equal(formatAge('2026-02-01', now), null);
});

test('a report without a title is called by what it holds', () => {
  assert.deepEqual(titleOf(CRITICAL_INR), { kind: 'Résultats de laboratoire', date: 'du 21/11/2025' });
  assert.equal(titleOf({ ...CRITICAL_INR, results: [] }).kind, 'Compte rendu');
  assert.equal(titleOf({ ...DISCHARGE_LETTER, date: null }).date, '');
});

test('results stand under their last heading, and under more of the way to it where two end alike', () => {
  assert.deepEqual(
    groupByHeading(BLOOD_COUNT.results).map(({ heading, results }) => [heading, results.length]),
    [
      ['Numération', 4],
      ['Formule leucocytaire', 2],
    ],
  );
  const line = ANTIBIOGRAM.results[2] as LabResult;
  const under = (...headings: string[]): LabResult => ({ ...line, headings });
  const [alone] = groupByHeading([under('ECBU', 'E. coli', 'Antibiogramme')]);
  assert.equal(alone?.heading, 'E. coli · Antibiogramme');
  const groups = groupByHeading([under('E. coli', 'Antibiogramme'), under('K. pneumoniae', 'Antibiogramme'), under()]);
  assert.deepEqual(
    groups.map(({ heading }) => heading),
    ['E. coli · Antibiogramme', 'K. pneumoniae · Antibiogramme', ''],
  );
});

test('a long name of LOINC is told as people say it, with what it was found in; any other label stays whole', () => {
  const told = (label: string) => Object.values(analyteName(label)).join('|');
  assert.equal(told('Thyréostimuline [Arbitraire/Volume] Sérum/Plasma ; Numérique'), 'Thyréostimuline|Sérum/Plasma');
  assert.equal(told('Leucocytes [Nombre/Volume] Urine ; Numérique ; Comptage manuel'), 'Leucocytes|Urine');
  for (const label of ['INR', 'Potassium [K+]', 'a [b', 'Anti-HBs ; titre', '']) assert.equal(told(label), `${label}|`);
});

test('only the exact words of an antibiogram are believed', () => {
  const line = ANTIBIOGRAM.results[2] as LabResult;
  const letterOf = (interpretation: string) => sensitivityOf({ ...line, interpretation })?.letter ?? null;
  assert.deepEqual(['sensible', 'Intermédiaire', 'résistant ', 'non sensible'].map(letterOf), ['S', 'I', 'R', 'NS']);
  assert.deepEqual(['positif', '', 'résistant, à confirmer', 'constructor'].map(letterOf), [null, null, null, null]);
});

test('a text of columns is drawn as it was typed, a long one is cut', () => {
  assert.equal(isTable('INR          6,8      2,0 à 3,0'), true);
  assert.equal(isTable(DISCHARGE_LETTER.text), false);
  assert.equal(isLong(DISCHARGE_LETTER.text), true);
  assert.equal(isLong('Pas de fluindione ce soir.'), false);
});

test('the list names the worst, says first what was corrected or deleted, and titles a letter without results', () => {
  assert.equal(headline([CRITICAL_INR], letter()), 'INR 6.8, TP 9 %');
  assert.equal(headline([DISCHARGE_LETTER], letter()), "Lettre de liaison à la sortie d'hospitalisation");
  assert.match(plain(headline([DELETED_POTASSIUM], letter({ subject: 'Ionogramme' }))), /^Supprimé : Ionogramme$/);
});
