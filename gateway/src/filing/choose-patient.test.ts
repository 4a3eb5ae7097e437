/** Whose record a filing goes to; a wrong one is the worst mistake. All people are invented. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { StatedPatient } from '../ports.ts';
import { choosePatient, mayBeSame, refuseOthers, refuseStranger } from './choose-patient.ts';

type Patient = Omit<StatedPatient, 'index'>;

const NUMBER = { number: '241035999999906', oid: '1.2.250.1.213.1.4.10', quality: 'qualified' } as const;
const MARGUERITE: Patient = {
  familyName: 'DESSAINT',
  birthName: 'DELVAUX',
  givenName: 'Marguerite',
  birthDate: '1941-03-14',
  sex: 'F',
  ins: NUMBER,
};
const JEAN: Patient = { ...MARGUERITE, givenName: 'Jean', birthDate: '1939-01-02', sex: 'M', ins: null };

const letterOf = (patients: readonly (Patient & { index?: number })[], isReadAlike = true) => ({
  ...{ letterId: newId('letter'), isReadAlike },
  patients: patients.map((patient) => ({ index: 0, ...patient })),
});
const from = (letterId: string, index = 0) => ({ from: 'report', letterId, index }) as const;
const refusal = (code: string) => ({ code });

test('the patient of a report is the one its file states, with the whole number', () => {
  const letter = letterOf([JEAN, { ...MARGUERITE, index: 1 }]);
  assert.deepEqual(choosePatient(from(letter.letterId, 1), [letter]), MARGUERITE);
});

test('what somebody typed is a name, never an identity', () => {
  const typed = { from: 'typed', familyName: 'DESSAINT', givenName: 'Marguerite', birthDate: '1941-03-14', sex: 'F' };
  assert.equal(choosePatient(typed as Parameters<typeof choosePatient>[0], []).ins, null);
});

test('a report without a patient, with several, or without name, first name or birth names nobody', () => {
  const nobody: Patient = { ...MARGUERITE, familyName: '', birthName: ' - ' };
  const none = [
    [],
    [nobody],
    [{ ...MARGUERITE, givenName: ' ' }],
    [{ ...MARGUERITE, birthDate: null }],
    [MARGUERITE, JEAN],
  ];
  for (const patients of none) {
    const letter = letterOf(patients);
    assert.throws(() => choosePatient(from(letter.letterId), [letter]), refusal('filing-patient-unknown'));
  }
  assert.throws(() => choosePatient(from(newId('letter')), [letterOf([MARGUERITE])]), refusal('filing-unknown'));
});

test('a letter that reads otherwise than when it was shown names somebody only if it names nobody else', () => {
  const several = letterOf([MARGUERITE, { ...JEAN, index: 1 }], false);
  assert.throws(() => choosePatient(from(several.letterId, 1), [several]), refusal('filing-patient-unknown'));
  const one = letterOf([{ ...MARGUERITE, index: 3 }], false);
  assert.deepEqual(choosePatient(from(one.letterId, 1), [one]), MARGUERITE);
});

test('what names another patient is not filed; what names nobody is', () => {
  assert.throws(() => refuseOthers(MARGUERITE, [MARGUERITE, JEAN]), refusal('filing-patient-other'));
  refuseOthers(MARGUERITE, [{ ...JEAN, familyName: '', birthName: '' }, MARGUERITE]);
});

test('prevents: a photo of a letter about one patient filed under another who was typed', () => {
  assert.throws(() => refuseStranger(JEAN, [MARGUERITE]), refusal('filing-patient-other'));
  refuseStranger(JEAN, [MARGUERITE, JEAN]);
  refuseStranger(JEAN, []);
  refuseStranger(JEAN, [{ ...MARGUERITE, familyName: '', birthName: '' }]);
});

test('one patient is known again however the name is written', () => {
  const plain = { ...MARGUERITE, ins: null };
  const same: Patient[] = [
    { ...plain, familyName: 'Dessaint', birthName: '' },
    { ...plain, familyName: 'DELVAUX', birthName: 'DELVAUX' },
    { ...plain, familyName: 'DESSAINT-DELVAUX', birthName: '' },
    { ...plain, givenName: 'MARGUERITE ANNE' },
    { ...plain, birthDate: null, sex: null },
  ];
  for (const other of same) assert.ok(mayBeSame(plain, other) && mayBeSame(other, plain), JSON.stringify(other));
  assert.ok(
    mayBeSame({ ...plain, familyName: 'LÉGER', birthName: '' }, { ...plain, familyName: 'LEGER', birthName: '' }),
  );
});

test('two people of one family, or of one name, are two', () => {
  const plain = { ...MARGUERITE, ins: null };
  const others: Patient[] = [
    { ...plain, givenName: 'Jeanne' },
    { ...plain, birthDate: '1941-03-15' },
    { ...plain, sex: 'M' },
    { ...plain, familyName: 'DURAND', birthName: '' },
  ];
  for (const other of others) assert.ok(!mayBeSame(plain, other) && !mayBeSame(other, plain), JSON.stringify(other));
});

test('a national number decides where both state their own, never one that may be a parent’s', () => {
  const renamed = { ...MARGUERITE, familyName: 'AUTRE', birthName: '', givenName: 'Nom' };
  assert.ok(mayBeSame(MARGUERITE, renamed));
  const twin = { ...MARGUERITE, ins: { ...NUMBER, number: '241035999999805' } };
  assert.ok(!mayBeSame(MARGUERITE, twin));
  for (const other of [{ birthDate: '1961-03-14' }, { sex: 'M' }] as const)
    assert.ok(!mayBeSame(MARGUERITE, { ...MARGUERITE, ...other }), 'one number, two people');
  const covered = { ...NUMBER, quality: 'nir-only' } as const;
  assert.ok(!mayBeSame({ ...MARGUERITE, ins: covered }, { ...JEAN, ins: covered }), 'two people under one insured');
  assert.ok(mayBeSame({ ...MARGUERITE, ins: { ...covered, number: '139019999999901' } }, MARGUERITE));
});
