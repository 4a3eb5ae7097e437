/** A tiny writer of zip archives (APPNOTE 6.3) that can lie in every field that a reader may believe. */
import { crc32, deflateRawSync } from 'node:zlib';

/** What a header says; the directory and the local header may be made to differ. */
type Lies = Partial<{
  name: string | Buffer;
  flags: number;
  method: number;
  crc: number;
  packedSize: number;
  size: number;
  attributes: number;
  offset: number;
}>;

export type ZipEntry = {
  name: string | Buffer;
  bytes?: Buffer;
  /** The packed bytes, where they are not those of `bytes`. */
  packed?: Buffer;
  stored?: boolean;
  /** In both headers; `central` and `local` in one of them. */
  lies?: Lies;
  central?: Lies;
  local?: Lies;
};

const UTF8_NAME = 0x800;

function fields(entry: ZipEntry, packed: Buffer, lies: Lies): Required<Omit<Lies, 'name'>> & { name: Buffer } {
  const bytes = entry.bytes ?? Buffer.alloc(0);
  const name = lies.name ?? entry.name;
  return {
    name: typeof name === 'string' ? Buffer.from(name) : name,
    flags: lies.flags ?? UTF8_NAME,
    method: lies.method ?? (entry.stored ? 0 : 8),
    crc: lies.crc ?? crc32(bytes),
    packedSize: lies.packedSize ?? packed.length,
    size: lies.size ?? bytes.length,
    attributes: lies.attributes ?? 0x20,
    offset: lies.offset ?? -1,
  };
}

export function zipOf(entries: readonly ZipEntry[], told: { count?: number; comment?: string } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const bytes = entry.bytes ?? Buffer.alloc(0);
    const packed = entry.packed ?? (entry.stored ? bytes : deflateRawSync(bytes));
    const local = fields(entry, packed, { ...entry.lies, ...entry.local });
    const central = fields(entry, packed, { ...entry.lies, ...entry.central });
    directory.push(centralHeader(central, central.offset < 0 ? offset : central.offset));
    const written = Buffer.concat([localHeader(local), packed]);
    parts.push(written);
    offset += written.length;
  }
  const central = Buffer.concat(directory);
  const comment = Buffer.from(told.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(told.count ?? entries.length, 8);
  end.writeUInt16LE(told.count ?? entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, central, end, comment]);
}

/** What both headers say of a file, from the version needed to the length of its name (APPNOTE 4.3.7, 4.3.12). */
function writeFacts(header: Buffer, at: number, said: ReturnType<typeof fields>): void {
  header.writeUInt16LE(20, at);
  header.writeUInt16LE(said.flags, at + 2);
  header.writeUInt16LE(said.method, at + 4);
  header.writeUInt32LE(said.crc, at + 10);
  header.writeUInt32LE(said.packedSize, at + 14);
  header.writeUInt32LE(said.size, at + 18);
  header.writeUInt16LE(said.name.length, at + 22);
}

function localHeader(said: ReturnType<typeof fields>): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeFacts(header, 4, said);
  return Buffer.concat([header, said.name]);
}

function centralHeader(said: ReturnType<typeof fields>, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(0x0314, 4);
  writeFacts(header, 6, said);
  header.writeUInt32LE(said.attributes >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, said.name]);
}
