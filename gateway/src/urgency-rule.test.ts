/** Rules that people type for what is critical: read exactly, or refused with a sentence on how to write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparableUnit, comparableWords, isSameRule, parseUrgencyRule, ruleWords } from './urgency-rule.ts';

function words(typed: string): string {
  const rule = parseUrgencyRule(typed);
  return 'fault' in rule ? `refused: ${rule.fault}` : ruleWords(rule);
}

test('a rule is an analyte, a comparison, a number and a unit', () => {
  for (const [typed, read] of [
    ['INR > 5', 'INR > 5'],
    ['  INR>5 ', 'INR > 5'],
    ['K⁺ ≥ 6,5', 'K⁺ >= 6,5'],
    ['Kaliémie => 6 mmol/L', 'Kaliémie >= 6 mmol/L'],
    ['6301-6 > 4,5', '6301-6 > 4,5'],
    ['Plaquettes < 50 10⁹/L', 'Plaquettes < 50 10⁹/L'],
    ['Plaquettes < 50 000 /mm3', 'Plaquettes < 50000 /mm3'],
    ['Excès de base < -10 mmol/L', 'Excès de base < -10 mmol/L'],
    ['Créatinine > 200 µmol/L', 'Créatinine > 200 µmol/L'],
    ['pH < 7,1', 'pH < 7,1'],
  ] as const)
    assert.equal(words(typed), read, typed);
});

test('what is no rule is refused with what is wrong', () => {
  for (const [typed, fault] of [
    ['INR 5', /one of > >= < <= and a number/],
    ['> 5', /one of > >= < <= and a number/],
    ['INR > 5 < 9', /one of > >= < <= and a number/],
    ['INR > cinq', /does not begin with a number/],
    ['INR > 5,5,5', /does not begin with a number/],
    ['INR > 5e3', /“e3” is not a unit/],
    ['INR > 6,8*', /“\*” is not a unit/],
    ['INR > 5.000', /write 5000 or 5$/],
    ['INR > 5,500', /write 5500 or 5,5$/],
    ['INR > 5.125', /write 5125 or 5.1250$/],
    ['Créatinine > 200', /say the unit/],
    ['Glycémie > 3', /say the unit/],
    ['*** > 5', /names no analyte/],
    [`${'x'.repeat(200)} > 5`, /at most 120 characters/],
    ['Glucose > 5 mmol/L; DROP', /is not a unit/],
  ] as const)
    assert.match(words(typed), fault, typed);
});

test('one rule typed in two ways is one rule', () => {
  const [one, other] = [parseUrgencyRule('K⁺ > 6,0 MMOL/L'), parseUrgencyRule('k+ > 6 mmol/l')];
  assert.ok(!('fault' in one) && !('fault' in other) && isSameRule(one, other));
  const third = parseUrgencyRule('K+ >= 6 mmol/L');
  assert.ok(!('fault' in third) && !isSameRule(one, third));
});

test('labels are compared by words, without accents, capitals or the dots of an acronym', () => {
  for (const [label, read] of [
    ['I.N.R.', 'inr'],
    ['KALIÉMIE', 'kaliemie'],
    ['Potassium (K⁺)', 'potassium k+'],
    ['Amoxicilline + clavulanate', 'amoxicilline clavulanate'],
  ] as const)
    assert.equal(comparableWords(label), read);
});

test('a unit is compared in its writings, never across a factor', () => {
  for (const same of [
    ['mmol/L', 'mmol/l', 'MMOL/L', ' mmol / L '],
    ['µmol/L', 'umol/l', 'μmol/L'],
    ['10⁹/L', '10*9/L', '10^9/L', 'G/L'],
    ['g/dL', 'G/DL'],
  ])
    assert.equal(new Set(same.map(comparableUnit)).size, 1, same.join());
  const different = ['mmol/L', 'µmol/L', 'mol/L', 'mg/L', 'g/L', 'G/L', 'g/dL', '%', '/mm3'];
  assert.equal(new Set(different.map(comparableUnit)).size, different.length);
});
