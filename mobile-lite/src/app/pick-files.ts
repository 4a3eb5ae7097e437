/**
 * What was picked becomes part of the draft, one file after the other. Several choices may be made ready at once, a slow photo
 * beside a quick file: the draft counts them, and nothing leaves before the last is there. A file that cannot be had says so;
 * it neither stops those behind it nor keeps the answer from leaving.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { ReplyFile } from '../device/write-reply.ts';
import type { Draft, PickedFile } from './draft.ts';
import type { FileTrouble } from './prepare-file.ts';

let lastKey = 0;

/** Makes ready what was picked; ends when all of it is in the draft or refused, and never throws. */
export async function pickFiles(
  picked: Iterable<File>,
  {
    change,
    refuse,
    prepare,
  }: {
    change: (change: (draft: Draft) => Partial<Draft>) => void;
    refuse: (trouble: FileTrouble) => void;
    prepare: (file: File) => Promise<ReplyFile | FileTrouble>;
  },
): Promise<void> {
  change(({ preparing }) => ({ preparing: preparing + 1 }));
  try {
    for (const file of picked) {
      try {
        const prepared = await prepare(file);
        if (typeof prepared === 'string') refuse(prepared);
        else change(({ files }) => ({ files: added(files, prepared, refuse) }));
      } catch {
        refuse('unreadable');
      }
    }
  } finally {
    change(({ preparing }) => ({ preparing: preparing - 1 }));
  }
}

/** The files with one more, or as they were when it is too many or too much. */
function added(
  files: readonly PickedFile[],
  file: ReplyFile,
  refuse: (trouble: FileTrouble) => void,
): readonly PickedFile[] {
  const { attachmentsMax, attachmentsTotalMaxBytes } = CONVERSATION_LIMITS;
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, file.bytes.length);
  if (files.length >= attachmentsMax || total > attachmentsTotalMaxBytes) {
    refuse(files.length >= attachmentsMax ? 'too-many' : 'too-large');
    return files;
  }
  lastKey += 1;
  const { bytes, mediaType } = file;
  const preview = mediaType === 'image/jpeg' ? URL.createObjectURL(new Blob([bytes], { type: mediaType })) : null;
  return [...files, { ...file, key: lastKey, preview }];
}
