/**
 * The judge of the HPRIM reader: whole files made from the grammar (clinical-formats A.1), then bent as senders bend them
 * (shifted and short headers, births written otherwise, missing markers, several patients, broken lines, every charset).
 * Whatever comes of it: no result under another patient, no number that is not in the file, no line lost.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import fc from 'fast-check';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { encode, FIXTURE_CHARSETS } from './hprim.fixture.ts';
import { readHprim } from './hprim.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const SEED = { seed: 20260112, numRuns: 300 } as const;

const FAMILY_NAMES = ['DESSAINT', 'ESSAI-BÉRARD', "L'HÉRITIER", 'LE GOFF', 'NGUYEN', 'ÇELIK', 'OZ'];
const GIVEN_NAMES = ['Marguerite', 'Jean-Noël', 'Zoé', 'Anaïs', 'Th. Émile', 'Ly'];
const BIRTHS = [
  '14/03/1941',
  '14/03/41',
  '14-03-1941',
  '14.03.1941',
  '1941-03-14',
  '14 03 1941',
  '14031941',
  '14 mars 1941',
  'Né le 14/03/1941',
  '31/02/1941',
  '',
];

interface Analysis {
  readonly fields: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
}

interface Sample {
  readonly header: readonly string[];
  readonly body: readonly string[];
  readonly analyses: readonly Analysis[];
  readonly mark: boolean;
  readonly end: boolean;
}

const value = fc.constantFrom(
  '6.8',
  '6,8',
  '<0.12',
  '*12.9*',
  '85*',
  '2.920',
  '-2',
  '< 0.12  mg/l',
  'Négatif',
  '',
  '10^9',
  '+++',
  '1:40',
);
const unit = fc.constantFrom('', '%', 'g/l', 'mEq/l', '/mm3', 'umol/l', '10^9/L', 'µg/l');
const bound = fc.constantFrom('', '2.0', '3,0', '2.20-2.60', '-2 - 2', 'sup. à 60', '4000', '< 5', '(1 à 3)');
const flag = fc.constantFrom('', 'N', 'L', 'H', 'LL', 'HH', 'h', '*', 'X');
const status = fc.constantFrom('', 'F', 'R', 'C', 'P', 'f', 'Q', '?');
const prose = fc.constantFrom(
  'Antériorité 08/12/2025 : 2,6',
  'H E M A T O L O G I E',
  '                        HÉMOSTASE',
  'Prélèvement hémolysé, à contrôler.',
  'Technique : <br/>chromométrie',
  'Contrôle',
  'Conseillé',
  'INR   6,8 *    2,0 à 3,0',
  '2.920 */mm3    4.000 à 10.000',
  'voir | la note',
);

/** Every analysis has a name of its own, so that it is known whose it is. */
const analysisOf = (patient: number) =>
  fc
    .record({
      number: fc.integer({ min: 0, max: 99 }),
      type: fc.constantFrom('N', 'A', 'C', ''),
      first: fc.tuple(value, unit, bound, bound),
      flag,
      status,
      second: fc.option(fc.tuple(value, unit, bound, bound), { nil: null }),
      extra: fc.constantFrom('', '', '', '|reste 77'),
      before: fc.array(prose, { maxLength: 2 }),
      after: fc.array(prose, { maxLength: 3 }),
    })
    .map(({ number, type, first, second, before, after, extra, ...rest }): Analysis => {
      const fields = [`ANALYSE ${patient}-${number}`, `K${number}`, type, ...first, rest.flag, rest.status];
      return { fields: [...fields, ...(second ?? []), ...(second && extra ? [extra.slice(1)] : [])], before, after };
    });

const sampleOf = (patient: number): fc.Arbitrary<Sample> =>
  fc.record({
    header: fc
      .record({
        code: fc.constantFrom('FIC0000042', '', '.', '2410359999999', 'Compte-rendu'),
        family: fc.constantFrom(...FAMILY_NAMES),
        given: fc.constantFrom(...GIVEN_NAMES),
        birth: fc.constantFrom(...BIRTHS),
        nir: fc.constantFrom('2410359999999 06', '', '241035999999906', 'illisible'),
        town: fc.constantFrom('59280 ARMENTIERES', '', '20100 SARTENE'),
        date: fc.constantFrom('12/01/2026', '', 'M-5128-23/10/06'),
        length: fc.constantFrom(12, 12, 12, 13, 7),
        // Not the names: without them nothing is a header (A.1.2).
        dropped: fc.option(fc.constantFrom(0, 3, 4, 5, 6, 7, 8, 9, 10, 11), { nil: null, freq: 4 }),
        ahead: fc.constantFrom([], [], [''], ['', ''], ['', '', ''], ['COMPTE RENDU'], ['Laboratoire Fictif']),
      })
      .map((one) => {
        const lines = [
          one.code,
          `${one.family} P${'ABCD'.charAt(patient)}`,
          one.given,
          '8 RUE DES TILLEULS',
          '',
          one.town,
          one.birth,
          one.nir,
          'B26-104512',
          one.date,
          '.          LABO FICTIF',
          'MGFICTIF01 CLAIRE.MARTIN',
          '',
        ].slice(0, one.length);
        return [...one.ahead, ...lines.filter((_, at) => at !== one.dropped)];
      }),
    body: fc.array(prose, { maxLength: 4 }),
    analyses: fc.array(analysisOf(patient), { maxLength: 4 }),
    mark: fc.boolean(),
    end: fc.boolean(),
  });

const resLine = ({ fields }: Analysis): string => `RES|${fields.join('|')}`;

const linesOf = ({ header, body, analyses, mark, end }: Sample): string[] => [
  ...header,
  ...body,
  ...(mark ? ['****LAB****'] : []),
  ...analyses.flatMap((one) => [
    ...one.before.map((line) => `TEX|${line}`),
    resLine(one),
    ...one.after.map((line) => `TEX|${line}`),
  ]),
  ...(end ? ['****FIN****'] : []),
];

/** Without a marker before it, a header that holds nothing but names is text to anybody. */
const isHeaderWithoutMarker = (sample: Sample | undefined): boolean =>
  sample === undefined ||
  sample.header.some((line) => /^(?:2410359999999 06|241035999999906|(?:Né le )?14[/ .-]|31\/|1403|1941-)/.test(line));

/** A short header and nothing behind it: what follows cannot be told from the rest of the header. */
const isHollow = ({ header, body, analyses }: Sample): boolean =>
  body.length + analyses.length === 0 && header.filter((line) => line !== '').length < 9;

const files = fc
  .tuple(fc.integer({ min: 1, max: 3 }), sampleOf(0), sampleOf(1), sampleOf(2), fc.boolean())
  .map(([count, ...rest]) => {
    const given = (rest.slice(0, 3) as Sample[]).slice(0, count);
    const samples = given.map((one, at) => ({
      ...one,
      end: one.end || isHollow(one) || !isHeaderWithoutMarker(given[at + 1]),
    }));
    const last = rest[3] === true ? ['****FINFICHIER****'] : [];
    return { samples, lines: [...samples.flatMap(linesOf), ...last] };
  });

/** As it would come out of a letter. */
function readIn(lines: readonly string[], charset: (typeof FIXTURE_CHARSETS)[number], lineEnd: string) {
  const text = cleanText(decodeClinicalText(encode(lines.join(lineEnd), charset)).text);
  return { text, reports: readHprim(text, NOW) };
}

const shownOf = (reports: readonly ClinicalReport[]): string =>
  reports
    .flatMap(({ text, sender, recipient, fileNumber, results }) => [
      ...[text, sender, recipient, fileNumber],
      ...results.flatMap(({ comments, label }) => [label, ...comments]),
    ])
    .join('\n');

/** As it is written, or with its line breaks made. */
const holds = (shown: string, line: string): boolean =>
  shown.includes(line.trim()) || shown.includes(line.replace(/<br ?\/?>/g, '\n').trim());

const letters = fc.tuple(files, fc.constantFrom(...FIXTURE_CHARSETS), fc.constantFrom('\r\n', '\n', '\r'));

test('no result stands under the name of another patient', () => {
  fc.assert(
    fc.property(letters, ([{ lines }, charset, lineEnd]) => {
      for (const { patient, results } of readIn(lines, charset, lineEnd).reports) {
        const whose = /P([ABCD])$/.exec(patient.familyName)?.[1];
        for (const { label } of results) {
          const number = /^ANALYSE (\d)-/.exec(label)?.[1];
          if (whose !== undefined && number !== undefined) assert.equal('ABCD'.charAt(Number(number)), whose, label);
          if (whose === undefined) assert.equal(patient.familyName, '', `a name of nobody: ${patient.familyName}`);
        }
      }
    }),
    SEED,
  );
});

test('every number of a result stands in the file, in the line of that result', () => {
  fc.assert(
    fc.property(letters, ([{ lines, samples }, charset, lineEnd]) => {
      const written = new Map(samples.flatMap(({ analyses }) => analyses.map((one) => [resLine(one), one] as const)));
      for (const { results } of readIn(lines, charset, lineEnd).reports)
        for (const { label, code, first, second } of results) {
          const measures = [first, ...(second === null ? [] : [second])];
          const shown = measures.flatMap(({ value, low, high, unit }) => [
            value,
            low,
            high,
            ...(unit.match(/\d+/g) ?? []),
          ]);
          const line = [...written.keys()].find(
            (one) => one.startsWith(`RES|${label}|${code}|`) && shown.every((text) => one.includes(text)),
          );
          assert.ok(line, `${label}: ${JSON.stringify(shown)}`);
        }
    }),
    SEED,
  );
});

test('no line behind the header is lost: it is a result, a comment of one, or text', () => {
  fc.assert(
    fc.property(letters, ([{ lines, samples }, charset, lineEnd]) => {
      const { reports } = readIn(lines, charset, lineEnd);
      if (reports.length === 0) return;
      const shown = shownOf(reports);
      const results = reports.flatMap((one) => one.results);
      for (const { body, analyses } of samples) {
        for (const line of body) assert.ok(holds(shown, line), `text: ${line}`);
        for (const { fields, before, after } of analyses) {
          for (const line of [...before, ...after]) assert.ok(holds(shown, line), `TEX: ${line}`);
          const [label, , , first] = fields;
          const isRead = results.some((one) => one.label === label && one.first.value === first?.trim());
          assert.ok(isRead || shown.includes(fields.join('|').trim()), `RES: ${fields.join('|')}`);
        }
      }
    }),
    SEED,
  );
});

test('the text of a report is made of lines of the file, in their order', () => {
  fc.assert(
    fc.property(letters, ([{ lines }, charset, lineEnd]) => {
      const { text, reports } = readIn(lines, charset, lineEnd);
      const source = `${text}\n${text.replace(/<br ?\/?>/g, '\n')}`;
      for (const report of reports)
        for (const line of report.text.split('\n')) assert.ok(source.includes(line.trim()), JSON.stringify(line));
    }),
    SEED,
  );
});
