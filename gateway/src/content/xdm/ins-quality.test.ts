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
