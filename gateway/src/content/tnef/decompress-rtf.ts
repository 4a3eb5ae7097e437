/**
 * Unpacks `PidTagRtfCompressed` (MS-OXRTFCP): a small LZ77 over a window of 4096 bytes that begins with common RTF words.
 * The danger is a bomb: seventeen bytes come out of two at most, and never more than was announced or is allowed.
 */

import { crc32 } from 'node:zlib';
import { TNEF_LIMITS } from '@estafette/contracts/limits';
import { ByteReader, TnefDamaged } from './byte-reader.ts';

const COMPRESSED = 0x75465a4c; // "LZFu"
const UNCOMPRESSED = 0x414c454d; // "MELA"
const WINDOW = 4096;
/** MS-OXRTFCP 2.1.2.1: what the window holds at first. */
const PRELOAD =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor ' +
  'MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx';

/** Throws TnefDamaged when it is cut off, its checksum is wrong or it says more than is allowed. */
export function decompressRtf(bytes: Buffer): Buffer {
  const reader = new ByteReader(bytes);
  const [packedSize, rawSize, method, checksum] = [reader.uint32(), reader.uint32(), reader.uint32(), reader.uint32()];
  if (rawSize > TNEF_LIMITS.rtfMaxBytes) throw new TnefDamaged('too large');
  // The packed size counts the twelve header bytes after it.
  const packed = reader.take(Math.max(0, packedSize - 12));
  if (method === UNCOMPRESSED) return packed.subarray(0, rawSize);
  if (method !== COMPRESSED) throw new TnefDamaged('unknown method');
  if (rtfChecksum(packed) !== checksum) throw new TnefDamaged('checksum wrong');
  return unpack(packed, rawSize);
}

/** CRC-32 that begins with zero and is not turned at the end (2.1.3.1.3), from the one that does both. */
export function rtfChecksum(packed: Buffer): number {
  return (~crc32(packed, 0xffffffff) >>> 0) as number;
}

function unpack(packed: Buffer, rawSize: number): Buffer {
  const out = Buffer.alloc(rawSize);
  const window = Buffer.alloc(WINDOW);
  let head = window.write(PRELOAD, 'latin1');
  let written = 0;
  const put = (byte: number): void => {
    window[head] = byte;
    head = (head + 1) % WINDOW;
    if (written < rawSize) out[written] = byte;
    written += 1;
  };
  const reader = new ByteReader(packed);
  while (reader.left > 0 && written <= rawSize) {
    const control = reader.uint8();
    for (let bit = 0; bit < 8 && reader.left > 0; bit += 1) {
      if ((control & (1 << bit)) === 0) {
        put(reader.uint8());
        continue;
      }
      const reference = (reader.uint8() << 8) | reader.uint8();
      const offset = reference >> 4;
      // A reference to where the window stands ends the text (2.2.3.1.2).
      if (offset === head) return out.subarray(0, Math.min(written, rawSize));
      const length = (reference & 0x0f) + 2;
      for (let step = 0; step < length; step += 1) put(window[(offset + step) % WINDOW] ?? 0);
    }
  }
  return out.subarray(0, Math.min(written, rawSize));
}
