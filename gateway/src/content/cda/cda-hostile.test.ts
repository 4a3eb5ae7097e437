/** CDA reading under all that is not a tidy document: odd roots and bytes, changed files, depth, breadth, long lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import fc from 'fast-check';
import {
  cdaOf,
  chapter,
  interpretation,
  laboratoryCda,
  observation,
  quantity,
  range,
  read,
  related,
  reportOf,
  sectionsOf,
} from './cda.fixture.ts';

const PLAIN = laboratoryCda(observation(`${quantity('6.9')}${interpretation('HH')}${range('3.5', '5.1')}`));

test('a document that presents itself is read inside its style sheet, which is not executed', () => {
  const inside = PLAIN.replace(/^<\?xml[^>]*>\s*<\?[^>]*>\s*/, '');
  const sheet = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
    <xsl:template match="/"><value>9.9</value></xsl:template>${inside}</xsl:stylesheet>`;
  assert.deepEqual(reportOf(sheet), reportOf(PLAIN));
});

test('a byte order mark, a prefix for every element and no namespace at all change nothing', () => {
  assert.deepEqual(reportOf(`\ufeff${PLAIN}`), reportOf(PLAIN));
  const prefixed = PLAIN.replace(/<(\/?)([A-Za-z])/g, '<$1c:$2').replace('xmlns=', 'xmlns:c=');
  assert.deepEqual(reportOf(prefixed), reportOf(PLAIN));
  assert.deepEqual(reportOf(PLAIN.replace(' xmlns="urn:hl7-org:v3"', '')), reportOf(PLAIN));
});

test('what is no CDA is none', () => {
  const others = [
    '',
    'INR 6,8',
    '<html><body>ClinicalDocument</body></html>',
    '<ClinicalDocument/>',
    PLAIN.slice(0, 900),
  ];
  for (const other of others) assert.equal(read(other), null, other.slice(0, 40));
});

test('a document type is refused with everything it declares', () => {
  const declared = PLAIN.replace('?>', '?><!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>');
  assert.equal(read(declared), null);
});

test('five thousand levels are refused, and as many as are read end without an error', () => {
  const nested = (depth: number): string =>
    cdaOf({
      body: sectionsOf(`<section><text>${'<content>'.repeat(depth)}fin${'</content>'.repeat(depth)}</text></section>`),
    });
  assert.equal(read(nested(5_000)), null);
  assert.equal(reportOf(nested(150)).text, 'fin');
  const table = '<table><tr><td>';
  const tables = `<section><text>${table.repeat(40)}fin${'</td></tr></table>'.repeat(40)}</text></section>`;
  assert.match(reportOf(cdaOf({ body: sectionsOf(tables) })).text, /fin$/);
});

test('a narrative in one line of megabytes is kept whole', () => {
  const words = 'kaliémie 4,1 '.repeat(200_000).trim();
  const report = reportOf(cdaOf({ body: sectionsOf(`<section><text>${words}</text></section>`) }));
  assert.equal(report.text, words);
});

test('a value that is no value any more stands in the text', () => {
  const words = 'longue réponse '.repeat(1_000).trim();
  const report = reportOf(laboratoryCda(observation(`<value xsi:type="ST">${words}</value>`)));
  assert.equal(report.results[0]?.first.value, '');
  assert.ok(report.text.includes(words));
  assert.ok(report.warnings.includes('value-in-text'));
});

test('thousands of references to one long passage do not multiply it', () => {
  const code = '<code code="X"><originalText><reference value="#all"/></originalText></code>';
  const text = `<content ID="all">${'<content>mot</content>'.repeat(3_000)}</content>`;
  const many = related(observation(quantity('1'), { code })).repeat(3_000);
  const report = reportOf(cdaOf({ body: sectionsOf(chapter(many, { text })) }));
  assert.equal(report.results.length, 500);
  assert.ok((report.results[0]?.label.length ?? 0) <= 500);
});

test('cells that say they span everything make no endless rows', () => {
  const row = '<tr><td colspan="99999" rowspan="99999">a</td></tr>';
  const body = sectionsOf(`<section><text><table>${row.repeat(50)}</table></text></section>`);
  assert.equal(reportOf(cdaOf({ body })).text.replaceAll(/[|\s]/g, ''), 'a'.repeat(50));
});

test('nothing that hides or turns characters reaches a card', () => {
  const report = reportOf(
    cdaOf({
      title: 'Bilan\u202e',
      body: sectionsOf('<section><text>Rien\u200b \u0007de\u202e grave</text></section>'),
    }),
  );
  assert.equal(report.text.includes('\u202e'), false);
  assert.equal(report.title, 'Bilan');
});

/** Every run of figures that a card shows of its results. */
function figuresOf({ results }: ClinicalReport): string[] {
  return results
    .flatMap(({ first, second, comments, label }) => [
      ...Object.values(first),
      ...Object.values(second ?? {}),
      ...comments,
      label,
    ])
    .flatMap((words) => words.match(/[0-9]+(?:\.[0-9]+)?/g) ?? []);
}

test('every number shown in a card stands in the file', () => {
  const number = fc.tuple(fc.nat({ max: 9_999 }), fc.nat({ max: 999 })).map(([whole, rest]) => `${whole}.${rest}`);
  const unit = fc.constantFrom('mmol/L', 'g/L', '10*9/L', 'm[IU]/L', 'ug/mL', '{1.73_m2}', '1', 'mL/min/{1.73_m2}');
  const value = fc.oneof(
    fc.tuple(number, unit).map(([digits, of]) => quantity(digits, of)),
    number.map((digits) => `<value xsi:type="IVL_PQ"><low value="${digits}" unit="g/L"/></value>`),
    fc
      .string({ maxLength: 20, unit: 'grapheme-ascii' })
      .map((words) => `<value xsi:type="ST">${words.replace(/[<&]/g, '')}</value>`),
    fc
      .tuple(number, number)
      .map(([one, two]) => `<value value="${one}" unit="g/L"><translation value="${two}" code="g/dL"/></value>`),
  );
  const code = fc.constantFrom('HH', 'L', 'N', 'S', 'R', 'POS', '<', 'x');
  const one = fc
    .tuple(value, code, number, number)
    .map(([what, word, low, high]) => observation(what + interpretation(word.replace('<', '&lt;')) + range(low, high)));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (all) => {
      const file = laboratoryCda(...all);
      const report = reportOf(file);
      assert.equal(report.results.length, all.length);
      for (const figures of figuresOf(report)) assert.ok(file.includes(figures), figures);
    }),
    { seed: 5, numRuns: 150 },
  );
});

test('a changed file never throws, and shows no number that is not in it', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    '"',
    '&#',
    'value',
    '<section>',
    '</section>',
    '<!--',
    ']]>',
    '\0',
    'é',
    '9',
    '<td rowspan="-1">',
  );
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 40 }), piece);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let file = PLAIN;
      for (const [where, length, words] of changes) {
        const at = Math.floor(where * file.length);
        file = file.slice(0, at) + words + file.slice(at + length);
      }
      const found = read(file);
      for (const figures of found ? figuresOf(found.report) : []) assert.ok(file.includes(figures), figures);
    }),
    { seed: 5, numRuns: 1_500 },
  );
});

test('elements of a CDA in any nesting never throw', () => {
  const names = [
    'section',
    'entry',
    'act',
    'organizer',
    'component',
    'observation',
    'value',
    'low',
    'code',
    'text',
    'table',
    'tr',
    'td',
    'sup',
    'title',
    'entryRelationship',
    'subject',
    'referenceRange',
    'observationRange',
  ];
  const tree = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 8, withCrossShrink: true },
      fc.constantFrom('1.5', 'mot', '<br/>', '<value value="2" unit="g"/>', '<code code="48767-8"/>'),
      fc
        .tuple(fc.constantFrom(...names), fc.array(tie('node'), { maxLength: 4 }))
        .map(([name, inside]) => `<${name}>${inside.join('')}</${name}>`),
    ),
  })).node;
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 4 }), (body) => {
      assert.ok(read(cdaOf({ body: sectionsOf(`<section>${body.join('')}</section>`) })));
    }),
    { seed: 5, numRuns: 400 },
  );
});
