/**
 * The vault key and what is sealed under it: AES-256-GCM with a key per purpose (HKDF-SHA256), a random IV in
 * front, and the place of the ciphertext as AAD, so that a sealed column cannot be moved to another row.
 * The key comes from the environment or from a file outside the database it protects.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Vault, VaultPurpose } from './ports.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The vault over a 32-byte key. */
export function openVault(key: Buffer): Vault {
  if (key.length !== KEY_BYTES)
    throw new RangeError(`the vault key must have ${KEY_BYTES} bytes, it has ${key.length}`);
  const keys = new Map<string, KeyObject>();
  const keyFor = (use: 'seal' | 'index', purpose: VaultPurpose): KeyObject => {
    const name = `estafette/1 ${use} ${purpose}`;
    const derive = () => createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), name, KEY_BYTES)));
    const known = keys.get(name) ?? derive();
    keys.set(name, known);
    return known;
  };
  return {
    seal(purpose, context, clear) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyFor('seal', purpose), iv).setAAD(Buffer.from(context));
      return Buffer.concat([iv, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
    },
    open(purpose, context, sealed) {
      if (sealed.length < IV_BYTES + TAG_BYTES) throw new RangeError('sealed bytes are too short');
      const decipher = createDecipheriv('aes-256-gcm', keyFor('seal', purpose), sealed.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
    },
    index: (purpose, value) => createHmac('sha256', keyFor('index', purpose)).update(value).digest(),
  };
}

function makeKeyFile(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const key = randomBytes(KEY_BYTES);
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, `${key.toString('base64')}\n`);
  fsyncSync(handle);
  closeSync(handle);
  return key;
}

/** The vault key: from `environmentKey` (base64) if given, else from the file, which is made when it does not exist. */
export function readVaultKey(from: { environmentKey: string | null; file: string }): Buffer {
  if (from.environmentKey !== null) return exactly(Buffer.from(from.environmentKey, 'base64'), 'ESTAFETTE_VAULT_KEY');
  try {
    return exactly(Buffer.from(readFileSync(from.file, 'utf8'), 'base64'), from.file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return makeKeyFile(from.file);
  }
}

function exactly(key: Buffer, where: string): Buffer {
  if (key.length === KEY_BYTES) return key;
  throw new Error(`${where} must hold a vault key of ${KEY_BYTES} bytes in base64, it holds ${key.length} bytes.`);
}
