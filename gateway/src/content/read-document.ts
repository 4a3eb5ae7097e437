/**
 * What reading gives: the contracts' documents, with their clear bytes still beside them. The next steps seal the
 * bytes into blobs; nothing here goes to a log or to disk.
 */

import type { ClinicalReport, TextRange } from '@estafette/contracts/document';
import type { StatedPatient } from '../ports.ts';

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
  /** A HEIC or TIFF as it came: beside it stands the photo that was made of it. */
  pictureOriginal: 'picture-original',
  /** The same, where it holds more pictures than the photo shows (a fax of several pages). */
  pictureMorePages: 'picture-more-pages',
  pdfUnreadable: 'pdf-unreadable',
  /** It asks for a password. */
  pdfLocked: 'pdf-locked',
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
  /** `IHE_XDM.ZIP` that is no archive, is cut off, or whose sizes and checksums are not true. */
  xdmDamaged: 'xdm-damaged',
  /** Packed as only an attack is packed, or far beyond any document: not opened. */
  xdmUnsafe: 'xdm-unsafe',
  xdmEncrypted: 'xdm-encrypted',
  /** Without metadata that can be read it is not known what its documents are, nor whether they are withdrawn. */
  xdmMetadataUnreadable: 'xdm-metadata-unreadable',
  /** The archive names documents that are not in it; the archive is kept whole. */
  xdmDocumentMissing: 'xdm-document-missing',
  /** Not the bytes that the metadata vouch for. */
  xdmHashWrong: 'xdm-hash-wrong',
  xdmSizeWrong: 'xdm-size-wrong',
  /** In the archive, and not named in its metadata. */
  xdmUnlisted: 'xdm-unlisted',
  /** XML that is no clinical document that can be read here. */
  documentUnreadable: 'document-unreadable',
  /** What the sender withdrew, or replaced. */
  xdmDeleted: 'xdm-deleted',
  xdmReplaced: 'xdm-replaced',
  /** `winmail.dat` that is cut off, or whose checksums are not true; what could be read of it stands before it. */
  tnefDamaged: 'tnef-damaged',
  apicrypt: 'message Apicrypt chiffré, à ouvrir dans votre logiciel',
} as const;
export type FileNote = (typeof FILE_NOTES)[keyof typeof FILE_NOTES];

export type TextDocument = {
  kind: 'text';
  text: string;
  truncated: boolean;
  /** What was newly written, apart from what it quotes (text/fresh-text.ts); absent: all of it is shown. */
  fresh?: TextRange[];
};
export type ReportDocument = { kind: 'report'; report: ClinicalReport };
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
export type ReadDocument = TextDocument | ReportDocument | PhotoDocument | FileDocument;

export type ReadContent = {
  documents: ReadDocument[];
  /** Whom its files are about, with the whole national number: not for the phone, nor for a log. */
  patients: StatedPatient[];
};
