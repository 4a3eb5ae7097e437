/**
 * Key files of many tools, from beside the checkout: each is imported, or refused with the reason stated here. The
 * mailbox is the one the certificate names; those of the `pkcs12` folder are of an authority that names no address.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { KeyFileRefused } from '@estafette/certs/key-file-refused';
import { openPkcs12 } from '@estafette/certs/pkcs12';
import { judgeKeys } from './add-keys.ts';
import { KeyRefused, keyInWords } from './judge-key.ts';

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/samples');
const NOW = new Date('2026-06-15T10:20:00Z');

/** Address, and what is imported, of the files that bring a mailbox its key. */
const IMPORTED: Readonly<Record<string, readonly [address: string, key: string]>> = {
  'smime/thunderbird/Alice-ec.p12': ['alice-ec@example.com', 'EC secp384r1'],
  'smime/thunderbird/Alice.p12': ['alice@example.com', 'RSA 2048'],
  'smime/thunderbird/Bob.p12': ['bob@example.com', 'RSA 2048'],
  'smime/thunderbird/Dave.p12': ['dave@example.com', 'RSA 2048'],
  'smime/thunderbird/Eve.p12': ['eve@example.net', 'RSA 2048'],
  'smime/thunderbird/Fran-ec.p12': ['fran-ec@example.com', 'EC secp384r1'],
  'smime/thunderbird/Fran.p12': ['fran@example.com', 'RSA 2048'],
  'smime/thunderbird-interop/Fran-ec.p12': ['fran-ec@example.com', 'EC secp384r1'],
  'smime/thunderbird-interop/Fran.p12': ['fran@example.com', 'RSA 2048'],
  'smime/nss/Fran-ec.p12': ['fran-ec@example.com', 'EC secp384r1'],
  'smime/nss/Fran.p12': ['fran@example.com', 'RSA 2048'],
};

/** What must become of a file of the `pkcs12` folder, by its name. */
function refusalOf(name: string): string {
  if (name.includes('no-key') || name.startsWith('no-cert-n')) return 'no-key';
  return name.startsWith('no-cert-key') ? 'no-certificate' : 'certificate-refused';
}

function passwordOf(file: string): string {
  if (file.startsWith('smime/')) return 'nss';
  if (file.includes('no-pwd') || file.endsWith('/no-password.p12')) return '';
  return file.includes('-pwd') ? 'password' : 'cryptography';
}

/** The kind of the key that is imported, or the code of the refusal. */
function outcome(file: string, address: string, password: string): string {
  try {
    const identities = openPkcs12(readFileSync(join(SAMPLES, file)), password);
    const { accepted } = judgeKeys(identities, { address, now: NOW, forOpening: false });
    return accepted.map(({ privateKey }) => keyInWords(privateKey)).join(', ');
  } catch (error) {
    if (error instanceof KeyRefused || error instanceof KeyFileRefused) return error.code;
    throw error;
  }
}

const skip = existsSync(SAMPLES) ? false : `no sample files beside the checkout (${SAMPLES})`;
describe('a .p12 file of another tool', { skip }, () => {
  const folders = ['pkcs12', 'smime/thunderbird', 'smime/thunderbird-interop', 'smime/nss'];
  const files =
    skip === false
      ? folders.flatMap((folder) =>
          readdirSync(join(SAMPLES, folder))
            .filter((name) => name.endsWith('.p12'))
            .map((name) => `${folder}/${name}`),
        )
      : [];
  for (const file of files) {
    const [address, key] = IMPORTED[file] ?? ['mailbox@example.com', null];
    const expected = key ?? refusalOf(file.slice('pkcs12/'.length));
    test(`${file} is ${key === null ? `refused: ${expected}` : `imported: ${key}`}`, () => {
      assert.equal(outcome(file, address, passwordOf(file)), expected);
      assert.equal(outcome(file, address, 'surely not this'), 'wrong-password');
      if (key !== null) assert.equal(outcome(file, 'somebody.else@example.com', passwordOf(file)), 'address-other');
    });
  }
});
