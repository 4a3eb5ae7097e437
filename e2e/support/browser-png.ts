/** PNG (W3C PNG 3) as far as the stories need it: a photo for a letter, and pictures packed tighter than Chromium does. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

const pngOf = (head: Buffer, rows: Buffer): Buffer =>
  Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);

/** What a filter adds to a byte, from its neighbours left, above, and left above (W3C PNG 9.2). */
function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter < 3) return filter === 0 ? 0 : filter === 1 ? left : above;
  if (filter === 3) return (left + above) >> 1;
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/** The rows of pixels as they are, each marked as unfiltered. */
function withoutFilters(filtered: Buffer, stride: number, pixelBytes: number): Buffer {
  const rows = Buffer.from(filtered);
  for (let start = 0; start < rows.length; start += stride + 1) {
    const filter = rows.readUInt8(start);
    rows[start] = 0;
    for (let at = start + 1; at <= start + stride; at += 1) {
      const inRow = at - start > pixelBytes;
      const left = inRow ? (rows[at - pixelBytes] ?? 0) : 0;
      const above = rows[at - stride - 1] ?? 0;
      const corner = inRow ? (rows[at - stride - 1 - pixelBytes] ?? 0) : 0;
      rows[at] = (rows[at] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return rows;
}

/** The same picture of 8-bit RGB or RGBA in fewer bytes: drawn screens pack best without the filters for photos. */
export function packTighter(png: Buffer): Buffer {
  const packed: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      packed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const pixelBytes = png.readUInt8(25) === 6 ? 4 : 3;
  const stride = png.readUInt32BE(16) * pixelBytes;
  return pngOf(png.subarray(16, 29), withoutFilters(inflateSync(Buffer.concat(packed)), stride, pixelBytes));
}

/** A patch of skin with a bruise: what a photo of a doctor's letter may look like from afar. */
function bruiseAt(x: number, y: number): number[] {
  const distance = Math.hypot((x - 160) / 90, (y - 120) / 55) + 0.08 * Math.sin(x / 9) * Math.cos(y / 7);
  const depth = Math.max(0, 1 - distance);
  const shade = 12 * Math.sin((x + 2 * y) / 90);
  return [224 - 120 * depth + shade, 178 - 118 * depth + shade, 150 - 52 * depth + shade].map(Math.round);
}

/** A photo of 320 × 240 that every viewer can show. */
export function paintPhoto(): Buffer {
  const [width, height] = [320, 240];
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) rows.set(bruiseAt(x, y), y * (width * 3 + 1) + 1 + x * 3);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return pngOf(head, rows);
}
