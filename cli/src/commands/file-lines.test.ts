/** Photos and files as `estafette inspect` prints them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileFacts, fileLines } from './file-lines.ts';

const view = (width: number, height: number, bytes: number) =>
  ({ mediaType: 'image/jpeg', bytes: Buffer.alloc(bytes), width, height }) as const;

test('a photo says its size and that of its views', () => {
  const photo = {
    kind: 'photo',
    name: 'plaie\n.jpg',
    mediaType: 'image/jpeg',
    bytes: Buffer.alloc(9),
    width: 4_032,
    height: 3_024,
    thumbnail: view(320, 240, 5),
  } as const;
  assert.deepEqual(fileLines(photo), [
    'photo: plaie .jpg; image/jpeg; 9 bytes; 4032×3024 pixels',
    '  thumbnail 320×240, 5 bytes',
  ]);
  const facts = JSON.stringify(fileFacts(photo));
  assert.match(
    facts,
    /"thumbnail":\{"mediaType":"image\/jpeg","width":320,"height":240,"bytes":5,"sha256":"[0-9a-f]{64}"\}/,
  );
});

test('a PDF says its pages, the size of the first one as a picture, and its first line; other files their note', () => {
  const paper = {
    kind: 'file',
    name: 'a.pdf',
    mediaType: 'application/pdf',
    bytes: Buffer.alloc(4),
    note: null,
  } as const;
  const preview = { picture: view(1_000, 1_414, 7), pages: 2, text: '\n Laboratoire\u202e BIO\nINR 6,8' };
  assert.deepEqual(fileLines({ ...paper, preview }), [
    'file: a.pdf; application/pdf; 4 bytes; 2 pages',
    '  first page 1000×1414, 7 bytes',
    '  text: Laboratoire BIO',
  ]);
  assert.deepEqual(fileLines({ ...paper, preview: { picture: null, pages: 1, text: '' } }).slice(1), ['  no text']);
  assert.deepEqual(fileLines({ ...paper, note: 'pdf-locked' }), ['file: a.pdf; application/pdf; 4 bytes; pdf-locked']);
  assert.ok(!JSON.stringify(fileFacts({ ...paper, preview })).includes('"data"'));
});
