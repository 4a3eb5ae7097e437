/**
 * Key transport (KeyTransRecipientInfo, RFC 5652 §6.2.1): the content key encrypted under our RSA key, by PKCS#1 v1.5
 * (RFC 3370 §4.2.1) or OAEP (RFC 3560). A padding that is wrong gives a random key of the right length, so that it fails
 * later like any other and nobody learns which it was (RFC 3218; node:crypto rejects implicitly since OpenSSL 3.2).
 */
import { constants, type KeyObject, privateDecrypt, randomFillSync } from 'node:crypto';
import { type Algorithm, isNullOrAbsent } from './algorithm.ts';
import { OID } from './oids.ts';
import { pkcs1Key } from './pkcs1-key.ts';
import { type OaepParameters, readOaepParameters } from './rsa-parameters.ts';
import { withoutStackTraces } from './without-stack-traces.ts';

export type KeyTransport = { readonly padding: 'pkcs1' } | ({ readonly padding: 'oaep' } & OaepParameters);

/** How the key is transported, or null when not in a way this gateway opens; throws `BerError`. */
export function readKeyTransport({ oid, parameters }: Algorithm): KeyTransport | null {
  if (oid === OID.rsaEncryption) return isNullOrAbsent(parameters) ? { padding: 'pkcs1' } : null;
  if (oid !== OID.rsaOaep) return null;
  const oaep = readOaepParameters(parameters);
  return oaep === null ? null : { padding: 'oaep', ...oaep };
}

function decryptKey(transport: KeyTransport, privateKey: KeyObject, encryptedKey: Buffer): Buffer {
  if (transport.padding === 'pkcs1') return privateDecrypt(pkcs1Key(privateKey), encryptedKey);
  const { hash: oaepHash, label: oaepLabel } = transport;
  const options = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash, oaepLabel };
  return withoutStackTraces(() => privateDecrypt(options, encryptedKey));
}

const random = Buffer.alloc(4_096);
let drawn = random.length;

/** Random bytes out of a store that is filled anew when it is empty, as randomUUID does: one call for 128 letters. */
function drawRandom(bytes: number): Buffer {
  if (drawn + bytes > random.length) {
    randomFillSync(random);
    drawn = 0;
  }
  const from = drawn;
  drawn += bytes;
  const own = Buffer.from(random.subarray(from, drawn));
  random.fill(0, from, drawn);
  return own;
}

/** The content key, or a random one of the same length: which of the two is never told. */
export function unwrapTransportedKey(wrapped: {
  transport: KeyTransport;
  privateKey: KeyObject;
  encryptedKey: Buffer;
  keyBytes: number;
}): Buffer {
  const { transport, privateKey, encryptedKey, keyBytes } = wrapped;
  const substitute = drawRandom(keyBytes);
  try {
    const key = decryptKey(transport, privateKey, encryptedKey);
    return key.length === keyBytes ? key : substitute;
  } catch {
    return substitute;
  }
}
