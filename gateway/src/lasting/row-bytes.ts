/** Bytes of a column as a Buffer: SQLite gives Uint8Array, PostgreSQL Buffer. */
export const bytes = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
