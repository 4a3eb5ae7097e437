/** What a pharmacist sees of a letter with `IHE_XDM.ZIP`, and what of one that lies. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import { XDM_LIMITS } from '@estafette/contracts/limits';
import { readContent } from '../read-content.ts';
import type { ReadDocument } from '../read-document.ts';
import { archived, archiveOf, cdaOf, FOLDER, letterOf, PDF, readLetter } from './letter.fixture.ts';
import { metadataOf } from './metadata.fixture.ts';
import { zipOf } from './zip.fixture.ts';

const CDA = cdaOf();
const one = { uri: 'DOC0001.XML', bytes: CDA };

const reportsOf = (documents: readonly ReadDocument[]): ClinicalReport[] =>
  documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
const outline = (documents: readonly ReadDocument[]): string[] =>
  documents.map((document) => {
    if (document.kind === 'file') return `file ${document.name} ${document.mediaType} ${document.note}`;
    return document.kind === 'report' ? `report ${document.report.status}` : document.kind;
  });

test('a laboratory report in an archive is a report, and the wrapping of the archive is not shown', async () => {
  const documents = await readLetter([archived({ documents: [one] })]);
  assert.deepEqual(outline(documents), ['report final']);
  const [report] = reportsOf(documents);
  assert.equal(report?.patient.birthName, 'ESSAI');
  assert.match(report?.text ?? '', /Potassium 3\.9 mmol\/L/);
  // A CDA without an author: the metadata name him.
  assert.equal(report?.sender, 'BIOLOGISTE Marcel, Laboratoire du test');
  assert.deepEqual(report?.warnings, []);
});

test('an archive is known by what it holds when it has another name, and another zip stays a file', async () => {
  const bytes = archiveOf({ documents: [one] });
  for (const name of ['ihe_xdm.zip', 'resultats.zip', 'ZIP'])
    assert.deepEqual(outline(await readLetter([{ name, bytes }])), ['report final'], name);
  const other = zipOf([{ name: 'DOC0001.XML', bytes: CDA }]);
  assert.deepEqual(outline(await readLetter([{ name: 'documents.zip', bytes: other }])), [
    'file documents.zip application/zip null',
  ]);
});

test('several documents come in the order of the metadata, each as what it is, under its title', async () => {
  const letter = { uri: 'DOC0002.PDF', bytes: PDF, mediaType: 'application/pdf', title: 'Lettre du 12/03' };
  const words = { uri: 'LETTRE.TXT', bytes: Buffer.from('Bonjour'), mediaType: 'text/plain' };
  const documents = await readLetter([archived({ documents: [letter, one, words] })]);
  assert.deepEqual(outline(documents), ['file Lettre du 12-03.pdf application/pdf null', 'report final', 'text']);
});

test('a file that the metadata name often is shown once, and withdrawn when they withdraw it as well', async () => {
  const often = await readLetter([archived({ documents: [one, one, { ...one, id: 'urn:uuid:other' }] })]);
  assert.deepEqual(outline(often), ['report final']);
  const both = await readLetter([archived({ documents: [one, { ...one, action: 'D' }] })]);
  assert.deepEqual(outline(both), ['report deleted']);
});

test('of very many clinical documents the first are read and the others are files', async () => {
  const documents = Array.from({ length: XDM_LIMITS.clinicalDocumentsMax + 2 }, (_, at) => ({
    uri: `DOC${at}.XML`,
    bytes: cdaOf({ id: `1.${at}`, setId: `2.${at}` }),
  }));
  const shown = await readLetter([archived({ documents })]);
  assert.equal(reportsOf(shown).length, XDM_LIMITS.clinicalDocumentsMax);
  assert.equal(outline(shown).at(-1), 'file CR examens.xml application/octet-stream too-many-documents');
});

test('two submissions in one archive are both read', async () => {
  const second = { uri: 'DOC0001.XML', bytes: cdaOf({ id: '9.9', setId: '9.8', value: '4.1' }) };
  const more = [
    { name: 'IHE_XDM/SUBSET02/DOC0001.XML', bytes: second.bytes },
    { name: 'IHE_XDM/SUBSET02/METADATA.XML', bytes: metadataOf([second], { prefix: 'rim' }) },
  ];
  const reports = reportsOf(await readLetter([archived({ documents: [one], more })]));
  assert.deepEqual(
    reports.map(({ text }) => /\d\.\d/.exec(text)?.[0]),
    ['3.9', '4.1'],
  );
});

test('a hash in small letters is right; a wrong hash or size makes a file with a note, never a report', async () => {
  const hash = createHash('sha1').update(CDA).digest('hex');
  assert.deepEqual(outline(await readLetter([archived({ documents: [{ ...one, hash }] })])), ['report final']);
  const wrong = archived({ documents: [{ ...one, hash: 'ab'.repeat(20) }] });
  assert.deepEqual(outline(await readLetter([wrong])), ['file CR examens.xml application/octet-stream xdm-hash-wrong']);
  const size = archived({ documents: [{ ...one, size: '12' }] });
  assert.deepEqual(outline(await readLetter([size])), ['file CR examens.xml application/octet-stream xdm-size-wrong']);
  const [without] = reportsOf(await readLetter([archived({ documents: [{ ...one, hash: null }] })]));
  assert.deepEqual(without?.warnings, ['xdm-hash-missing']);
});

test('what the sender deletes says so, and so do the files inside it', async () => {
  const bytes = cdaOf({ pdf: PDF, version: 2 });
  const documents = await readLetter([
    archived({
      documents: [
        { ...one, bytes, action: 'D' },
        {
          uri: 'DOC0002.PDF',
          bytes: Buffer.concat([PDF, PDF]),
          mediaType: 'application/pdf',
          title: 'Copie 2',
          action: 'D',
        },
        { uri: 'DOC0003.XML', bytes: Buffer.from('<other/>'), title: 'Illisible', action: 'D' },
      ],
    }),
  ]);
  assert.deepEqual(outline(documents), [
    'report deleted',
    'file Copie.pdf application/pdf xdm-deleted',
    'file Copie 2.pdf application/pdf xdm-deleted',
    'file Illisible.xml application/octet-stream xdm-deleted',
  ]);
});

test('a replacement is corrected and says what it does: by C, by its version, by RPLC', async () => {
  const shown = async (archive: Parameters<typeof archived>[0]) => reportsOf(await readLetter([archived(archive)]))[0];
  const ways = [
    { documents: [{ ...one, action: 'C' as const }] },
    { documents: [{ ...one, bytes: cdaOf({ version: 2 }) }] },
    { documents: [{ ...one, bytes: cdaOf({ replaces: '1.2.3.3' }) }] },
    { documents: [one], replacements: [['urn:uuid:DOC0001.XML', 'urn:uuid:earlier']] as const },
  ];
  for (const way of ways) {
    const report = await shown(way);
    assert.deepEqual([report?.status, report?.warnings], ['corrected', ['replaces-earlier']]);
  }
});

test('what is replaced within the archive is marked, by association, set and version, or parent', async () => {
  const status = async (first: Buffer, second: Buffer, replacements: readonly (readonly [string, string])[] = []) => {
    const documents = [
      { uri: 'A.XML', bytes: first },
      { uri: 'B.XML', bytes: second },
    ];
    return reportsOf(await readLetter([archived({ documents, replacements })])).map((report) => report.status);
  };
  const a = cdaOf({ id: '1.1', setId: '1' });
  assert.deepEqual(await status(a, cdaOf({ id: '1.2', setId: '1', version: 2 })), ['replaced', 'corrected']);
  assert.deepEqual(await status(a, cdaOf({ id: '1.2', setId: '2', replaces: '1.1' })), ['replaced', 'corrected']);
  const b = cdaOf({ id: '1.2', setId: '2' });
  assert.deepEqual(await status(a, b), ['final', 'final']);
  assert.deepEqual(await status(a, b, [['urn:uuid:B.XML', 'urn:uuid:A.XML']]), ['replaced', 'corrected']);
  // An association from a document that is not here withdraws nothing.
  assert.deepEqual(await status(a, b, [['urn:uuid:nobody', 'urn:uuid:A.XML']]), ['final', 'final']);
});

test('what cannot be read or is not announced stays a file with its reason', async () => {
  const documents = await readLetter([
    archived({
      documents: [{ uri: 'DOC0001.XML', bytes: Buffer.from('<html/>'), title: 'Compte rendu' }],
      more: [
        { name: `${FOLDER}/AUTRE.PDF`, bytes: PDF },
        { name: `${FOLDER}/STYLE.XSL`, bytes: Buffer.from('<x/>') },
        { name: `${FOLDER}/OUTIL.EXE`, bytes: Buffer.from('MZ\0\0') },
        { name: `${FOLDER}/ENCORE.ZIP`, bytes: zipOf([{ name: '../A', bytes: PDF }]) },
      ],
    }),
  ]);
  assert.deepEqual(outline(documents), [
    'file Compte rendu.xml application/octet-stream document-unreadable',
    'file AUTRE.PDF application/pdf xdm-unlisted',
    'file OUTIL.EXE application/octet-stream executable',
    'file ENCORE.ZIP application/zip xdm-unlisted',
  ]);
});

test('an archive that misses a document it announces is kept beside what it holds', async () => {
  const bytes = zipOf([
    {
      name: `${FOLDER}/METADATA.XML`,
      bytes: metadataOf([one, { ...one, uri: '../../../etc/passwd' }, { ...one, uri: 'NO.XML' }]),
    },
    { name: `${FOLDER}/doc0001.xml`, bytes: CDA },
  ]);
  assert.deepEqual(outline(await readLetter([{ name: 'IHE_XDM.ZIP', bytes }])), [
    'report final',
    'file IHE_XDM.ZIP application/octet-stream xdm-document-missing',
  ]);
});

const EXTERNAL = '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>';
const KEPT: readonly (readonly [title: string, bytes: () => Buffer, note: string])[] = [
  ['no archive', () => Buffer.from('Bonjour'), 'xdm-damaged'],
  ['a cut archive', () => archiveOf({ documents: [one] }).subarray(0, 900), 'xdm-damaged'],
  ['a name that leads away', () => archiveOf({ documents: [one], more: [{ name: '../A', bytes: PDF }] }), 'xdm-unsafe'],
  [
    'an encrypted entry',
    () => archiveOf({ documents: [one], more: [{ name: 'A', bytes: PDF, lies: { flags: 1 } }] }),
    'xdm-encrypted',
  ],
  [
    'a bomb',
    () => archiveOf({ documents: [one], more: [{ name: 'A', bytes: Buffer.alloc(8_000_000) }] }),
    'xdm-unsafe',
  ],
  ['no metadata', () => zipOf([{ name: `${FOLDER}/DOC0001.XML`, bytes: CDA }]), 'xdm-metadata-unreadable'],
  [
    'metadata with an external entity',
    () =>
      zipOf([
        { name: `${FOLDER}/METADATA.XML`, bytes: metadataOf([one], { prolog: EXTERNAL }) },
        { name: `${FOLDER}/DOC0001.XML`, bytes: CDA },
      ]),
    'xdm-metadata-unreadable',
  ],
];
for (const [title, bytes, note] of KEPT)
  test(`IHE_XDM.ZIP with ${title} is kept whole as a file: ${note}`, async () => {
    const documents = await readLetter([{ name: 'IHE_XDM.ZIP', bytes: bytes() }]);
    assert.deepEqual(outline(documents), [`file IHE_XDM.ZIP application/octet-stream ${note}`]);
    assert.deepEqual(documents[0]?.kind === 'file' && documents[0].bytes, bytes());
  });

test('a CDA with entities in it is a file, and nothing of it is expanded', async () => {
  const bytes = Buffer.from(
    `${EXTERNAL}${CDA.toString()
      .replace(/<\?.*?\?>/g, '')
      .replace('Potassium', '&y;')}`,
  );
  const documents = await readLetter([archived({ documents: [{ uri: 'DOC0001.XML', bytes, title: 'CR' }] })]);
  assert.deepEqual(outline(documents), ['file CR.xml application/octet-stream document-unreadable']);
});

test('the same PDF in the CDA, in the archive and beside it is shown once, by its name in the letter', async () => {
  const bytes = cdaOf({ pdf: PDF });
  const archive = archived({
    documents: [
      { uri: 'DOC0001.XML', bytes },
      { uri: 'DOC0002.PDF', bytes: PDF, mediaType: 'application/pdf' },
    ],
  });
  const beside = { name: '20260520_CR_ESSAI_CAMILLE.pdf', bytes: PDF, type: 'application/pdf' };
  assert.deepEqual(outline(await readLetter([archive, beside])), [
    'report final',
    `file ${beside.name} application/pdf null`,
  ]);
  assert.deepEqual(outline(await readLetter([archive])), ['report final', 'file Copie.pdf application/pdf null']);
  const other = { ...beside, bytes: Buffer.concat([PDF, PDF]) };
  assert.equal((await readLetter([archive, other])).length, 3);
});

test('a CDA attached bare is a report as well, and never qualified', async () => {
  const documents = await readLetter([{ name: 'DOC0001.XML', bytes: CDA, type: 'text/xml' }], ['X-MSS-INS: O']);
  assert.deepEqual(outline(documents), ['report final']);
  assert.equal(reportsOf(documents)[0]?.patient.ins?.quality, 'unqualified');
});

test('in a letter that anybody may have changed the archive is not opened', async () => {
  const letter = letterOf([archived({ documents: [one] })]);
  const { documents } = await readContent(letter, { approved: null, inert: true });
  assert.deepEqual(outline(documents), ['file IHE_XDM.ZIP application/octet-stream not-authenticated']);
});

test('letters whose archive or metadata have bytes changed at random are always read, and never show another figure', async () => {
  const metadata = metadataOf([one]);
  const archive = archiveOf({ documents: [one] });
  let state = 11;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const changed = (original: Buffer): Buffer => {
    const bytes = Buffer.from(original);
    for (let change = random(4); change >= 0; change -= 1) bytes[random(bytes.length)] = random(256);
    return bytes;
  };
  let [read, kept] = [0, 0];
  for (let round = 0; round < 400; round += 1) {
    const repacked = zipOf([
      { name: `${FOLDER}/DOC0001.XML`, bytes: CDA },
      { name: `${FOLDER}/METADATA.XML`, bytes: changed(metadata) },
    ]);
    const bytes = round % 2 === 0 ? repacked : changed(archive);
    const documents = await readLetter([{ name: 'IHE_XDM.ZIP', bytes }]);
    assert.ok(documents.length > 0);
    const reports = reportsOf(documents);
    for (const { text } of reports) assert.match(text, /3\.9/);
    if (reports.length > 0) read += 1;
    else kept += 1;
  }
  assert.ok(read > 20 && kept > 20, `${read} read, ${kept} kept`);
});
