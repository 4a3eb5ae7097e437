/** `winmail.dat` as it reaches a pharmacist: what was in it stands in the letter, and nothing of it is lost or believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attached, kinds, multipart, noteOf, plain } from '../entities.fixture.ts';
import { inrReport } from '../hprim/hprim.fixture.ts';
import { jpeg, SECRET } from '../pictures/photo.fixture.ts';
import { readContent } from '../read-content.ts';
import type { ReadDocument } from '../read-document.ts';
import { TnefDamaged } from './byte-reader.ts';
import { decompressRtf } from './decompress-rtf.ts';
import { PROPERTIES } from './mapi-properties.ts';
import { readTnef } from './read-tnef.ts';
import { rtfText } from './rtf-text.ts';
import { asWinmail, integer, packedRtf, properties, property, STEPPED_OVER, winmail, wrapRtf } from './tnef.fixture.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
const WORDS = "Bonjour, l'INR est à 6,8.";
const PDF = Buffer.from('%PDF-1.4 bilan');

async function documentsOf(...parts: Buffer[]): Promise<ReadDocument[]> {
  return (await readContent(multipart('mixed', ...parts), { approved: null, now: NOW })).documents;
}
const outlook = (bytes: Buffer, name = 'winmail.dat'): Buffer => attached('application/ms-tnef', name, bytes);
const textsOf = (documents: readonly ReadDocument[]): string[] =>
  documents.flatMap((document) => (document.kind === 'text' ? [document.text] : []));

test('the files in a winmail.dat stand in the letter under their long names and are read as any other', async () => {
  const bytes = winmail({
    attachments: [
      {
        title: 'RESULT~1.PDF',
        bytes: PDF,
        properties: [...STEPPED_OVER, property(PROPERTIES.attachLongFileName, 0x1f, 'Résultats de Zoé.pdf')],
      },
      { title: 'resultat.hpr', bytes: inrReport('windows-1252') },
      { title: 'plaie.jpg', bytes: jpeg() },
      {
        properties: [
          property(PROPERTIES.attachBytes, 0x102, PDF),
          property(PROPERTIES.attachLongFileName, 0x1e, 'num\xe9ro.pdf'),
          property(PROPERTIES.attachMediaType, 0x1e, 'application/pdf'),
        ],
      },
      { title: 'virus.exe', bytes: Buffer.from('MZ\0\0') },
    ],
  });
  const [text, pdf, report, photo, second, program] = await documentsOf(plain(WORDS), outlook(bytes));
  assert.deepEqual(textsOf([text as ReadDocument]), [WORDS]);
  assert.ok(pdf?.kind === 'file' && pdf.name === 'Résultats de Zoé.pdf' && pdf.mediaType === 'application/pdf');
  assert.ok(pdf.bytes.equals(PDF) && pdf.note === null);
  assert.deepEqual(report?.kind === 'report' && report.report.results.map(({ first }) => first.value), ['9', '6.8']);
  assert.ok(photo?.kind === 'photo' && !photo.bytes.includes(SECRET));
  assert.ok(second?.kind === 'file' && second.name === 'numéro.pdf');
  assert.equal(noteOf(program), 'executable');
});

test('a file under another name and type that is a winmail.dat is opened too', async () => {
  const bytes = winmail({ attachments: [{ title: 'a.pdf', bytes: PDF }] });
  const documents = await documentsOf(plain(WORDS), attached('application/octet-stream', 'ATT00001.dat', bytes));
  assert.deepEqual(kinds(documents), ['text', 'file']);
  assert.ok(documents[1]?.kind === 'file' && documents[1].name === 'a.pdf');
});

const RTF = `{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}{\\*\\generator x;}\\f0 Bonjour, l'INR est \\'e0 6,8.\\par}`;
const HTML_IN_RTF =
  '{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <html><body>}{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 ' +
  "Bonjour, l'INR est \\'e0 6,8.\\htmlrtf \\par }\\htmlrtf0{\\*\\htmltag72 </p>}{\\*\\htmltag84 <b>}5 < 6 mg{\\*\\htmltag92 </b>}{\\*\\htmltag0 </body></html>}}";

test('its body is read in each form, and is not shown where the letter says the same', async () => {
  const bodies = [
    winmail({ body: "Bonjour, l'INR est \xe0 6,8." }),
    winmail({ properties: [property(PROPERTIES.body, 0x1f, WORDS)] }),
    winmail({
      properties: [
        property(PROPERTIES.html, 0x102, Buffer.from(`<p>${WORDS}</p>`)),
        integer(PROPERTIES.internetCodepage, 65001),
      ],
    }),
    winmail({ properties: [...STEPPED_OVER, property(PROPERTIES.compressedRtf, 0x102, packedRtf(RTF))] }),
  ];
  for (const [at, body] of bodies.entries()) {
    assert.deepEqual(textsOf(await documentsOf(outlook(body))), [WORDS], `form ${at}`);
    assert.deepEqual(textsOf(await documentsOf(plain('Voir le fichier.'), outlook(body))), ['Voir le fichier.', WORDS]);
    const same = await documentsOf(plain(`${WORDS.replace(' ', '  \r\n')}\r\n\r\n-- \r\nDr X`), outlook(body));
    assert.deepEqual(kinds(same), ['text'], `form ${at}: shown once`);
  }
  const other = await documentsOf(plain("Bonjour, l'INR est à 6,85."), outlook(bodies[0] as Buffer));
  assert.equal(textsOf(other).length, 2, 'another number is another text');
});

test('HTML inside RTF gives its words, without what RTF repeats', () => {
  const { kind, text } = rtfText(Buffer.from(HTML_IN_RTF, 'latin1'), 1252);
  assert.equal(kind, 'html');
  assert.equal(text, "<html><body><p>Bonjour, l'INR est à 6,8.</p><b>5 &lt; 6 mg</b></body></html>");
});

test('RTF: characters beyond the code page, tables, fields and pictures', () => {
  const rtf =
    '{\\rtf1\\ansi\\uc1 \\u8805?37{\\pict 00ff}{\\field{\\*\\fldinst HYPERLINK "https://x.example"}{\\fldrslt lien}}\\tab 5\\~mg\\line {\\*\\inconnu rien}a\\{b\\}\\\\c\\u233\\\'e9}';
  assert.equal(rtfText(Buffer.from(rtf, 'latin1'), 1252).text, '≥37lien\t5\u00a0mg\na{b}\\cé');
  for (const [page, byte] of [
    [850, '82'],
    [65001, "c3\\'a9"],
    [10000, '8e'],
  ] as const)
    assert.equal(rtfText(Buffer.from(`{\\rtf1\\ansicpg${page} pr\\'${byte}lev}`), 1252).text, 'prélev');
});

test('compressed RTF: the examples of MS-OXRTFCP 4.1, and what must not be believed', () => {
  const simple = Buffer.from(
    '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c09002062770 5b06c647d0a800fa0'.replace(
      ' ',
      '',
    ),
    'hex',
  );
  assert.equal(decompressRtf(simple).toString('latin1'), '{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n');
  const crossing = Buffer.from('1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0', 'hex');
  assert.equal(decompressRtf(crossing).toString('latin1'), '{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}');
  assert.equal(decompressRtf(wrapRtf(Buffer.from('{\\rtf1}'), 7, 'MELA')).toString(), '{\\rtf1}');
  const huge = Buffer.from(simple);
  huge.writeUInt32LE(0x7fffffff, 4);
  const forged = Buffer.from(simple);
  forged[20] = 0x41;
  for (const wrong of [huge, forged, simple.subarray(0, -3), Buffer.alloc(3), Buffer.alloc(16)])
    assert.throws(() => decompressRtf(wrong), TnefDamaged);
});

test('a damaged winmail.dat gives what can be trusted of it and stays whole beside it, with a note', async () => {
  const good = winmail({
    attachments: [
      { title: 'a.pdf', bytes: PDF },
      { title: 'b.pdf', bytes: Buffer.from('%PDF-1.4 deux') },
    ],
  });
  const cut = good.subarray(0, -4);
  const changed = Buffer.from(good);
  changed[changed.lastIndexOf('deux')] = 0x44;
  for (const bytes of [cut, changed]) {
    const documents = await documentsOf(plain(WORDS), outlook(bytes));
    assert.deepEqual(documents.map(noteOf), ['not a file', null, 'tnef-damaged']);
    const [, first, whole] = documents;
    assert.ok(first?.kind === 'file' && first.name === 'a.pdf' && whole?.kind === 'file');
    assert.ok(
      whole.bytes.equals(bytes) && whole.name === 'winmail.dat' && whole.mediaType === 'application/octet-stream',
    );
  }
  for (const none of [Buffer.from('Bonjour'), Buffer.from('789f3e22', 'hex')])
    assert.deepEqual((await documentsOf(plain(WORDS), outlook(none))).map(noteOf), ['not a file', 'tnef-damaged']);
});

test('a message or a winmail.dat inside is a file, and so is the fourth winmail.dat of a letter', async () => {
  const inner = winmail({ attachments: [{ title: 'cache.pdf', bytes: PDF }] });
  const message = Buffer.concat([Buffer.from('0703020000000000c000000000000046', 'hex'), inner]);
  const bytes = winmail({
    attachments: [
      { title: 'winmail.dat', bytes: inner },
      {
        title: 'INR.msg',
        properties: [property(PROPERTIES.attachBytes, 0x0d, message), integer(PROPERTIES.attachMethod, 5)],
      },
    ],
  });
  const documents = await documentsOf(plain(WORDS), outlook(bytes));
  assert.deepEqual(documents.map(noteOf), ['not a file', 'attached-letter', 'attached-letter']);
  const many = await documentsOf(plain(WORDS), ...Array.from({ length: 5 }, () => outlook(inner)));
  assert.deepEqual(many.map(noteOf), ['not a file', null, null, null, 'attached-letter', 'attached-letter']);
});

test('an inert letter never opens it; an appointment without words stays a file', async () => {
  const bytes = winmail({ body: 'Bonjour', attachments: [{ title: 'a.pdf', bytes: PDF }] });
  const { documents } = await readContent(outlook(bytes), { approved: null, now: NOW, inert: true });
  assert.deepEqual(documents.map(noteOf), ['not-authenticated']);
  assert.deepEqual((await documentsOf(plain(WORDS), outlook(winmail({})))).map(noteOf), ['not a file', null]);
});

test('counts are bounded: attachments, attributes and properties beyond them damage the file', () => {
  const attachments = Array.from({ length: 150 }, (_, at) => ({ title: `${at}.pdf`, bytes: PDF }));
  const many = readTnef(winmail({ attachments }));
  assert.deepEqual([many?.files.length, many?.damaged], [100, true]);
  const lying = Buffer.alloc(8);
  lying.writeUInt32LE(0xffffffff);
  assert.equal(
    readTnef(winmail({ properties: Array.from({ length: 6_000 }, () => integer(0x0017, 1)) }))?.damaged,
    true,
  );
  assert.equal(readTnef(winmail({ attachments: [{ title: 'a', bytes: PDF, properties: [lying] }] }))?.damaged, true);
});

const SAMPLES = [
  properties(...STEPPED_OVER, property(PROPERTIES.compressedRtf, 0x102, packedRtf(HTML_IN_RTF))),
  Buffer.from(HTML_IN_RTF, 'latin1'),
  winmail({
    body: WORDS,
    properties: [...STEPPED_OVER, property(PROPERTIES.compressedRtf, 0x102, packedRtf(HTML_IN_RTF))],
  }),
  winmail({
    attachments: [{ title: 'a.pdf', bytes: PDF, properties: [property(PROPERTIES.attachLongFileName, 0x1f, 'a')] }],
  }),
];

test('changed and arbitrary bytes are read or refused, never thrown at the letter', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
  fc.assert(
    fc.property(fc.constantFrom(...SAMPLES), fc.array(change, { minLength: 1, maxLength: 6 }), (sample, changes) => {
      const bytes = Buffer.from(sample);
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      const end = changes[0]?.cut ? (changes[0].at % bytes.length) + 1 : bytes.length;
      assert.ok(readTnef(asWinmail(bytes.subarray(0, end))) !== undefined);
    }),
    { seed: 20260112, numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      readTnef(Buffer.concat([Buffer.from('789f3e220100', 'hex'), bytes]));
      rtfText(Buffer.from(bytes), 1252);
    }),
    { seed: 20260112, numRuns: 500 },
  );
  for (const unit of ['{', '}', "\\'e9", '\\u233 ', '{\\*', '\\', '\\htmlrtf{', 'a'])
    rtfText(Buffer.from(`{\\rtf1\\fromhtml1 ${unit.repeat(1_000_000 / unit.length)}`), 1252);
});
