/**
 * Decodes one picture and makes what is shown of it: a thumbnail, a picture for a phone's screen, and of a HEIC or TIFF a
 * JPEG in its place. Turned upright, in sRGB, on white, with no metadata of any kind.
 *
 * Runs only in the studio's own process (picture-worker.ts): libvips and its codecs are native code that reads hostile
 * bytes. Of its loaders only JPEG, PNG and TIFF from memory are left open; the size in the header is judged before a
 * pixel is decoded, and what libvips cannot decode row by row is bounded in memory too.
 */
import { deflateSync } from 'node:zlib';
import { CONTENT_LIMITS, PICTURE_LIMITS } from '@estafette/contracts/limits';
import sharp, { type Metadata, type Sharp } from 'sharp';
import type { DevelopedPicture, PictureFormat, ReadPicture, StudioRefusal } from '../../ports.ts';
import { decodeHeic } from './decode-heic.ts';
import { pngChunk } from './png.ts';

sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadTiffBuffer'],
});

const WHITE = { r: 255, g: 255, b: 255 };
const OPTIONS = {
  failOn: 'error',
  limitInputPixels: CONTENT_LIMITS.photoMaxPixels,
  limitInputChannels: PICTURE_LIMITS.channelsMax,
  sequentialRead: true,
  page: 0,
  pages: 1,
} as const;

type Pixels = { pixels: Buffer; width: number; height: number; channels: 1 | 2 | 3 | 4 };
type Source = {
  image: Sharp;
  width: number;
  height: number;
  /** Of the colours, where libvips does not know it from the file. */
  profile: Buffer | null;
  pages: number;
};

/** Never rejects for anything in the bytes. */
export async function decodePicture(
  format: PictureFormat,
  bytes: Buffer,
): Promise<{ picture: DevelopedPicture } | StudioRefusal> {
  const source = await sourceOf(format, bytes).catch(() => null);
  if (source === null) return { refused: 'damaged' };
  if ('refused' in source) return source;
  const isConverted = format === 'heic' || format === 'tiff';
  try {
    return { picture: await develop(source, bytes.length, isConverted) };
  } catch {
    return { refused: 'damaged' };
  }
}

async function sourceOf(format: PictureFormat, bytes: Buffer): Promise<Source | StudioRefusal> {
  if (format === 'heic') {
    const found = await decodeHeic(bytes);
    if ('refused' in found) return found;
    const { width, height, profile, pictures: pages } = found;
    return { image: rawImage({ ...found, channels: 4 }), width, height, profile, pages };
  }
  // Without a limit here, so that what is too large can be told from what is damaged; nothing is decoded yet.
  const facts = await sharp(bytes, { ...OPTIONS, limitInputPixels: false }).metadata();
  if (facts.format !== format) return { refused: 'damaged' };
  if (facts.width * facts.height > CONTENT_LIMITS.photoMaxPixels) return { refused: 'too-large' };
  const isWhole = facts.isProgressive === true || format === 'tiff';
  if (isWhole && sizeInMemory(facts) > PICTURE_LIMITS.wholeMaxBytes) return { refused: 'too-large' };
  const image = sharp(bytes, { ...OPTIONS, autoOrient: true });
  return { image, ...facts.autoOrient, profile: null, pages: facts.pages ?? 1 };
}

/** Bytes per sample of what libvips decodes to. */
const SAMPLE_BYTES: Record<string, number> = {
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  double: 8,
  dpcomplex: 16,
};

function sizeInMemory({ width, height, channels, depth }: Metadata): number {
  return width * height * channels * (SAMPLE_BYTES[depth] ?? 1);
}

async function develop(source: Source, originalBytes: number, isConverted: boolean): Promise<DevelopedPicture> {
  const { thumbnailMaxSide, thumbnailQuality, screenMaxSide, screenQuality } = PICTURE_LIMITS;
  const { convertedMaxSide, convertedQuality, thumbnailFromBytes, screenFromBytes } = PICTURE_LIMITS;
  const asCoded = await pixelsOf(source.image, isConverted ? convertedMaxSide : screenMaxSide);
  const pixels = source.profile === null ? asCoded : await underProfile(asCoded, source.profile);
  const converted = isConverted ? await jpegOf(pixels, convertedMaxSide, convertedQuality) : null;
  const bytes = converted?.bytes.length ?? originalBytes;
  const side = Math.max(source.width, source.height);
  const isLarge = (maxSide: number, fromBytes: number): boolean => side > maxSide || bytes > fromBytes;
  return {
    converted,
    thumbnail: isLarge(thumbnailMaxSide, thumbnailFromBytes)
      ? await jpegOf(pixels, thumbnailMaxSide, thumbnailQuality)
      : null,
    screen: isLarge(screenMaxSide, screenFromBytes) ? await jpegOf(pixels, screenMaxSide, screenQuality) : null,
    pages: source.pages,
  };
}

/** Decodes all of the picture, once, to eight bits of sRGB no longer than `maxSide`. */
async function pixelsOf(image: Sharp, maxSide: number): Promise<Pixels> {
  const { data: pixels, info } = await image
    .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: WHITE })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { pixels, width: info.width, height: info.height, channels: info.channels };
}

/** Pixels of a HEIC in sRGB: a PNG around them tells libvips their profile (W3C PNG §11.3.2.3). */
async function underProfile(pixels: Pixels, profile: Buffer): Promise<Pixels> {
  const png = await rawImage(pixels).png({ compressionLevel: 0 }).toBuffer();
  const HEADER_ENDS = 33;
  const iccp = pngChunk('iCCP', Buffer.concat([Buffer.from('icc\0\0', 'latin1'), deflateSync(profile)]));
  const told = Buffer.concat([png.subarray(0, HEADER_ENDS), iccp, png.subarray(HEADER_ENDS)]);
  return pixelsOf(sharp(told, OPTIONS), PICTURE_LIMITS.convertedMaxSide);
}

const rawImage = ({ pixels, width, height, channels }: Pixels): Sharp =>
  sharp(pixels, { raw: { width, height, channels }, limitInputPixels: false });

/** The picture as JPEG, no longer than `maxSide`. */
export async function jpegOf(pixels: Pixels, maxSide: number, quality: number): Promise<ReadPicture> {
  const { data: bytes, info } = await rawImage(pixels)
    .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: WHITE })
    .jpeg({ quality })
    .toBuffer({ resolveWithObject: true });
  return { mediaType: 'image/jpeg', bytes, width: info.width, height: info.height };
}
