/** Traps of CDA as software writes it: words, labels, powers, denials and ranges that a reader takes for others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cdaOf,
  chapter,
  laboratoryCda,
  observation,
  quantity,
  read,
  related,
  reportOf,
  sectionsOf,
} from './cda.fixture.ts';

const coded = (name: string, inside = ''): { code: string } => ({
  code: `<code code="X" displayName="${name}">${inside}</code>`,
});
const comment = (words: string): string =>
  related(`<act classCode="ACT" moodCode="EVN"><code code="48767-8"/><text>${words}</text></act>`, 'SUBJ');
const letterOf = (text: string, more = ''): string =>
  reportOf(cdaOf({ body: sectionsOf(`<section><title>Suites</title><text>${text}</text>${more}</section>`) })).text;
const laboratory = (statements: string): ReturnType<typeof reportOf> =>
  reportOf(cdaOf({ body: sectionsOf(chapter(statements)) }));
const timesIn = (text: string, words: string): number => text.split(words).length - 1;

test('what is written with a medicine, a plan or beside a result is said, and once', () => {
  const drug = `<entry><substanceAdministration moodCode="INT">${comment('au milieu du repas')}</substanceAdministration></entry>`;
  assert.equal(timesIn(letterOf('AMOXICILLINE', drug), 'au milieu du repas'), 1);
  const { results, text } = laboratory(
    related(observation(quantity('5') + comment('tube hémolysé'))) +
      related(
        observation(`<text>Refaire dans 8 jours</text>${comment('sur tube citraté')}`, {
          attributes: 'moodCode="PRP"',
        }),
      ) +
      related(
        `<substanceAdministration moodCode="EVN"><text>75 g de glucose</text>${related(observation(quantity('9.5')))}</substanceAdministration>`,
      ),
  );
  assert.deepEqual(
    results.map(({ first, comments }) => [first.value, comments]),
    [
      ['5', ['tube hémolysé']],
      ['9.5', []],
    ],
  );
  for (const words of ['Refaire dans 8 jours', 'sur tube citraté', '75 g de glucose'])
    assert.equal(timesIn(text, words), 1, words);
  assert.equal(timesIn(text, 'tube hémolysé'), 0);
});

test('who wrote or validated one result is said', () => {
  const name = '<name><given>Aude</given><family>VALIDE</family></name>';
  const { text } = laboratory(
    related(
      observation(
        `${quantity('5')}<author><assignedAuthor><assignedPerson><name>Jean AUTEUR</name></assignedPerson></assignedAuthor></author>
        <participant typeCode="AUTHEN"><participantRole><playingEntity>${name}</playingEntity></participantRole></participant>`,
      ),
    ),
  );
  assert.match(text, /Auteur : Jean AUTEUR \(Potassium\)\nValidé par : Aude VALIDE \(Potassium\)/);
});

test('a cell spans no further than its group of rows', () => {
  const rows = '<tr><td>Na</td><td>138</td></tr><tr><td>K</td><td>4,1</td></tr>';
  const head = '<thead><tr><th rowspan="3">Examen</th><th>Valeur</th></tr></thead>';
  assert.match(letterOf(`<table>${head}<tbody>${rows}</tbody></table>`), /Examen \| Valeur\nNa \| 138\nK \| 4,1$/);
});

test('what a style raises or lowers stays so', () => {
  const up = '10<content styleCode="xSup">9</content>/L, 10<span style="vertical-align: super">12</span>/L';
  const down = 'CO<content styleCode="Sub">2</content>, <content styleCode="Bold Support">5</content>';
  assert.match(letterOf(`${up}, ${down}`), /10⁹\/L, 10¹²\/L, CO₂, 5$/);
});

test('powers of powers keep their place, however deep they stand', () => {
  const nested = (depth: number): string => `10${'<sup>2'.repeat(depth)}${'</sup>'.repeat(depth)}/L`;
  assert.match(letterOf(nested(2)), /10\^\(2²\)\/L$/);
  assert.match(letterOf(nested(5)), /10\^\(2\^\(2\^\(2 ?\^\(2 ?\^\(2\)\)\)\)\)\/L$/);
});

test('a range that is for some people in its words is not taken for that of the patient', () => {
  const one = (words: string): unknown => {
    const inside = `${quantity('12.5', 'g/dL')}<referenceRange><observationRange><text>${words}</text><value xsi:type="IVL_PQ"><low value="13" unit="g/dL"/></value></observationRange></referenceRange>`;
    const [result] = reportOf(laboratoryCda(observation(inside))).results;
    return [result?.flag, result?.first.low, result?.comments];
  };
  for (const words of ['Homme adulte', 'Nouveau-né', 'de 6 à 12 ans'])
    assert.deepEqual(one(words), [null, '', [`Valeurs de référence : ≥ 13 ; ${words}`]]);
  assert.deepEqual(one('à jeun'), ['L', '13', ['Valeurs de référence : à jeun']]);
});

test('a denial or a bound outside written with 1 and 0 is one', () => {
  const denied = ['moodCode="EVN" negationInd="1"', 'moodCode="EVN" valueNegationInd="true"'];
  for (const attributes of denied) {
    const { results, text } = laboratory(related(observation(quantity('5'), { attributes })));
    assert.deepEqual([results[0]?.first.value, text.includes('[négation] Potassium : 5 mmol/L')], ['', true]);
  }
  const [open] = laboratory(
    related(observation('<value xsi:type="IVL_PQ"><high value="5" unit="g/L" inclusive="0"/></value>')),
  ).results;
  assert.equal(open?.first.value, '< 5');
  assert.equal(laboratory(related(observation('<value xsi:type="BL" value="1"/>'))).results[0]?.first.value, 'oui');
});

test('what narrows a label tells one result from the other', () => {
  const at = (hour: string): string =>
    related(
      observation(
        quantity('5'),
        coded('Cortisol', `<qualifier><name displayName="Moment"/><value displayName="${hour}"/></qualifier>`),
      ),
    );
  assert.deepEqual(
    laboratory(at('8 h') + at('20 h')).results.map(({ label }) => label),
    ['Cortisol (Moment : 8 h)', 'Cortisol (Moment : 20 h)'],
  );
});

test('days written with the signs of ISO 8601 are days', () => {
  const at = (day: string): string =>
    related(observation(quantity('5')).replace('"20260112"', `"2026-01-${day}T08:00:00+01:00"`));
  assert.deepEqual(
    laboratory(at('12') + at('13')).results.map(({ comments }) => comments),
    [['Résultat du 12/01/2026'], ['Résultat du 13/01/2026']],
  );
});

test('where sections give the same ID again, a reference leads to its own section', () => {
  const result = related(observation('<value xsi:type="ED"><reference value="#r1"/></value>'));
  const sections = [
    '<section><title>A</title><text><paragraph ID="r1">Alpha</paragraph></text></section>',
    chapter(result, { text: '<paragraph ID="r1">Beta</paragraph>' }),
  ];
  assert.equal(reportOf(cdaOf({ body: sectionsOf(...sections) })).results[0]?.first.value, 'Beta');
});

test('a file in the body is a file, whatever it is called', () => {
  const pdf = Buffer.from('%PDF-1.4\n% une copie\n%%EOF\n').toString('base64');
  const filesOf = (text: string): unknown[] => {
    const found = read(cdaOf({ body: `<component><nonXMLBody>${text}</nonXMLBody></component>` }));
    return [...(found?.files ?? []).map(({ mediaType }) => mediaType), ...(found?.report.warnings ?? [])];
  };
  assert.deepEqual(filesOf(`<text mediaType="text/plain" representation="B64">${pdf}</text>`), ['application/pdf']);
  assert.deepEqual(filesOf(`<text mediaType="text/plain">${pdf}</text>`), ['application/pdf']);
  assert.deepEqual(filesOf('<text mediaType="application/rtf">{\\rtf1 Bonjour}</text>'), ['application/rtf']);
  assert.deepEqual(filesOf('<text>TVo droite, à revoir</text>'), []);
  const copy = observation(`<value xsi:type="ED" mediaType="application/pdf">${pdf}</value>`);
  const found = read(laboratoryCda(copy));
  assert.deepEqual([found?.files[0]?.mediaType, found?.report.results[0]?.first.value], ['application/pdf', '']);
});
