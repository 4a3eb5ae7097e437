/**
 * `winmail.dat` (MS-OXTNEF): what Outlook sends instead of attachments when it takes the other side for Outlook. Gives
 * the files and the body that are in it, as parts that the letter could have had; reading them is for the next step.
 *
 * Never throws for anything in the bytes. A message inside is one file: nothing is opened twice.
 */

import { decodeClinicalText } from '../text/charset.ts';
import { decompressRtf } from './decompress-rtf.ts';
import { type MapiProperties, type MapiProperty, PROPERTIES, readMapiProperties } from './mapi-properties.ts';
import { charsetOf, rtfText } from './rtf-text.ts';
import { ATTRIBUTES, attributeNamed, readTnefStream, type TnefAttribute } from './tnef-stream.ts';

export type TnefFile = { name: string | undefined; mediaType: string; bytes: Buffer };
export type TnefBody = { mediaType: 'text/plain' | 'text/html'; charset: string; bytes: Buffer };
/** `bodies`: the forms of one text, the simplest first. */
export type Tnef = { bodies: TnefBody[]; files: TnefFile[]; damaged: boolean };

export const TNEF_TYPE = 'application/ms-tnef';
const WESTERN = 1252;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
/** IID_IMessage {00020307-0000-0000-C000-000000000046}, before a message inside (MS-OXTNEF 2.1.3.4). */
const MESSAGE_INSIDE = Buffer.from('0703020000000000c000000000000046', 'hex');
const INTERFACE_BYTES = 16;

/** Null when the bytes are no TNEF. */
export function readTnef(bytes: Buffer): Tnef | null {
  const stream = readTnefStream(bytes);
  if (stream === null) return null;
  const codepage = codepageOf(stream.message);
  const tnef: Tnef = { bodies: [], files: [], damaged: stream.damaged };
  const properties = readProperties(stream.message, ATTRIBUTES.messageProperties, tnef);
  readBodies(stream.message, properties, codepage, tnef);
  for (const attachment of stream.attachments) readAttachment(attachment, codepage, tnef);
  return tnef;
}

/** attOemCodepage (MS-OXTNEF 2.1.3.3.4): the primary page, then one that is not used. */
function codepageOf(message: readonly TnefAttribute[]): number {
  const value = attributeNamed(message, ATTRIBUTES.oemCodepage);
  return value !== null && value.length >= 4 ? value.readUInt32LE() : WESTERN;
}

function readProperties(attributes: readonly TnefAttribute[], id: number, tnef: Tnef): MapiProperties['found'] {
  const value = attributeNamed(attributes, id);
  if (value === null) return new Map();
  const { found, damaged } = readMapiProperties(value);
  if (damaged) tnef.damaged = true;
  return found;
}

function readBodies(
  message: readonly TnefAttribute[],
  properties: MapiProperties['found'],
  codepage: number,
  tnef: Tnef,
): void {
  const plain = textBody('text/plain', properties.get(PROPERTIES.body), codepage);
  const old = attributeNamed(message, ATTRIBUTES.body);
  const page = integerOf(properties.get(PROPERTIES.internetCodepage)) ?? codepage;
  const html = textBody('text/html', properties.get(PROPERTIES.html), page);
  if (plain !== null) tnef.bodies.push(plain);
  if (old !== null) tnef.bodies.push({ mediaType: 'text/plain', charset: charsetOf(codepage), bytes: untilZero(old) });
  if (html !== null) tnef.bodies.push(html);
  const rtf = properties.get(PROPERTIES.compressedRtf);
  if (rtf?.kind !== 'binary') return;
  try {
    const { kind, text } = rtfText(decompressRtf(rtf.value), codepage);
    const mediaType = kind === 'html' ? 'text/html' : 'text/plain';
    tnef.bodies.push({ mediaType, charset: 'utf-8', bytes: Buffer.from(text, 'utf8') });
  } catch {
    // The error may quote the body; only the fact is kept, and only where no other form holds the words.
    if (tnef.bodies.length === 0) tnef.damaged = true;
  }
}

function textBody(mediaType: TnefBody['mediaType'], property: MapiProperty | undefined, page: number): TnefBody | null {
  if (property === undefined || property.kind === 'integer' || property.kind === 'object') return null;
  if (property.kind !== 'string') return { mediaType, charset: charsetOf(page), bytes: untilZero(property.value) };
  return { mediaType, charset: 'utf-8', bytes: Buffer.from(wide(property.value), 'utf8') };
}

function integerOf(property: MapiProperty | undefined): number | null {
  return property?.kind === 'integer' && property.value.length >= 4 ? property.value.readUInt32LE() : null;
}

const wide = (value: Buffer): string => value.toString('utf16le', 0, value.length & ~1);

function untilZero(value: Buffer): Buffer {
  const zero = value.indexOf(0);
  return zero === -1 ? value : value.subarray(0, zero);
}

function readAttachment(attributes: readonly TnefAttribute[], codepage: number, tnef: Tnef): void {
  const properties = readProperties(attributes, ATTRIBUTES.attachProperties, tnef);
  const word = (id: number): string | undefined => wordOf(properties.get(id), codepage);
  const title = attributeNamed(attributes, ATTRIBUTES.attachTitle);
  const name =
    word(PROPERTIES.attachLongFileName) ??
    (title === null ? undefined : decodeWord(untilZero(title), codepage) || undefined) ??
    word(PROPERTIES.attachFileName);
  const inside = properties.get(PROPERTIES.attachBytes);
  if (inside?.kind === 'object' && inside.value.length > INTERFACE_BYTES) {
    const isMessage = inside.value.subarray(0, INTERFACE_BYTES).equals(MESSAGE_INSIDE);
    const bytes = inside.value.subarray(INTERFACE_BYTES);
    tnef.files.push({ name, mediaType: isMessage ? TNEF_TYPE : 'application/octet-stream', bytes });
    return;
  }
  const bytes = attributeNamed(attributes, ATTRIBUTES.attachBytes) ?? (inside?.kind === 'binary' ? inside.value : null);
  const said = (word(PROPERTIES.attachMediaType) ?? '').toLowerCase();
  const mediaType = MEDIA_TYPE.test(said) ? said : 'application/octet-stream';
  // A file that is named and not there (a link, a cut) is missing: the whole is kept.
  if (bytes === null) tnef.damaged = true;
  else tnef.files.push({ name, mediaType, bytes });
}

function wordOf(property: MapiProperty | undefined, codepage: number): string | undefined {
  if (property?.kind === 'string') return wide(property.value) || undefined;
  return property?.kind === 'string8' ? decodeWord(untilZero(property.value), codepage) || undefined : undefined;
}

/** A short word in the page that the message says; the bytes decide where they cannot be of it. */
const decodeWord = (bytes: Buffer, codepage: number): string => decodeClinicalText(bytes, charsetOf(codepage)).text;
