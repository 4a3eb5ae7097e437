/**
 * Decides what one part of a letter is, and reads it: by its bytes first, then by what its headers and name say.
 *
 * In this order: a program is never opened; Apicrypt files get their sentence; pictures by their bytes; text (the
 * letter's words, or an attached text or HPRIM file under any type) by our own charset evidence; the rest is a file.
 */

import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { cleanFileName, extensionOf, isExecutableName } from './file-name.ts';
import { servedMediaType, sniffMediaType } from './media-type.ts';
import type { MimeLeaf } from './mime-leaves.ts';
import { readPhoto } from './pictures/photo.ts';
import type { FileDocument, FileNote, ReadDocument } from './read-document.ts';
import { FILE_NOTES } from './read-document.ts';
import { decodeClinicalText } from './text/charset.ts';
import { cleanText } from './text/clean-text.ts';
import { type HtmlText, readHtml } from './text/html-text.ts';
import { holdsReports, textDocuments } from './text/text-documents.ts';

/** Above this an attached file of unknown type is not searched for HPRIM: real ones are a few kilobytes. */
const HPRIM_FILE_MAX_BYTES = 4 * 1024 * 1024;
const TEXT_EXTENSION = /^(?:hpr|hpm\d?|hprim|txt)$/;
/** Types under which practice software sends HPRIM files. */
const UNTOLD_TYPE = /^(?:application\/(?:octet-stream|x-hprim|hprim)|text\/(?!html|xml)[a-z0-9.+-]{1,60})$/;

const APICRYPT = Buffer.from('$APICRYPT');

export function isInlineText(leaf: MimeLeaf): boolean {
  if (leaf.disposition === 'attachment' || leaf.name) return false;
  return leaf.contentType === 'text/plain' || leaf.contentType === 'text/html';
}

/** An inline text part as it stands, clean: markup stays markup. */
export const sourceOf = (leaf: MimeLeaf): string => cleanText(decodeClinicalText(leaf.bytes, leaf.charset).text);

/** The words of an inline text part, clean; what it will be shown as. */
export const wordsOf = (leaf: MimeLeaf): string => markedWordsOf(leaf).text;

function markedWordsOf(leaf: MimeLeaf): HtmlText {
  const decoded = sourceOf(leaf);
  if (leaf.contentType !== 'text/html') return { text: decoded, quotes: [] };
  return readHtml(decoded.slice(0, CONTENT_LIMITS.htmlMaxCharacters));
}

export function leafDocuments(leaf: MimeLeaf, now: Date): ReadDocument[] {
  const name = cleanFileName(leaf.name, leaf.contentType);
  const sniffed = sniffMediaType(leaf.bytes);
  // Words that begin with "#!" are still words; an inline part with a binary's first bytes is not.
  if (isInlineText(leaf) && (!sniffed || !leaf.bytes.subarray(0, 256).includes(0)))
    return inlineTextDocuments(leaf, now);
  if (sniffed?.executable || isExecutableName(name)) return [plainFile(leaf, name, FILE_NOTES.executable)];
  const extension = extensionOf(name);
  if (extension === 'apz' || extension === 'api' || isApicrypt(leaf))
    return [plainFile(leaf, name, FILE_NOTES.apicrypt)];
  const photo = readPhoto(leaf.bytes);
  if (photo && 'refused' in photo) {
    const note = photo.refused === 'too-large' ? FILE_NOTES.pictureTooLarge : FILE_NOTES.pictureDamaged;
    return [fileOf(leaf, name, note)];
  }
  if (photo) return [{ kind: 'photo', name: leaf.name ? name : cleanFileName(undefined, photo.mediaType), ...photo }];
  if (leaf.contentType === 'message/rfc822') return [plainFile(leaf, name, FILE_NOTES.attachedLetter)];
  return (sniffed ? null : attachedTextDocuments(leaf, { name, extension, now })) ?? [fileOf(leaf, name, null)];
}

/** The cipher text of Apicrypt v1 in a file of whatever name; one that says it is text gets the sentence as its text. */
const isApicrypt = ({ bytes, contentType }: MimeLeaf): boolean =>
  contentType !== 'text/plain' && bytes.subarray(0, APICRYPT.length).equals(APICRYPT);

function inlineTextDocuments(leaf: MimeLeaf, now: Date): ReadDocument[] {
  const { text, quotes } = markedWordsOf(leaf);
  const isCut = leaf.contentType === 'text/html' && leaf.bytes.length > CONTENT_LIMITS.htmlMaxCharacters;
  const rest = isCut ? [fileOf(leaf, cleanFileName(undefined, leaf.contentType), FILE_NOTES.textContinued)] : [];
  if (text.trim() !== '') return [...textDocuments(text, { fileName: 'texte-integral.txt', now, quotes }), ...rest];
  // HTML that shows no word (a picture of a letter, broken markup) is kept as bytes rather than lost.
  const isSilentHtml =
    leaf.contentType === 'text/html' && leaf.bytes.length > 0 && /<(?:img|style|script)/i.test(head(leaf));
  return isSilentHtml ? [fileOf(leaf, cleanFileName(undefined, leaf.contentType), null)] : rest;
}

const head = (leaf: MimeLeaf): string => leaf.bytes.toString('latin1', 0, 65_536);

/** Text in an attached file: always read when it says it is text, else only when it proves to be HPRIM. */
function attachedTextDocuments(
  leaf: MimeLeaf,
  { name, extension, now }: { name: string; extension: string; now: Date },
): ReadDocument[] | null {
  const saysText = leaf.contentType === 'text/plain' || TEXT_EXTENSION.test(extension);
  if (!saysText && (!UNTOLD_TYPE.test(leaf.contentType) || leaf.bytes.length > HPRIM_FILE_MAX_BYTES)) return null;
  const { text, charset } = decodeClinicalText(leaf.bytes, leaf.charset);
  if (!charset.startsWith('utf-16') && text.includes('\0')) return null; // not text, whatever it says
  const words = cleanText(text);
  if (words.trim() === '') return null;
  if (!saysText && !holdsReports(words, now)) return null;
  return textDocuments(words, { fileName: name, now });
}

export function fileOf(leaf: MimeLeaf, name: string, note: FileNote | null): FileDocument {
  const served = servedMediaType(leaf.contentType, sniffMediaType(leaf.bytes));
  const found = served.active ? FILE_NOTES.activeContent : served.mismatch ? FILE_NOTES.typeMismatch : null;
  return { kind: 'file', name, mediaType: served.mediaType, bytes: leaf.bytes, note: note ?? found };
}

/** A file whose type is not to be believed, nor to be opened by it. */
export function plainFile(leaf: MimeLeaf, name: string, note: FileNote): FileDocument {
  const mediaType = leaf.contentType === 'message/rfc822' ? leaf.contentType : 'application/octet-stream';
  return { kind: 'file', name, mediaType, bytes: leaf.bytes, note };
}
