/**
 * Makes few buffers of many small pieces. A Buffer object costs more than a hundred octets whatever it holds: a peer that
 * sends a letter in TLS records of one octet would have us keep a hundred times as much as it sent.
 */

/** A piece this long stays as it is. */
const ALONE_BYTES = 4_096;
const BLOCK_BYTES = 4 * ALONE_BYTES;

export class GatheredPieces {
  #block = Buffer.alloc(0);
  /** What is gathered and not given yet stands here in the block. */
  #from = 0;
  #to = 0;

  /** Takes a piece; gives what is ready to go on, in order. What is kept of it is a copy. */
  add(piece: Uint8Array): Uint8Array[] {
    if (piece.length >= ALONE_BYTES) return [...this.rest(), piece];
    const ready = this.#to + piece.length > this.#block.length ? this.#startBlock() : [];
    this.#block.set(piece, this.#to);
    this.#to += piece.length;
    return ready;
  }

  /** What was gathered and not given yet. */
  rest(): Uint8Array[] {
    if (this.#to === this.#from) return [];
    const gathered = this.#block.subarray(this.#from, this.#to);
    this.#from = this.#to;
    return [gathered];
  }

  #startBlock(): Uint8Array[] {
    const full = this.rest();
    this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#from = 0;
    this.#to = 0;
    return full;
  }
}
