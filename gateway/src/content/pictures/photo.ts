/**
 * Recognises a picture by its bytes, reads its size from its headers, and takes out what tells more than the picture:
 * place, device, author, thumbnails of what was cropped away (smime.md 5, item 33).
 *
 * The pixels are neither decoded nor changed. A picture too large to be decoded on a phone, or whose structure is not
 * sound, is not a photo: the caller offers it as a file.
 */

import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import type { CleanPicture } from './clean-picture.ts';
import { cleanJpeg } from './jpeg.ts';
import { cleanPng } from './png.ts';

export type Photo = { mediaType: 'image/jpeg' | 'image/png'; bytes: Buffer; width: number; height: number };
export type PhotoRefusal = { refused: 'too-large' | 'damaged' };

/** The cleaned picture, why it is none, or null when the bytes are no JPEG or PNG at all. */
export function readPhoto(bytes: Buffer): Photo | PhotoRefusal | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return bounded('image/jpeg', cleanJpeg(bytes));
  if (bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n') return bounded('image/png', cleanPng(bytes));
  return null;
}

function bounded(mediaType: Photo['mediaType'], picture: CleanPicture | null): Photo | PhotoRefusal {
  if (!picture || picture.width < 1 || picture.height < 1) return { refused: 'damaged' };
  if (picture.width * picture.height > CONTENT_LIMITS.photoMaxPixels) return { refused: 'too-large' };
  return { mediaType, ...picture };
}
