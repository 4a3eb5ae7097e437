/** Whole letters, from bytes to what the pharmacist sees. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ascii,
  attached,
  base64,
  entity,
  kinds,
  multipart,
  noteOf,
  plain,
  quotedPrintable,
} from './entities.fixture.ts';
import { FIXTURE_CHARSETS, inrReport } from './hprim/hprim.fixture.ts';
import { readHprim } from './hprim/hprim.ts';
import { jpeg, png, SECRET } from './pictures/photo.fixture.ts';
import { readContent } from './read-content.ts';
import type { ReadDocument } from './read-document.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
async function documentsOf(letter: Buffer): Promise<ReadDocument[]> {
  return (await readContent(letter, { approved: null, now: NOW })).documents;
}
test('the same INR report gives the same card in every charset, as body and as attachment, under any declaration', async () => {
  const expected = { kind: 'report', report: readHprim(inrReport('utf-8').toString('utf8'), NOW)[0] };
  for (const charset of FIXTURE_CHARSETS) {
    const bytes = inrReport(charset);
    const words = plain('Ci-joint un résultat critique.');
    const bodies = [
      entity(['Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: 8bit'], bytes),
      entity(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'], base64(bytes)),
      entity(
        ['Content-Type: text/plain; charset="ISO-8859-1"', 'Content-Transfer-Encoding: quoted-printable'],
        quotedPrintable(bytes),
      ),
    ];
    for (const body of bodies) assert.deepEqual(await documentsOf(body), [expected], charset);
    const files = [
      attached('application/octet-stream', 'resultat.hpr', bytes),
      attached('text/plain; charset=utf-16', 'resultat.txt', bytes),
      attached('application/octet-stream', 'sans-extension', bytes),
      entity(
        ['Content-Type: text/plain; charset=us-ascii; name=a.hprim', 'Content-Transfer-Encoding: quoted-printable'],
        quotedPrintable(bytes),
      ),
      entity(['Content-Type: application/octet-stream; name=a.hpm1', 'Content-Transfer-Encoding: 8bit'], bytes),
    ];
    for (const file of files) {
      const [text, card] = await documentsOf(multipart('mixed', words, file));
      assert.deepEqual(text, { kind: 'text', text: 'Ci-joint un résultat critique.', truncated: false });
      assert.deepEqual(card, expected, `${charset}: ${file.toString('latin1', 0, 90)}`);
    }
  }
});

test('plain text is preferred to its HTML form; HTML alone becomes text', async () => {
  const html = entity(
    ['Content-Type: text/html; charset=iso-8859-1'],
    '<p>h\xe9mogramme <a href="https://x.example/">ici</a></p>',
  );
  assert.deepEqual(await documentsOf(multipart('alternative', plain('hémogramme'), html)), [
    { kind: 'text', text: 'hémogramme', truncated: false },
  ]);
  const fromHtml = [{ kind: 'text', text: 'hémogramme ici (https://x.example/)', truncated: false }];
  assert.deepEqual(await documentsOf(html), fromHtml);
  assert.deepEqual(await documentsOf(multipart('alternative', plain(' \r\n'), html)), fromHtml);
  const related = multipart(
    'related',
    html,
    entity(['Content-Type: image/png', 'Content-ID: <a@b>', 'Content-Transfer-Encoding: base64'], base64(png())),
  );
  assert.deepEqual(kinds(await documentsOf(multipart('alternative', plain('hémogramme'), related))), ['text', 'photo']);
  assert.deepEqual(
    kinds(await documentsOf(multipart('mixed', plain('un'), html))),
    ['text', 'text'],
    'two texts, both read',
  );
});

test('photos are known by their bytes and lose their metadata', async () => {
  const documents = await documentsOf(
    multipart(
      'mixed',
      plain('photo'),
      attached('application/octet-stream', 'plaie.dat', jpeg()),
      attached('image/jpeg', 'x.jpg', png()),
    ),
  );
  const [, first, second] = documents;
  assert.ok(first?.kind === 'photo' && second?.kind === 'photo');
  assert.deepEqual(
    [first.name, first.mediaType, first.width, second.mediaType],
    ['plaie.dat', 'image/jpeg', 40, 'image/png'],
  );
  assert.ok(!first.bytes.includes(SECRET) && !second.bytes.includes(SECRET));
});

test('what must not be opened is a file that says why', async () => {
  const cases: [string, string, Buffer, string | null, string][] = [
    ['application/pdf', 'bilan.pdf', ascii('%PDF-1.4'), null, 'application/pdf'],
    ['application/pdf', 'bilan.pdf', ascii('MZ\x90\0\x03\0\0\0'), 'executable', 'application/octet-stream'],
    ['application/pdf', 'compte-rendu.pdf.exe', ascii('x'), 'executable', 'application/octet-stream'],
    ['text/plain', 'a.txt', ascii('#!/bin/sh\nrm'), 'executable', 'application/octet-stream'],
    ['application/pdf', 'faux.pdf', ascii('<html>'), 'type-mismatch', 'application/octet-stream'],
    ['text/html', 'page.html', ascii('<script>x</script>'), 'active-content', 'application/octet-stream'],
    ['image/svg+xml', 'a.svg', ascii('<svg onload="x"/>'), 'active-content', 'application/octet-stream'],
    ['image/jpeg', 'a.jpg', jpeg().subarray(0, 60), 'picture-damaged', 'image/jpeg'],
    ['image/png', 'a.png', png({ width: 10_000, height: 10_000 }), 'picture-too-large', 'image/png'],
    ['message/rfc822', '', ascii('Subject: x\r\n\r\ntexte'), 'attached-letter', 'message/rfc822'],
    [
      'application/octet-stream',
      'lettre.doc.apz',
      ascii('xyz'),
      'message Apicrypt chiffré, à ouvrir dans votre logiciel',
      'application/octet-stream',
    ],
    ['application/zip', 'IHE_XDM.ZIP', ascii('PK\x03\x04'), 'xdm-damaged', 'application/octet-stream'],
    ['application/zip', 'images.zip', ascii('PK\x03\x04'), null, 'application/zip'],
    ['x', 'inconnu.bin', ascii('\0\x01'), null, 'text/plain'],
  ];
  for (const [type, name, bytes, note, mediaType] of cases) {
    const part = name ? attached(type, name, bytes) : entity([`Content-Type: ${type}`], bytes);
    const [, file] = await documentsOf(multipart('mixed', plain('voir'), part));
    assert.ok(file?.kind === 'file', name);
    assert.deepEqual([file.note, file.mediaType], [note, mediaType], name);
    assert.deepEqual(file.bytes, bytes, `${name}: not a byte changed`);
  }
});

test('an Apicrypt message gets one clear sentence and stays as a file', async () => {
  const documents = await documentsOf(plain('$APICRYPT 2.0\r\nabcdef'));
  assert.deepEqual(kinds(documents), ['text', 'file']);
  assert.ok(
    documents[0]?.kind === 'text' && documents[0].text === 'Message Apicrypt chiffré, à ouvrir dans votre logiciel.',
  );
  assert.equal(noteOf(documents[1]), 'message Apicrypt chiffré, à ouvrir dans votre logiciel');
});

test('an Apicrypt text under any name gets its sentence, words about Apicrypt stay words', async () => {
  const sentence = 'Message Apicrypt chiffré, à ouvrir dans votre logiciel.';
  const html = entity(['Content-Type: text/html'], '<p>Bonjour</p><p>$APICRYPT 2.0</p><p>abcdef</p>');
  const [fromHtml, kept] = await documentsOf(html);
  assert.ok(fromHtml?.kind === 'text' && fromHtml.text === `Bonjour\n\n${sentence}`);
  assert.ok(kept?.kind === 'file' && kept.bytes.includes('abcdef'));
  for (const name of ['lettre.APZ', 'message', 'a.bin']) {
    const [, file] = await documentsOf(
      multipart('mixed', plain('voir'), attached('application/octet-stream', name, ascii('$APICRYPT\r\nabc'))),
    );
    assert.equal(noteOf(file), 'message Apicrypt chiffré, à ouvrir dans votre logiciel', name);
  }
  const [about] = await documentsOf(plain('Votre message $APICRYPT est illisible.\r\nINR à 6,8'));
  assert.ok(about?.kind === 'text' && about.text.endsWith('INR à 6,8'));
});

test('HTML nested a hundred thousand deep, and HTML beyond the limit, are read without being lost', async () => {
  const html = (body: string): Buffer => entity(['Content-Type: text/html; charset=utf-8'], Buffer.from(body, 'utf8'));
  const [deep] = await documentsOf(html(`${'<div><blockquote type=cite>'.repeat(100_000)}INR à 6,8`));
  assert.ok(deep?.kind === 'text' && deep.text === 'INR à 6,8' && deep.fresh === undefined);
  const huge = await documentsOf(html(`<p>INR à 6,8</p>${'<i></i>'.repeat(700_000)}<p>fin</p>`));
  assert.deepEqual(kinds(huge), ['text', 'file']);
  assert.equal(noteOf(huge[1]), 'text-continued');
});

test('what a reply quotes is told from what it says: only in the letter itself, never in a report or a file', async () => {
  const reply = 'Oui.\r\n\r\nLe 05/01/2026 à 10:02, X a écrit :\r\n> Suspendre ?\r\n';
  const [text, file] = await documentsOf(
    multipart('mixed', plain(`\r\n\r\n${reply}`), attached('text/plain', 'note.txt', Buffer.from(reply, 'utf8'))),
  );
  assert.ok(text?.kind === 'text' && file?.kind === 'text');
  assert.deepEqual([text.fresh, file.fresh], [[{ from: 0, to: 4 }], undefined]);
  const html = entity(
    ['Content-Type: text/html; charset=utf-8'],
    '<br><br>Oui.<blockquote type=cite>Suspendre ?</blockquote>',
  );
  const [marked] = await documentsOf(html);
  assert.ok(
    marked?.kind === 'text' && marked.fresh?.map(({ from, to }) => marked.text.slice(from, to)).join() === 'Oui.',
  );
});

test('names of attached files are read in every way they are written', async () => {
  const named = (disposition: string): Buffer =>
    entity(['Content-Type: application/pdf', `Content-Disposition: attachment; ${disposition}`], '%PDF-1.4');
  const ways = [
    "filename*=utf-8''r%C3%A9sultat.pdf",
    "filename*0*=iso-8859-1''r%E9sul; filename*1=tat.pdf",
    'filename="=?iso-8859-1?Q?r=E9sultat?=.pdf"',
    'filename="r\xe9sultat.pdf"',
    'filename="r\x82sultat.pdf"',
    'filename="r\x8esultat.pdf"',
    'filename="r\xc3\xa9sultat.pdf"',
  ];
  for (const way of ways) {
    const [file] = await documentsOf(named(way));
    assert.ok(
      file?.kind === 'file' && file.name === 'résultat.pdf',
      `${way} gave ${file?.kind === 'file' ? file.name : '-'}`,
    );
  }
});

test('a long text is shown by its beginning and kept whole beside', async () => {
  const text = 'Une ligne de texte é.\n'.repeat(12_000);
  const [shown, whole] = await documentsOf(plain(text));
  assert.ok(shown?.kind === 'text' && shown.truncated && shown.text.length <= 20_000 && text.startsWith(shown.text));
  assert.ok(
    whole?.kind === 'file' &&
      whole.note === 'text-continued' &&
      whole.bytes.toString('utf8').startsWith(text.trimEnd()),
  );
});

test('more documents, parts or depth than allowed: what fits is read, the rest is kept', async () => {
  const many = await documentsOf(multipart('mixed', ...Array.from({ length: 80 }, (_, i) => plain(`texte ${i}`))));
  assert.equal(many.length, 60);
  assert.equal(noteOf(many.at(-1)), 'too-many-documents');
  const bomb = await documentsOf(multipart('mixed', ...Array.from({ length: 700 }, () => plain(''))));
  assert.equal(noteOf(bomb.at(-1)), 'too-many-parts');
  let deep = plain('au fond');
  for (let i = 0; i < 20; i += 1) deep = multipart('mixed', deep);
  assert.deepEqual((await documentsOf(deep)).map(noteOf), ['too-deep']);
});

test('a structure that cannot be read keeps the whole letter', async () => {
  const noBoundary = entity(['Content-Type: multipart/mixed'], 'Bonjour');
  const wrongBoundary = entity(['Content-Type: multipart/mixed; boundary=a'], '--b\r\n\r\nBonjour\r\n--b--');
  for (const letter of [noBoundary, wrongBoundary, ascii('Bonjour docteur')]) {
    const [file] = await documentsOf(letter);
    assert.ok(file?.kind === 'file' && file.note === 'unreadable' && file.bytes.equals(letter));
  }
  assert.deepEqual(await documentsOf(entity(['Subject: vide'], '')), [{ kind: 'text', text: '', truncated: false }]);
  const unfinished = multipart('mixed', plain('Bonjour'), attached('application/pdf', 'a.pdf', ascii('%PDF-1.4')));
  assert.deepEqual(kinds(await documentsOf(unfinished.subarray(0, -30))), ['text', 'file']);
});

test('marks that turn the writing direction do not reach the reader', async () => {
  assert.deepEqual(await documentsOf(plain('dose \u202e01\u202c mg\u0000\u200b')), [
    { kind: 'text', text: 'dose 01 mg', truncated: false },
  ]);
});

test('arbitrary bytes and broken letters are survived', async () => {
  const piece = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: text/plain; charset=',
    '\r\n',
    '\n',
    '--b',
    '--',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: quoted-printable',
    '=E9=',
    'Content-Type: message/rfc822',
    'RES|',
    '\xff',
    ': ',
    '=?utf-8?B?w6k?=',
    "filename*0*=''%",
    '\0',
  );
  const letters = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(piece, { maxLength: 60 }).map((pieces) => ascii(pieces.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(letters, async (letter) => {
      assert.ok((await documentsOf(letter)).length > 0);
    }),
    { seed: 20260112, numRuns: 400 },
  );
});

test('a megabyte on one line comes to an end', async () => {
  for (const unit of ['a', '<a href="', ' ', '=', 'é|']) {
    for (const type of ['text/plain', 'text/html'])
      await documentsOf(entity([`Content-Type: ${type}`], unit.repeat(1_000_000 / unit.length)));
  }
  await documentsOf(entity([`Content-Type: text/plain; name="${'('.repeat(200_000)}`], 'x'));
});

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples/mime');

test('every odd mail of the shared samples gives documents', {
  skip: existsSync(SAMPLES) ? false : 'shared samples are not here',
}, async () => {
  for (const found of readdirSync(SAMPLES, { recursive: true, withFileTypes: true })) {
    if (!found.isFile()) continue;
    const { documents } = await readContent(readFileSync(join(found.parentPath, found.name)), {
      approved: null,
      now: NOW,
    });
    assert.ok(documents.length > 0 && documents.length <= 60, found.name);
  }
});
