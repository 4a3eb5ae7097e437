/** Which patient a report is about, and how far its national number may be believed (ANS, ECO.2.4.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { ReadDocument } from '../read-document.ts';
import { archived, cdaOf, readLetter } from './letter.fixture.ts';

const CDA = cdaOf();
const one = { uri: 'DOC0001.XML', bytes: CDA };

const reportsOf = (documents: readonly ReadDocument[]): ClinicalReport[] =>
  documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));

test('an INS is qualified only when sender, number, authority and four traits all say so', async () => {
  const quality = async (headers: string[], listed: object = {}, bytes = CDA) => {
    const [report] = reportsOf(
      await readLetter([archived({ documents: [{ uri: 'DOC0001.XML', bytes, ...listed }] })], headers),
    );
    return report?.patient.ins?.quality;
  };
  assert.equal(await quality(['X-MSS-INS: O']), 'qualified');
  assert.equal(await quality(['x-mss-ins:o']), 'qualified');
  for (const headers of [
    [],
    ['X-MSS-INS: N'],
    ['X-MSS-INS: O', 'X-MSS-INS: N'],
    ['X-MSS-INS: OUI'],
    ['Subject: X-MSS-INS: O'],
  ])
    assert.equal(await quality(headers), 'unqualified', headers.join());
  const said = ['X-MSS-INS: O'];
  assert.equal(await quality(said, { patient: '199015112345678^^^&amp;1.2.3&amp;ISO^PI' }), 'unqualified');
  for (const missing of ['PID-7', 'PID-8'])
    assert.equal(
      await quality(said, {
        traits: ['PID-5|ESSAI^CAMILLE^CAMILLE^^^^L', 'PID-7|19900112', 'PID-8|F'].filter(
          (trait) => !trait.startsWith(missing),
        ),
      }),
      'unqualified',
    );
  assert.equal(await quality(said, {}, cdaOf({ number: '' })), undefined);
});

test('a document of another patient than its metadata says so, and its INS is never qualified', async () => {
  for (const bytes of [cdaOf({ birth: '19850203' }), cdaOf({ number: '185025112345678' })]) {
    const [report] = reportsOf(await readLetter([archived({ documents: [{ ...one, bytes }] })], ['X-MSS-INS: O']));
    assert.deepEqual([report?.warnings, report?.patient.ins?.quality], [['xdm-patient-differs'], 'unqualified']);
  }
});

test('a number that only looks the same behind its mask, another sex or a wholly other name are another patient', async () => {
  const traitsOf = (name: string, sex: string) => [`PID-5|${name}^^^^L`, 'PID-7|19900112', `PID-8|${sex}`];
  const judged = async (listed: object) => {
    const [report] = reportsOf(await readLetter([archived({ documents: [{ ...one, ...listed }] })], ['X-MSS-INS: O']));
    return [report?.warnings.includes('xdm-patient-differs'), report?.patient.ins?.quality];
  };
  const masked = { patient: '199018812345678^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH' };
  assert.deepEqual(await judged(masked), [true, 'unqualified']);
  assert.deepEqual(await judged({ traits: traitsOf('ESSAI^CAMILLE^CAMILLE ANNE', 'M') }), [true, 'unqualified']);
  assert.deepEqual(await judged({ traits: traitsOf('AUTRE^PAUL^PAUL', 'F') }), [true, 'unqualified']);
  for (const name of ['ESSAI^CAMILLE^CAMILLE', 'ESSAI-DURAND^C^C', 'DURAND^CAMILLEANNE^CAMILLEANNE'])
    assert.deepEqual(await judged({ traits: traitsOf(name, 'F') }), [false, 'qualified'], name);
});

test('a particle, a syllable or a name within a name is no shared name; one written apart or together is', async () => {
  const differs = async (family: string, given: string, listed: string): Promise<boolean | undefined> => {
    const bytes = Buffer.from(String(cdaOf()).replace('ESSAI', family).replaceAll('CAMILLE', given));
    const traits = [`PID-5|${listed}^^^^L`, 'PID-7|19900112', 'PID-8|F'];
    const [report] = reportsOf(await readLetter([archived({ documents: [{ ...one, bytes, traits }] })]));
    return report?.warnings.includes('xdm-patient-differs');
  };
  assert.equal(await differs('DE SOUZA', 'PAULA', 'DE LA TOUR^JEANNE^JEANNE'), true);
  assert.equal(await differs('DE LA ROCHE', 'PAULA', 'DE LA TOUR^JEANNE^JEANNE'), true);
  assert.equal(await differs('LE GALL', 'LOU', 'LEROY^JEANNE^JEANNE'), true);
  assert.equal(await differs('PETIT', 'ANNE', 'DURAND^JEANNE^JEANNE'), true);
  assert.equal(await differs('LI', 'WEI', 'LI^X^X'), false);
  assert.equal(await differs('SAINT-MARTIN', 'LOU', 'SAINTMARTIN^X^X'), false);
  assert.equal(await differs('D&apos;ARC', 'LOU', 'DARC^JEANNE^JEANNE'), false);
  assert.equal(await differs('PETIT', 'JEANLOU', 'DURAND^X^JEAN LOU'), false);
});

test('one set for documents of several kinds replaces none of them', async () => {
  const letter = Buffer.from(String(cdaOf({ id: '1.9', version: 2 })).replace('11502-2', '11490-0'));
  const statuses = async (second: Buffer) =>
    reportsOf(
      await readLetter([
        archived({
          documents: [
            { ...one, uniqueId: '1.2.3.4' },
            { uri: 'DOC0002.XML', bytes: second, uniqueId: '1.9' },
          ],
        }),
      ]),
    ).map(({ status }) => status);
  assert.deepEqual(await statuses(letter), ['final', 'corrected']);
  assert.deepEqual(await statuses(cdaOf({ id: '1.9', version: 2 })), ['replaced', 'corrected']);
});
