/** Who wrote a CDA, by which number, and where he is called: what the header states for him, and for nobody else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACT, cdaOf, PATIENT } from './cda.fixture.ts';
import { readCda } from './read-cda.ts';

function contactOf(parts: { author?: string; context?: string; patient?: string }) {
  const { authorId, phones, sampledBy, sender } =
    readCda(Buffer.from(cdaOf(parts)), new Date('2026-02-01'))?.report ?? assert.fail('not read');
  return { authorId, phones, sampledBy, sender };
}

const tel = (value: string, use = 'WP'): string => `<telecom value="${value}" use="${use}"/>`;
const person = (name: string): string => `<assignedPerson><name><family>${name}</family></name></assignedPerson>`;
const author = (inside: string): string => `<author><assignedAuthor>${inside}</assignedAuthor></author>`;
const laboratory = (inside: string): string =>
  `<representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1590000001"/><name>Laboratoire</name>${inside}</representedOrganization>`;

test('numbers are those of the author, his laboratory, who answers for the document and who keeps it', () => {
  const context = `${ACT}
    <custodian><assignedCustodian><representedCustodianOrganization><name>Labo</name>${tel('tel:0300000005')}</representedCustodianOrganization></assignedCustodian></custodian>
    <legalAuthenticator><assignedEntity>${tel('tel:+33-3-00-00-00-04')}${person('B')}</assignedEntity></legalAuthenticator>`;
  const own = `<id root="1.2.250.1.71.4.2.1" extension="899999999991"/>${tel('mailto:a@labo.example')}${tel('tel:03.00.00.00.01')}`;
  const found = contactOf({ author: author(`${own}${person('A')}${laboratory(tel('tel:0300000003'))}`), context });
  assert.deepEqual(found.phones, ['03 00 00 00 01', '03 00 00 00 03', '+33 3 00 00 00 04', '03 00 00 00 05']);
  assert.equal(found.authorId, 'RPPS 99999999991');
});

test('numbers of the patient, the prescriber and the sampler are not those of the author', () => {
  const patient = PATIENT.replace('<patient>', `${tel('tel:0600000001', 'MC')}<patient>`);
  const party = (typeCode: string, inside: string): string =>
    `<participant typeCode="${typeCode}">${inside}<associatedEntity>${tel('tel:0600000002')}<associatedPerson><name><family>PRELEVEUSE</family></name></associatedPerson></associatedEntity></participant>`;
  const context = `${ACT}${party('REF', '')}${party('PRF', '<functionCode code="PRELV"/>')}`;
  const found = contactOf({ patient, context });
  assert.deepEqual([found.phones, found.sampledBy], [undefined, 'PRELEVEUSE']);
});

test('what is no number to call is none, and no number stands twice', () => {
  const stated = ['fax:0300000001', 'tel:', 'tel:112', 'tel:abc', 'tel:0300000002', 'tel:03 00 00 00 02', ''].map(
    (one) => tel(one),
  );
  assert.deepEqual(
    contactOf({ author: author(`${stated.join('')}<telecom nullFlavor="MSK"/>${person('A')}`) }).phones,
    ['03 00 00 00 02'],
  );
  const many = Array.from({ length: 40 }, (_, at) => tel(`tel:03000000${10 + at}`));
  assert.equal(contactOf({ author: author(`${many.join('')}${person('A')}`) }).phones?.length, 5);
});

test('a device has the number of its laboratory, and nobody gets a number by guessing', () => {
  const device = `<assignedAuthoringDevice><softwareName>Automate</softwareName></assignedAuthoringDevice>${laboratory('')}`;
  assert.equal(contactOf({ author: author(device) }).authorId, 'FINESS 590000001');
  assert.equal(contactOf({ author: author(person('A')) }).authorId, undefined);
  const local = '<id root="1.2.3" extension="899999999991"/>';
  assert.equal(contactOf({ author: author(`${local}${person('A')}`) }).authorId, undefined);
});
