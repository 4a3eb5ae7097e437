/**
 * What senders of HPRIM Santé files write beyond its grammar (clinical-formats A.1.5), and that none of it is lost or
 * misread: norms and units in components, several names, dates with components. Everybody here is fictive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import { H, INR, OBR, P } from './hprim-sante.fixture.ts';
import { readHprimSante } from './hprim-sante.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

function only(...lines: string[]): ClinicalReport {
  const reports = readHprimSante(`${lines.join('\r\n')}\r\n`, NOW);
  assert.equal(reports.length, 1);
  return reports[0] as ClinicalReport;
}

test('norms in two components are a range, and a unit is shown without its long name', () => {
  const { results, text } = only(
    H,
    P,
    OBR,
    'OBX|1|NM|K~Potassium~L||6,1|mmol/L~millimole par litre~ISO+|3,5~5,1||||F',
    'L|1',
  );
  assert.deepEqual(results[0]?.first, { value: '6,1', unit: 'mmol/L', low: '3,5', high: '5,1' });
  assert.deepEqual([results[0]?.flag, results[0]?.flagComputed], ['H', true]);
  assert.match(text, /Unité : mmol\/L millimole par litre ISO\+/);
  const odd = only(H, P, OBR, 'OBX|1|NM|K~Potassium~L||6,1|mmol/L|adulte~3,5~5,1||||F', 'L|1');
  assert.deepEqual([odd.results[0]?.first.low, odd.results[0]?.flag], ['adulte 3,5 5,1', null]);
});

test('prevents: a second name, another sex or the rest of a birth lost from the line of the patient', () => {
  const report = only(H, 'P|1|4242|||ESSAI~Marie^EXEMPLE~Marie|DUBOIS~Jeanne|19410314~D|H', OBR, INR, 'L|1');
  const { familyName, givenName, birthName, birthDate, sex } = report.patient;
  assert.deepEqual(
    [familyName, givenName, birthName, birthDate, sex],
    ['ESSAI', 'Marie', 'DUBOIS', '1941-03-14', null],
  );
  for (const line of [
    'Patient : ESSAI Marie ; EXEMPLE Marie',
    'Nom de naissance : DUBOIS Jeanne',
    'Naissance : 19410314~D',
    'Sexe : H',
  ])
    assert.ok(report.text.split('\n').includes(line), line);
  const plain = only(H, 'P|1|4242|||ESSAI~Marie|DUBOIS|19410314|F', OBR, INR, 'L|1').text;
  assert.doesNotMatch(plain, /Patient :|Nom de naissance|Naissance|Sexe/);
});

test('the number and the times of a further examination stay, and formatted text is text', () => {
  const second = 'OBR|2|E2|L2|HEM~Hématologie~L|||202601130742^202601130800';
  const prose = `Frottis : ${'anisocytose et poïkilocytose, '.repeat(4)}à contrôler.`;
  const { text, results } = only(H, P, OBR, INR, second, `OBX|1|FT|F~Frottis~L||${prose}||||||F`, 'L|1');
  assert.match(text, /Dossier : L2\nPrélèvement : 202601130742 ; 202601130800/);
  assert.ok(text.includes(prose));
  assert.equal(results.length, 1);
});

test('prevents: a norm that says no side taken for the lower one, and a flag computed on what is no amount', () => {
  const told = (type: string, value: string, norms: string) => {
    const line = `OBX|1|${type}|K~Potassium~L||${value}|mmol/L|${norms}||||F`;
    const [result] = only(H, P, OBR, line, 'L|1').results;
    return [result?.first.low, result?.first.high, result?.flag, ...(result?.comments ?? [])];
  };
  assert.deepEqual(told('NM', '6,1', '5,1'), ['', '', null, 'Norme : 5,1']);
  assert.deepEqual(told('NM', '6,1', '-5,1'), ['', '', null, 'Norme : -5,1']);
  assert.deepEqual(told('NM', '6,1', '~5,1'), ['', '5,1', 'H']);
  assert.deepEqual(told('NM', '6,1', '3,5~'), ['3,5', '', 'N']);
  for (const [type, value] of [
    ['DT', '20260112'],
    ['TS', '202601120742'],
    ['TN', '0300000001'],
    ['CE', '1'],
  ] as const)
    assert.equal(told(type, value, '3,5 - 5,1')[2], null, type);
});

test('words in the closing segment, and unit and norms of prose, are not lost; an emptied name is none', () => {
  assert.match(only(H, P, OBR, INR, 'L|1|3|Fin de transmission').text, /L\|1\|3\|Fin de transmission$/);
  const prose = `Frottis : ${'anisocytose et poïkilocytose, '.repeat(4)}à contrôler.`;
  const { text } = only(H, P, OBR, INR, `OBX|1|TX|F~Frottis~L||${prose}|G/L|4 - 10||||F`, 'L|1');
  assert.ok(text.includes(`${prose}\nG/L, 4 - 10`));
  const { patient, warnings } = only(H, 'P|1|4242|||""~""||19410314|F', OBR, INR, 'L|1');
  assert.deepEqual([patient.familyName, patient.givenName, warnings.includes('header-missing')], ['', '', true]);
});
