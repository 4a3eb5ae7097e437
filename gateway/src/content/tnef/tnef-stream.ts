/**
 * The outer form of `winmail.dat` (MS-OXTNEF 2.1.1): a signature, then attributes of the message and of its attachments,
 * each with a checksum. An attribute whose checksum is wrong is not read (2.1.3.2), and what follows one that is cut off is
 * lost: either makes the stream damaged, and its reader keeps the file whole.
 */

import { TNEF_LIMITS } from '@estafette/contracts/limits';
import { ByteReader, TnefDamaged } from './byte-reader.ts';

const SIGNATURE = 0x223e9f78;
const LEVEL_MESSAGE = 1;
const LEVEL_ATTACHMENT = 2;

/** MS-OXTNEF 2.1.3.1: the names of the attributes that are read here. */
export const ATTRIBUTES = {
  messageClass: 0x00078008,
  body: 0x0002800c,
  oemCodepage: 0x00069007,
  messageProperties: 0x00069003,
  attachRendering: 0x00069002,
  attachTitle: 0x00018010,
  attachBytes: 0x0006800f,
  attachProperties: 0x00069005,
} as const;

export type TnefAttribute = { id: number; value: Buffer };
export type TnefStream = {
  message: TnefAttribute[];
  attachments: TnefAttribute[][];
  /** Something of it is missing, or not what was sent. */
  damaged: boolean;
};

export const startsAsTnef = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.readUInt32LE() === SIGNATURE;

/** Null when the bytes are no TNEF at all. Values are views of `bytes`. */
export function readTnefStream(bytes: Buffer): TnefStream | null {
  if (!startsAsTnef(bytes) || bytes.length < 6) return null;
  const reader = new ByteReader(bytes.subarray(6));
  const stream: TnefStream = { message: [], attachments: [], damaged: false };
  try {
    for (let count = 0; reader.left > 0; count += 1) {
      if (count >= TNEF_LIMITS.attributesMax) throw new TnefDamaged('too many attributes');
      readAttribute(reader, stream);
    }
  } catch (error) {
    if (!(error instanceof TnefDamaged)) throw error;
    stream.damaged = true;
  }
  return stream;
}

function readAttribute(reader: ByteReader, stream: TnefStream): void {
  const level = reader.uint8();
  if (level !== LEVEL_MESSAGE && level !== LEVEL_ATTACHMENT) throw new TnefDamaged('no attribute');
  const id = reader.uint32();
  const value = reader.take(reader.uint32());
  // Two bytes, the sum of all bytes of the value (2.1.3.2).
  const isTrue = checksumOf(value) === reader.uint16();
  if (level === LEVEL_ATTACHMENT && id === ATTRIBUTES.attachRendering) beginAttachment(stream);
  if (!isTrue) {
    stream.damaged = true;
    return;
  }
  const place = level === LEVEL_MESSAGE ? stream.message : stream.attachments.at(-1);
  if (place === undefined) throw new TnefDamaged('an attachment that did not begin');
  place.push({ id, value });
}

/** attAttachRendData stands first of each attachment (2.1.3.3.15). */
function beginAttachment(stream: TnefStream): void {
  if (stream.attachments.length >= TNEF_LIMITS.attachmentsMax) throw new TnefDamaged('too many attachments');
  stream.attachments.push([]);
}

export function checksumOf(value: Buffer): number {
  let sum = 0;
  for (const byte of value) sum = (sum + byte) & 0xffff;
  return sum;
}

/** The first of that name. */
export const attributeNamed = (attributes: readonly TnefAttribute[], id: number): Buffer | null =>
  attributes.find((attribute) => attribute.id === id)?.value ?? null;
