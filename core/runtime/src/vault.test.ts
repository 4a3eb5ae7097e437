import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openVault, readVaultKey } from './vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-vault-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const key = randomBytes(32);
const vault = openVault(key);
const CLEAR = Buffer.from('Paul LEROY');

test('what is sealed opens in its place, after a restart too', () => {
  const sealed = vault.seal('person', 'dev_1', CLEAR);
  assert.ok(!sealed.includes('LEROY'));
  assert.deepEqual(openVault(Buffer.from(key)).open('person', 'dev_1', sealed), CLEAR);
  assert.notDeepEqual(vault.seal('person', 'dev_1', CLEAR), sealed);
  assert.deepEqual(vault.open('person', '', vault.seal('person', '', Buffer.alloc(0))), Buffer.alloc(0));
});

test('another purpose, another place, another key, or one altered bit do not open', () => {
  const sealed = vault.seal('person', 'dev_1', CLEAR);
  assert.throws(() => vault.open('spool', 'dev_1', sealed));
  assert.throws(() => vault.open('person', 'dev_2', sealed));
  assert.throws(() => openVault(randomBytes(32)).open('person', 'dev_1', sealed));
  for (let at = 0; at < sealed.length; at += 1) {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] as number) ^ 0x10;
    assert.throws(() => vault.open('person', 'dev_1', altered), `byte ${at}`);
  }
  for (const short of [0, 5, 27]) assert.throws(() => vault.open('person', 'dev_1', sealed.subarray(0, short)));
});

test('an index is the same for the same value, and tells nothing across purposes or vaults', () => {
  const index = vault.index('address-index', 'a@b.example');
  assert.deepEqual(openVault(key).index('address-index', 'a@b.example'), index);
  assert.equal(index.length, 32);
  for (const other of [
    vault.index('address-index', 'a@c.example'),
    vault.index('message-id-index', 'a@b.example'),
    openVault(randomBytes(32)).index('address-index', 'a@b.example'),
  ])
    assert.notDeepEqual(other, index);
});

test('a vault key of another length is refused with a sentence that names its place and not its value', () => {
  for (const length of [0, 16, 31, 33]) assert.throws(() => openVault(randomBytes(length)), /32 bytes/);
  const environmentKey = randomBytes(16).toString('base64');
  assert.throws(
    () => readVaultKey({ environmentKey, file: '' }),
    (error: Error) => error.message.startsWith('ESTAFETTE_VAULT_KEY must') && !error.message.includes(environmentKey),
  );
  const file = join(folder, 'short.key');
  writeFileSync(file, 'c2hvcnQ=');
  assert.throws(
    () => readVaultKey({ environmentKey: null, file }),
    (error: Error) => error.message.includes(file),
  );
});

test('a key file is made once, for us alone, and read again', () => {
  const file = join(folder, 'keys', 'vault.key');
  const made = readVaultKey({ environmentKey: null, file });
  assert.equal(made.length, 32);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readVaultKey({ environmentKey: null, file }), made);
  assert.deepEqual(Buffer.from(readFileSync(file, 'utf8'), 'base64'), made);
  assert.deepEqual(readVaultKey({ environmentKey: key.toString('base64'), file }), key);
});

test('a key file that cannot be read is not replaced by a new one', () => {
  const file = join(folder, 'folder-in-its-place');
  chmodSync(folder, 0o700);
  assert.throws(() => readVaultKey({ environmentKey: null, file: `${folder}` }));
  assert.throws(() => readVaultKey({ environmentKey: null, file: join(folder, 'short.key', file) }));
});
