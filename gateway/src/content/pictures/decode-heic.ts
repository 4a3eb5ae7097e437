/**
 * Decodes the first picture of a HEIC file (ISO/IEC 23008-12), what an iPhone takes: libheif as WebAssembly, in the
 * studio's own process. Its size is judged before a pixel is decoded. The turn that the file states is applied by
 * libheif; the colour profile it holds is given along, because the pixels mean nothing exact without it.
 */
import { CONTENT_LIMITS, PICTURE_LIMITS } from '@estafette/contracts/limits';
import type { StudioRefusal } from '../../ports.ts';

export type HeicPixels = {
  /** RGBA, eight bits. */
  pixels: Buffer;
  width: number;
  height: number;
  /** ICC profile of the colours; null: sRGB. */
  profile: Buffer | null;
  /** How many pictures the file holds. */
  pictures: number;
};

/** Rejects for what is no sound HEIC. */
export async function decodeHeic(bytes: Buffer): Promise<HeicPixels | StudioRefusal> {
  // Loaded when the first HEIC comes: 2 MB of WebAssembly.
  const { default: heic } = await import('heic-decode');
  const found = await heic.all({ buffer: bytes });
  try {
    const [first] = found;
    if (first === undefined) return { refused: 'damaged' };
    const area = first.width * first.height;
    if (area > CONTENT_LIMITS.photoMaxPixels || area * 4 > PICTURE_LIMITS.wholeMaxBytes)
      return { refused: 'too-large' };
    const { width, height, data } = await first.decode();
    const pixels = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return { pixels, width, height, profile: profileOf(bytes), pictures: found.length };
  } finally {
    found.dispose();
  }
}

type Box = { type: string; content: Buffer };
const BOXES_MAX = 500;

/** The boxes that lie in `bytes` (ISO/IEC 14496-12 §4.2); what does not fit ends them. */
function boxesIn(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length && boxes.length < BOXES_MAX; ) {
    const size = bytes.readUInt32BE(at) || bytes.length - at;
    if (size < 8 || at + size > bytes.length) break;
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

const boxIn = (bytes: Buffer | undefined, type: string): Buffer | undefined =>
  bytes && boxesIn(bytes).find((box) => box.type === type)?.content;

/** The first ICC profile among the item properties (`meta` → `iprp` → `ipco` → `colr`, ISO/IEC 14496-12 §12.1.5). */
function profileOf(bytes: Buffer): Buffer | null {
  const VERSION_AND_FLAGS = 4;
  const meta = boxIn(bytes, 'meta')?.subarray(VERSION_AND_FLAGS);
  const properties = boxIn(boxIn(meta, 'iprp'), 'ipco') ?? Buffer.alloc(0);
  const profiles = boxesIn(properties).filter(
    ({ type, content }) => type === 'colr' && /^(?:prof|rICC)$/.test(content.toString('latin1', 0, 4)),
  );
  const profile = profiles[0]?.content.subarray(4);
  return profile && profile.length <= PICTURE_LIMITS.profileMaxBytes ? profile : null;
}
