/** Whom the files of a letter name, with the whole number: for an opposition and for filing, never for a card or a log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cdaOf as cdaText, PATIENT } from './cda/cda.fixture.ts';
import { INR_LINES } from './hprim/hprim.fixture.ts';
import { readContent } from './read-content.ts';
import { archived, cdaOf, letterOf, type Part } from './xdm/letter.fixture.ts';

const now = new Date('2026-05-21T10:00:00Z');
const read = (parts: readonly Part[], headers: readonly string[] = [], inert = false) =>
  readContent(letterOf(parts, headers), { approved: null, now, inert });

const HPRIM = { name: 'resultat.hpr', bytes: Buffer.from(INR_LINES.join('\r\n')), type: 'text/plain' };
const PDF = Buffer.from('%PDF-1.4\n% une copie\n%%EOF\n');

test('a patient of an HPRIM text is stated with his number, which is no INS', async () => {
  const { patients } = await read([HPRIM]);
  assert.deepEqual(patients, [
    {
      index: 0,
      familyName: 'DESSAINT',
      birthName: '',
      givenName: 'Marguerite',
      birthDate: '1941-03-14',
      sex: 'F',
      ins: { number: '241035999999906', oid: '', quality: 'nir-only' },
    },
  ]);
});

test('a patient of an archive is stated with number, authority and the quality that the card shows', async () => {
  const parts = [archived({ documents: [{ uri: 'DOC0001.XML', bytes: cdaOf() }] })];
  for (const [headers, quality] of [
    [['X-MSS-INS: O'], 'qualified'],
    [[], 'unqualified'],
  ] as const) {
    const { patients } = await read(parts, headers);
    assert.deepEqual(patients, [
      {
        index: 0,
        familyName: 'ESSAI',
        birthName: 'ESSAI',
        givenName: 'CAMILLE',
        birthDate: '1990-01-12',
        sex: 'F',
        ins: { number: '199015112345678', oid: '1.2.250.1.213.1.4.10', quality },
      },
    ]);
  }
});

test('a PDF of an archive is about whom its metadata name', async () => {
  const listed = { uri: 'DOC0001.PDF', bytes: PDF, mediaType: 'application/pdf' };
  const { documents, patients } = await read([archived({ documents: [listed] })]);
  assert.deepEqual(
    patients.map(({ index, familyName, ins }) => [documents[index]?.kind, familyName, ins?.number]),
    [['file', 'ESSAI', '199015112345678']],
  );
});

test('where document and metadata name two people, both are stated', async () => {
  const { patients } = await read([
    archived({ documents: [{ uri: 'DOC0001.XML', bytes: cdaOf({ number: '185025112345678' }) }] }),
  ]);
  assert.deepEqual(
    patients.map(({ index, ins }) => [index, ins?.number]),
    [
      [0, '185025112345678'],
      [0, '199015112345678'],
    ],
  );
});

test('a document about several patients shows nobody and states all of them', async () => {
  const other = PATIENT.replaceAll('DELVAUX', 'AUTRE').replace('241035999999906', '185025112345678');
  const { documents, patients } = await read([
    { name: 'cr.xml', bytes: Buffer.from(cdaText({ patient: `${PATIENT}${other}` })) },
  ]);
  const [document] = documents;
  assert.equal(document?.kind === 'report' && document.report.patient.familyName, '');
  assert.deepEqual(
    patients.map(({ birthName, ins }) => [birthName, ins?.number]),
    [
      ['DELVAUX', '241035999999906'],
      ['AUTRE', '185025112345678'],
    ],
  );
});

test('a name that would turn the reading direction is stated without what does', async () => {
  const hostile = PATIENT.replaceAll('DELVAUX', 'DEL\u202eVAUX\n');
  const { patients } = await read([{ name: 'cr.xml', bytes: Buffer.from(cdaText({ patient: hostile })) }]);
  assert.equal(patients[0]?.birthName, 'DELVAUX');
});

test('a letter of which nothing may be opened still states its patients', async () => {
  const { documents, patients } = await read([HPRIM], [], true);
  assert.deepEqual([documents.map(({ kind }) => kind), patients.length], [['file'], 1]);
});

test('the whole number is in no document, whatever carries it on', async () => {
  const cda = { name: 'cr.xml', bytes: Buffer.from(cdaText({})) };
  const { documents, patients } = await read([cda, archived({ documents: [{ uri: 'D.XML', bytes: cdaOf() }] })]);
  assert.equal(patients.length, 2);
  const shown = documents.filter(({ kind }) => kind === 'report');
  for (const carried of [JSON.stringify(shown), JSON.stringify(structuredClone(shown))])
    assert.doesNotMatch(carried, /241035999999906|199015112345678/);
  assert.equal(Object.getOwnPropertySymbols(structuredClone(shown[0] ?? {})).length, 0);
});
