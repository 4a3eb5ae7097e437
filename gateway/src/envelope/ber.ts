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

/**
 * Proves elements of one source, none deeper and not more than the limits say, before anything is built of them. Nodes are
 * built of what is then asked for: most of a letter's elements are those of certificates that are known already.
 */
class Reader {
  readonly source: Buffer;
  readonly #limits: BerLimits;
  #nodes = 0;
  /** Where the content of the element whose length was read last begins. */
  #contentStart = 0;
  /** Where the content of each proven element of indefinite length ends, by its start. */
  readonly #openEnds = new Map<number, number>();

  constructor(source: Buffer, limits: BerLimits) {
    this.source = source;
    this.#limits = limits;
  }

  /** The length that stands at `at`; -1 when it is indefinite. */
  #readLength(at: number, end: number): number {
    const first = this.source[at];
    if (first === undefined || at >= end) throw new BerError('length missing');
    this.#contentStart = at + 1;
    if (first < 0x80) return first;
    if (first === 0x80) {
      if (this.#limits.der) throw new BerError('indefinite length in DER');
      return -1;
    }
    const count = first & 0x7f;
    if (count > 4 || at + 1 + count > end) throw new BerError('length too long');
    let length = 0;
    for (let octet = at + 1; octet <= at + count; octet += 1) length = length * 256 + (this.source[octet] as number);
    if (this.#limits.der && (length < 0x80 || this.source[at + 1] === 0))
      throw new BerError('length not minimal in DER');
    this.#contentStart = at + 1 + count;
    return length;
  }

  /**
   * Proves the element at `start` and all within it, which must end at `end` or before; gives where it ends. Recursion is
   * as deep as `depthMax` and no deeper.
   */
  prove(start: number, end: number, depth: number): number {
    const source = this.source;
    this.#nodes += 1;
    if (this.#nodes > this.#limits.nodesMax) throw new BerError('too many elements');
    if (depth > this.#limits.depthMax) throw new BerError('too deep');
    const first = source[start];
    if (first === undefined || start >= end) throw new BerError('element missing');
    if ((first & 0x1f) === 0x1f) throw new BerError('multi-byte tag');
    const constructed = (first & 0x20) !== 0;
    const length = this.#readLength(start + 1, end);
    let next = this.#contentStart;
    if (length < 0) {
      if (!constructed) throw new BerError('indefinite length of a primitive');
      // The elements that stand before the end of an indefinite length (X.690 §8.1.5).
      while (!(source[next] === 0 && source[next + 1] === 0 && next + 2 <= end))
        next = this.prove(next, end, depth + 1);
      this.#openEnds.set(start, next);
      return next + 2;
    }
    if (length > end - next) throw new BerError('element passes the end of its parent');
    const contentEnd = next + length;
    if (constructed) while (next < contentEnd) next = this.prove(next, contentEnd, depth + 1);
    return contentEnd;
  }

  /** The node of a proven element. */
  nodeAt(start: number): Node {
    const length = this.#readLength(start + 1, this.source.length);
    const contentStart = this.#contentStart;
    if (length >= 0) return new Node(this, start, contentStart, contentStart + length, contentStart + length);
    const contentEnd = this.#openEnds.get(start) as number;
    return new Node(this, start, contentStart, contentEnd, contentEnd + 2);
  }
}

class Node implements BerNode {
  readonly source: Buffer;
  readonly tagClass: number;
  readonly tag: number;
  readonly constructed: boolean;
  readonly start: number;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly end: number;
  readonly #reader: Reader;
  #children: readonly BerNode[] | null = null;

  constructor(reader: Reader, start: number, contentStart: number, contentEnd: number, end: number) {
    const first = reader.source[start] as number;
    this.source = reader.source;
    this.tagClass = first >> 6;
    this.tag = first & 0x1f;
    this.constructed = (first & 0x20) !== 0;
    this.start = start;
    this.contentStart = contentStart;
    this.contentEnd = contentEnd;
    this.end = end;
    this.#reader = reader;
  }

  get children(): readonly BerNode[] {
    if (!this.constructed) return NO_CHILDREN;
    this.#children ??= this.#build();
    return this.#children;
  }

  #build(): readonly BerNode[] {
    const children: BerNode[] = [];
    for (let next = this.contentStart; next < this.contentEnd; ) {
      const child = this.#reader.nodeAt(next);
      children.push(child);
      next = child.end;
    }
    return children;
  }
}

/** Reads the one element that must fill `source` exactly; throws `BerError`. */
export function readBer(source: Buffer, limits: BerLimits): BerNode {
  const reader = new Reader(source, limits);
  if (reader.prove(0, source.length, 0) !== source.length) throw new BerError('bytes after the element');
  return reader.nodeAt(0);
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
