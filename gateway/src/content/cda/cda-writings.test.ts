/** What laboratories and hospitals write otherwise than the guide says, each once: no word, label or figure may go astray. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { LabResult } from '@estafette/contracts/document';
import {
  cdaOf,
  chapter,
  interpretation,
  laboratoryCda,
  observation,
  PATIENT,
  quantity,
  range,
  read,
  related,
  reportOf,
  sectionsOf,
} from './cda.fixture.ts';

const coded = (name: string): { code: string } => ({
  code: `<code code="X-${name.length}" displayName="${name}" codeSystem="2.16.840.1.113883.6.1"/>`,
});
const laboratory = (statements: string, text = ''): ReturnType<typeof reportOf> =>
  reportOf(cdaOf({ body: sectionsOf(chapter(statements, { text })) }));

function only(inside: string): LabResult {
  const [first, ...more] = reportOf(laboratoryCda(observation(inside))).results;
  assert.ok(first && more.length === 0, 'one result');
  return first;
}

const letterOf = (text: string): string =>
  reportOf(cdaOf({ body: sectionsOf(`<section><title>Suites</title><text>${text}</text></section>`) })).text;

const bounds = (words: string, low: string, high: string, unit = 'mmol/L'): string =>
  `<referenceRange><observationRange>${words}<value xsi:type="IVL_PQ"><low value="${low}" unit="${unit}"/><high value="${high}" unit="${unit}"/></value></observationRange></referenceRange>`;

test('one analyte measured again and again on a day says the hour of each', () => {
  const at = (stamp: string, value: string): string =>
    related(observation(quantity(value)).replace('"20260112"', `"${stamp}"`));
  const { results } = laboratory(at('202601120800+0100', '12') + at('202601121100+0100', '230'));
  assert.deepEqual(
    results.map(({ first, comments }) => [first.value, comments]),
    [
      ['12', ['Résultat du 12/01/2026 08:00']],
      ['230', ['Résultat du 12/01/2026 11:00']],
    ],
  );
});

test('of two ranges for anybody neither is the patient’s, unless only one is in the unit of the value', () => {
  const bySex = only(
    quantity('12.5') + bounds('<text>Homme</text>', '13', '17') + bounds('<text>Femme</text>', '12', '16'),
  );
  assert.deepEqual([bySex.first.low, bySex.first.high, bySex.flag], ['', '', null]);
  assert.deepEqual(bySex.comments, [
    'Valeurs de référence : 13 – 17 ; Homme',
    'Valeurs de référence : 12 – 16 ; Femme',
  ]);
  const byUnit = only(quantity('4.0') + bounds('', '136', '199', 'mg/L') + bounds('', '3.5', '5.1'));
  assert.deepEqual([byUnit.first.low, byUnit.first.high, byUnit.flag], ['3.5', '5.1', 'N']);
  const named = only(quantity('15') + bounds('<code code="T" displayName="Zone toxique"/>', '20', '30'));
  assert.deepEqual(
    [named.first.low, named.flag, named.comments],
    ['', null, ['Valeurs de référence (Zone toxique) : 20 – 30']],
  );
});

test('a range that is a titre or one figure is said in words', () => {
  const stated = (value: string): string[] =>
    only(`${quantity('5')}<referenceRange><observationRange>${value}</observationRange></referenceRange>`).comments;
  const titre = '<value xsi:type="RTO"><numerator value="1"/><denominator value="40"/></value>';
  assert.deepEqual(stated(titre), ['Valeurs de référence : 1/40']);
  const centre = '<value xsi:type="IVL_PQ"><center value="4" unit="mmol/L"/></value>';
  assert.deepEqual(stated(centre), ['Valeurs de référence : 4 mmol/L']);
});

const CODES: readonly (readonly [what: string, element: string, flag: string | null, words: string])[] = [
  [
    'under the number of the value set',
    '<interpretationCode code="HH" codeSystem="2.16.840.1.113883.1.11.78"/>',
    'HH',
    '',
  ],
  [
    'as a translation of the laboratory’s own',
    `<interpretationCode code="++" codeSystem="1.2.9">${interpretation('HH').replaceAll('interpretationCode', 'translation')}</interpretationCode>`,
    'HH',
    '',
  ],
  [
    'in words alone',
    '<interpretationCode nullFlavor="OTH"><originalText>un peu élevé</originalText></interpretationCode>',
    null,
    'un peu élevé',
  ],
  ['unknown and without words', '<interpretationCode code="VS" codeSystem="2.16.840.1.113883.5.83"/>', null, 'code VS'],
];
for (const [what, element, flag, words] of CODES)
  test(`an interpretation is read ${what}`, () => {
    const result = only(quantity('6.9') + element);
    assert.deepEqual([result.flag, result.interpretation], [flag, words]);
    assert.equal(result.severity, flag === 'HH' ? 'critical' : 'unknown');
  });

const VALUES: readonly (readonly [element: string, shown: string])[] = [
  [
    '<value xsi:type="RTO"><numerator value="150" unit="mg"/><denominator value="24" unit="h"/></value>',
    '150 mg / 24 h',
  ],
  ['<value xsi:type="RTO"><numerator value="5" unit="mg"/><denominator value="1" unit="L"/></value>', '5 mg/L'],
  [
    '<value xsi:type="CD" displayName="Staphylococcus aureus"><qualifier><name displayName="Résistance"/><value displayName="méticilline"/></qualifier></value>',
    'Staphylococcus aureus (Résistance : méticilline)',
  ],
  [
    '<value xsi:type="CD" displayName="Escherichia coli"><originalText>E. coli BLSE</originalText></value>',
    'Escherichia coli (E. coli BLSE)',
  ],
  [
    '<value xsi:type="PQ" nullFlavor="UNK"><translation value="5" code="258813002" displayName="mmol/L"/></value>',
    '5 mmol/L',
  ],
];
for (const [element, shown] of VALUES)
  test(`a value is shown whole: ${shown}`, () => {
    const { first } = only(element);
    assert.equal([first.value, first.unit].filter((part) => part !== '').join(' '), shown);
  });

test('a result says of what it was measured where only its specimen does', () => {
  const specimen =
    '<specimen><specimenRole><specimenPlayingEntity><code displayName="Urine"/></specimenPlayingEntity></specimenRole></specimen>';
  assert.deepEqual(only(quantity('42') + specimen).headings, ['Biochimie', 'Urine']);
});

test('two isolates of one germ are told apart by their identifiers', () => {
  const isolate = (id: string, value: string): string =>
    related(`<organizer classCode="CLUSTER" moodCode="EVN"><specimen><specimenRole><id root="${id}"/><specimenPlayingEntity><code displayName="Escherichia coli"/></specimenPlayingEntity></specimenRole></specimen>
      <component>${observation(quantity(value, 'mg/L'), coded('Céfotaxime'))}</component></organizer>`);
  const { results } = laboratory(isolate('1.1', '2') + isolate('1.2', '16') + isolate('1.1', '4'));
  assert.deepEqual(
    results.map(({ headings, first }) => [headings.at(-1), first.value]),
    [
      ['Escherichia coli', '2'],
      ['Escherichia coli (n° 2)', '16'],
      ['Escherichia coli', '4'],
    ],
  );
});

test('what is observed of a germ that is a result itself stands under it', () => {
  const culture = (germ: string, count: string): string =>
    related(
      observation(
        `<value xsi:type="CD" displayName="${germ}"/>${related(observation(quantity(count, '/mL'), coded('Numération')))}`,
        coded('Culture'),
      ),
    );
  const { results } = laboratory(culture('Escherichia coli', '100000') + culture('Proteus mirabilis', '1000'));
  assert.deepEqual(
    results.filter(({ label }) => label === 'Numération').map(({ headings, first }) => [headings.at(-1), first.value]),
    [
      ['Culture : Escherichia coli', '100000'],
      ['Culture : Proteus mirabilis', '1000'],
    ],
  );
});

test('a former result of another analyte keeps its own name', () => {
  const former = (name: string, value: string): string =>
    `<component>${observation(quantity(value), coded(name)).replace('20260112', '20250103')}</component>`;
  const battery = `<organizer classCode="BATTERY" moodCode="EVN">${former('Potassium', '7')}${former('Sodium', '141')}</organizer>`;
  assert.deepEqual(only(quantity('5') + related(battery, 'REFR')).comments, [
    'Antériorité 03/01/2025 : 7 mmol/L',
    'Antériorité Sodium 03/01/2025 : 141 mmol/L',
  ]);
});

test('what stands in a denied act shows no value, and is told as denied in the text', () => {
  const act = `<act classCode="ACT" moodCode="EVN" negationInd="true">${related(observation(quantity('5')))}</act>`;
  const { results, text } = laboratory(related(act));
  assert.deepEqual([results[0]?.first.value, text], ['', 'Biochimie\n\n[négation] Potassium : 5 mmol/L']);
});

test('what a laboratory says beside its values and not in the narrative is put behind it, once', () => {
  const method = (name: string): string => `<methodCode code="m" displayName="${name}"/>`;
  const elsewhere =
    '<performer><assignedEntity><representedOrganization><name>Laboratoire Orme</name></representedOrganization></assignedEntity></performer>';
  const statements = [
    related('<act classCode="ACT" moodCode="EVN"><code displayName="Clinique"/><text>Patient sous AVK</text></act>'),
    related(observation(quantity('4') + method('ISE') + elsewhere, coded('Potassium'))),
    related(observation(quantity('140') + method('ISE'), coded('Sodium'))),
    related(observation(quantity('3') + method('Colorimétrie'), coded('Fer'))),
  ];
  const { text } = laboratory(
    statements.join(''),
    '<table><tr><td>Fer</td><td>3</td><td>Colorimétrie</td></tr></table>',
  );
  assert.equal(
    text,
    'Biochimie\nFer | 3 | Colorimétrie\n\nPatient sous AVK (Clinique)\nMéthode : ISE (Potassium ; Sodium)\nRéalisé par : Laboratoire Orme (Potassium)',
  );
});

test('words that only the coded part of a prescription has are shown', () => {
  const entry = (words: string): string =>
    `<entry><substanceAdministration moodCode="INT"><entryRelationship><act moodCode="INT"><text>${words}</text></act></entryRelationship></substanceAdministration></entry>`;
  const body = sectionsOf(
    `<section><title>Traitement</title><text><paragraph>FERRAL 80 mg, à distance des repas.</paragraph></text>${entry('À jeun')}${entry('À distance des repas')}</section>`,
  );
  assert.equal(reportOf(cdaOf({ body })).text, 'Traitement\nFERRAL 80 mg, à distance des repas.\nÀ jeun');
});

test('a section says about whom and by whom it is', () => {
  const more = `<author><assignedAuthor><assignedPerson><name><given>Luc</given><family>AULNE</family></name></assignedPerson></assignedAuthor></author>
    <subject><relatedSubject><code displayName="Enfant"/><subject><name><family>PETIT</family></name></subject></relatedSubject></subject>`;
  const body = sectionsOf(`<section><title>Naissance</title><text>3200 g</text>${more}</section>`);
  assert.equal(
    reportOf(cdaOf({ body })).text,
    'Naissance\nConcerne : Enfant PETIT\nAuteur de la section : Luc AULNE\n3200 g',
  );
});

const NARRATIVES: readonly (readonly [written: string, shown: string])[] = [
  ['<table><tr><td revised="delete">10 mg</td><td>5 mg</td></tr></table>', '[supprimé : 10 mg] | 5 mg'],
  [
    '<table><tr styleCode="Strikethrough"><td>A</td><td>1</td></tr><tr><td>B</td><td>2</td></tr></table>',
    '[supprimé : A | 1]\nB | 2',
  ],
  ['<del>50 mg</del> <content styleCode="xLineThrough">2</content>', '[supprimé : 50 mg] [supprimé : 2]'],
  ['<pre>Na  138\nK  4,1</pre>', 'Na 138\nK 4,1'],
  ['<dl><dt>K</dt><dd>4</dd><dt>Na</dt><dd>138</dd></dl>', 'K\n4\nNa\n138'],
  ['<other>4</other><other>138</other>', '4 138'],
];
for (const [written, shown] of NARRATIVES)
  test(`a narrative keeps its figures apart: ${shown.replaceAll('\n', ' / ')}`, () => {
    assert.equal(letterOf(written), `Suites\n${shown}`);
  });

const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n%%EOF\n');
const bodyOf = (text: string): string => cdaOf({ body: `<component><nonXMLBody>${text}</nonXMLBody></component>` });

test('a body without a type is text, unless its bytes are a file', () => {
  assert.equal(
    reportOf(bodyOf('<text>Cher confrère, INR 2,5 ce jour.</text>')).text,
    'Cher confrère, INR 2,5 ce jour.',
  );
  assert.equal(reportOf(bodyOf('<text mediaType="text/plain; charset=utf-8">RAS</text>')).text, 'RAS');
  assert.deepEqual(
    read(bodyOf(`<text>${PDF.toString('base64')}</text>`))?.files.map(({ mediaType }) => mediaType),
    ['application/pdf'],
  );
});

test('a compressed body is unfolded, within a limit, and what is inside the element beside the file is not the file', () => {
  const packed = (type: string, algorithm: string, bytes: Buffer): string =>
    bodyOf(
      `<text mediaType="${type}" representation="B64" compression="${algorithm}">${bytes.toString('base64')}<thumbnail>AAAA</thumbnail></text>`,
    );
  const filesOf = (xml: string): Buffer[] | undefined => read(xml)?.files.map(({ bytes }) => bytes);
  assert.deepEqual(filesOf(packed('application/pdf', 'DF', deflateRawSync(PDF))), [PDF]);
  assert.equal(reportOf(packed('text/plain', 'GZ', gzipSync('Bonjour'))).text, 'Bonjour');
  const bomb = deflateRawSync(Buffer.alloc(20_000_000));
  assert.deepEqual(filesOf(packed('application/pdf', 'DF', bomb)), [bomb]);
  assert.ok(reportOf(packed('application/pdf', 'DF', bomb)).warnings.includes('file-compressed'));
});

test('a second body is shown too, and times stand for people where a section has only codes', () => {
  const dose =
    '<entry><substanceAdministration><effectiveTime><low value="20260112"/><high value="20260119"/></effectiveTime><effectiveTime><period value="8" unit="h"/></effectiveTime></substanceAdministration></entry>';
  const body = `${sectionsOf(`<section><title>Soins</title>${dose}</section>`)}<component><nonXMLBody><text mediaType="text/plain">Suite</text></nonXMLBody></component>`;
  assert.equal(reportOf(cdaOf({ body })).text, 'Soins\n12/01/2026\n19/01/2026\n8 h\n\nSuite');
  const denied =
    '<entry><observation negationInd="true"><code displayName="Allergie"/><value xsi:type="BL" value="true"/></observation></entry>';
  const inLetter = sectionsOf(`<section><title>Allergies</title>${denied}</section>`);
  const coded = reportOf(cdaOf({ code: '<code code="11490-0"/>', body: inLetter }));
  assert.equal(coded.text, 'Allergies\n[négation]\nAllergie\noui');
});

test('a kind of document that is only translated, and a date with dashes, are read', () => {
  const code = '<code nullFlavor="OTH"><translation code="87273-9" displayName="Note de vaccination"/></code>';
  const report = reportOf(cdaOf({ code, title: ' ', patient: PATIENT.replace('19410314', '1941-03-14') }));
  assert.deepEqual(
    [report.title, report.typeCode, report.patient.birthDate],
    ['Note de vaccination', '87273-9', '1941-03-14'],
  );
});

test('a micro sign is one in every writing', () => {
  const result = only(quantity('5', '\u03bcmol/L') + range('1', '3').replaceAll('mmol/L', 'umol/L'));
  assert.deepEqual([result.first, result.flag], [{ value: '5', unit: 'µmol/L', low: '1', high: '3' }, 'H']);
});
