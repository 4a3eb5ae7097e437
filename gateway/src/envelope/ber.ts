/**
 * Reads BER (ITU-T X.690) without copying: a tree of offsets into the letter's bytes. CMS allows BER with
 * indefinite lengths (RFC 5652 §5.1); certificates, CRLs and signed attributes must be DER, which `der: true`
 * enforces for lengths. Hostile input is the rule: depth, count and lengths are bounded, and everything that does
 * not fit exactly is a `BerError`.
 */

export class BerError extends Error {}

export interface BerNode {
  readonly source: Buffer;
  /** Class bits (0 universal, 2 context) and tag number. */
  readonly tagClass: number;
  readonly tag: number;
  readonly constructed: boolean;
  /** First byte of the element, first byte of its content, end of its content, end of the element. */
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  readonly children: readonly BerNode[];
}

export interface BerLimits {
  readonly depthMax: number;
  readonly nodesMax: number;
  readonly der: boolean;
}

export const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  oid: 6,
  enumerated: 10,
  utf8String: 12,
  sequence: 16,
  set: 17,
  printableString: 19,
  t61String: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  universalString: 28,
  bmpString: 30,
} as const;

const NO_CHILDREN: readonly BerNode[] = [];

/** Reads elements of one source, none deeper and not more than the limits say, before anything is built of them. */
class Reader {
  readonly #source: Buffer;
  readonly #limits: BerLimits;
  #nodes = 0;
  /** Where the content of the element whose length was read last begins. */
  #contentStart = 0;

  constructor(source: Buffer, limits: BerLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** The length that stands at `at`; -1 when it is indefinite. */
  #readLength(at: number, end: number): number {
    const first = this.#source[at];
    if (first === undefined || at >= end) throw new BerError('length missing');
    this.#contentStart = at + 1;
    if (first < 0x80) return first;
    if (first === 0x80) {
      if (this.#limits.der) throw new BerError('indefinite length in DER');
      return -1;
    }
    const count = first & 0x7f;
    if (count > 4 || at + 1 + count > end) throw new BerError('length too long');
    const length = this.#source.readUIntBE(at + 1, count);
    if (this.#limits.der && (length < 0x80 || this.#source[at + 1] === 0))
      throw new BerError('length not minimal in DER');
    this.#contentStart = at + 1 + count;
    return length;
  }

  /** The element at `start`, which must end at `end` or before. Recursion is as deep as `depthMax` and no deeper. */
  readElement(start: number, end: number, depth: number): BerNode {
    const source = this.#source;
    this.#nodes += 1;
    if (this.#nodes > this.#limits.nodesMax) throw new BerError('too many elements');
    if (depth > this.#limits.depthMax) throw new BerError('too deep');
    const first = source[start];
    if (first === undefined || start >= end) throw new BerError('element missing');
    const tag = first & 0x1f;
    if (tag === 0x1f) throw new BerError('multi-byte tag');
    const constructed = (first & 0x20) !== 0;
    const length = this.#readLength(start + 1, end);
    const contentStart = this.#contentStart;
    if (length < 0 && !constructed) throw new BerError('indefinite length of a primitive');
    if (length > end - contentStart) throw new BerError('element passes the end of its parent');
    const children = constructed
      ? this.#readChildren(contentStart, length < 0 ? end : contentStart + length, depth, length < 0)
      : NO_CHILDREN;
    const contentEnd = length < 0 ? (children.at(-1)?.end ?? contentStart) : contentStart + length;
    const elementEnd = length < 0 ? contentEnd + 2 : contentEnd;
    return {
      source,
      tagClass: first >> 6,
      tag,
      constructed,
      start,
      contentStart,
      contentEnd,
      end: elementEnd,
      children,
    };
  }

  /** The elements that fill the range, or that stand before the end of an indefinite length (X.690 §8.1.5). */
  #readChildren(from: number, to: number, depth: number, isIndefinite: boolean): readonly BerNode[] {
    const source = this.#source;
    const children: BerNode[] = [];
    let next = from;
    while (isIndefinite ? !(source[next] === 0 && source[next + 1] === 0 && next + 2 <= to) : next < to) {
      const child = this.readElement(next, to, depth + 1);
      children.push(child);
      next = child.end;
    }
    return children;
  }
}

/** Reads the one element that must fill `source` exactly; throws `BerError`. */
export function readBer(source: Buffer, limits: BerLimits): BerNode {
  const root = new Reader(source, limits).readElement(0, source.length, 0);
  if (root.end !== source.length) throw new BerError('bytes after the element');
  return root;
}

/** The element with its header, as in the source. */
export function rawOf(node: BerNode): Buffer {
  return node.source.subarray(node.start, node.end);
}

/** The content without the header. */
export function contentOf(node: BerNode): Buffer {
  return node.source.subarray(node.contentStart, node.contentEnd);
}

export function isUniversal(node: BerNode | undefined, tag: number): node is BerNode {
  return node !== undefined && node.tagClass === 0 && node.tag === tag;
}

export function isContext(node: BerNode | undefined, tag: number): node is BerNode {
  return node !== undefined && node.tagClass === 2 && node.tag === tag;
}

/** The children of a SEQUENCE, or throws. */
export function sequenceOf(node: BerNode | undefined): readonly BerNode[] {
  if (!isUniversal(node, TAG.sequence) || !node.constructed) throw new BerError('a SEQUENCE was expected');
  return node.children;
}

/** The children of a SET, or throws. */
export function setOf(node: BerNode | undefined): readonly BerNode[] {
  if (!isUniversal(node, TAG.set) || !node.constructed) throw new BerError('a SET was expected');
  return node.children;
}

/** Content octets of an INTEGER (big-endian two's complement), at most `maxBytes`. */
export function integerOf(node: BerNode | undefined, maxBytes = 1_100): Buffer {
  if (!isUniversal(node, TAG.integer) || node.constructed) throw new BerError('an INTEGER was expected');
  const content = contentOf(node);
  if (content.length === 0 || content.length > maxBytes) throw new BerError('INTEGER of unacceptable length');
  return content;
}

/** A small non-negative INTEGER. */
export function smallIntegerOf(node: BerNode | undefined): number {
  const content = integerOf(node, 4);
  if ((content[0] as number) & 0x80) throw new BerError('negative INTEGER');
  return content.readUIntBE(0, content.length);
}

/** Dotted text of an OBJECT IDENTIFIER. */
export function oidOf(node: BerNode | undefined): string {
  if (!isUniversal(node, TAG.oid) || node.constructed) throw new BerError('an OBJECT IDENTIFIER was expected');
  const content = contentOf(node);
  if (content.length === 0 || content.length > 64 || ((content[content.length - 1] as number) & 0x80) !== 0) {
    throw new BerError('OBJECT IDENTIFIER malformed');
  }
  let dotted = '';
  let value = 0;
  for (const byte of content) {
    if (value === 0 && byte === 0x80) throw new BerError('OBJECT IDENTIFIER padded');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 256) throw new BerError('OBJECT IDENTIFIER arc too large');
    if ((byte & 0x80) !== 0) continue;
    // X.690 §8.19.4: the first two arcs stand in one number.
    const root = Math.min(Math.floor(value / 40), 2);
    dotted = dotted === '' ? `${root}.${value - 40 * root}` : `${dotted}.${value}`;
    value = 0;
  }
  return dotted;
}

/** Adds the primitive pieces of a string sent in pieces (X.690 §8.7.3); as deep as the tree, which is bounded. */
function collectPieces(nodes: readonly BerNode[], pieces: BerNode[]): void {
  for (const node of nodes) {
    if (!isUniversal(node, TAG.octetString)) throw new BerError('a piece of an OCTET STRING was expected');
    if (node.constructed) collectPieces(node.children, pieces);
    else pieces.push(node);
  }
}

/** Octets of an OCTET STRING (or an implicitly tagged one), primitive or in pieces (BER). Not copied when in one piece. */
export function octetsOf(node: BerNode): Buffer {
  if (!node.constructed) return contentOf(node);
  const pieces: BerNode[] = [];
  collectPieces(node.children, pieces);
  const only = pieces.length === 1 ? pieces[0] : undefined;
  if (only !== undefined) return contentOf(only);
  const joined = Buffer.allocUnsafe(pieces.reduce((sum, piece) => sum + piece.contentEnd - piece.contentStart, 0));
  let at = 0;
  for (const { source, contentStart, contentEnd } of pieces) at += source.copy(joined, at, contentStart, contentEnd);
  return joined;
}

/** Bits of a BIT STRING that must be whole octets. */
export function wholeBitsOf(node: BerNode | undefined): Buffer {
  if (!isUniversal(node, TAG.bitString) || node.constructed) throw new BerError('a BIT STRING was expected');
  const content = contentOf(node);
  if (content[0] !== 0) throw new BerError('a BIT STRING of whole octets was expected');
  return content.subarray(1);
}

/** Named bits of a BIT STRING, as in KeyUsage: whether bit `n` is set. */
export function namedBitsOf(node: BerNode | undefined): (bit: number) => boolean {
  if (!isUniversal(node, TAG.bitString) || node.constructed) throw new BerError('a BIT STRING was expected');
  const content = contentOf(node);
  if (content.length === 0 || content.length > 5) throw new BerError('BIT STRING of named bits malformed');
  return (bit) => (((content[1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
}

export function booleanOf(node: BerNode | undefined): boolean {
  if (!isUniversal(node, TAG.boolean) || node.contentEnd - node.contentStart !== 1)
    throw new BerError('a BOOLEAN was expected');
  return node.source[node.contentStart] !== 0;
}

/** UTCTime or GeneralizedTime in the DER form of RFC 5280 §4.1.2.5 (seconds, Z). */
export function timeOf(node: BerNode | undefined): Date {
  if (node === undefined || node.tagClass !== 0 || node.constructed) throw new BerError('a time was expected');
  const text = contentOf(node).toString('latin1');
  const match =
    node.tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
      : node.tag === TAG.generalizedTime
        ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
        : null;
  if (match === null) throw new BerError('time malformed');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const fullYear = node.tag === TAG.utcTime ? (year < 50 ? 2000 + year : 1900 + year) : year;
  const time = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60)
    throw new BerError('time out of range');
  return time;
}

/** Text of a directory string or IA5String; null for a type that is not text. */
export function textOf(node: BerNode): string | null {
  if (node.tagClass !== 0 || node.constructed) return null;
  const content = contentOf(node);
  switch (node.tag) {
    case TAG.utf8String:
      return content.toString('utf8');
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.t61String:
      return content.toString('latin1');
    case TAG.bmpString:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : null;
    default:
      return null;
  }
}
