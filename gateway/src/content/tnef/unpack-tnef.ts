/**
 * Puts what a `winmail.dat` holds in its place among the parts of a letter, to be read as any other part. Its body is a
 * part only when it says something that the letter's own text does not: Outlook mostly repeats that.
 *
 * A winmail.dat within a winmail.dat is a file, and so is the fourth of one letter. One that is damaged gives what can be
 * trusted of it and stays beside it, whole, with a note.
 */

import { TNEF_LIMITS } from '@estafette/contracts/limits';
import { isInlineText, wordsOf } from '../leaf-documents.ts';
import type { MimeLeaf } from '../mime-leaves.ts';
import { FILE_NOTES, type FileNote } from '../read-document.ts';
import { readTnef, TNEF_TYPE, type TnefBody, type TnefFile } from './read-tnef.ts';
import { startsAsTnef } from './tnef-stream.ts';

/** With a note, the part is to be a file and no more. */
export type UnpackedLeaf = { leaf: MimeLeaf; note: FileNote | null };

const isTnef = ({ contentType, name, bytes }: MimeLeaf): boolean =>
  contentType === TNEF_TYPE ||
  contentType === 'application/vnd.ms-tnef' ||
  /^win(?:mail|\.?dat)?\.?dat$/i.test(name ?? '') ||
  startsAsTnef(bytes);

export function unpackTnef(leaves: readonly MimeLeaf[]): UnpackedLeaf[] {
  let opened = 0;
  return leaves.flatMap((leaf) => {
    if (isInlineText(leaf) || !isTnef(leaf)) return [{ leaf, note: null }];
    opened += 1;
    return opened > TNEF_LIMITS.filesMax ? [{ leaf, note: FILE_NOTES.attachedLetter }] : unpackLeaf(leaf, leaves);
  });
}

function unpackLeaf(leaf: MimeLeaf, all: readonly MimeLeaf[]): UnpackedLeaf[] {
  const tnef = readTnef(leaf.bytes);
  if (tnef === null) return [{ leaf, note: FILE_NOTES.tnefDamaged }];
  const body = tnef.bodies.map((each) => bodyLeaf(each, leaf)).find((each) => tokensOf(wordsOf(each)).length > 0);
  const files = tnef.files.map((file) => fileLeaf(file, leaf));
  const isNew = body !== undefined && !saysAlready(all, body);
  const whole = tnef.damaged ? [{ leaf, note: FILE_NOTES.tnefDamaged }] : [];
  const found = [...(isNew ? [{ leaf: body, note: null }] : []), ...files, ...whole];
  // A note or an appointment of Outlook whose words stand in properties of its own.
  return found.length === 0 && body === undefined ? [{ leaf, note: null }] : found;
}

const fileLeaf = ({ name, mediaType, bytes }: TnefFile, { depth }: MimeLeaf): UnpackedLeaf => {
  const leaf: MimeLeaf = {
    contentType: mediaType,
    charset: undefined,
    disposition: 'attachment',
    name,
    bytes,
    depth: depth + 1,
    alternative: null,
  };
  return { leaf, note: isTnef(leaf) || mediaType === 'message/rfc822' ? FILE_NOTES.attachedLetter : null };
};

const bodyLeaf = ({ mediaType, charset, bytes }: TnefBody, { depth }: MimeLeaf): MimeLeaf => ({
  contentType: mediaType,
  charset,
  disposition: 'inline',
  name: undefined,
  bytes,
  depth: depth + 1,
  alternative: null,
});

/** Whether the letter's own text begins with these very words, however they are set out; mail programs add footers. */
function saysAlready(leaves: readonly MimeLeaf[], body: MimeLeaf): boolean {
  const words = tokensOf(wordsOf(body));
  return leaves.some((leaf) => isInlineText(leaf) && beginsWith(tokensOf(wordsOf(leaf)), words));
}

const beginsWith = (all: readonly string[], first: readonly string[]): boolean =>
  first.length <= all.length && first.every((word, at) => all[at] === word);

/** Words and numbers; links are set out differently in each form, and so are bullets. */
const tokensOf = (text: string): string[] =>
  text
    .replace(/[(<](?:https?|mailto|tel):[^()<>\s]{0,2000}[)>]/gi, ' ')
    .split(/[^\p{L}\p{N}%<>=+.,/-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
