/**
 * The files a CDA carries inside: its whole body as a PDF (N1, nonXMLBody), the copy in section 55108-5, pictures and
 * attached documents (observationMedia), all in base64 (clinical-formats A.2.4). Their type is what their bytes say;
 * whoever hands them on judges them as any other file of a letter.
 */

import { CDA_LIMITS, CONTENT_LIMITS } from '@estafette/contracts/limits';
import { cleanFileName } from '../file-name.ts';
import { sniffMediaType } from '../media-type.ts';
import { attributeOf, childAt, childrenNamed, descendantsNamed, localNameOf, textOf } from '../xml/safe-xml.ts';
import {
  declaredType,
  isBase64,
  isEnclosedFile,
  isPackedFile,
  isPlainText,
  isRtf,
  isWrittenRtf,
  packedWords,
  unfolded,
} from './encapsulated.ts';
import { wordOf } from './people.ts';

export type CdaFile = { name: string; mediaType: string; bytes: Buffer };
export type ReadFiles = { files: CdaFile[]; warnings: Set<string> };

const OCTETS = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const NOT_BASE64 = /[^A-Za-z0-9+/=]/;
const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/zip': 'zip',
  'application/dicom': 'dcm',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/tiff': 'tif',
  'image/webp': 'webp',
  'image/heic': 'heic',
  'text/plain': 'txt',
  'text/html': 'html',
};

/** Of bodies in sections, or that are one file (then with the title of the document as its name). */
export function readFiles(bodies: readonly Element[], title: string): ReadFiles {
  const read: ReadFiles = { files: [], warnings: new Set() };
  for (const body of bodies) {
    if (localNameOf(body) === 'nonXMLBody')
      for (const text of childrenNamed(body, 'text')) if (!isPlainText(text)) addFile(text, title, read);
    for (const section of descendantsNamed(body, 'section')) {
      const heading = wordOf(childAt(section, 'title')) || title;
      for (const entry of childrenNamed(section, 'entry'))
        for (const value of descendantsNamed(entry, 'value')) if (isFile(value)) addFile(value, heading, read);
    }
  }
  return read;
}

function isFile(value: Element): boolean {
  const isMedia = value.parentNode?.nodeType === 1 && localNameOf(value.parentNode as Element) === 'observationMedia';
  return isMedia || isEnclosedFile(value);
}

function addFile(element: Element, title: string, read: ReadFiles): void {
  if (read.files.length >= CONTENT_LIMITS.documentsMax) {
    read.warnings.add('too-many-files');
    return;
  }
  if (attributeOf(childAt(element, 'reference'), 'value') !== '') read.warnings.add('file-elsewhere');
  const packed = bytesOf(element, read.warnings);
  if (packed.length === 0) return;
  const before = read.files.reduce((sum, file) => sum + file.bytes.length, 0);
  const whole = unfolded(element, packed, CDA_LIMITS.unfoldedMaxBytes - before);
  if (whole === null) read.warnings.add('file-compressed');
  const bytes = whole ?? packed;
  const mediaType = mediaTypeOf(bytes, declaredType(element));
  read.files.push({ name: nameFor(title, mediaType, read.files), mediaType, bytes });
}

function bytesOf(element: Element, warnings: Set<string>): Buffer {
  // Some software forgets to say that it is base64, which a PDF can only be.
  const isWords = !isBase64(element) && declaredType(element).startsWith('text/') && !isPackedFile(element);
  if (isWords) return Buffer.from(textOf(element), 'utf8');
  if (isWrittenRtf(element)) return Buffer.from(textOf(element).trim(), 'utf8');
  const packed = packedWords(element);
  const padding = packed.indexOf('=');
  const length = padding === -1 ? packed.length : padding;
  if (NOT_BASE64.test(packed) || packed.length - length > 2 || length % 4 === 1) warnings.add('file-damaged');
  return Buffer.from(packed, 'base64');
}

function mediaTypeOf(bytes: Buffer, declared: string): string {
  const sniffed = sniffMediaType(bytes);
  if (sniffed) return sniffed.mediaType;
  if (isRtf(bytes)) return 'application/rtf';
  return MEDIA_TYPE.test(declared) && declared !== 'application/pdf' && !declared.startsWith('image/')
    ? declared
    : OCTETS;
}

/** `Copie du document.pdf`; the second of the same name has a number. */
function nameFor(title: string, mediaType: string, others: readonly CdaFile[]): string {
  const extension = EXTENSIONS[mediaType] ?? 'bin';
  const plain = title.replaceAll(/[/\\]/g, ' ').trim() || 'document';
  const taken = new Set(others.map((file) => file.name));
  const first = cleanFileName(`${plain}.${extension}`, mediaType);
  if (!taken.has(first)) return first;
  return cleanFileName(`${plain} (${others.length + 1}).${extension}`, mediaType);
}
