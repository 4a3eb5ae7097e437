/** How a letter presses: flags, rules, corrections, marks of the mail; and whom to call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';
import { UrgencySchema } from '@estafette/contracts/message';
import * as v from 'valibot';
import { parseUrgencyRule, type UrgencyRule } from '../ports.ts';
import { judgeUrgency, type UrgencyQuestion } from './judge-urgency.ts';

type GivenResult = Partial<Omit<LabResult, 'first' | 'second'>> & {
  first?: Partial<Measure>;
  second?: Partial<Measure>;
};
const NO_MEASURE: Measure = { value: '', unit: '', low: '', high: '' };

const result = ({ first, second, ...given }: GivenResult): LabResult => ({
  headings: [],
  label: 'INR',
  code: '',
  first: { ...NO_MEASURE, ...first },
  second: second === undefined ? null : { ...NO_MEASURE, ...second },
  flag: null,
  interpretation: '',
  flagComputed: false,
  severity: 'unknown',
  status: 'F',
  comments: [],
  ...given,
});

const report = (results: readonly LabResult[], given: Partial<ClinicalReport> = {}): ClinicalReport => ({
  source: 'hprim',
  title: '',
  typeCode: '',
  patient: { familyName: 'DESSAINT', birthName: '', givenName: 'Marguerite', birthDate: null, sex: null, ins: null },
  date: null,
  status: 'final',
  fileNumber: '',
  sender: '',
  prescriber: '',
  recipient: '',
  results: [...results],
  text: 'INR 9,9 ; K+ 8,1',
  warnings: [],
  ...given,
});

function rule(typed: string): UrgencyRule {
  const read = parseUrgencyRule(typed);
  assert.ok(!('fault' in read), typed);
  return read;
}

const CALM: UrgencyQuestion = { reports: [], rules: [], isMarked: false, keptPhone: null, isVerified: true };
const RULES = ['INR > 5', 'K+ > 6'].map(rule);

async function judge(given: Partial<UrgencyQuestion>) {
  const urgency = await judgeUrgency({ ...CALM, ...given });
  if (urgency !== null) v.parse(UrgencySchema, urgency);
  return urgency;
}

/** The level that one result makes, and the first reason. */
async function under(
  given: GivenResult,
  rules: readonly UrgencyRule[] = RULES,
  source: ClinicalReport['source'] = 'hprim',
) {
  const urgency = await judge({ reports: [report([result(given)], { source })], rules });
  const [reason] = urgency?.reasons ?? [];
  const isUndecided = reason?.because === 'rule' && reason.undecided === true;
  return urgency === null ? 'calm' : `${urgency.level} ${isUndecided ? 'undecided' : reason?.because}`;
}

test('what the laboratory flags HH, LL or AA is critical, with the value as written', async () => {
  const inr = result({ first: { value: '6,8*' }, flag: 'HH', severity: 'critical' });
  assert.deepEqual(await judge({ reports: [report([inr])] }), {
    level: 'critical',
    reasons: [{ because: 'flag', label: 'INR', value: '6,8*', flag: 'HH' }],
    phones: [],
  });
  assert.equal(await under({ first: { value: '6,8' }, flag: 'H', severity: 'abnormal' }, []), 'calm');
});

test('a rule of the mailbox makes a value critical that the laboratory did not flag', async () => {
  const inr = result({ first: { value: '5,1' }, second: { value: '18', unit: '%' } });
  assert.deepEqual((await judge({ reports: [report([inr])], rules: RULES }))?.reasons, [
    { because: 'rule', label: 'INR', value: '5,1 (18 %)', rule: 'INR > 5' },
  ]);
  assert.equal(await under({ first: { value: '5,0' } }), 'calm');
  assert.equal(await judge({ reports: [report([])], rules: RULES }), null, 'prose is never read');
});

test('an analyte is found by its LOINC code or by whole words of its label', async () => {
  const potassium = { value: '6.8', unit: 'mmol/L' };
  for (const label of ['POTASSIUM', 'Kaliémie', 'K+', 'K⁺', 'k', 'Potassium (K+)', 'Sang - Potassium sérique'])
    assert.equal(await under({ label, first: potassium }), 'critical rule', label);
  assert.equal(await under({ label: 'Dosage', code: '2823-3', first: potassium }, RULES, 'cda'), 'critical rule');
  for (const label of ['Vitamine K', 'Hyperkalemia', 'Potassiumperoxyd', 'INRIA', 'PINR'])
    assert.equal(await under({ label, first: potassium }), 'calm', label);
  const byCode = [rule('2823-3 > 6')];
  assert.equal(await under({ label: 'Potassium', code: '2823-3', first: potassium }, byCode, 'cda'), 'critical rule');
  assert.equal(await under({ label: 'Potassium', code: 'K33', first: potassium }, byCode), 'calm');
});

test('another specimen, a target or a derived quantity is not the analyte', async () => {
  const urinary = { value: '45', unit: 'mmol/L' };
  for (const label of ['Potassium urinaire', 'Rapport Na+/K+', 'Potassium (urines de 24h)', 'Clairance du potassium'])
    assert.equal(await under({ label, first: urinary }), 'calm', label);
  assert.equal(await under({ label: 'Potassium', headings: ['Ionogramme urinaire'], first: urinary }), 'calm');
  const nested = ['Biochimie sanguine', 'Ionogramme urinaire'];
  assert.equal(await under({ label: 'Potassium', headings: nested, first: urinary }), 'calm');
  assert.equal(
    await under({ label: 'Rapport albumine/créatinine', first: { value: '300', unit: 'mg/mmol' } }, [
      rule('Créatinine > 200 µmol/L'),
    ]),
    'calm',
  );
  const ofUrine = [rule('Potassium urinaire > 40 mmol/L')];
  assert.equal(await under({ label: 'Potassium urinaire', first: urinary }, ofUrine), 'critical rule');
  assert.equal(
    await under({ label: 'Hémoglobine glyquée', first: { value: '6,2', unit: '%' } }, [rule('Hb < 7')]),
    'calm',
  );
});

test('a word beside the analyte does not hide a result', async () => {
  for (const label of [
    'INR (zone thérapeutique 2 à 3)',
    'INR (Rapport Normalisé International)',
    'INR - contrôle',
    'INR cible 2-3',
    'INR (antérieur : 2,6)',
  ])
    assert.equal(await under({ label, first: { value: '6,8' } }), 'critical rule', label);
  const potassium = { label: 'Potassium', first: { value: '6,8', unit: 'mmol/L' } };
  for (const heading of [
    'Biochimie sang et urines',
    'Biochimie sanguine',
    'Numération globulaire',
    'Ponction veineuse',
  ])
    assert.equal(await under({ ...potassium, headings: [heading] }), 'critical rule', heading);
  assert.equal(await under({ ...potassium, label: 'Potassium sérique', headings: ['Urines'] }), 'critical rule');
  assert.equal(await under({ ...potassium, label: 'Potassium sanguin (urines à part)' }), 'critical rule');
});

test('a value in another unit is told for comparison, never compared', async () => {
  assert.equal(await under({ label: 'Potassium', first: { value: '180', unit: 'mg/L' } }), 'urgent undecided');
  assert.equal(await under({ first: { value: '90', unit: '%' } }), 'urgent undecided');
  assert.equal(await under({ label: 'Potassium', first: { value: '4,1', unit: 'mEq/L' } }), 'calm');
  assert.equal(await under({ label: 'Potassium', first: { value: '6,8 mg/L' } }), 'urgent undecided');
  assert.equal(await under({ label: 'Potassium', first: { value: '6,8 mg/L', unit: 'mmol/L' } }), 'urgent undecided');
  const creatinine = [rule('Créatinine > 200 µmol/L')];
  const both = { first: { value: '26', unit: 'mg/L' }, second: { value: '230', unit: 'umol/l' } };
  assert.equal(await under({ label: 'CREATININE', ...both }, creatinine), 'critical rule');
  assert.equal(
    await under({ label: 'CREATININE', first: { value: '8', unit: 'mg/L' } }, creatinine),
    'urgent undecided',
  );
  const inBoth = [...creatinine, rule('Créatinine > 22 mg/L')];
  assert.equal(await under({ label: 'CREATININE', first: { value: '8', unit: 'mg/L' } }, inBoth), 'calm');
  assert.equal(
    await under({ label: 'Hémoglobine', first: { value: '68', unit: 'g/L' } }, [rule('Hb < 7')]),
    'urgent undecided',
  );
  const platelets = [rule('Plaquettes < 50 G/L')];
  assert.equal(await under({ label: 'Plaquettes', first: { value: '12', unit: '10⁹/L' } }, platelets), 'critical rule');
  assert.equal(
    await under({ label: 'Plaquettes', first: { value: '12', unit: 'g/L' } }, platelets),
    'urgent undecided',
  );
});

test('a value that may lie on either side is told for comparison; what is no result is not', async () => {
  for (const value of ['> 4', '4 - 6', '2.920', 'incoagulable', 'supérieur'])
    assert.equal(await under({ first: { value } }), 'urgent undecided', value);
  for (const value of ['', 'en cours', 'Prélèvement coagulé', '---'])
    assert.equal(await under({ first: { value } }), 'calm', value);
  assert.equal(await under({ first: { value: '> 10' } }), 'critical rule');
  assert.equal(
    await under({ label: 'Potassium', first: { value: '4.300', unit: 'mmol/L', low: '3.5', high: '4.8' } }),
    'calm',
  );
  assert.equal(await under({ label: 'Potassium', first: { value: '4.300', unit: 'mmol/L' } }, RULES, 'cda'), 'calm');
  assert.equal(await under({ label: 'Potassium', first: { value: '4.300', unit: 'mmol/L' } }), 'urgent undecided');
});

test('a correction presses, and so does what the mail says of itself', async () => {
  const corrected = report([result({ first: { value: '2,1' }, status: 'C' })]);
  assert.deepEqual((await judge({ reports: [corrected], isMarked: true }))?.reasons, [
    { because: 'corrected' },
    { because: 'mail' },
  ]);
  assert.equal((await judge({ reports: [report([], { status: 'corrected' })] }))?.level, 'urgent');
  assert.equal(await judge({ reports: [report([], { status: 'provisional' })] }), null);
  assert.deepEqual(await judge({ isMarked: true }), { level: 'urgent', reasons: [{ because: 'mail' }], phones: [] });
});

test('what its sender withdrew presses no more', async () => {
  const critical = result({ first: { value: '9' }, flag: 'HH', severity: 'critical', status: 'C' });
  for (const status of ['deleted', 'replaced'] as const)
    assert.equal(await judge({ reports: [report([critical], { status })], rules: RULES }), null);
});

test('numbers to call are those of the reports concerned, then the one we hold', async () => {
  const critical = result({ first: { value: '9' }, flag: 'HH', severity: 'critical' });
  const reports = [
    report([], { phones: ['04 00 00 00 00'] }),
    report([critical], { phones: ['01 42 00 00 00', '01.42.00.00.00', '+33 1 42 00 00 01'] }),
  ];
  const keptPhone = '06 00 00 00 00';
  assert.deepEqual((await judge({ reports, keptPhone }))?.phones, ['01 42 00 00 00', '+33 1 42 00 00 01', keptPhone]);
  assert.deepEqual((await judge({ reports, keptPhone, isVerified: false }))?.phones[0], keptPhone);
  assert.deepEqual((await judge({ reports: reports.slice(0, 1), isMarked: true }))?.phones, ['04 00 00 00 00']);
});

test('the gravest reasons are told first, and not without end', async () => {
  const flagged = result({ first: { value: '9' }, flag: 'LL', severity: 'critical' });
  const undecided = result({ first: { value: '> 4' } });
  const many = Array.from({ length: 200 }, () => undecided);
  const urgency = await judge({ reports: [report([...many, flagged])], rules: RULES, isMarked: true });
  assert.deepEqual([urgency?.level, urgency?.reasons.length, urgency?.reasons[0]?.because], ['critical', 20, 'flag']);
  assert.ok(JSON.stringify(urgency).length < 20 * 500);
});

test('a letter of thousands of results does not keep the event loop from others', async () => {
  const labels = ['Potassium', 'Kaliémie', 'INR', 'Créatinine'];
  const results = Array.from({ length: 2_000 }, (_, at) =>
    result({ label: labels[at % 4] ?? '', first: { value: '1' } }),
  );
  let turns = 0;
  let isOver = false;
  const others = (): void => {
    turns += 1;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  await judge({ reports: [report(results)], rules: RULES });
  isOver = true;
  assert.ok(turns >= 20, `${turns} turns`);
});
