/**
 * What passes through DATA, watched while it streams: the size (RFC 1870), line ends (RFC 5321 §2.3.8), and lines that
 * are no text. What must not be taken is refused at once; the door then reads on without keeping anything, because the
 * peer hears why only at the end. Bare line ends are how one message is smuggled inside another.
 */
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import type { DoorLimits } from './door-limits.ts';
import { GatheredPieces } from './gathered-pieces.ts';

const CR = 0x0d;
const LF = 0x0a;
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Whether a chunk holds a bare CR, bare LF or NUL, given the last byte before it. A CR at its end is left open. One pass
 * over the bytes: searching for each line end costs a peer's three-octet lines ten times as much.
 */
export function hasBareByte(chunk: Uint8Array, before: number): boolean {
  let last = before;
  for (let at = 0; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte === 0 || (byte === LF) !== (last === CR)) return true;
    last = byte;
  }
  return false;
}

/** The longest line that ends or goes on in a chunk; `begun` of its first came before. */
function longestLine(chunk: Uint8Array, begun: number): number {
  let longest = 0;
  let start = -begun;
  for (let at = 0; at < chunk.length; at += 1) {
    if (chunk[at] !== LF) continue;
    longest = Math.max(longest, at + 1 - start);
    start = at + 1;
  }
  return Math.max(longest, chunk.length - start);
}

/** Passes the chunks on; throws a `Refusal` as soon as the letter must not be taken. */
export async function* watchedLetter(
  stream: AsyncIterable<Uint8Array>,
  { letterMaxBytes, textLineMaxBytes }: Pick<DoorLimits, 'letterMaxBytes' | 'textLineMaxBytes'>,
): AsyncIterable<Uint8Array> {
  let bytes = 0;
  let before = 0;
  let begun = 0;
  const refusalOf = (chunk: Uint8Array): FailureCode | null => {
    if (bytes > letterMaxBytes) return 'letter-too-large';
    if (hasBareByte(chunk, before)) return 'line-ending-bare';
    // Most chunks are shorter than a line may be.
    if (begun + chunk.length > textLineMaxBytes && longestLine(chunk, begun) > textLineMaxBytes) return 'line-too-long';
    const end = chunk.lastIndexOf(LF);
    begun = end < 0 ? begun + chunk.length : chunk.length - end - 1;
    return null;
  };
  for await (const chunk of stream) {
    bytes += chunk.length;
    const refusal = refusalOf(chunk);
    if (refusal !== null) throw new Refusal(refusal);
    before = chunk[chunk.length - 1] ?? before;
    yield chunk;
  }
  if (before === CR) throw new Refusal('line-ending-bare');
}

export interface HeaderFirst {
  /** The first header block without its blank line; null when it does not end within `maxBytes`. */
  readonly header: Buffer | null;
  /** The whole letter, header included. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Finds the blank line over chunks of any size; linear, whatever their size. */
class BlankLineFinder {
  #before = 0;
  #tail: Buffer = Buffer.alloc(0);

  /** Where the header ends, counted from the first chunk on; -1 when it does not yet. */
  see(chunk: Uint8Array): number {
    const start = this.#before - this.#tail.length;
    const text = Buffer.concat([this.#tail, chunk]);
    this.#before += chunk.length;
    this.#tail = text.subarray(Math.max(0, text.length - BLANK_LINE.length + 1));
    if (start === 0 && text.length >= 2 && text[0] === CR && text[1] === LF) return 0;
    const found = text.indexOf(BLANK_LINE);
    return found < 0 ? -1 : start + found;
  }
}

/** Reads a letter as far as its header goes, before anything is kept of it. */
export async function readHeaderFirst(letter: AsyncIterable<Uint8Array>, maxBytes: number): Promise<HeaderFirst> {
  const iterator = letter[Symbol.asyncIterator]();
  const finder = new BlankLineFinder();
  const pieces = new GatheredPieces();
  const read: Uint8Array[] = [];
  let bytes = 0;
  let end = -1;
  let isOver = false;
  while (end < 0 && !isOver && bytes <= maxBytes) {
    const next = await iterator.next();
    isOver = next.done === true;
    if (next.done === true) continue;
    read.push(...pieces.add(next.value));
    bytes += next.value.length;
    end = finder.see(next.value);
  }
  read.push(...pieces.rest());
  if (end < 0 && isOver) end = bytes;
  async function* content(): AsyncIterable<Uint8Array> {
    yield* read;
    if (!isOver) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  const header = end < 0 || end > maxBytes ? null : Buffer.concat(read).subarray(0, end);
  return { header, content: content() };
}
