/**
 * What a CDA encloses (type ED, HL7 ITS R1 §2.4): words as they stand, or bytes in base64, perhaps compressed. Read with
 * what real software forgets: that it is base64, or of which kind it is.
 *
 * Danger: compressed bytes that unfold without end. What all of one document unfold to is bounded; what is beyond stays
 * as it came.
 */

import type { ZlibOptions } from 'node:zlib';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { CDA_LIMITS } from '@estafette/contracts/limits';
import { sniffMediaType } from '../media-type.ts';
import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { attributeOf, childElements, textOf } from '../xml/safe-xml.ts';
import { narrativeOf } from './narrative.ts';

/** CompressionAlgorithm of HL7: deflate alone, in zlib's or in gzip's frame. */
const UNFOLD: Readonly<Record<string, (packed: Buffer, options: ZlibOptions) => Buffer>> = {
  DF: inflateRawSync,
  ZL: inflateSync,
  GZ: gunzipSync,
};
const RTF_MARK = '{\\rtf';
const NOT_BASE64 = /[^A-Za-z0-9+/_=-]/;
const HEAD_CHARACTERS = 2_048;
const DATA_URI = /^data:[^,]{0,100};base64,/;
const TEXT_NODE = 3;

export const isBase64 = (element: Element): boolean =>
  attributeOf(element, 'representation').trim().toUpperCase() === 'B64';

/** `text/plain`, whatever parameters are behind it. */
export const declaredType = (element: Element): string =>
  (attributeOf(element, 'mediaType').split(';')[0] ?? '').trim().toLowerCase();

export const isRtf = (bytes: Buffer): boolean => bytes.toString('latin1', 0, RTF_MARK.length) === RTF_MARK;

/** A body in words: text to read rather than a file. Without a type it is text (ITS R1 §2.4.2), unless its bytes are a file. */
export function isPlainText(text: Element): boolean {
  const mediaType = declaredType(text);
  if (mediaType !== 'text/plain' && (mediaType !== '' || isBase64(text))) return false;
  return !isPackedFile(text) && !isWrittenRtf(text);
}

/** Base64 of a file whose first bytes tell what it is, whatever is said of it. */
export function isPackedFile(element: Element): boolean {
  const packed = packedWords(element).slice(0, HEAD_CHARACTERS);
  if (NOT_BASE64.test(packed) || attributeOf(element, 'compression').trim() !== '') return false;
  const head = Buffer.from(packed, 'base64');
  return sniffMediaType(head) !== null || isRtf(head);
}

/** RTF as it stands, not in base64. */
export const isWrittenRtf = (element: Element): boolean =>
  !isBase64(element) && packedWords(element).startsWith(RTF_MARK);

/** A value that is a file: said to be base64, or of some kind and looking it. */
export const isEnclosedFile = (value: Element): boolean =>
  isBase64(value) || (declaredType(value) !== '' && isPackedFile(value));

/** The base64 of an element: its own characters, not those of a `thumbnail` or `reference` inside. */
export function packedWords(element: Element): string {
  const pieces: string[] = [];
  for (let node = element.firstChild; node; node = node.nextSibling)
    if (node.nodeType === TEXT_NODE) pieces.push(node.nodeValue ?? '');
  return pieces.join('').replace(/\s+/g, '').replace(DATA_URI, '');
}

export function plainWords(text: Element): string {
  if (!isBase64(text)) return childElements(text).length > 0 ? narrativeOf(text) : cleanText(textOf(text)).trim();
  const bytes = unfolded(text, Buffer.from(packedWords(text), 'base64'), CDA_LIMITS.unfoldedMaxBytes);
  return bytes === null ? '' : cleanText(decodeClinicalText(bytes, 'utf-8').text).trim();
}

/** The bytes as they were before they were compressed; the same where they were not, null where that cannot be told. */
export function unfolded(element: Element, packed: Buffer, maxBytes: number): Buffer | null {
  const algorithm = attributeOf(element, 'compression').trim().toUpperCase();
  if (algorithm === '') return packed;
  const unfold = Object.hasOwn(UNFOLD, algorithm) ? UNFOLD[algorithm] : undefined;
  if (unfold === undefined || maxBytes <= 0) return null;
  try {
    return unfold(packed, { maxOutputLength: maxBytes });
  } catch {
    return null;
  }
}
