/**
 * The judge of the CDA reader: documents made from the grammar (clinical-formats A.2.3, A.2.4) in every writing that XML
 * leaves open (prefixes, encodings, byte order marks, attribute order), with sections and organizers nested as they come.
 * Every result has its own name, value and range, and shows these and no others; no word of the narrative is lost.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ACT,
  AUTHOR,
  cdaOf,
  chapter,
  interpretation,
  observation,
  PATIENT,
  related,
  sectionsOf,
} from './cda.fixture.ts';
import { readCda } from './read-cda.ts';

const NOW = new Date('2026-02-01T10:00:00Z');
const SEED = { seed: 20260112, numRuns: 150 } as const;

const number = fc
  .tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom('', '.0', '.5', '.270', '.12345', '.500'))
  .map(([whole, part]) => `${whole}${part}`);
const unit = fc.constantFrom('mmol/L', 'm[IU]/L', '10*9/L', '%', 'g/dL', 'ug/mL', '10*3/mm3', '1', '{copies}/mL');
const WORDS = ['Négatif', 'Absence de germe', '< 5', 'Présence (++)', '1/64', '10 à 20 par champ'];

interface Stated {
  readonly value: string;
  readonly low: string;
  readonly high: string;
  readonly unit: string;
  readonly kind: 'PQ' | 'REAL' | 'ST' | 'IVL_PQ' | 'CD';
  readonly words: string;
  readonly flag: string;
  readonly hasRange: boolean;
  /** A range for somebody else before the one that counts. */
  readonly hasOtherRange: boolean;
  readonly depth: number;
}

const stated: fc.Arbitrary<Stated> = fc.record({
  value: number,
  low: number,
  high: number,
  unit,
  kind: fc.constantFrom('PQ', 'PQ', 'REAL', 'ST', 'IVL_PQ', 'CD'),
  words: fc.constantFrom(...WORDS),
  flag: fc.constantFrom('', 'N', 'H', 'HH', 'L', 'LL', 'A', 'AA', 'POS'),
  hasRange: fc.boolean(),
  hasOtherRange: fc.boolean(),
  depth: fc.integer({ min: 0, max: 3 }),
});

const labelAt = (index: number): string => `Analyse ${'ABCDEFGHIJ'.charAt(index)}`;

function statedValue({ kind, value, unit, high, words }: Stated): string {
  if (kind === 'PQ') return `<value unit="${unit}" xsi:type="PQ" value="${value}"/>`;
  if (kind === 'REAL') return `<value xsi:type="REAL" value="${value}"/>`;
  if (kind === 'IVL_PQ')
    return `<value xsi:type="IVL_PQ"><low value="${value}" unit="${unit}"/><high value="${high}" unit="${unit}"/></value>`;
  if (kind === 'CD') return `<value xsi:type="CD" code="X12" displayName="${words.replace('<', '&lt;')}"/>`;
  return `<value xsi:type="ST">${words.replace('<', '&lt;')}</value>`;
}

function rangesOf({ low, high, hasRange, hasOtherRange, unit }: Stated): string {
  const bounds = (from: string, to: string) =>
    `<value xsi:type="IVL_PQ"><low value="${from}" unit="${unit}"/><high value="${to}" unit="${unit}"/></value>`;
  const other = `<referenceRange><observationRange>${bounds('777001', '777002')}<precondition><criterion><code code="x" displayName="Femme enceinte"/></criterion></precondition></observationRange></referenceRange>`;
  const own = `<referenceRange><observationRange>${bounds(low, high)}${interpretation('N')}</observationRange></referenceRange>`;
  return `${hasOtherRange ? other : ''}${hasRange ? own : ''}`;
}

function entryOf(one: Stated, index: number): string {
  const code = `<code code="K${index}" displayName="${labelAt(index)}" codeSystem="2.16.840.1.113883.6.1"/>`;
  const flag = one.flag === '' ? '' : interpretation(one.flag);
  let statement = observation(`${statedValue(one)}${flag}${rangesOf(one)}`, { code });
  for (let level = 0; level < one.depth; level += 1)
    statement = `<organizer classCode="BATTERY" moodCode="EVN"><code code="B${level}" displayName="Bilan"/><statusCode code="completed"/><component>${statement}</component></organizer>`;
  return related(statement);
}

const narrativeOf = (count: number): string =>
  `<paragraph>Conclusion : à contrôler.</paragraph><table><tbody>${Array.from({ length: count }, (_, at) => `<tr><td>${labelAt(at)} mesurée</td></tr>`).join('')}</tbody></table>`;

const documents = fc.record({
  results: fc.array(stated, { minLength: 1, maxLength: 6 }),
  prefix: fc.constantFrom('', 'hl7', 'ns0'),
  encoding: fc.constantFrom('UTF-8', 'utf-8-bom', 'ISO-8859-1', 'windows-1252', 'UTF-16'),
  isNested: fc.boolean(),
  hasSheet: fc.boolean(),
});

/** Every element of HL7 under a prefix. */
function prefixed(xml: string, prefix: string): string {
  if (prefix === '') return xml;
  return xml
    .replace(/<(\/?)([A-Za-z])/g, `<$1${prefix}:$2`)
    .replace('xmlns="urn:hl7-org:v3"', `xmlns:${prefix}="urn:hl7-org:v3"`);
}

function encoded(xml: string, encoding: string): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(xml);
  if (encoding === 'utf-8-bom') return Buffer.from(`\ufeff${xml}`);
  const declared = xml.replace('encoding="UTF-8"', `encoding="${encoding}"`);
  return encoding === 'UTF-16' ? Buffer.from(`\ufeff${declared}`, 'utf16le') : Buffer.from(declared, 'latin1');
}

function written({
  results,
  prefix,
  encoding,
  isNested,
  hasSheet,
}: Parameters<Parameters<typeof documents.map>[0]>[0]) {
  const section = chapter(results.map(entryOf).join(''), { text: narrativeOf(results.length) });
  const body = isNested
    ? sectionsOf(
        `<section><title>Chapitre</title><text>Avant-propos.</text><component>${section}</component></section>`,
      )
    : sectionsOf(section);
  const xml = cdaOf({ body });
  return encoded(prefixed(hasSheet ? xml : xml.replace(/<\?xml-stylesheet[^>]*\?>/, ''), prefix), encoding);
}

test('each result has the value, the range and the flag of its own observation, in the file’s characters', () => {
  fc.assert(
    fc.property(documents, (given) => {
      const read = readCda(written(given), NOW);
      assert.ok(read, 'it is a CDA');
      const { results } = read.report;
      assert.equal(results.length, given.results.length);
      given.results.forEach((one, index) => {
        const result = results.find(({ label }) => label === labelAt(index));
        assert.ok(result, labelAt(index));
        const { value, low, high } = result.first;
        const expected =
          one.kind === 'PQ' || one.kind === 'REAL'
            ? one.value
            : one.kind === 'IVL_PQ'
              ? `${one.value} – ${one.high}`
              : one.words;
        assert.equal(value, expected);
        if (!one.hasRange) assert.deepEqual([low, high], ['', '']);
        else
          for (const [shown, own] of [
            [low, one.low],
            [high, one.high],
          ] as const)
            assert.equal(shown.split(' ')[0], own);
        if (['HH', 'LL', 'AA'].includes(one.flag)) assert.equal(result.severity, 'critical');
        else assert.notEqual(result.severity, 'critical', 'nothing critical is computed');
        if (one.hasOtherRange) assert.ok(result.comments.some((line) => line.includes('777001')));
      });
    }),
    SEED,
  );
});

test('patient, date and the words of the narrative are the same in every writing', () => {
  fc.assert(
    fc.property(documents, (given) => {
      const read = readCda(written(given), NOW);
      const { patient, date, sender, text } = read?.report ?? assert.fail('it is a CDA');
      assert.deepEqual(
        [patient.familyName, patient.birthName, patient.birthDate],
        ['DESSAINT', 'DELVAUX', '1941-03-14'],
      );
      assert.deepEqual([date, sender.includes('TILLEUL')], ['2026-01-12', true]);
      assert.ok(text.includes('Conclusion : à contrôler.'));
      for (const index of given.results.keys()) assert.ok(text.includes(`${labelAt(index)} mesurée`));
      if (given.isNested) assert.ok(text.includes('Avant-propos.'));
    }),
    SEED,
  );
});

test('a document that is cut, doubled or has bytes changed never shows a number or a name that is not in it', () => {
  const base = cdaOf({
    body: sectionsOf(
      chapter(
        entryOf(
          {
            value: '6.8',
            low: '2.0',
            high: '3.0',
            unit: 'mmol/L',
            kind: 'PQ',
            words: '',
            flag: 'HH',
            hasRange: true,
            hasOtherRange: false,
            depth: 1,
          },
          0,
        ),
        { text: narrativeOf(1) },
      ),
    ),
  });
  const parts = [PATIENT, AUTHOR, ACT, '"', '<', '>', '/', '&', 'value=', ' ', '<!--', ']]>', '<![CDATA[', 'é'];
  const change = fc.record({
    at: fc.integer({ min: 0, max: base.length }),
    cut: fc.integer({ min: 0, max: 40 }),
    put: fc.constantFrom('', ...parts),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let xml = base;
      for (const { at, cut, put } of changes) xml = xml.slice(0, at) + put + xml.slice(at + cut);
      const read = readCda(Buffer.from(xml), NOW);
      if (read === null) return;
      const { results, patient } = read.report;
      for (const name of [patient.familyName, patient.birthName, patient.givenName])
        for (const word of name.split(' ')) assert.ok(xml.includes(word), name);
      for (const { first } of results)
        for (const shown of Object.values(first))
          for (const token of shown.match(/\d[\d.,]*\d|\d/g) ?? [])
            assert.ok(xml.includes(token), `${token} of ${shown}`);
    }),
    { seed: 20260112, numRuns: 400 },
  );
});
