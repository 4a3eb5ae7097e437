import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import type { ShownMessage } from '../device/conversation-view.ts';
import { labLetter, letter, verdict } from '../test/demo-letters.ts';
import { CRITICAL_INR, DELETED_POTASSIUM, NORMAL_TSH } from '../test/demo-reports.ts';
import { othersNamed, patientsIn } from './filing-choices.ts';
import { type FilingDraft, isExchange, typedPatient, wishOf } from './filing-draft.ts';

const shown = (...letters: LetterMessage[]): ShownMessage[] =>
  letters.map((one, seq) => ({
    key: one.letterId,
    place: { generation: 0, seq },
    at: seq,
    type: 'letter',
    letter: one,
  }));
const about = (report: ClinicalReport, more: Partial<LetterMessage> = {}): LetterMessage =>
  labLetter({
    documents: [
      { kind: 'text', text: 'x', truncated: false },
      { kind: 'report', report },
    ],
    ...more,
  });

const EMPTY: FilingDraft = {
  what: 'conversation',
  document: '',
  letterId: '',
  patient: '',
  typed: { familyName: '', givenName: '', birthDate: '', sex: '' },
  type: '',
};

test('each patient is offered once, by a verified letter rather than by another', () => {
  const [first, unverified] = [about(CRITICAL_INR), about(CRITICAL_INR, { verdict: verdict('unverified') })];
  const [patient, ...others] = patientsIn(shown(first, unverified));
  assert.deepEqual(patient?.stated, { from: 'report', letterId: first.letterId, index: 1 });
  assert.deepEqual([patient?.verified, others.length], [true, 0]);
});

test('nobody is offered whom a report does not state whole, who is one of several, or whose report was deleted', () => {
  const { patient } = CRITICAL_INR;
  const refused: ClinicalReport[] = [
    { ...CRITICAL_INR, patient: { ...patient, birthDate: null } },
    { ...CRITICAL_INR, patient: { ...patient, givenName: '' } },
    { ...CRITICAL_INR, warnings: ['several-patients'] },
    DELETED_POTASSIUM,
  ];
  assert.deepEqual(patientsIn(shown(letter(), ...refused.map((report) => about(report)))), []);
});

test('a wish is made only when what and whose are said; a type only where a document is written', () => {
  const messages = shown(about(CRITICAL_INR));
  const patients = patientsIn(messages);
  const patient = patients[0]?.key ?? '';
  const letterId = patients[0]?.stated.letterId ?? '';
  assert.equal(wishOf(EMPTY, messages, patients), null);
  assert.equal(wishOf({ ...EMPTY, patient: 'typed' }, messages, patients), null);
  assert.deepEqual(wishOf({ ...EMPTY, patient, type: '61357-0' }, messages, patients), {
    what: { kind: 'conversation' },
    patient: patients[0]?.stated,
    documentType: '61357-0',
  });
  const original = { ...EMPTY, patient, what: 'original', letterId, type: '61357-0' } as const;
  assert.deepEqual(wishOf(original, messages, patients), {
    what: { kind: 'original', letterId },
    patient: patients[0]?.stated,
  });
  const report = { ...EMPTY, what: 'document', document: `${letterId}/1` } as const;
  assert.deepEqual([isExchange(report, messages), isExchange(original, messages)], [true, false]);
  assert.equal(wishOf({ ...report, patient, document: 'x/1' }, messages, patients), null);
});

test('a typed patient needs both names, a date that can be one of birth, and a sex', () => {
  const typed = { familyName: ' Faure ', givenName: 'André', birthDate: '1949-12-11', sex: 'M' } as const;
  const draft: FilingDraft = { ...EMPTY, patient: 'typed', typed };
  assert.deepEqual(typedPatient(draft), { from: 'typed', ...typed, familyName: 'Faure' });
  for (const wrong of [{ familyName: ' ' }, { givenName: '' }, { sex: '' as const }, { birthDate: '0049-12-11' }])
    assert.equal(typedPatient({ ...draft, typed: { ...typed, ...wrong } }), null);
});

test('what names somebody else than the patient it is filed for is told', () => {
  const [choice] = patientsIn(shown(about(CRITICAL_INR)));
  const documents = shown(about(CRITICAL_INR), about(NORMAL_TSH)).flatMap((one) =>
    one.type === 'letter' ? one.letter.documents : [],
  );
  assert.deepEqual(
    othersNamed(documents, choice?.key ?? '').map(({ familyName }) => familyName),
    ['PETIT'],
  );
});
