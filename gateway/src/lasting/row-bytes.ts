/** Bytes of a column as a Buffer: SQLite gives Uint8Array, PostgreSQL Buffer. */
export const bytes = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

/** Certificates one after the other, each with its length in front. */
export function packChain(chain: readonly Buffer[]): Buffer {
  return Buffer.concat(
    chain.flatMap((der) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(der.length);
      return [length, der];
    }),
  );
}

/** What `packChain` packed. */
export function unpackChain(packed: Buffer): Buffer[] {
  const chain: Buffer[] = [];
  for (let at = 0; at < packed.length; ) {
    const length = packed.readUInt32BE(at);
    chain.push(packed.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return chain;
}
