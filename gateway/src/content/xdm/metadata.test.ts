/** What METADATA.XML says of the documents of an archive, in the forms in which software writes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XDM_LIMITS } from '@estafette/contracts/limits';
import { metadataOf } from './metadata.fixture.ts';
import type { XdmMetadata } from './metadata.ts';
import { readMetadata } from './metadata.ts';

const BYTES = Buffer.from('<ClinicalDocument/>');
const one = { uri: 'DOC0001.XML', bytes: BYTES, title: 'Compte rendu d&apos;examens', hash: 'ab'.repeat(20) };

function read(bytes: Buffer): XdmMetadata {
  const metadata = readMetadata(bytes);
  assert.ok(!('refused' in metadata), 'refused' in metadata ? metadata.refused : '');
  return metadata;
}

const EXPECTED: XdmMetadata = {
  submissionTime: '20260520154422',
  submissionId: '1.2.3.9',
  patient: { number: '199015112345678', authority: '1.2.250.1.213.1.4.10' },
  documents: [
    {
      id: 'urn:uuid:DOC0001.XML',
      uri: 'DOC0001.XML',
      mediaType: 'text/xml',
      hash: 'ab'.repeat(20),
      size: String(BYTES.length),
      typeCode: '11502-2',
      typeName: 'CR examens',
      title: "Compte rendu d'examens",
      uniqueId: '1.2.3.4',
      patient: { number: '199015112345678', authority: '1.2.250.1.213.1.4.10' },
      traits: { birthName: 'ESSAI', givenNames: 'CAMILLE ANNE', birthDate: '1990-01-12', sex: 'F' },
      author: 'BIOLOGISTE Marcel, Laboratoire du test',
      action: null,
    },
  ],
  replacements: [],
};

for (const [what, told] of [
  ['the prefixes of the French examples, spaces before and no prolog', {}],
  ['other prefixes', { prefix: 'rim', prolog: '<?xml version="1.0" encoding="UTF-8"?>' }],
  ['no prefix', { prefix: '', prolog: '' }],
  ['a byte order mark, and one more', { prolog: '\ufeff\ufeff \r\n<?xml version="1.0"?>' }],
] as const)
  test(`the metadata are read with ${what}`, () => {
    assert.deepEqual(read(metadataOf([one], told)), EXPECTED);
  });

test('metadata in UTF-16 are read as well', () => {
  const text = metadataOf([one], { prolog: '' }).toString('utf8');
  assert.deepEqual(read(Buffer.from(`\ufeff${text}`, 'utf16le')), EXPECTED);
});

test('each document keeps its own slots, whatever object they say they classify', () => {
  const other = { ...one, uri: 'DOC0002.PDF', mediaType: 'application/pdf', typeCode: '11490-0', title: 'Lettre' };
  const { documents } = read(metadataOf([one, other]));
  assert.deepEqual(
    documents.map(({ uri, typeCode, title }) => [uri, typeCode, title]),
    [
      ['DOC0001.XML', '11502-2', "Compte rendu d'examens"],
      ['DOC0002.PDF', '11490-0', 'Lettre'],
    ],
  );
});

test('replacement and deletion are told, and of both the deletion counts', () => {
  const actionOf = (bytes: Buffer) => read(bytes).documents[0]?.action;
  assert.equal(actionOf(metadataOf([{ ...one, action: 'C' }])), 'replace');
  assert.equal(actionOf(metadataOf([{ ...one, action: 'D' }])), 'delete');
  const both = metadataOf([{ ...one, action: 'C' }])
    .toString()
    .replace('Value>C<', 'Value> d </ns2:Value><ns2:Value>C<');
  assert.equal(actionOf(Buffer.from(both)), 'delete');
  const { replacements } = read(metadataOf([one], { replacements: [['urn:uuid:new', 'urn:uuid:old']] }));
  assert.deepEqual(replacements, [{ by: 'urn:uuid:new', replaced: 'urn:uuid:old' }]);
});

test('of two names without a kind none is taken for the birth name', () => {
  const traits = ['PID-5|ESSAI^CAMILLE', 'PID-5|USAGE^CAMILLE', 'PID-7|1990', 'PID-8|F'];
  const [document] = read(metadataOf([{ ...one, traits }])).documents;
  assert.deepEqual(document?.traits, { birthName: '', givenNames: '', birthDate: '', sex: 'F' });
});

test('a number without its authority is no identity', () => {
  const patientOf = (patient: string) => read(metadataOf([{ ...one, patient }])).documents[0]?.patient;
  assert.equal(patientOf('199015112345678'), null);
  assert.equal(patientOf('199015112345678^^^&amp;&amp;ISO^NH'), null);
  assert.equal(patientOf('^^^&amp;1.2.250.1.213.1.4.8&amp;ISO^NH'), null);
});

test('a URI in numbered pieces is put together', () => {
  const cut = metadataOf([one])
    .toString()
    .replace('>DOC0001.XML</ns2:Value>', '>2|1.XML</ns2:Value><ns2:Value>1|DOC000</ns2:Value>');
  assert.equal(read(Buffer.from(cut)).documents[0]?.uri, 'DOC0001.XML');
});

test('metadata that are none, too many, too large or dangerous are refused with a reason', () => {
  const refusal = (bytes: Buffer): string => {
    const metadata = readMetadata(bytes);
    return 'refused' in metadata ? metadata.refused : 'read';
  };
  assert.equal(refusal(Buffer.from('<html/>')), 'xdm-metadata-other');
  assert.equal(refusal(Buffer.from('')), 'xml-malformed');
  assert.equal(
    refusal(metadataOf([one], { prolog: '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>' })),
    'xml-doctype',
  );
  assert.equal(refusal(metadataOf(Array(XDM_LIMITS.documentsMax + 1).fill(one))), 'xdm-metadata-many');
  assert.equal(refusal(Buffer.alloc(XDM_LIMITS.metadataMaxBytes + 1, 0x20)), 'xdm-metadata-large');
});
