/**
 * Reads the chunks of a PNG file and writes it again with only those that draw the picture (W3C PNG, section 11).
 *
 * A list of what stays, not of what goes: text, time, EXIF and every private chunk are left out, and so is whatever
 * follows IEND. Lengths and checksums are verified; a chunk that does not fit makes the file unsound.
 */

import { crc32 } from 'node:zlib';
import type { CleanPicture } from './clean-picture.ts';

const DRAWING = new Set(
  'IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD hIST sPLT pHYS acTL fcTL fdAT'.split(' '),
);
const CHUNKS_MAX = 100_000;
const SIGNATURE_BYTES = 8;

/** The cleaned picture, or null when the structure is not sound. */
export function cleanPng(bytes: Buffer): CleanPicture | null {
  const kept: Buffer[] = [bytes.subarray(0, SIGNATURE_BYTES)];
  let size: { width: number; height: number } | null = null;
  let pixels = false;
  let at = SIGNATURE_BYTES;
  for (let count = 0; count < CHUNKS_MAX; count += 1) {
    if (at + 12 > bytes.length) return null;
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) return null;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return null;
    if ((count === 0) !== (type === 'IHDR')) return null;
    if (type === 'IHDR') {
      if (length !== 13) return null;
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) };
    }
    if (DRAWING.has(type)) kept.push(bytes.subarray(at, end));
    else if (/^[A-Z]/.test(type)) return null; // a critical chunk nobody knows
    if (type === 'IDAT') pixels = true;
    if (type === 'IEND') return size && pixels ? { bytes: Buffer.concat(kept), ...size } : null;
    at = end;
  }
  return null;
}

/** A chunk of a PNG file (W3C PNG §5.3). */
export function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(content.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}
