/**
 * Reads the structure of a JPEG file and writes it again without its metadata (ITU-T T.81 Annex B).
 *
 * Of the application segments only those stay that say how the picture looks: APP0 (JFIF), APP14 (Adobe, how colours
 * are coded) and the colour profile of APP2 (ICC.1 Annex B.4); comments and everything after the end of the picture (a
 * phone's second picture or film) go. One thing of EXIF is for the eye: the orientation. When it turns the picture, an
 * EXIF of 26 bytes that holds nothing else takes the old one's place.
 */

import type { CleanPicture } from './clean-picture.ts';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const COM = 0xfe;
const SEGMENTS_MAX = 5_000;

type Segment = { marker: number; start: number; end: number };

/** The cleaned picture with its displayed size, or null when the structure is not sound. */
export function cleanJpeg(bytes: Buffer): CleanPicture | null {
  const kept: Buffer[] = [Buffer.from([0xff, SOI])];
  let size: { width: number; height: number } | null = null;
  let orientation = 1;
  let at = 2;
  for (let count = 0; count < SEGMENTS_MAX; count += 1) {
    const segment = segmentAt(bytes, at);
    if (!segment) return null;
    const { marker, start, end } = segment;
    if (marker === EOI) return size ? finished(kept, size, orientation) : null;
    const payload = bytes.subarray(start + 4, end);
    if (isStartOfFrame(marker)) {
      if (size || payload.length < 6) return null;
      size = { height: payload.readUInt16BE(1), width: payload.readUInt16BE(3) };
    }
    if (marker === 0xe1) orientation = orientationOf(payload) ?? orientation;
    if (isKept(marker, payload)) kept.push(bytes.subarray(start, end));
    at = end;
    if (marker === SOS) {
      if (!size) return null;
      at = endOfScan(bytes, end);
      kept.push(bytes.subarray(end, at));
    }
  }
  return null;
}

function finished(kept: Buffer[], size: { width: number; height: number }, orientation: number): CleanPicture {
  kept.push(Buffer.from([0xff, EOI]));
  if (orientation > 1) kept.splice(1, 0, orientationOnly(orientation));
  const turned = orientation >= 5;
  return {
    bytes: Buffer.concat(kept),
    width: turned ? size.height : size.width,
    height: turned ? size.width : size.height,
  };
}

/** The segment at `at`: `start` is its 0xFF, `end` the byte after it. EOI has no payload. */
function segmentAt(bytes: Buffer, at: number): Segment | null {
  let start = at;
  if (bytes[start] !== 0xff) return null;
  while (bytes[start + 1] === 0xff) start += 1; // fill bytes
  const marker = bytes[start + 1];
  if (marker === undefined) return null;
  if (marker === EOI) return { marker, start, end: start + 2 };
  if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI) || start + 4 > bytes.length) return null;
  const length = bytes.readUInt16BE(start + 2);
  const end = start + 2 + length;
  return length < 2 || end > bytes.length ? null : { marker, start, end };
}

function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isKept(marker: number, payload: Buffer): boolean {
  const isApplication = marker >= 0xe0 && marker <= 0xef;
  if (marker === 0xe2) return payload.toString('latin1', 0, 12) === 'ICC_PROFILE\0';
  if (isApplication) return marker === 0xe0 || marker === 0xee;
  return marker !== COM && marker < 0xf0;
}

/** Entropy-coded bytes run to the next marker; `FF 00` and restart markers belong to them. */
function endOfScan(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at === -1) return bytes.length;
    const next = bytes[at + 1];
    if (next === undefined) return bytes.length;
    if (next !== 0x00 && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += 2;
  }
}

/** Tag 0x0112 of the first directory of an EXIF payload (Exif 2.3, 4.6.4), or null. */
function orientationOf(payload: Buffer): number | null {
  if (payload.subarray(0, 6).toString('latin1') !== 'Exif\0\0') return null;
  const tiff = payload.subarray(6);
  if (tiff.length < 10) return null;
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number =>
    at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at);
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  const entries = Math.min(u16(directory), 200);
  for (let i = 0; i < entries; i += 1) {
    const entry = directory + 2 + i * 12;
    if (u16(entry) !== 0x0112) continue;
    const value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

function orientationOnly(orientation: number): Buffer {
  const tiff = Buffer.from([
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const payload = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  return Buffer.concat([Buffer.from([0xff, 0xe1, 0, payload.length + 2]), payload]);
}
