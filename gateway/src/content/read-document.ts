/**
 * What reading gives: the contracts' documents, with their clear bytes still beside them. The next steps seal the
 * bytes into blobs; nothing here goes to a log or to disk.
 */

import type { HprimReport } from '@estafette/contracts/document';

/**
 * Why a part is only a file, as stable codes; the app has the words for them.
 * The Apicrypt note is a sentence, because it is also shown as the letter's text.
 */
export const FILE_NOTES = {
  /** A program or a script, by name or by its first bytes: shown by name, not to be opened. */
  executable: 'executable',
  /** A page or drawing that can hold scripts (HTML, SVG, XML): offered as bytes only. */
  activeContent: 'active-content',
  /** The bytes are not what the type says. */
  typeMismatch: 'type-mismatch',
  pictureTooLarge: 'picture-too-large',
  pictureDamaged: 'picture-damaged',
  /** A letter attached to the letter, not read here. */
  attachedLetter: 'attached-letter',
  /** The whole of a text of which a document shows the beginning. */
  textContinued: 'text-continued',
  /** Decrypted, but protected by nothing against changes on the way: bytes only, never opened or previewed here. */
  notAuthenticated: 'not-authenticated',
  tooDeep: 'too-deep',
  tooManyParts: 'too-many-parts',
  tooManyDocuments: 'too-many-documents',
  /** The structure of the letter, or this part of it, could not be read; the bytes are as they came. */
  unreadable: 'unreadable',
  apicrypt: 'message Apicrypt chiffré, à ouvrir dans votre logiciel',
} as const;
export type FileNote = (typeof FILE_NOTES)[keyof typeof FILE_NOTES];

export type TextDocument = { kind: 'text'; text: string; truncated: boolean };
export type HprimDocument = { kind: 'hprim'; report: HprimReport };
export type PhotoDocument = {
  kind: 'photo';
  name: string;
  mediaType: string;
  /** Without EXIF and the like. */
  bytes: Buffer;
  /** As displayed: an orientation that turns the picture is already taken into account. */
  width: number;
  height: number;
};
export type FileDocument = { kind: 'file'; name: string; mediaType: string; bytes: Buffer; note: FileNote | null };
export type ReadDocument = TextDocument | HprimDocument | PhotoDocument | FileDocument;

export type ReadContent = { documents: ReadDocument[] };
