import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Urgency } from '@estafette/contracts/message';
import { labLetter, PRESSING_INR } from '../test/demo-letters.ts';
import { CRITICAL_INR } from '../test/demo-reports.ts';

// The language is chosen when the texts are first asked for.
Object.defineProperty(navigator, 'language', { value: 'fr-FR' });
const { loadMoreWords, loadWords } = await import('../words/words.ts');
const { urgencyText } = await import('./urgency-words.ts');
const { underRules } = await import('./ruled-report.ts');
await loadWords();
await loadMoreWords();

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const linesOf = (urgency: Urgency): string[] => urgencyText(urgency).lines.map(plain);

test('what flagged a result and the rule it broke stand in one line, under one word', () => {
  assert.equal(urgencyText(PRESSING_INR.urgency).title, 'Critique');
  assert.deepEqual(linesOf(PRESSING_INR.urgency), ['INR 6.8 (très haut) (règle : INR > 5)', 'TP 9 % (très bas)']);
});

test('a correction alone is called so; a value that could not be compared is left to the reader', () => {
  const urgent = (...reasons: Urgency['reasons']): Urgency => ({ level: 'urgent', reasons, phones: [] });
  assert.equal(urgencyText(urgent({ because: 'corrected' })).title, 'Corrigé');
  assert.equal(urgencyText(urgent({ because: 'corrected' }, { because: 'mail' })).title, 'Urgent');
  const undecided = { because: 'rule', label: 'INR', value: '> 4', rule: 'INR > 5', undecided: true } as const;
  assert.deepEqual(linesOf(urgent(undecided)), ['INR > 4 (à comparer vous-même avec la règle : INR > 5)']);
});

test('of many results the first are told by name, the others counted', () => {
  const reasons = Array.from(
    { length: 7 },
    (_, i) => ({ because: 'flag', label: `X${i}`, value: '1', flag: '' }) as const,
  );
  assert.deepEqual(linesOf({ level: 'critical', reasons: [...reasons], phones: [] }), [
    'X0 1',
    'X1 1',
    'X2 1',
    'et 4 autres',
  ]);
});

test('the result that broke a rule is critical on its card, no other one is', () => {
  const rule = {
    because: 'rule',
    label: 'Créatinine',
    value: '98 µmol/l (11.1 mg/l)',
    rule: 'créatinine > 90',
  } as const;
  const { report, broken } = underRules(
    CRITICAL_INR,
    labLetter({ urgency: { level: 'critical', reasons: [rule], phones: [] } }),
  );
  const changed = report.results.filter((result, i) => result.severity !== CRITICAL_INR.results[i]?.severity);
  assert.deepEqual(
    changed.map((result) => [result.label, result.severity, broken.get(result)]),
    [['Créatinine', 'critical', ['créatinine > 90']]],
  );
  const undecided = { level: 'urgent' as const, reasons: [{ ...rule, undecided: true }], phones: [] };
  assert.equal(underRules(CRITICAL_INR, labLetter({ urgency: undecided })).report, CRITICAL_INR);
});
