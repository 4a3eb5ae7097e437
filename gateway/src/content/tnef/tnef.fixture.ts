/** For tests: builds `winmail.dat` as Outlook does (MS-OXTNEF), and wraps RTF as MS-OXRTFCP says, without compressing. */
import { rtfChecksum } from './decompress-rtf.ts';
import { ATTRIBUTES, checksumOf, startsAsTnef } from './tnef-stream.ts';

const HEADER = Buffer.from('789f3e220100', 'hex');
const uint16 = (value: number): Buffer => Buffer.from([value & 0xff, (value >> 8) & 0xff]);
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

export const attribute = (level: 1 | 2, id: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([level]), uint32(id), uint32(value.length), value, uint16(checksumOf(value))]);

/** One property of variable length: 0x1e string8, 0x1f string, 0x102 binary, 0x0d object. */
export const property = (id: number, type: 0x1e | 0x1f | 0x102 | 0x0d, value: Buffer | string): Buffer => {
  const bytes = typeof value !== 'string' ? value : Buffer.from(`${value}\0`, type === 0x1f ? 'utf16le' : 'latin1');
  return Buffer.concat([uint16(type), uint16(id), uint32(1), uint32(bytes.length), padded(bytes)]);
};
export const integer = (id: number, value: number): Buffer =>
  Buffer.concat([uint16(0x0003), uint16(id), uint32(value)]);
/** With names, several values and sizes that a reader has to step over. */
export const STEPPED_OVER: readonly Buffer[] = [
  Buffer.concat([uint16(0x0003), uint16(0x8001), Buffer.alloc(16, 7), uint32(0), uint32(0x8510), uint32(1)]),
  Buffer.concat([
    uint16(0x000b),
    uint16(0x8002),
    Buffer.alloc(16, 7),
    uint32(1),
    uint32(6),
    padded(Buffer.from('ab\0', 'utf16le')),
    uint32(1),
  ]),
  Buffer.concat([
    uint16(0x101f),
    uint16(0x3a58),
    uint32(2),
    uint32(4),
    Buffer.from('a\0', 'utf16le'),
    uint32(6),
    padded(Buffer.from('bc\0', 'utf16le')),
  ]),
  Buffer.concat([uint16(0x0040), uint16(0x0039), Buffer.alloc(8, 1)]),
  Buffer.concat([uint16(0x1003), uint16(0x3a57), uint32(3), Buffer.alloc(12)]),
];
export const properties = (...list: readonly Buffer[]): Buffer => Buffer.concat([uint32(list.length), ...list]);

type Attachment = { title?: string; bytes?: Buffer; properties?: readonly Buffer[] };
type Winmail = {
  body?: string;
  properties?: readonly Buffer[];
  attachments?: readonly Attachment[];
  codepage?: number;
};

export function winmail({ body, properties: list, attachments = [], codepage = 1252 }: Winmail): Buffer {
  const pieces = [
    HEADER,
    attribute(1, 0x00089006, uint32(0x00010000)),
    attribute(1, ATTRIBUTES.oemCodepage, Buffer.concat([uint32(codepage), uint32(0)])),
    attribute(1, ATTRIBUTES.messageClass, Buffer.from('IPM.Microsoft Mail.Note\0')),
  ];
  if (body !== undefined) pieces.push(attribute(1, ATTRIBUTES.body, Buffer.from(`${body}\0`, 'latin1')));
  if (list !== undefined) pieces.push(attribute(1, ATTRIBUTES.messageProperties, properties(...list)));
  for (const { title, bytes, properties: own } of attachments) {
    pieces.push(attribute(2, ATTRIBUTES.attachRendering, Buffer.alloc(14)));
    if (title !== undefined) pieces.push(attribute(2, ATTRIBUTES.attachTitle, Buffer.from(`${title}\0`, 'latin1')));
    if (bytes !== undefined) pieces.push(attribute(2, ATTRIBUTES.attachBytes, bytes));
    if (own !== undefined) pieces.push(attribute(2, ATTRIBUTES.attachProperties, properties(...own)));
  }
  return Buffer.concat(pieces);
}

/** Bytes of any kind at each depth of the format, with true checksums around them: RTF, a property list, or the file. */
export function asWinmail(bytes: Buffer): Buffer {
  if (startsAsTnef(bytes)) return bytes;
  const isRtf = bytes.subarray(0, 2).toString('latin1') === '{\\';
  const list = isRtf ? properties(property(0x1009, 0x102, packedRtf('', bytes))) : bytes;
  return Buffer.concat([HEADER, attribute(1, ATTRIBUTES.messageProperties, list)]);
}

/** Every byte as itself: seventeen of them to two control bytes, valid for every reader. */
export function packedRtf(rtf: string, raw: Buffer = Buffer.from(rtf, 'latin1')): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < raw.length; at += 8) pieces.push(Buffer.from([0]), raw.subarray(at, at + 8));
  return wrapRtf(Buffer.concat(pieces), raw.length, 'LZFu');
}

export function wrapRtf(packed: Buffer, rawSize: number, method: 'LZFu' | 'MELA'): Buffer {
  const checksum = method === 'LZFu' ? rtfChecksum(packed) : 0;
  return Buffer.concat([uint32(packed.length + 12), uint32(rawSize), Buffer.from(method), uint32(checksum), packed]);
}
