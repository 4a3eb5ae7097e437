/**
 * Makes what is shown of a letter's pictures and PDFs, just before its message is: thumbnails, pictures for a phone's
 * screen, first pages. The studio decodes them, apart from the gateway.
 *
 * Every document keeps its place and its bytes; nothing is lost. What cannot be decoded becomes a file that says why. A
 * HEIC or TIFF, which phones do not show, becomes a photo in JPEG, and its original a file at the end. What could not be
 * tried (the studio cannot start, the letter has used up its time) stays as it came.
 */
import { CONTENT_LIMITS, PICTURE_LIMITS, STUDIO_LIMITS } from '@estafette/contracts/limits';
import type { Clock, Developed, DevelopedPicture, PictureFormat, ReadDocument, Studio, StudioTask } from '../ports.ts';
import { FILE_NOTES, type FileNote } from './read-document.ts';

type Photo = Extract<ReadDocument, { kind: 'photo' }>;
type File = Extract<ReadDocument, { kind: 'file' }>;

/** What becomes of a document: itself in its place, and perhaps its original at the end. */
type Viewed = { document: ReadDocument; original?: File };

const FORMATS: Record<string, PictureFormat> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/tiff': 'tiff',
  'image/heic': 'heic',
};

/** Logos of signatures, mostly: they need no view, and are not worth a decoder. */
function isSmall({ width, height, bytes }: Photo): boolean {
  const { thumbnailMaxSide, thumbnailFromBytes } = PICTURE_LIMITS;
  return Math.max(width, height) <= thumbnailMaxSide && bytes.length <= thumbnailFromBytes;
}

/** What there is to be decoded in a document; a file that says already why it is no more than one is left alone. */
function taskOf(document: ReadDocument): StudioTask | null {
  if (document.kind !== 'photo' && document.kind !== 'file') return null;
  if (document.kind === 'file' && document.note !== null) return null;
  if (document.kind === 'photo' && isSmall(document)) return null;
  const { bytes, mediaType } = document;
  if (mediaType === 'application/pdf') return { kind: 'pdf', bytes };
  const format = FORMATS[mediaType];
  return format === undefined ? null : { kind: 'picture', format, bytes };
}

/** The documents with their views, in their places; originals of converted pictures follow. */
export async function addViews(
  documents: readonly ReadDocument[],
  { studio, clock }: { studio: Studio; clock: Clock },
): Promise<ReadDocument[]> {
  const until = clock.now().getTime() + STUDIO_LIMITS.letterTimeoutMs;
  const shown: ReadDocument[] = [];
  const originals: ReadDocument[] = [];
  let overruns = 0;
  for (const document of documents) {
    const task = taskOf(document);
    const isTried = overruns < STUDIO_LIMITS.overrunsPerLetterMax && clock.now().getTime() < until;
    if (task === null || !isTried) {
      shown.push(document);
      continue;
    }
    const developed = await studio.develop(task);
    if ('refused' in developed && developed.refused === 'costly') overruns += 1;
    const isRoom = documents.length + originals.length < CONTENT_LIMITS.documentsMax;
    const viewed = viewedAs(document as Photo | File, developed, isRoom);
    shown.push(viewed.document);
    if (viewed.original) originals.push(viewed.original);
  }
  return [...shown, ...originals];
}

function viewedAs(document: Photo | File, developed: Developed, isRoom: boolean): Viewed {
  if ('refused' in developed) return { document: refusedFile(document, developed.refused) };
  if (developed.kind === 'pdf')
    return { document: document.kind === 'file' ? { ...document, preview: developed.pdf } : document };
  const { picture } = developed;
  if (document.kind === 'photo') return { document: { ...document, ...viewsOf(picture) } };
  if (picture.converted === null || !isRoom) return { document };
  const { mediaType, bytes, width, height } = picture.converted;
  const name = `${document.name.replace(/\.(?:heic|heif|tiff?)$/i, '')}.jpg`;
  const photo = { kind: 'photo', name, mediaType, bytes, width, height, ...viewsOf(picture) } as const;
  const note = picture.pages > 1 ? FILE_NOTES.pictureMorePages : FILE_NOTES.pictureOriginal;
  return { document: photo, original: { ...document, note } };
}

function viewsOf({ thumbnail, screen }: DevelopedPicture): Pick<Photo, 'thumbnail' | 'screen'> {
  return { ...(thumbnail ? { thumbnail } : {}), ...(screen ? { screen } : {}) };
}

function refusedFile(
  document: Photo | File,
  refused: 'damaged' | 'locked' | 'too-large' | 'costly' | 'absent',
): Photo | File {
  if (refused === 'absent') return document;
  const { name, mediaType, bytes } = document;
  return { kind: 'file', name, mediaType, bytes, note: noteOf(mediaType, refused) };
}

function noteOf(mediaType: string, refused: 'damaged' | 'locked' | 'too-large' | 'costly'): FileNote {
  if (mediaType === 'application/pdf') return refused === 'locked' ? FILE_NOTES.pdfLocked : FILE_NOTES.pdfUnreadable;
  return refused === 'damaged' ? FILE_NOTES.pictureDamaged : FILE_NOTES.pictureTooLarge;
}
