/**
 * The MAPI properties inside TNEF (MS-OXTNEF 2.1.3.4, types of MS-OXCDATA 2.11.1): only those of one value that are read
 * here are kept, the others are stepped over. A list that breaks off gives what stood before, and says so.
 */

import { TNEF_LIMITS } from '@estafette/contracts/limits';
import { ByteReader, TnefDamaged } from './byte-reader.ts';

/** MS-OXPROPS, by property id. */
export const PROPERTIES = {
  body: 0x1000,
  html: 0x1013,
  compressedRtf: 0x1009,
  internetCodepage: 0x3fde,
  attachBytes: 0x3701,
  attachFileName: 0x3704,
  attachMethod: 0x3705,
  attachLongFileName: 0x3707,
  attachMediaType: 0x370e,
} as const;
const KEPT: ReadonlySet<number> = new Set(Object.values(PROPERTIES));

/** `PtypString` is UTF-16, `PtypString8` in the code page of the message; both without their closing zero. */
export type PropertyKind = 'string' | 'string8' | 'binary' | 'object' | 'integer';
export type MapiProperty = { kind: PropertyKind; value: Buffer };
export type MapiProperties = { found: Map<number, MapiProperty>; damaged: boolean };

const VARIABLE: Readonly<Record<number, PropertyKind>> = {
  30: 'string8',
  31: 'string',
  258: 'binary',
  13: 'object',
};
/** Bytes of the types of fixed size, as they stand in TNEF: filled up to four. */
const FIXED: Readonly<Record<number, number>> = {
  1: 4,
  2: 4,
  3: 4,
  4: 4,
  5: 8,
  6: 8,
  7: 8,
  10: 4,
  11: 4,
  20: 8,
  64: 8,
  72: 16,
};
const SEVERAL_VALUES = 0x1000;
/** Ids from here on have a name of their own before the value. */
const NAMED_FROM = 0x8000;

export function readMapiProperties(bytes: Buffer): MapiProperties {
  const reader = new ByteReader(bytes);
  const found = new Map<number, MapiProperty>();
  try {
    const count = reader.uint32();
    if (count > TNEF_LIMITS.propertiesMax) throw new TnefDamaged('too many properties');
    for (let read = 0; read < count; read += 1) readProperty(reader, found);
    return { found, damaged: false };
  } catch (error) {
    if (!(error instanceof TnefDamaged)) throw error;
    return { found, damaged: true };
  }
}

function readProperty(reader: ByteReader, found: Map<number, MapiProperty>): void {
  const [type, id] = [reader.uint16(), reader.uint16()];
  if (id >= NAMED_FROM) passName(reader);
  const isMany = (type & SEVERAL_VALUES) !== 0;
  const base = type & ~SEVERAL_VALUES;
  const size = FIXED[base];
  if (size !== undefined) {
    const value = reader.take(size * (isMany ? valuesOf(reader) : 1));
    if (!isMany && KEPT.has(id) && !found.has(id)) found.set(id, { kind: 'integer', value });
    return;
  }
  const kind = VARIABLE[base];
  if (kind === undefined) throw new TnefDamaged('unknown type');
  const count = valuesOf(reader);
  for (let at = 0; at < count; at += 1) {
    const value = reader.takePadded(reader.uint32());
    if (at === 0 && !isMany && KEPT.has(id) && !found.has(id)) found.set(id, { kind, value: withoutZero(value, kind) });
  }
}

function valuesOf(reader: ByteReader): number {
  const count = reader.uint32();
  if (count > TNEF_LIMITS.propertiesMax) throw new TnefDamaged('too many values');
  return count;
}

/** A set (GUID), then a number, or a text in UTF-16 (MS-OXTNEF 2.1.3.4, MsgPropertyName). */
function passName(reader: ByteReader): void {
  reader.take(16);
  const isNumber = reader.uint32() === 0;
  if (isNumber) reader.uint32();
  else reader.takePadded(reader.uint32());
}

function withoutZero(value: Buffer, kind: PropertyKind): Buffer {
  const zero = kind === 'string' ? 2 : kind === 'string8' ? 1 : 0;
  let end = value.length;
  while (zero > 0 && end >= zero && value.subarray(end - zero, end).every((byte) => byte === 0)) end -= zero;
  return value.subarray(0, end);
}
