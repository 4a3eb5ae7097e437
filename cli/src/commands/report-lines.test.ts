import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ANTIBIOGRAM,
  BLOOD_COUNT,
  CRITICAL_INR,
  DISCHARGE_LETTER,
  PROVISIONAL_POTASSIUM,
} from '@estafette/mobile-lite/test/demo-reports';
import { reportLines, reportSummary, textWords } from './report-lines.ts';

test('inspect prints every field of a report that a careful reader would name', () => {
  const lines = reportLines(CRITICAL_INR);
  assert.deepEqual(lines.slice(0, 7), [
    'report (hprim): status final',
    '  patient: DESSAINT Marguerite; birth name LEROUX; born 1941-03-07; sex F; INS 2 41 03 … 06 (nir-only)',
    '  date 2025-11-21; file number 251121-0417',
    '  sender Laboratoire des Charmes; prescriber Dr Claire MARTIN; recipient Pharmacie des Tilleuls',
    '  author 750000018; phones 01 42 00 00 07',
    '    INR: 6.8 [2.0 – 3.0]; flag HH; critical; status F; code INR',
    '      Résultat contrôlé. Prescripteur prévenu par téléphone à 18h10.',
  ]);
  assert.ok(lines.includes('    | Fluindione en cours.'));
});

test('of a text that quotes another mail the new is printed, and how much is quoted', () => {
  assert.deepEqual(textWords({ text: 'Oui,\nsuspendre.' }), ['text: Oui, suspendre.']);
  const text = 'Oui.\n> Suspendre ?\nJeudi.';
  const fresh = [
    { from: 0, to: 4 },
    { from: 19, to: 25 },
  ];
  assert.deepEqual(textWords({ text, fresh }), [
    'text: Oui. […] Jeudi.',
    '  quoted: 15 of 25 characters, shown on request',
  ]);
});

test('headings stand before what is under them; both measures, computed flags and interpretations are told', () => {
  const text = reportLines(BLOOD_COUNT).join('\n');
  assert.match(text, / {2}Hématologie > Numération\n {4}Leucocytes: 3 100 \/mm3 \[4 000 – 10 000\]; also 3\.1 G\/l \[/);
  assert.match(text, /flag L \(computed\); abnormal/);
  assert.match(
    reportLines(ANTIBIOGRAM).join('\n'),
    /> Escherichia coli > Antibiogramme\n {4}Amoxicilline \[Sensibilité\] Isolat ; Alphanumérique ; CMI: >8 mg\/L; résistant; abnormal/,
  );
});

test('nothing of a file moves the cursor or turns the reading direction', () => {
  const hostile = {
    ...CRITICAL_INR,
    title: 'CR\u001b[2J\u0007',
    text: 'a\u202eb\u001b]0;x\u0007',
    warnings: ['header-short'],
  };
  const told = [...reportLines(hostile), reportSummary(hostile)].join('');
  assert.doesNotMatch(told, /[\p{Cc}\p{Bidi_Control}]/u);
  assert.ok(told.includes('header-short'));
});

test('chat tells a report in one line: status, patient, results; a letter without results by its text', () => {
  assert.match(
    reportSummary(PROVISIONAL_POTASSIUM),
    /^\[provisoire\] FAURE André, né\(e\) le 1949-12-11, M: Potassium 6\.1 mmol\/l HH \(3\.5 – 5\.1\) P; Sodium/,
  );
  const discharge = reportSummary(DISCHARGE_LETTER);
  assert.match(
    discharge,
    /^GIRARD Simone, .*INS qualifiée 2 42 01 … 18: Motif d'hospitalisation .*\(Lettre de liaison/,
  );
});
