/**
 * An RSA key that node:crypto pads by PKCS#1 v1.5 (RFC 8017 §7.2) when it is given alone, as `privateDecrypt(key)`. The
 * padding is read from the object that is passed, and a key is one; passed as `{ key, padding }` instead, node:crypto
 * finds out by two caught exceptions that those are options, which costs a fortieth of the private operation. A Node
 * that did not look there would pad by OAEP: nothing would open and every test would say so, but nothing would leak.
 */
import { constants, type KeyObject } from 'node:crypto';

const known = new WeakMap<KeyObject, KeyObject>();

/** The same key (a clone is a handle to it, the key itself is not copied) with its padding; the caller's is left alone. */
export function pkcs1Key(key: KeyObject): KeyObject {
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  const padded = Object.assign(structuredClone(key), { padding: constants.RSA_PKCS1_PADDING });
  known.set(key, padded);
  return padded;
}
