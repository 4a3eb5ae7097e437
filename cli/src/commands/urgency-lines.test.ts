/** How a letter presses, on a terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Urgency } from '@estafette/contracts/message';
import { urgencyLines, urgencySummary } from './urgency-lines.ts';

const INR = { label: 'INR', value: '6,8' } as const;
const CRITICAL: Urgency = {
  level: 'critical',
  reasons: [
    { because: 'flag', ...INR, flag: 'HH' },
    { because: 'rule', ...INR, rule: 'INR > 5' },
    { because: 'corrected' },
    { because: 'rule', label: 'Potassium', value: '180 mg/L', rule: 'K+ > 6', undecided: true },
    { because: 'mail' },
  ],
  phones: ['01 42 00 00 00', '06 00 00 00 00'],
};

test('inspect tells the level, each reason and whom to call', () => {
  assert.deepEqual(urgencyLines(null), []);
  assert.deepEqual(urgencyLines(CRITICAL), [
    'critical:',
    '  INR: 6,8; flag HH',
    '  INR: 6,8; rule INR > 5',
    '  a result or report sent before is corrected',
    '  Potassium: 180 mg/L; rule K+ > 6 (to be compared by whoever reads)',
    '  its sender marked the mail',
    '  call 01 42 00 00 00, 06 00 00 00 00',
  ]);
});

test('chat tells the same in one French line, whatever a label holds', () => {
  assert.equal(
    urgencySummary(CRITICAL),
    '[CRITIQUE: INR 6,8 HH, INR 6,8 (INR > 5), corrigé, Potassium 180 mg/L (à comparer : K+ > 6), marqué urgent; appelez 01 42 00 00 00 ou 06 00 00 00 00]',
  );
  const hostile = {
    ...CRITICAL,
    reasons: [{ because: 'flag', label: 'a\u001b[2J\u202eb\n', value: '1', flag: 'HH' }],
  } as const;
  assert.equal(urgencySummary({ ...hostile, reasons: [...hostile.reasons], phones: [] }), '[CRITIQUE: a[2Jb 1 HH]');
  assert.equal(
    urgencySummary({ level: 'urgent', reasons: [{ because: 'mail' }], phones: [] }),
    '[PRESSANT: marqué urgent]',
  );
});
