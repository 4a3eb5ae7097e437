/** Keys and certificates in PEM, as openssl writes them, open here; what does not is refused with a reason. */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type KeyFileRefusalCode, KeyFileRefused } from './key-file-refused.ts';
import { openPemIdentities, readCertificateFile } from './pem-identity.ts';
import { openCourtroom } from './testing/openssl-judge.ts';

const court = openCourtroom();
after(() => court.close());

const ask = (...words: string[]): void => {
  const { ok, words: said } = court.openssl(...words);
  assert.ok(ok, said);
};

/** A key of this kind with a certificate of its own: `NAME.key` and `NAME.pem`. */
function make(name: string, ...kind: string[]): void {
  ask('req', '-x509', '-nodes', ...kind, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
}
make('rsa', '-newkey', 'rsa:2048');
make('ec', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384');
make('brainpool', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1');
make('edwards', '-newkey', 'ed25519');

const refusal = (run: () => unknown): KeyFileRefusalCode | 'opened' => {
  try {
    run();
    return 'opened';
  } catch (error) {
    if (error instanceof KeyFileRefused) return error.code;
    throw error;
  }
};
const open = (password: string, ...names: string[]) => openPemIdentities(names.map(court.read), password);

describe('a PEM file', () => {
  for (const name of ['rsa', 'ec', 'brainpool', 'edwards']) {
    test(`with a ${name} key and its certificate opens, in one file or in two`, () => {
      const [apart] = open('', `${name}.pem`, `${name}.key`);
      court.write('both.pem', Buffer.concat([court.read(`${name}.key`), court.read(`${name}.pem`)]));
      const [together] = open('', 'both.pem');
      assert.equal(apart?.certificatePem, court.read(`${name}.pem`).toString());
      assert.deepEqual(together, apart);
    });
  }

  const forms: readonly (readonly [string, readonly string[]])[] = [
    ['PKCS#1', ['rsa', '-in', 'rsa.key', '-traditional']],
    ['encrypted PKCS#8', ['pkcs8', '-topk8', '-in', 'rsa.key', '-passout', 'pass:clé']],
    ['PKCS#8 under scrypt', ['pkcs8', '-topk8', '-scrypt', '-in', 'rsa.key', '-passout', 'pass:clé']],
    ['PKCS#8 under 3DES', ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES', '-in', 'rsa.key', '-passout', 'pass:clé']],
    ['encrypted PKCS#1', ['rsa', '-in', 'rsa.key', '-traditional', '-aes256', '-passout', 'pass:clé']],
  ];
  for (const [form, words] of forms) {
    test(`with its key as ${form} opens, and if it is encrypted not with another password`, () => {
      ask(...words, '-out', 'form.key');
      const [identity] = open('clé', 'rsa.pem', 'form.key');
      const [plain] = open('', 'rsa.pem', 'rsa.key');
      assert.deepEqual(identity, plain);
      if (!words.includes('pass:clé')) return;
      for (const wrong of ['', 'cle'])
        assert.equal(
          refusal(() => open(wrong, 'rsa.pem', 'form.key')),
          'wrong-password',
        );
    });
  }

  test('with its key in SEC1 form, parameters in front, opens', () => {
    ask('ecparam', '-name', 'prime256v1', '-genkey', '-out', 'sec1.key');
    assert.match(court.read('sec1.key').toString(), /BEGIN EC PARAMETERS[\s\S]*BEGIN EC PRIVATE KEY/);
    ask('req', '-x509', '-new', '-key', 'sec1.key', '-out', 'sec1.pem', '-subj', '/CN=sec1');
    assert.equal(open('', 'sec1.pem', 'sec1.key').length, 1);
  });

  test('whose key is protected by a cipher that OpenSSL has given up is refused as unsupported', () => {
    const legacy = ['-provider', 'legacy', '-provider', 'default'];
    ask(
      'pkcs8',
      '-topk8',
      '-v1',
      'PBE-SHA1-RC2-40',
      '-in',
      'rsa.key',
      '-passout',
      'pass:x',
      '-out',
      'rc2.key',
      ...legacy,
    );
    assert.equal(
      refusal(() => open('x', 'rsa.pem', 'rc2.key')),
      'unsupported',
    );
  });

  test('without key, without certificate, or with those of others is refused with the reason', () => {
    assert.equal(
      refusal(() => open('', 'rsa.pem')),
      'no-key',
    );
    assert.equal(
      refusal(() => open('', 'rsa.key')),
      'no-certificate',
    );
    assert.equal(
      refusal(() => open('', 'rsa.key', 'ec.pem')),
      'no-certificate',
    );
  });

  test('that is something else, damaged or too large is refused', () => {
    court.write('nothing.pem', 'Bonjour.');
    court.write('damaged.pem', court.read('rsa.pem').toString().replace(/MII/, 'AAA'));
    court.write('large.pem', Buffer.alloc(300_000, 0x20));
    court.write('many.pem', court.read('rsa.pem').toString().repeat(65));
    assert.equal(
      refusal(() => open('', 'nothing.pem')),
      'malformed',
    );
    assert.equal(
      refusal(() => open('', 'damaged.pem', 'rsa.key')),
      'malformed',
    );
    assert.equal(
      refusal(() => open('', 'large.pem')),
      'too-large',
    );
    assert.equal(
      refusal(() => open('', 'many.pem')),
      'too-large',
    );
  });
});

test('a file of certificates is read in PEM and in DER, chain and all', () => {
  ask('x509', '-in', 'ec.pem', '-outform', 'DER', '-out', 'ec.der');
  const [one] = readCertificateFile(court.read('ec.der'));
  assert.equal(one, court.read('ec.pem').toString());
  assert.equal(readCertificateFile(Buffer.concat([court.read('ec.pem'), court.read('rsa.pem')])).length, 2);
  assert.equal(
    refusal(() => readCertificateFile(court.read('ec.key'))),
    'no-certificate',
  );
  assert.equal(
    refusal(() => readCertificateFile(Buffer.from([0x30, 0x00]))),
    'malformed',
  );
});
