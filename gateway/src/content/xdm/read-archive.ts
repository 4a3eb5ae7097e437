/**
 * Unpacks a zip archive in memory, or refuses it whole with a reason: for `IHE_XDM.ZIP` (clinical-formats A.2.2).
 *
 * yauzl 3 reads the directory; the rest is checked here against APPNOTE.TXT 6.3 (§4.3, §4.4). Refused: too many entries,
 * bombs (size, ratio, one entry or all, bytes that two entries share), names that lead anywhere or differ only in case,
 * links and devices, encryption, sizes or checksums that are not true, a local header that tells another story than the
 * directory. Nothing is written to disk and an archive inside is a file like any other. Never throws.
 */

import { crc32, inflateRawSync } from 'node:zlib';
import { XDM_LIMITS } from '@estafette/contracts/limits';
import type { Entry, LocalFileHeader, ZipFile } from 'yauzl';
import yauzl from 'yauzl';

export type ArchiveFile = { path: string; bytes: Buffer };
export type ArchiveRefusal =
  | 'zip-damaged'
  | 'zip-too-large'
  | 'zip-too-many-entries'
  | 'zip-ratio'
  | 'zip-name'
  | 'zip-duplicate'
  | 'zip-link'
  | 'zip-encrypted'
  | 'zip-method'
  | 'zip-overlap'
  | 'zip-size-wrong'
  | 'zip-checksum-wrong';

class Refused extends Error {
  readonly reason: ArchiveRefusal;

  constructor(reason: ArchiveRefusal) {
    super(reason);
    this.reason = reason;
  }
}

const STORED = 0;
const DEFLATED = 8;
/** General purpose bits (APPNOTE §4.4.4). */
const ENCRYPTED_BITS = 0x2041;
const SIZES_BEHIND_BIT = 0x08;
/** Unix file types in the upper half of the external attributes. */
const TYPE_MASK = 0o170000;
const PLAIN_TYPES: readonly number[] = [0, 0o100000, 0o040000];
const LOCAL_HEADER_BYTES = 30;

/** The files of an archive, in its order, folders left out. */
export async function readArchive(bytes: Buffer): Promise<ArchiveFile[] | { refused: ArchiveRefusal }> {
  try {
    if (bytes.length > XDM_LIMITS.archiveMaxBytes) throw new Refused('zip-too-large');
    // Sizes are compared here, names too: yauzl would mend some of them.
    const zip = await yauzl.fromBufferPromise(bytes, {
      lazyEntries: true,
      decodeStrings: false,
      strictFileNames: true,
      validateEntrySizes: false,
    });
    zip.on('error', () => undefined);
    const entries = await readDirectory(zip);
    judgeSizes(entries, bytes.length);
    return await unpack(zip, entries, bytes);
  } catch (error) {
    return { refused: error instanceof Refused ? error.reason : 'zip-damaged' };
  }
}

type Named = { entry: Entry; path: string };

async function readDirectory(zip: ZipFile): Promise<Named[]> {
  if (zip.entryCount > XDM_LIMITS.entriesMax) throw new Refused('zip-too-many-entries');
  const entries: Named[] = [];
  const seen = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    if ((entry.generalPurposeBitFlag & ENCRYPTED_BITS) !== 0) throw new Refused('zip-encrypted');
    if (!PLAIN_TYPES.includes((entry.externalFileAttributes >>> 16) & TYPE_MASK)) throw new Refused('zip-link');
    if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) throw new Refused('zip-method');
    const path = safePath(entry.fileNameRaw);
    const folded = path.replace(/\/$/, '').normalize('NFC').toLowerCase();
    if (seen.has(folded)) throw new Refused('zip-duplicate');
    seen.add(folded);
    entries.push({ entry, path });
  }
  return entries;
}

/** A name that can only lie inside the archive's own tree. */
function safePath(raw: Buffer): string {
  const path = raw.toString('utf8').includes('\ufffd') ? raw.toString('latin1') : raw.toString('utf8');
  const isStrange = raw.length === 0 || raw.length > XDM_LIMITS.nameMaxBytes || /[\p{Cc}\p{Cf}\\:]/u.test(path);
  const segments = path.replace(/\/$/, '').split('/');
  const leadsAway = segments.some((segment) => segment === '' || /^\.{1,2}[. ]*$/.test(segment));
  if (isStrange || leadsAway) throw new Refused('zip-name');
  return path;
}

/** By what the directory says; that it says the truth is seen when an entry is unpacked. */
function judgeSizes(entries: readonly Named[], archiveBytes: number): void {
  let total = 0;
  for (const { entry } of entries) {
    const { uncompressedSize: size, compressedSize } = entry;
    if (size > XDM_LIMITS.entryMaxBytes) throw new Refused('zip-too-large');
    if (isBomb(size, compressedSize)) throw new Refused('zip-ratio');
    total += size;
  }
  if (total > XDM_LIMITS.totalMaxBytes) throw new Refused('zip-too-large');
  if (isBomb(total, archiveBytes)) throw new Refused('zip-ratio');
}

const isBomb = (size: number, packed: number): boolean =>
  size > XDM_LIMITS.ratioCountsFromBytes && size > packed * XDM_LIMITS.ratioMax;

type Placed = Named & { start: number; end: number };

async function unpack(zip: ZipFile, entries: readonly Named[], bytes: Buffer): Promise<ArchiveFile[]> {
  const placed: Placed[] = [];
  for (const named of entries) placed.push({ ...named, ...(await placeOf(zip, named.entry)) });
  const inOrder = placed.toSorted((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader);
  for (const [index, { end }] of inOrder.entries()) {
    const next = inOrder[index + 1];
    if (next && next.entry.relativeOffsetOfLocalHeader < end) throw new Refused('zip-overlap');
  }
  const files: ArchiveFile[] = [];
  for (const { entry, path, start, end } of placed) {
    const content = inflate(entry, bytes.subarray(start, end));
    const isFolder = path.endsWith('/');
    if (isFolder && content.length > 0) throw new Refused('zip-name');
    if (!isFolder) files.push({ path, bytes: content });
  }
  return files;
}

/** Where the packed bytes of an entry are; its local header must tell what the directory tells (§4.3.7, §4.4). */
async function placeOf(zip: ZipFile, entry: Entry): Promise<{ start: number; end: number }> {
  // Without options the whole header is read; the types of yauzl know only the short form here.
  const local = (await zip.readLocalFileHeaderPromise(entry)) as unknown as LocalFileHeader;
  if (!local.fileName.equals(entry.fileNameRaw)) throw new Refused('zip-name');
  if ((local.generalPurposeBitFlag & ENCRYPTED_BITS) !== 0) throw new Refused('zip-encrypted');
  if (local.compressionMethod !== entry.compressionMethod) throw new Refused('zip-method');
  const saysSizes = (local.generalPurposeBitFlag & SIZES_BEHIND_BIT) === 0 && local.compressedSize !== 0xffffffff;
  const agrees = local.compressedSize === entry.compressedSize && local.uncompressedSize === entry.uncompressedSize;
  if (saysSizes && !agrees) throw new Refused('zip-size-wrong');
  const start = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + local.fileNameLength + local.extraFieldLength;
  return { start, end: start + entry.compressedSize };
}

function inflate(entry: Entry, packed: Buffer): Buffer {
  const content = entry.compressionMethod === STORED ? packed : inflated(entry, packed);
  if (packed.length !== entry.compressedSize || content.length !== entry.uncompressedSize)
    throw new Refused('zip-size-wrong');
  if (crc32(content) !== entry.crc32) throw new Refused('zip-checksum-wrong');
  return content;
}

/** Never more than the size that was told and judged: one byte above it is refused. */
function inflated(entry: Entry, packed: Buffer): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: entry.uncompressedSize + 1 });
  } catch (error) {
    const isLonger = error instanceof RangeError;
    throw new Refused(isLonger ? 'zip-size-wrong' : 'zip-damaged');
  }
}
