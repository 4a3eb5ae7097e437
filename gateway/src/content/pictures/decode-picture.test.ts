/** What is shown of a picture: small, upright, in true colours, without metadata; hostile pictures end in a refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { PICTURE_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import sharp from 'sharp';
import type { DevelopedPicture, PictureFormat, ReadPicture } from '../../ports.ts';
import { decodePicture } from './decode-picture.ts';
import { cameraJpeg, EXIF_NAME, HEIC, plainPicture, RED } from './decoded.fixture.ts';
import { pngChunk } from './png.ts';

async function shown(format: PictureFormat, bytes: Buffer): Promise<DevelopedPicture> {
  const found = await decodePicture(format, bytes);
  assert.ok('picture' in found, JSON.stringify(found));
  return found.picture;
}

/** Colour at a place of a view, in parts of its sides; rounded, as JPEG is not exact. */
async function colourAt(view: ReadPicture | null, across: number, down: number): Promise<number[]> {
  assert.ok(view);
  const place = { left: Math.floor(view.width * across), top: Math.floor(view.height * down), width: 1, height: 1 };
  const pixel = await sharp(view.bytes).extract(place).toColourspace('srgb').removeAlpha().raw().toBuffer();
  return [...pixel].map((value) => Math.round(value / 20) * 20);
}
const rounded = ({ r, g, b }: typeof RED): number[] => [r, g, b].map((value) => Math.round(value / 20) * 20);

async function assertBare(view: ReadPicture | null): Promise<void> {
  assert.ok(view);
  const { exif, icc, xmp, iptc, space, format, width, height } = await sharp(view.bytes).metadata();
  assert.deepEqual([exif, icc, xmp, iptc], [undefined, undefined, undefined, undefined]);
  assert.deepEqual([format, `image/${format}`, width, height], ['jpeg', view.mediaType, view.width, view.height]);
  assert.ok(space === 'srgb' && !Buffer.from(view.bytes).includes(EXIF_NAME));
}

test('a photo of a phone is shown small and at screen size, upright, in its colours, and says nothing more', async () => {
  const { thumbnail, screen, converted } = await shown('jpeg', await cameraJpeg(2_400, 1_600, 6));
  assert.deepEqual([thumbnail?.width, thumbnail?.height], [213, 320]);
  assert.deepEqual([screen?.width, screen?.height, converted], [1_067, 1_600, null]);
  for (const view of [thumbnail, screen]) {
    await assertBare(view);
    // Turned by 90 degrees, the top left corner comes to the top right.
    assert.deepEqual(await colourAt(view, 0.9, 0.1), [0, 0, 260]);
    assert.deepEqual(await colourAt(view, 0.1, 0.1), rounded(RED));
  }
});

test('a small picture is its own view', async () => {
  const { thumbnail, screen } = await shown('png', await plainPicture(200, 100).png().toBuffer());
  assert.deepEqual([thumbnail, screen], [null, null]);
});

test('transparent, grey, sixteen-bit, interlaced and four-colour pictures are shown', async () => {
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const glass = sharp({ create: { width: 400, height: 400, channels: 4, background: clear } });
  const onWhite = await shown('png', await glass.png({ progressive: true }).toBuffer());
  assert.deepEqual(await colourAt(onWhite.thumbnail, 0.5, 0.5), [260, 260, 260]);
  const deep = await plainPicture(400, 400).toColourspace('rgb16').png().toBuffer();
  assert.deepEqual(await colourAt((await shown('png', deep)).thumbnail, 0.5, 0.5), rounded(RED));
  const grey = await plainPicture(400, 400).greyscale().toColourspace('b-w').jpeg({ progressive: true }).toBuffer();
  await shown('jpeg', grey);
  const print = await plainPicture(400, 400).toColourspace('cmyk').jpeg().toBuffer();
  await assertBare((await shown('jpeg', print)).thumbnail);
});

test('a HEIC becomes a JPEG in the same colours, without what its EXIF says', async () => {
  assert.ok(HEIC.includes(EXIF_NAME));
  const { converted, thumbnail, screen, pages } = await shown('heic', HEIC);
  assert.deepEqual([converted?.width, converted?.height, pages, screen], [640, 480, 1, null]);
  for (const view of [converted, thumbnail]) {
    await assertBare(view);
    assert.deepEqual(await colourAt(view, 0.9, 0.9), rounded(RED));
    assert.deepEqual(await colourAt(view, 0.1, 0.15), [0, 0, 260]);
  }
});

test('a TIFF becomes a JPEG of its first page, and says how many pages it has', async () => {
  const pages = await Promise.all([1, 2, 3].map(() => plainPicture(500, 700, true).png().toBuffer()));
  const fax = await sharp(pages, { join: { animated: true } })
    .tiff({ compression: 'lzw' })
    .toBuffer();
  const { converted, thumbnail, pages: count } = await shown('tiff', fax);
  assert.deepEqual([converted?.width, converted?.height, count], [500, 700, 3]);
  await assertBare(thumbnail);
  const lines = await plainPicture(500, 700)
    .toColourspace('b-w')
    .threshold(100)
    .tiff({ bitdepth: 1, compression: 'ccittfax4' });
  assert.ok((await shown('tiff', await lines.toBuffer())).converted);
});

/** A TIFF whose header states a size, and holds no more than that. */
function statedTiff(width: number, height: number): Buffer {
  const tags: [number, number, number][] = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, height],
    [279, 4, Math.min(width * height, 0xffff_ffff)],
  ];
  const tiff = Buffer.alloc(10 + tags.length * 12 + 4);
  tiff.write('II*\0', 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(tags.length, 8);
  for (const [at, [tag, type, value]] of tags.entries()) {
    const entry = 10 + at * 12;
    tiff.writeUInt16LE(tag, entry);
    tiff.writeUInt16LE(type, entry + 2);
    tiff.writeUInt32LE(1, entry + 4);
    tiff.writeUInt32LE(value, entry + 8);
  }
  return tiff;
}

/** A PNG that is small on the way and large in memory; `interlace` makes it one that must be decoded whole. */
function statedPng(width: number, height: number, { bits = 8, interlace = 0 } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 6, 0, 0, interlace], 8);
  const rows = deflateSync(Buffer.alloc(10_000_000));
  const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

test('what is too large by its header is refused before it is decoded', async () => {
  const tooLarge: [PictureFormat, Buffer][] = [
    ['png', statedPng(10_000, 10_000)],
    ['png', statedPng(6_000, 8_000, { bits: 16, interlace: 1 })],
    ['tiff', statedTiff(10_000, 10_000)],
    ['tiff', statedTiff(65_000, 65_000)],
  ];
  for (const [format, bytes] of tooLarge)
    assert.deepEqual(await decodePicture(format, bytes), { refused: 'too-large' }, `${format} ${bytes.length}`);
  assert.ok(6_000 * 8_000 * 8 > PICTURE_LIMITS.wholeMaxBytes);
});

test('a damaged picture, and one that is something else than it says, is refused', async () => {
  const jpeg = await cameraJpeg(800, 600);
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  );
  const gif = await plainPicture(10, 10).gif().toBuffer();
  const damaged: [PictureFormat, Buffer][] = [
    ['jpeg', jpeg.subarray(0, jpeg.length >> 1)],
    ['png', statedPng(5_000, 5_000)],
    ['tiff', statedTiff(3_000, 3_000)],
    ['heic', HEIC.subarray(0, 1_500)],
    ['heic', Buffer.concat([HEIC.subarray(0, 40), Buffer.alloc(4_000)])],
    ['jpeg', Buffer.alloc(0)],
  ];
  for (const format of ['jpeg', 'png', 'tiff', 'heic'] as const)
    for (const bytes of [svg, gif]) damaged.push([format, bytes]);
  for (const [format, bytes] of damaged)
    assert.deepEqual(await decodePicture(format, bytes), { refused: 'damaged' }, `${format} ${bytes.length}`);
});

test('any change to a picture gives a picture or a refusal', async () => {
  const sources: [PictureFormat, Buffer][] = [
    ['jpeg', await cameraJpeg(120, 90)],
    ['png', await plainPicture(120, 90, true).png().toBuffer()],
    ['tiff', await plainPicture(120, 90, true).tiff({ compression: 'lzw' }).toBuffer()],
  ];
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sources),
      fc.array(change, { maxLength: 8 }),
      async ([format, source], changes) => {
        const bytes = Buffer.from(source);
        for (const [place, value] of changes) bytes[Math.floor(place * (bytes.length - 1))] = value;
        const found = await decodePicture(format, bytes);
        assert.ok('picture' in found || ['damaged', 'too-large'].includes(found.refused));
      },
    ),
    { seed: 20260112, numRuns: 150 },
  );
});
