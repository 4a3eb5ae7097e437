/**
 * Derivation of keys: X9.63 (SEC 1 §3.6.1, used by RFC 5753) and HKDF (RFC 5869, used by RFC 8418 and RFC 9709). Also
 * AES key wrap (RFC 3394), which says whether the key that unwraps is the right one.
 */
import { createDecipheriv, createSecretKey, hash, hkdfSync } from 'node:crypto';

export interface Derivation {
  /** Digest as node:crypto names it. */
  readonly digest: string;
  readonly secret: Buffer;
  /** What binds the key to its use. */
  readonly purpose: Buffer;
  readonly bytes: number;
}

/** X9.63: digests of the secret, a counter from 1, and the purpose. */
export function deriveByX963({ digest, secret, purpose, bytes }: Derivation): Buffer {
  const rounds: Buffer[] = [];
  for (let length = 0, counter = 1; length < bytes; counter += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const round = hash(digest, Buffer.concat([secret, count, purpose]), 'buffer');
    rounds.push(round);
    length += round.length;
  }
  return Buffer.concat(rounds, bytes);
}

/** HKDF, extract and expand; throws `RangeError` or its like for more bytes than HKDF gives. */
export function deriveByHkdf({ digest, secret, salt, purpose, bytes }: Derivation & { salt: Buffer }): Buffer {
  return Buffer.from(hkdfSync(digest, secret, salt, purpose, bytes));
}

/** RFC 3394 §2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);
const WRAPPED_MIN_BYTES = 24;

/** The key inside, or null when it does not unwrap. At least two blocks are wrapped (RFC 3394 §2), which node:crypto does not ask. */
export function unwrapAesKey(wrappingKey: Buffer, wrapped: Buffer): Buffer | null {
  if (wrapped.length < WRAPPED_MIN_BYTES || wrapped.length % 8 !== 0) return null;
  try {
    const decipher = createDecipheriv(`id-aes${wrappingKey.length * 8}-wrap`, createSecretKey(wrappingKey), WRAP_IV);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    return null;
  }
}
