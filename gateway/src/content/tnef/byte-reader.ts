/**
 * Reads little-endian numbers and stretches of hostile bytes in order; asking for more than there is throws
 * `TnefDamaged`, and no length is believed before the bytes are there.
 */

/** The bytes are not what they say; holds nothing of them. */
export class TnefDamaged extends Error {}

export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view, not a copy. */
  take(length: number): Buffer {
    if (length > this.left) throw new TnefDamaged('cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint8(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  /** Values of properties are filled up to four bytes. */
  takePadded(length: number): Buffer {
    const value = this.take(length);
    this.take(Math.min(this.left, (4 - (length % 4)) % 4));
    return value;
  }
}
