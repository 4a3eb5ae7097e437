/**
 * The SMTP library's parser, guarded: what looks like a line to it must be one, and DATA is read in one pass. The library
 * makes a pass and a write for each line that begins with a dot, so that a megabyte of `..` lines keeps the event loop
 * for a second; here a chunk costs the same whatever stands in it, and many small ones go on as one. RFC 5321 §4.5.2: a dot that doubles the first of a
 * line is taken out, and only CRLF "." CRLF ends a letter (§4.1.1.4): anything looser lets one be smuggled in another.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { GatheredPieces } from './gathered-pieces.ts';
import { hasBareByte } from './letter-stream.ts';

const DOT = 0x2e;
const CR = 0x0d;
const LF = 0x0a;
const LINE_WITH_DOT = Buffer.from('\n.');
/** Octets held back for the next chunk: those of an end of DATA but its last one. */
const HELD_BACK = 4;

/** Whether DATA ends at the dot at this place. */
const endsAt = (bytes: Uint8Array, at: number): boolean =>
  bytes[at - 2] === CR && bytes[at - 1] === LF && bytes[at + 1] === CR && bytes[at + 2] === LF;

interface DataPiece {
  /** What is text of the letter for certain, without the dots that doubled others. */
  readonly text: Buffer;
  /** Where the rest begins: to be read with the next chunk, or, when the letter has ended, the next command. */
  readonly next: number;
  readonly isEnd: boolean;
}

/** Reads DATA from `start` on; what stands in the last octets depends on those to come. */
export function readData(bytes: Buffer, start: number): DataPiece {
  const heldFrom = Math.max(start, bytes.length - HELD_BACK);
  const isHeld = (at: number): boolean => at >= bytes.length - 2;
  const first = bytes.indexOf(LINE_WITH_DOT, start + 1) + 1;
  if (first === 0 || isHeld(first)) return { text: bytes.subarray(start, heldFrom), next: heldFrom, isEnd: false };
  const text = Buffer.allocUnsafe(bytes.length - start);
  let used = bytes.copy(text, 0, start, first);
  let lastTaken = start - 1;
  for (let at = first; !isHeld(at); at += 1) {
    if (bytes[at] === DOT && bytes[at - 1] === LF) {
      if (endsAt(bytes, at)) return { text: text.subarray(0, used), next: at + 3, isEnd: true };
      if (bytes[at + 1] === DOT) {
        lastTaken = at;
        continue;
      }
    }
    text[used] = bytes[at] ?? 0;
    used += 1;
  }
  // Of the last four octets two were copied, unless one of them was a dot taken out.
  const next = Math.max(heldFrom, lastTaken + 1);
  return { text: text.subarray(0, used - (bytes.length - 2 - next)), next, isEnd: false };
}

export interface StreamGuard {
  bareByte(): void;
  letterBytes(bytes: number): void;
}

export class GuardedStream extends SMTPStream {
  readonly #guard: StreamGuard;
  readonly #pieces = new GatheredPieces();

  constructor(maxCommandLength: number, guard: StreamGuard) {
    super({ maxCommandLength });
    this.#guard = guard;
  }

  override _write(...[chunk, encoding, next]: Parameters<SMTPStream['_write']>): void {
    const last = this._remainder.charCodeAt(this._remainder.length - 1) || 0;
    if (!this._dataMode && !this.isClosed && hasBareByte(chunk, last)) {
      this.#guard.bareByte();
      next();
    } else super._write(chunk, encoding, next);
  }

  override _countDataBytes(length: number): void {
    super._countDataBytes(length);
    this.#guard.letterBytes(this.dataBytes);
  }

  override _feedDataStream(...[chunk, done]: Parameters<SMTPStream['_feedDataStream']>): void {
    const bytes = this._lastBytes === false ? chunk : Buffer.concat([this._lastBytes, chunk]);
    this._lastBytes = false;
    if (this._atDataStart && bytes[0] === DOT && bytes[1] === CR && bytes[2] === LF) {
      this._endDataMode(false, bytes.subarray(3), done);
      return;
    }
    const isDoubled = this._atDataStart && bytes[0] === DOT && bytes[1] === DOT;
    // From now on the dot that stays is text, in whatever pieces the rest may come.
    if (isDoubled) this._atDataStart = false;
    const { text, next, isEnd } = readData(bytes, isDoubled ? 1 : 0);
    this._countDataBytes(text.length);
    const ready = this.#pieces.add(text);
    if (isEnd) {
      const last = Buffer.concat(this.#pieces.rest());
      for (const piece of ready) this.#write(piece);
      this._endDataMode(last, bytes.subarray(next), done);
    } else {
      this._lastBytes = bytes.subarray(next);
      this.#pass(ready, done);
    }
  }

  /** Whether there may be more at once. */
  #write(piece: Uint8Array): boolean {
    const letter = this._dataStream;
    return letter === null || !letter.writable || letter.write(piece) || letter.destroyed;
  }

  /** Writes on, and waits for whoever reads; one that went away waits for nothing. */
  #pass(pieces: readonly Uint8Array[], done: () => void): void {
    const letter = this._dataStream;
    const isTaken = pieces.map((piece) => this.#write(piece)).every(Boolean);
    if (letter === null || isTaken) {
      done();
      return;
    }
    const go = (): void => {
      letter.off('drain', go);
      letter.off('close', go);
      done();
    };
    letter.on('drain', go);
    letter.on('close', go);
  }
}
