/**
 * What a part really is, by its first bytes rather than by what its headers say (smime.md 5, item 37), and which
 * media type it may be handed on with: a type that a browser would run in the app's own origin is never passed on.
 */

export type SniffedType = { mediaType: string; executable: boolean };

const OCTETS = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const ACTIVE =
  /^(?:text\/(?:html|xml|javascript|ecmascript|css|vbscript)|image\/svg\+xml|multipart\/related)$|(?:\+xml|\/xml|\/x?html|javascript|ecmascript|x-shockwave-flash)$/;

/** [offset, bytes in latin-1, media type]; the first that fits names the type. */
const SIGNATURES: readonly (readonly [number, string, string])[] = [
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, '%PDF-', 'application/pdf'],
  [0, 'PK\x03\x04', 'application/zip'],
  [0, 'GIF87a', 'image/gif'],
  [0, 'GIF89a', 'image/gif'],
  [8, 'WEBPVP8', 'image/webp'],
  [0, 'II*\x00', 'image/tiff'],
  [0, 'MM\x00*', 'image/tiff'],
  [4, 'ftypheic', 'image/heic'],
  [4, 'ftypheix', 'image/heic'],
  [4, 'ftyphevc', 'image/heic'],
  [4, 'ftyphevx', 'image/heic'],
  [4, 'ftypmif1', 'image/heic'],
  [4, 'ftypmsf1', 'image/heic'],
  [128, 'DICM', 'application/dicom'],
];

const EXECUTABLE_SIGNATURES = ['\x7fELF', '#!', '\xca\xfe\xba\xbe', '\xcf\xfa\xed\xfe', '\xce\xfa\xed\xfe'];

/** The type the first bytes tell, or null when they tell nothing (text, an unknown format). */
export function sniffMediaType(bytes: Buffer): SniffedType | null {
  const head = bytes.subarray(0, 256).toString('latin1');
  const isProgram =
    EXECUTABLE_SIGNATURES.some((signature) => head.startsWith(signature)) ||
    // "MZ" alone could open a laboratory's patient code; a program has zero bytes right behind.
    (head.startsWith('MZ') && head.slice(0, 64).includes('\0'));
  if (isProgram) return { mediaType: OCTETS, executable: true };
  const found = SIGNATURES.find(([offset, signature]) => head.startsWith(signature, offset));
  return found ? { mediaType: found[2], executable: false } : null;
}

export type ServedType = { mediaType: string; active: boolean; mismatch: boolean };

/** The media type a file is handed on with, from what was declared and what was sniffed. */
export function servedMediaType(declared: string, sniffed: SniffedType | null): ServedType {
  const type = MEDIA_TYPE.test(declared) ? declared : OCTETS;
  if (ACTIVE.test(type)) return { mediaType: OCTETS, active: true, mismatch: false };
  if (sniffed) {
    // A zip may rightly be a .docx or an archive of another name; a picture or PDF is what its bytes say.
    const container =
      sniffed.mediaType === 'application/zip' && !type.startsWith('image/') && type !== 'application/pdf';
    return { mediaType: container && type !== OCTETS ? type : sniffed.mediaType, active: false, mismatch: false };
  }
  if (type.startsWith('image/') || type === 'application/pdf')
    return { mediaType: OCTETS, active: false, mismatch: true };
  return { mediaType: type, active: false, mismatch: false };
}
