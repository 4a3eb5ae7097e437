import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LabResult } from '@estafette/contracts/document';
import {
  cdaOf,
  chapter,
  interpretation,
  laboratoryCda,
  observation,
  quantity,
  range,
  related,
  reportOf,
  sectionsOf,
} from './cda.fixture.ts';

function onlyResult(...observations: string[]): LabResult {
  const [first, ...more] = reportOf(laboratoryCda(...observations)).results;
  assert.ok(first && more.length === 0, 'one result');
  return first;
}

describe('results of a laboratory', () => {
  it('reads interpretationCode of the observation and not that of the range', () => {
    const result = onlyResult(
      observation(`${quantity('6.9')}${interpretation('HH')}${range('3.5', '5.1', interpretation('N'))}`),
    );
    assert.deepEqual(result.first, { value: '6.9', unit: 'mmol/L', low: '3.5', high: '5.1' });
    assert.deepEqual([result.flag, result.flagComputed, result.severity], ['HH', false, 'critical']);
    const silent = onlyResult(observation(`${quantity('6.9')}${range('3.5', '5.1', interpretation('N'))}`));
    assert.deepEqual([silent.flag, silent.flagComputed, silent.severity], ['H', true, 'abnormal']);
  });

  it('reads a number without unit (INR)', () => {
    const code = '<code code="6301-6" displayName="INR" codeSystem="2.16.840.1.113883.6.1"/>';
    const result = onlyResult(observation('<value xsi:type="REAL" value="6.80"/>', { code }));
    assert.deepEqual([result.label, result.code, result.first.value, result.first.unit], ['INR', '6301-6', '6.80', '']);
  });

  it('names a result that has no LOINC code from the narrative', () => {
    const code = '<code code="KAL" codeSystem="1.2.9"><originalText><reference value="#k"/></originalText></code>';
    const text = '<table><tr><td><content ID="k">Kaliémie</content></td><td>4.1</td></tr></table>';
    const body = sectionsOf(chapter(related(observation(quantity('4.1'), { code })), { text }));
    const [result] = reportOf(cdaOf({ body })).results;
    assert.deepEqual([result?.label, result?.code], ['Kaliémie', 'KAL']);
  });

  it('reads the same result in a second unit with its range', () => {
    const value = '<value xsi:type="PQ" value="0.62" unit="g/L"><translation value="0.71" code="mmol/L"/></value>';
    const bounds = `<referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="0.50" unit="g/L"><translation value="0.57" code="mmol/L"/></low>
      <high value="1.50" unit="g/L"><translation value="1.71" code="mmol/L"/></high></value></observationRange></referenceRange>`;
    const result = onlyResult(observation(value + bounds));
    assert.deepEqual(result.first, { value: '0.62', unit: 'g/L', low: '0.50', high: '1.50' });
    assert.deepEqual(result.second, { value: '0.71', unit: 'mmol/L', low: '0.57', high: '1.71' });
  });

  it('takes the range without condition, and keeps the others as words', () => {
    const women =
      '<precondition><criterion><value xsi:type="CD" code="F" displayName="femme"/></criterion></precondition>';
    const result = onlyResult(
      observation(
        `${quantity('4.0')}${range('1.0', '2.0', women)}${range('6.5', '9', interpretation('HH'))}${range('3.5', '5.1')}`,
      ),
    );
    assert.deepEqual([result.first.low, result.first.high, result.flag], ['3.5', '5.1', 'N']);
    assert.deepEqual(result.comments, [
      'Valeurs de référence (femme) : 1.0 – 2.0',
      'Valeurs de référence (HH) : 6.5 – 9',
    ]);
  });

  it('says what is odd about a bound, and computes nothing from it', () => {
    const bounds = `<referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="3500" unit="umol/L"/>
      <high value="5.1" unit="mmol/L" inclusive="false"/></value></observationRange></referenceRange>`;
    const result = onlyResult(observation(quantity('6.0') + bounds));
    assert.deepEqual([result.first.low, result.first.high, result.flag], ['3500 µmol/L', '< 5.1', null]);
  });

  it('writes intervals, answers, titres and absent values as a reader would', () => {
    const written = (value: string): string => {
      const { first, interpretation: words } = onlyResult(observation(value));
      return [first.value, first.unit, words].filter((part) => part !== '').join(' ');
    };
    assert.equal(
      written('<value xsi:type="IVL_PQ"><high value="0.128" unit="ug/mL" inclusive="false"/></value>'),
      '< 0.128 µg/mL',
    );
    assert.equal(
      written('<value xsi:type="IVL_PQ"><low value="0.512" unit="ug/mL" inclusive="true"/></value>'),
      '≥ 0.512 µg/mL',
    );
    assert.equal(written('<value xsi:type="IVL_PQ"><low value="2"/><high value="5" unit="/mL"/></value>'), '2 – 5 /mL');
    assert.equal(written('<value xsi:type="x:CD" code="260385009" displayName="négatif"/>'), 'négatif');
    assert.equal(written('<value xsi:type="CD" code="260385009"/>'), 'code 260385009');
    assert.equal(written('<value xsi:type="ST">rares cristaux</value>'), 'rares cristaux');
    assert.equal(written('<value xsi:type="ED">&lt;1.0 mg/L</value>'), '<1.0 mg/L');
    assert.equal(written('<value xsi:type="BL" value="true"/>'), 'oui');
    assert.equal(written('<value xsi:type="INT" value="12"/>'), '12');
    assert.equal(written('<value xsi:type="TS" value="20251208"/>'), '08/12/2025');
    assert.equal(written('<value xsi:type="RTO"><numerator value="1"/><denominator value="64"/></value>'), '1/64');
    assert.equal(written('<value xsi:type="PQ" nullFlavor="MSK"/>'), 'masqué');
  });

  it('reads a germ and its antibiogram, nested as deep as they come, the resistant first', () => {
    const line = (name: string, code: string): string =>
      `<component>${observation(
        `<value xsi:type="IVL_PQ"><high value="0.5" unit="ug/mL"/></value>${interpretation(code)}`,
        {
          code: `<code code="20-8" displayName="${name}" codeSystem="2.16.840.1.113883.6.1"/>`,
        },
      )}</component>`;
    const germ = `<organizer classCode="CLUSTER" moodCode="EVN"><statusCode code="completed"/>
      <specimen><specimenRole><specimenPlayingEntity><code code="112283007" displayName="Escherichia coli (organism)"/></specimenPlayingEntity></specimenRole></specimen>
      <component><organizer classCode="BATTERY" moodCode="EVN"><code code="18769-0" displayName="Antibiogramme"/><statusCode code="completed"/>
      ${line('Gentamicine', 'S')}${line('Ampicilline', 'I')}${line('Amoxicilline', 'R')}</organizer></component></organizer>`;
    const { results } = reportOf(cdaOf({ body: sectionsOf(chapter(related(germ), { title: 'Microbiologie' })) }));
    assert.deepEqual(
      results.map(({ label, interpretation: words, severity, flag }) => [label, words, severity, flag]),
      [
        ['Amoxicilline', 'résistant', 'abnormal', null],
        ['Gentamicine', 'sensible', 'normal', null],
        ['Ampicilline', 'intermédiaire', 'unknown', null],
      ],
    );
    assert.deepEqual(results[0]?.headings, ['Microbiologie', 'Escherichia coli', 'Antibiogramme']);
  });

  it('says the day of each result where they are of several, or stand in another kind of document', () => {
    const old = observation(quantity('3.1')).replace('20260112', '20251208');
    const comments = (xml: string): string[] => reportOf(xml).results.flatMap((result) => result.comments);
    assert.deepEqual(comments(laboratoryCda(observation(quantity('4.1')), old)), [
      'Résultat du 12/01/2026',
      'Résultat du 08/12/2025',
    ]);
    assert.deepEqual(comments(laboratoryCda(old).replaceAll('11502-2', '60591-5')), ['Résultat du 08/12/2025']);
    assert.deepEqual(comments(laboratoryCda(old)), []);
  });

  it('never shows a former result as the one of today', () => {
    const former = related(observation(quantity('2.9')).replace('20260112', '20251208'), 'REFR');
    const result = onlyResult(observation(`${quantity('4.1')}${former}`));
    assert.equal(result.first.value, '4.1');
    assert.deepEqual(result.comments, ['Antériorité 08/12/2025 : 2.9 mmol/L']);
  });

  it('shows no value of an examination broken off, denied or only planned', () => {
    const aborted = onlyResult(observation(quantity('4.1'), { status: 'aborted' }));
    assert.deepEqual([aborted.first.value, aborted.interpretation], ['', 'examen non abouti']);
    const denied = onlyResult(observation(quantity('4.1'), { attributes: 'moodCode="EVN" negationInd="true"' }));
    assert.equal(denied.first.value, '');
    assert.deepEqual(
      reportOf(laboratoryCda(observation(quantity('4.1'), { attributes: 'moodCode="RQO"' }))).results,
      [],
    );
  });

  it('marks what is not finished, result and report', () => {
    const report = reportOf(laboratoryCda(observation(quantity('4.1'), { status: 'active' })));
    assert.deepEqual([report.results[0]?.status, report.status], ['P', 'provisional']);
  });

  it('says above a result that it is about somebody else', () => {
    const subject = '<subject><relatedSubject><code displayName="Mère"/></relatedSubject></subject>';
    const report = reportOf(laboratoryCda(observation(`${quantity('4.1')}${subject}`)));
    assert.deepEqual(report.results[0]?.headings, ['Biochimie', 'Concerne : Mère']);
    assert.ok(report.warnings.includes('other-subject'));
  });

  it('puts the comment beside its result, and one that stands alone into the text', () => {
    const comment = (words: string): string =>
      related(`<act moodCode="EVN"><code code="48767-8"/><text>${words}</text></act>`, 'SUBJ');
    const report = reportOf(
      cdaOf({
        body: sectionsOf(
          chapter(related(observation(quantity('4.1') + comment('Tube hémolysé'))) + comment('Traitement immédiat')),
        ),
      }),
    );
    assert.deepEqual(report.results[0]?.comments, ['Tube hémolysé']);
    assert.match(report.text, /Commentaire : Traitement immédiat/);
  });

  it('shows an interpretation it does not know in the words of the file', () => {
    const other = '<interpretationCode code="H" codeSystem="1.2.9" displayName="hors cible"/>';
    const result = onlyResult(observation(quantity('4.1') + other));
    assert.deepEqual([result.flag, result.severity, result.interpretation], [null, 'unknown', 'hors cible']);
  });

  it('reads results of a laboratory that gives no template, and none from a discharge letter', () => {
    const plain = sectionsOf(chapter(related(observation(quantity('4.1')))).replace(/<templateId[^>]*>/, ''));
    assert.equal(reportOf(cdaOf({ body: plain })).results.length, 1);
    assert.equal(reportOf(cdaOf({ body: plain, code: '<code code="11490-0"/>' })).results.length, 0);
  });

  it('keeps results beyond the limit as text', () => {
    const many = Array.from({ length: 520 }, (_, index) => observation(quantity(String(1_000 + index))));
    const report = reportOf(laboratoryCda(...many));
    assert.equal(report.results.length, 500);
    assert.match(report.text, /Potassium : 1519 mmol\/L/);
    assert.ok(report.warnings.includes('too-many-results'));
  });
});
