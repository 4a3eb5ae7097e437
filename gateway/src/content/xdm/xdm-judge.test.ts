/**
 * The judge of the XDM reader: the example archives of the French agency, where they are at hand, packed again with what
 * other software does to them (metadata that lack a field, other prefixes, other encodings, an archive without hashes),
 * and archives of several patients. Nothing throws, nobody gets another's name, no number is shown that is not in the
 * document it stands in, and every document is still there.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ClinicalReport } from '@estafette/contracts/document';
import fc from 'fast-check';
import { archived, cdaOf, PDF, readLetter } from './letter.fixture.ts';
import { readArchive } from './read-archive.ts';
import { zipOf } from './zip.fixture.ts';

const FOLDER = fileURLToPath(new URL('../../../../../shared/samples/xdm', import.meta.url));
const skip = existsSync(FOLDER) ? false : 'the shared samples are not here';

type File = { path: string; bytes: Buffer };
type Change = (file: File) => File;

const changed =
  (which: RegExp, change: (xml: string) => string): Change =>
  (file) =>
    which.test(file.path) ? { ...file, bytes: Buffer.from(change(file.bytes.toString())) } : file;

const METADATA = /METADATA\.XML$/i;
const without = (slot: string): Change =>
  changed(METADATA, (xml) =>
    xml.replace(new RegExp(`<([\\w:]*)Slot\\b[^>]*name="${slot}"[^>]*>[\\s\\S]*?</\\1Slot>`, 'g'), ''),
  );

/** Does nothing to what a document is, or who it is about. */
const CHANGES: Readonly<Record<string, Change>> = {
  'nothing at all': (file) => file,
  'no hash': without('hash'),
  'no size': without('size'),
  'no patient traits': without('sourcePatientInfo'),
  'no creation time': without('creationTime'),
  'no language': without('languageCode'),
  'no classification': changed(METADATA, (xml) =>
    xml.replace(/<([\w:]*)Classification\b[\s\S]*?<\/\1Classification>/g, ''),
  ),
  'no external identifier': changed(METADATA, (xml) =>
    xml.replace(/<([\w:]*)ExternalIdentifier\b[\s\S]*?<\/\1ExternalIdentifier>/g, ''),
  ),
  'other prefixes': changed(METADATA, (xml) => xml.replace(/\bns(\d)\b/g, 'q$1')),
  'no line breaks': changed(METADATA, (xml) => xml.replace(/>\s+</g, '><')),
  'comments between': changed(METADATA, (xml) => xml.replace(/></g, '><!-- x --><')),
  'a byte order mark': changed(METADATA, (xml) => `\ufeff${xml.replace(/^\s+/, '')}`),
  'small letters in its name': (file) => ({ ...file, path: file.path.replace(METADATA, 'metadata.xml') }),
  'a byte too many behind the metadata': changed(METADATA, (xml) => `${xml}\u0000`),
};

/** A third of them for each archive, so that every one meets several. */
const changesFor = (archive: number) => Object.entries(CHANGES).filter((_, index) => index % 3 === archive % 3);
const archiveNames = (): string[] => readdirSync(FOLDER).filter((one) => one.endsWith('.ZIP'));

const packed = (files: readonly File[]): Buffer => zipOf(files.map(({ path, bytes }) => ({ name: path, bytes })));
const reportsOf = (documents: Awaited<ReturnType<typeof readLetter>>): ClinicalReport[] =>
  documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));

const tokensIn = (text: string): string[] => text.match(/\d+(?:[.,]\d+)?/g) ?? [];

/** What a report claims in figures stands in the source of a document of the archive. */
function assertFromFile(report: ClinicalReport, sources: readonly string[], what: string): void {
  const source = sources.find((one) => one.includes(report.patient.familyName)) ?? '';
  const { patient, results } = report;
  assert.notEqual(source, '', `${what}: ${patient.familyName}`);
  if (patient.birthDate !== null) assert.ok(source.includes(patient.birthDate.replaceAll('-', '')), what);
  for (const { label, first, second } of results)
    for (const { value, low, high } of [first, ...(second === null ? [] : [second])])
      for (const token of [value, low, high].flatMap(tokensIn)) {
        // A moment is printed as people write it; its figures are in the file in another order.
        if (/\d{2}\/\d{2}\/\d{4}/.test(value)) continue;
        assert.ok(source.includes(token), `${what}: ${token} of ${label}`);
      }
}

/** What must not change with the metadata: whom, which analyses, which figures. */
const essence = ({ patient, results, text }: ClinicalReport) => ({
  who: [patient.familyName, patient.givenName, patient.birthDate, patient.sex],
  what: results.map(({ label, first, flag }) => [label, first.value, first.low, first.high, flag]),
  words: text,
});

test('the example archives say the same whatever their metadata lack, and nothing that is not in them', {
  skip,
}, async () => {
  for (const [at, name] of archiveNames().entries()) {
    const files = await readArchive(readFileSync(`${FOLDER}/${name}`));
    assert.ok(Array.isArray(files), name);
    const sources = files.map(({ bytes }) => bytes.toString());
    const plain = reportsOf(await readLetter([{ name: 'IHE_XDM.ZIP', bytes: packed(files) }])).map(essence);
    for (const [what, change] of changesFor(at)) {
      const bytes = packed(files.map(change));
      const shown = await readLetter([{ name: 'IHE_XDM.ZIP', bytes }]);
      assert.ok(shown.length > 0, `${name}, ${what}`);
      const reports = reportsOf(shown);
      for (const report of reports) assertFromFile(report, sources, `${name}, ${what}`);
      const isKept = shown.some((document) => document.kind === 'file' && document.note === 'xdm-metadata-unreadable');
      if (!isKept) assert.deepEqual(reports.map(essence), plain, `${name}, ${what}`);
    }
  }
});

test('an archive with bytes changed at random ends, and shows only what stands in one of its documents', {
  skip,
}, async () => {
  const name = archiveNames().find((one) => /TSH/.test(one)) ?? '';
  const archive = await readArchive(readFileSync(`${FOLDER}/${name}`));
  assert.ok(Array.isArray(archive));
  const change = fc.record({ file: fc.nat({ max: 20 }), at: fc.nat(), byte: fc.nat({ max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const files = archive.map((file) => ({ ...file, bytes: Buffer.from(file.bytes) }));
      for (const { file, at, byte } of changes) {
        const bytes = files[file % files.length]?.bytes;
        if (bytes && bytes.length > 0) bytes[at % bytes.length] = byte;
      }
      const shown = await readLetter([{ name: 'IHE_XDM.ZIP', bytes: packed(files) }]);
      assert.ok(shown.length > 0);
      const sources = files.map(({ bytes }) => bytes.toString());
      for (const report of reportsOf(shown)) assertFromFile(report, sources, JSON.stringify(changes));
    }),
    { seed: 20260112, numRuns: 20 },
  );
});

test('several patients in one archive keep each their own name, number, birth and values', async () => {
  const patients = fc.uniqueArray(
    fc.record({
      number: fc.integer({ min: 10_000, max: 99_999 }).map((tail) => `1990151123${tail}`),
      birth: fc.integer({ min: 1930, max: 2009 }).map((year) => `${year}0112`),
      value: fc.integer({ min: 100, max: 999 }).map((value) => `${value / 100}`),
    }),
    { minLength: 2, maxLength: 5, selector: ({ value }) => value },
  );
  await fc.assert(
    fc.asyncProperty(patients, fc.boolean(), async (all, isOneSet) => {
      const documents = all.map(({ number, birth, value }, index) => ({
        uri: `DOC000${index}.XML`,
        uniqueId: `1.2.3.${index}`,
        patient: `${number}^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH`,
        traits: [`PID-5|ESSAI^CAMILLE^CAMILLE ANNE^^^^L`, `PID-7|${birth}`, 'PID-8|F'],
        bytes: cdaOf({
          id: `1.2.3.${index}`,
          setId: isOneSet ? '1.2' : `1.2.${index}`,
          number,
          birth,
          value,
          pdf: PDF,
        }),
      }));
      const reports = reportsOf(await readLetter([archived({ documents })]));
      assert.equal(reports.length, all.length);
      for (const { patient, text, warnings } of reports) {
        const [own, ...others] = all.filter(({ value }) => text.includes(`Potassium ${value} mmol/L`));
        assert.ok(own !== undefined && others.length === 0, text);
        assert.equal(patient.birthDate?.replaceAll('-', ''), own.birth);
        assert.ok(!warnings.includes('xdm-patient-differs'));
      }
    }),
    { seed: 20260112, numRuns: 25 },
  );
});
