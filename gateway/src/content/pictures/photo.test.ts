/** Pictures keep their pixels and lose their secrets; what is no sound picture is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jpeg, png, SCAN, SECRET } from './photo.fixture.ts';
import { readPhoto } from './photo.ts';
import { pngChunk } from './png.ts';

function photoOf(bytes: Buffer) {
  const photo = readPhoto(bytes);
  assert.ok(photo && 'bytes' in photo);
  return photo;
}

test('a JPEG loses place, author, comment and what follows it, not a bit of its picture', () => {
  const photo = photoOf(jpeg());
  assert.deepEqual([photo.mediaType, photo.width, photo.height], ['image/jpeg', 40, 30]);
  for (const word of [SECRET, 'Exif', 'adobe.com', 'Photoshop']) assert.ok(!photo.bytes.includes(word), word);
  for (const word of ['JFIF', 'Adobe', SCAN]) assert.ok(photo.bytes.includes(word));
  assert.deepEqual(photo.bytes.subarray(-2), Buffer.from([0xff, 0xd9]));
  assert.deepEqual(photoOf(photo.bytes), photo, 'cleaning twice changes nothing');
});

test('the colour profile of a JPEG stays, because it says how the picture looks; other segments of its kind go', () => {
  const segment = (payload: string): Buffer => {
    const head = Buffer.from([0xff, 0xe2, 0, 0]);
    head.writeUInt16BE(payload.length + 2, 2);
    return Buffer.concat([head, Buffer.from(payload, 'latin1')]);
  };
  const [profile, film] = [segment('ICC_PROFILE\0\x01\x01profile'), segment(`MPF\0${SECRET}`)];
  const photo = photoOf(Buffer.concat([jpeg().subarray(0, 2), profile, film, jpeg().subarray(2)]));
  assert.ok(photo.bytes.includes(profile) && !photo.bytes.includes('MPF'));
  assert.deepEqual(photoOf(photo.bytes), photo);
});

test('a photo taken with the phone on its side stays upright, and only that is kept', () => {
  const photo = photoOf(jpeg({ orientation: 6 }));
  assert.deepEqual([photo.width, photo.height], [30, 40]);
  assert.ok(photo.bytes.includes('Exif') && !photo.bytes.includes(SECRET));
  assert.deepEqual(photoOf(photo.bytes), photo);
});

test('a PNG keeps only the chunks that draw it', () => {
  const photo = photoOf(png());
  assert.deepEqual([photo.mediaType, photo.width, photo.height], ['image/png', 3, 2]);
  for (const word of [SECRET, 'tEXt', 'eXIf', 'iTXt', 'tIME', 'prVt']) assert.ok(!photo.bytes.includes(word), word);
  assert.deepEqual(photoOf(photo.bytes), photo);
});

test('a picture of a hundred megapixels is refused from its header', () => {
  assert.deepEqual(readPhoto(png({ width: 10_000, height: 10_000 })), { refused: 'too-large' });
  assert.deepEqual(readPhoto(jpeg({ width: 60_000, height: 60_000 })), { refused: 'too-large' });
});

test('a damaged picture is refused', () => {
  const wrongSum = png();
  wrongSum[20] = 9;
  const cases = [
    jpeg().subarray(0, 60),
    jpeg().subarray(0, jpeg().indexOf(SCAN) + 3),
    jpeg({ height: 0 }),
    Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
    png().subarray(0, 50),
    wrongSum,
    png({ width: 0 }),
    Buffer.concat([png().subarray(0, 33), pngChunk('EVIL', Buffer.alloc(3))]),
  ];
  for (const bytes of cases) assert.deepEqual(readPhoto(bytes), { refused: 'damaged' });
  assert.equal(readPhoto(Buffer.from('GIF89a')), null);
});

test('any change to a picture gives a picture or a refusal, never an error', () => {
  const sources = fc.constantFrom(jpeg(), jpeg({ orientation: 8 }), png());
  const change = fc.tuple(fc.nat(600), fc.nat(255));
  fc.assert(
    fc.property(sources, fc.array(change, { maxLength: 6 }), fc.nat(600), (source, changes, cut) => {
      const bytes = Buffer.from(source);
      for (const [at, value] of changes) if (at > 8 && at < bytes.length) bytes[at] = value;
      readPhoto(bytes);
      readPhoto(bytes.subarray(0, cut));
    }),
    { seed: 20260112, numRuns: 1_000 },
  );
});
