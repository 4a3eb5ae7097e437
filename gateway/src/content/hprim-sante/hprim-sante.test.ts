/** HPRIM Santé segment files: what a card shows of them, and what it refuses to. Patients and laboratories are fictive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { attached, entity, kinds, multipart, plain } from '../entities.fixture.ts';
import { inrReport } from '../hprim/hprim.fixture.ts';
import { readContent } from '../read-content.ts';
import { H, INR, OBR, P } from './hprim-sante.fixture.ts';
import { readHprimSante } from './hprim-sante.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const read = (...lines: string[]): ClinicalReport[] => readHprimSante(`${lines.join('\r\n')}\r\n`, NOW);

function only(reports: readonly ClinicalReport[]): ClinicalReport {
  assert.equal(reports.length, 1);
  return reports[0] as ClinicalReport;
}

const withResults = (...lines: string[]): ClinicalReport => only(read(H, P, OBR, ...lines, 'L|1'));

function onlyResult(...lines: string[]): LabResult {
  const { results } = withResults(...lines);
  assert.equal(results.length, 1, JSON.stringify(results));
  return results[0] as LabResult;
}

test('a file of results is a report with its patient, dates, people and results', () => {
  const report = withResults(
    'OBX|1|NM|TP~Taux de prothrombine~L||9|%|70 - 120|LL|||F',
    INR,
    'C|1|L|Antériorité 08/12/2025 : 2,6^Prescripteur appelé à 09:05',
    'OBX|3|NM|HT~  Hématocrite~L||38,2|%|35 - 48||||R',
  );
  assert.deepEqual(report.patient, {
    ...{ familyName: 'DESSAINT', birthName: 'ESSAI', givenName: 'Marguerite' },
    ...{ birthDate: '1941-03-14', sex: 'F', ins: null },
  });
  const { date, status, fileNumber, sender, prescriber, recipient } = report;
  assert.deepEqual([date, status, fileNumber], ['2026-01-12', 'provisional', 'B26-104512']);
  assert.deepEqual(
    [sender, prescriber, recipient],
    ['LABORATOIRE DES TILLEULS', 'Dr Claire MARTIN', 'CABINET DES LILAS'],
  );
  // H.8 alone: OBR.18 is the prescriber's number, P.13 the patient's.
  assert.deepEqual(report.phones, ['03 00 00 00 01']);
  assert.deepEqual(report.warnings, []);
  assert.deepEqual(report.results[1], {
    headings: ['Hémostase'],
    label: 'INR',
    code: 'INR',
    first: { value: '6.8', unit: '', low: '2.0', high: '3.0' },
    second: null,
    flag: 'HH',
    flagComputed: false,
    interpretation: '',
    severity: 'critical',
    status: 'F',
    comments: ['Antériorité 08/12/2025 : 2,6\nPrescripteur appelé à 09:05'],
  });
  const [, , hematocrit] = report.results;
  assert.deepEqual([hematocrit?.flag, hematocrit?.flagComputed, hematocrit?.status], ['N', true, 'R']);
  assert.equal(
    report.text,
    'Adresse du laboratoire : 1 PLACE DES ESSAIS\nTéléphone du laboratoire : 0300000001\n' +
      'Adresse du patient : 8 RUE DES TILLEULS ARMENTIERES 59280\nHémostase\nPrélèvement : 12/01/2026 à 07:42\n' +
      'Priorité : S\nOBR.12 : N\nReçu : 12/01/2026 à 08:00\nTéléphone du prescripteur : 0300000002',
  );
});

test('critical is only what the laboratory calls LL, HH or AA; what it does not flag is computed and marked so', () => {
  const cases: [flag: string, shown: LabResult['flag'], severity: string, words: string][] = [
    ['HH', 'HH', 'critical', ''],
    ['LL', 'LL', 'critical', ''],
    ['AA', 'AA', 'critical', ''],
    ['A', 'A', 'abnormal', ''],
    ['L', 'L', 'abnormal', ''],
    ['H^U', 'H', 'abnormal', 'en hausse'],
    ['N', 'N', 'normal', ''],
    ['>', null, 'unknown', 'au-dessus de la limite de mesure'],
    ['R', null, 'abnormal', 'résistant'],
    ['S', null, 'normal', 'sensible'],
    ['Z', null, 'unknown', 'Z'],
  ];
  for (const [flag, shown, severity, words] of cases) {
    const result = onlyResult(`OBX|1|NM|K~Potassium~L||99|mmol/L|3.5 - 5.1|${flag}|||F`);
    assert.deepEqual([result.flag, result.severity, result.interpretation], [shown, severity, words], flag);
    assert.equal(result.flagComputed, false);
  }
  for (const silent of ['', 'null', 'D', '""']) {
    const result = onlyResult(`OBX|1|NM|K~Potassium~L||99|mmol/L|3.5 - 5.1|${silent}|||F`);
    assert.deepEqual([result.flag, result.flagComputed, result.severity], ['H', true, 'abnormal'], silent);
  }
});

test('a result that was deleted, or could not be had, is told and never shown as a value', () => {
  for (const [status, words] of [
    ['D', 'résultat supprimé'],
    ['X', 'résultat impossible à obtenir'],
  ]) {
    const report = withResults(`OBX|1|NM|K~Potassium~L||7.1|mmol/L|3.5 - 5.1|HH|||${status}`);
    const [result] = report.results;
    assert.deepEqual(result?.first, { value: '', unit: '', low: '', high: '' });
    assert.deepEqual([result?.flag, result?.severity, result?.interpretation], [null, 'unknown', words]);
    assert.deepEqual(result?.comments, ['Valeur annulée : 7.1 mmol/L']);
    assert.equal(report.status, status === 'D' ? 'corrected' : 'final');
  }
  assert.equal(only(read(H, P, OBR.replace(/F$/, 'D'), 'L|1')).status, 'deleted');
  assert.equal(withResults('OBX|1|NM|K~Potassium~L||5.1|mmol/L|||||C').status, 'corrected');
  assert.equal(only(read(H, P, OBR.replace(/F$/, 'P'), INR, 'L|1')).status, 'provisional');
  const pending = onlyResult('OBX|1|NM|K~Potassium~L|||mmol/L|||||I');
  assert.deepEqual([pending.first.value, pending.interpretation, pending.status], ['', 'en attente', 'R']);
});

test('values are shown by their type, norms as they are', () => {
  const value = (type: string, written: string): string =>
    onlyResult(`OBX|1|${type}|X~Analyse~L||${written}||||||F`).first.value;
  assert.equal(value('NM', '< 0,3'), '< 0,3');
  assert.equal(value('CE', 'SAU~Staphylococcus aureus~L'), 'Staphylococcus aureus');
  assert.equal(value('CE', 'POS'), 'POS');
  assert.equal(value('ST', 'Limpide^incolore'), 'Limpide ; incolore');
  assert.equal(value('TX', 'Absence de germe'), 'Absence de germe');
  const norms = (written: string): string[] => {
    const { low, high } = onlyResult(`OBX|1|NM|X~A~L||4||${written}|N|||F`).first;
    return [low, high];
  };
  assert.deepEqual(norms('10 - 40'), ['10', '40']);
  assert.deepEqual(norms('-2 - 2'), ['-2', '2']);
  assert.deepEqual(norms('< 5'), ['', '< 5']);
  assert.deepEqual(norms('> 60'), ['> 60', '']);
  assert.deepEqual(norms('selon âge'), ['selon âge', '']);
  assert.equal(onlyResult('OBX|1|CE|ATB~Amoxicilline~L|GERME 1|R||||||F').headings.at(-1), 'GERME 1');
});

test('prose, files that are mentioned and what nobody understands are text, with their words whole', () => {
  const long = 'Numération contrôlée sur lame, présence de schizocytes, à confronter à la clinique et au traitement.';
  const report = withResults(
    `OBX|1|TX|CONC~Conclusion~L||${long}^Biologiste : Dr ESSAI`,
    'C|1|L|Signé',
    'OBX|2|FIC|IMG~Tracé~L||DOSSIER~AL213202.j1~TXT',
    'ZZZ|inconnu',
    'ligne libre',
  );
  assert.deepEqual(report.results, []);
  assert.match(report.text, new RegExp(`Conclusion :\n${long}\nBiologiste : Dr ESSAI\nSigné`));
  assert.match(report.text, /Tracé :\nDOSSIER AL213202\.j1 TXT/);
  assert.match(report.text, /ZZZ\|inconnu\nligne libre$/);
  assert.deepEqual(report.warnings, ['file-mentioned', 'segment-not-understood', 'line-not-understood']);
});

test('lines that go on, escapes and the separators that H declares are read', () => {
  const result = onlyResult(
    'OBX|1|NM|CREA~Créatinine~L||1',
    'A|52|\\XB5\\mol/L|45 - 84|H|',
    'A|||F',
    'C|1|L|clairance 38 mL/min \\T\\ 1,73 m\\XB2\\\\.br\\\\H\\à revoir\\N\\ \\F\\ \\S\\ \\R\\ \\E\\ \\Z9\\ \\X35\\',
  );
  assert.deepEqual(result.first, { value: '152', unit: 'µmol/L', low: '45', high: '84' });
  assert.deepEqual(result.comments, ['clairance 38 mL/min & 1,73 m²\nà revoir | ~ ^ \\ \\Z9\\ \\X35\\']);
  const other = only(
    read(
      'H!*+?%!A.HPR!!LAB*LABO!!ORU!!!!!P!H2.1',
      'P!1!!!!DESSAINT*Jeanne*Louise!!19410314!F',
      'OBR!1!!!K*Potassium*L',
      'OBX!1!NM!K*Potassium*L!!6?F?1!mmol|L!3.5 - 5.1!HH!!!F',
      'L!1',
    ),
  );
  assert.deepEqual([other.patient.givenName, other.sender], ['Jeanne', 'LABO']);
  assert.match(other.text, /^Patient : DESSAINT Jeanne Louise\n/);
  assert.deepEqual([other.results[0]?.first.value, other.results[0]?.first.unit], ['6!1', 'mmol|L']);
});

test('each patient of a file has a report of his own, and results of nobody are given to nobody', () => {
  const second = 'P|2|399|||ESSAI~Bernadette||19500201|F';
  const potassium = 'OBX|1|NM|K~Potassium~L||6.1|mmol/L|3.5 - 5.1|HH|||F';
  const reports = read(H, P, OBR, INR, second, 'OBR|1|||IONO~Ionogramme~L', potassium, 'L|1');
  assert.deepEqual(
    reports.map(({ patient, results }) => [patient.familyName, results.map(({ label }) => label).join()]),
    [
      ['DESSAINT', 'INR'],
      ['ESSAI', 'Potassium'],
    ],
  );
  const [lost, found] = read(H, OBR, potassium, P, OBR, INR, 'L|1');
  assert.deepEqual([lost?.patient.familyName, lost?.warnings], ['', ['header-missing']]);
  assert.deepEqual(found?.results.length, 1);
  const after = only(read(H, P, OBR, INR, 'L|1', potassium));
  assert.equal(after.results.length, 1, 'whose is a result behind the end?');
  assert.match(after.text, /Potassium/);
  assert.deepEqual(after.warnings, ['text-after-end']);
  const files = read(H, P, OBR, INR, 'L|1', H.replace('TILLEULS', 'ERABLES'), OBR, potassium, 'L|1');
  assert.deepEqual(
    files.map(({ patient, sender }) => [patient.familyName, sender]),
    [
      ['DESSAINT', 'LABORATOIRE DES TILLEULS'],
      ['', 'LABORATOIRE DES ERABLES'],
    ],
  );
});

test('more patients than a letter can show are text from there on', () => {
  const many = Array.from({ length: 70 }, (_, at) => [`P|${at}||||NOM~Prenom||19500201|F`, `OBR|1|||E${at}~E`, INR]);
  const reports = read(H, ...many.flat(), 'L|1');
  assert.equal(reports.length, 60);
  assert.ok(reports.every(({ results }) => results.length === 1));
  assert.match(reports.at(-1)?.text ?? '', /E69~E\nOBX\|1\|NM\|INR[^\n]*$/);
  assert.ok(reports.at(-1)?.warnings.includes('too-many-reports'));
});

test('a line that was cut gives neither half a number nor half a name', () => {
  const report = only(read(H, P, OBR, 'OBX|1|NM|HT~Hématocrite~L||38', '.2|%|35 - 48|N|||F', 'L|1'));
  assert.deepEqual(report.results, []);
  assert.match(report.text, /Hématocrite~L\|\|38\n\.2\|%/);
  assert.deepEqual(report.warnings, ['line-broken', 'line-not-understood']);
  const remark = only(read(H, P, OBR, INR, 'C|1|L|Résultat téléphoné', 'à 09:05', 'L|1'));
  assert.deepEqual([remark.results[0]?.comments, remark.text.split('\n').at(-1)], [['Résultat téléphoné'], 'à 09:05']);
  const nameless = only(read(H, 'P|1|398|||DESS', 'AINT~Marguerite||19410314|F', OBR, INR, 'L|1'));
  assert.deepEqual([nameless.patient.familyName, nameless.patient.birthDate], ['', null]);
  assert.match(nameless.text, /P\|1\|398\|\|\|DESS\n/);
  const [unfinished] = readHprimSante([H, P, OBR, INR, 'OBX|2|NM|TP~TP~L||1'].join('\r'), NOW);
  assert.deepEqual(unfinished?.results.length, 1, 'the end of the file did not arrive');
  assert.deepEqual(unfinished?.warnings, ['line-broken', 'end-missing']);
});

test('dates that are none are not invented, and results of several days say which', () => {
  for (const birth of ['1941', '194103', '19410000', '20410314', '19410231']) {
    const report = only(read(H, P.replace('19410314', birth), OBR, INR, 'L|1'));
    assert.equal(report.patient.birthDate, null, birth);
    assert.match(report.text, new RegExp(`Naissance : ${birth}`));
    assert.ok(report.warnings.includes('birth-date-unreadable'));
  }
  assert.equal(only(read(H, P, OBR.replace('202601120742', '202601'), INR, 'L|1')).date, null);
  const later = OBR.replace('202601120742', '202601100800');
  const report = only(read(H, P, OBR, INR, later, INR.replace('6.8', '4.1'), 'L|1'));
  assert.ok(report.warnings.includes('several-dates'));
  assert.deepEqual(
    report.results.map(({ headings, first }) => [headings[0], first.value]),
    [
      ['Prélèvement du 12/01/2026', '6.8'],
      ['Prélèvement du 10/01/2026', '4.1'],
    ],
  );
});

test('a file that is none of results is text with a warning; one for tests is told so', () => {
  const order = only(read(H.replace('|ORU|', '|ORM|'), P, OBR, INR, 'L|1'));
  assert.deepEqual([order.results, order.patient.familyName], [[], 'DESSAINT']);
  assert.match(order.text, /INR~INR~L\|\|6\.8/);
  assert.deepEqual(order.warnings, ['not-a-result-file']);
  assert.deepEqual(only(read(H.replace('|P|H2.1', '|T|H2.1'), P, OBR, INR, 'L|1')).warnings, ['test-file']);
  assert.deepEqual(read(H, 'L|1'), []);
  assert.deepEqual(read('Le fichier commence par H|~^\\&|, merci de le renvoyer.'), []);
  assert.deepEqual(readHprimSante(inrReport('utf-8').toString(), NOW), [], 'HPRIM Médecins is another format');
});

test('it is recognised in the body and in attachments, under any name and type', async () => {
  const file = Buffer.from([H, P, OBR, INR, 'L|1', ''].join('\r\n'), 'latin1');
  const expected = only(readHprimSante(file.toString('latin1'), NOW));
  const documentsOf = async (letter: Buffer) => (await readContent(letter, { approved: null, now: NOW })).documents;
  const body = entity(['Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: 8bit'], file);
  assert.deepEqual(await documentsOf(body), [{ kind: 'report', report: expected }]);
  for (const [type, name] of [
    ['application/octet-stream', 'B26104512.HPR'],
    ['application/octet-stream', 'resultat.hpm2'],
    ['application/octet-stream', 'sans-extension'],
    ['text/plain', 'resultat.txt'],
    ['application/x-hprim', 'r.oru'],
  ] as const) {
    const documents = await documentsOf(multipart('mixed', plain('Ci-joint.'), attached(type, name, file)));
    assert.deepEqual(kinds(documents), ['text', 'report'], name);
    assert.deepEqual(documents[1], { kind: 'report', report: expected }, name);
  }
  const [greeted] = await documentsOf(plain(`Bonjour,\r\n\r\n${[H, P, OBR, INR, 'L|1'].join('\r\n')}\r\nCordialement`));
  assert.ok(greeted?.kind === 'report');
  assert.match(greeted.report.text, /^Bonjour,\n\n[\s\S]*Cordialement$/);
});
