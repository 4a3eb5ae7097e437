/**
 * A photo or file as it is picked, made ready to go with a reply. A photo is drawn anew: it becomes small enough for a
 * mail, and what the camera wrote into it (place, device, time) stays behind. A picture that cannot be drawn here is
 * refused rather than sent with all that. Other files go byte for byte.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { ReplyFile } from '../device/write-reply.ts';

const PHOTO_TARGET_BYTES = 300_000;
const PHOTO_EDGE_PX = 2_000;
/** Quality first, then size: a prescription must stay legible. */
const STEPS = [
  { scale: 1, quality: 0.85 },
  { scale: 1, quality: 0.7 },
  { scale: 0.8, quality: 0.7 },
  { scale: 0.65, quality: 0.65 },
  { scale: 0.5, quality: 0.6 },
];
const NAME_MAX_CHARACTERS = 120;
const MEDIA_TYPE = /^[a-z0-9.+-]{1,49}\/[a-z0-9.+-]{1,50}$/;

export type FileTrouble = 'unreadable' | 'too-large' | 'too-many' | 'empty';

/** Gives the file ready to be sealed, or why not. */
export async function prepareFile(file: File): Promise<ReplyFile | FileTrouble> {
  if (file.size === 0) return 'empty';
  const isPicture = file.type.startsWith('image/') && file.type !== 'image/svg+xml';
  if (isPicture) return drawPhoto(file);
  if (file.size > CONVERSATION_LIMITS.attachmentMaxBytes) return 'too-large';
  const mediaType = MEDIA_TYPE.test(file.type) ? file.type : 'application/octet-stream';
  const bytes = await file.arrayBuffer().catch(() => null);
  return bytes === null ? 'unreadable' : { name: shortName(file.name), mediaType, bytes: new Uint8Array(bytes) };
}

async function drawPhoto(file: File): Promise<ReplyFile | FileTrouble> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) return 'unreadable';
  const fit = Math.min(1, PHOTO_EDGE_PX / Math.max(picture.width, picture.height));
  let drawn: Blob | null = null;
  for (const { scale, quality } of STEPS) {
    drawn = await draw(picture, fit * scale, quality);
    if (drawn !== null && drawn.size <= PHOTO_TARGET_BYTES) break;
  }
  picture.close();
  if (drawn === null) return 'unreadable';
  const name = shortName(`${file.name.replace(/\.[^.]*$/, '') || 'photo'}.jpg`);
  return { name, mediaType: 'image/jpeg', bytes: new Uint8Array(await drawn.arrayBuffer()) };
}

function draw(picture: ImageBitmap, scale: number, quality: number): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext('2d');
  if (pen === null) return Promise.resolve(null);
  // JPEG knows no transparency: what shows through is paper.
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
}

/** Keeps the end, where the kind of the file stands. */
function shortName(name: string): string {
  const [kind = ''] = /\.[^.]{1,10}$/.exec(name) ?? [];
  const stem = name.slice(0, name.length - kind.length);
  return (stem.slice(0, NAME_MAX_CHARACTERS - kind.length) || 'document') + kind;
}
