/**
 * .p12 files go both ways between us and openssl, come in from many tools, and are refused with a reason when they must be.
 */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DevelopmentAuthority } from './authority-register.ts';
import { integer, octetString, oid, sequence, setOf, tagged, toDer } from './der.ts';
import { createAuthority, type IssuedCertificate, issueMailboxCertificate } from './development-authority.ts';
import { exportPkcs12, MAX_PKCS12_BYTES, openPkcs12 } from './pkcs12.ts';
import { MAX_PKCS12_ITERATIONS } from './pkcs12-key-derivation.ts';
import { type Pkcs12RefusalCode, Pkcs12Refused } from './pkcs12-refused.ts';
import { type Courtroom, openCourtroom } from './testing/openssl-judge.ts';

const now = new Date();
const address = 'pharmacie.halles@officine.example';
const structure = { name: 'PHARMACIE DES HALLES', number: { finess: '990000020' }, department: 'Paris (75)' };
const password = 'Clé de l’été 2026 €';
const samples = resolve(import.meta.dirname, '../../../shared/samples/pkcs12');

const refusal = (bytes: Uint8Array, tried: string): Pkcs12RefusalCode | 'opened' => {
  try {
    openPkcs12(bytes, tried);
    return 'opened';
  } catch (error) {
    if (error instanceof Pkcs12Refused) return error.code;
    throw error;
  }
};

describe('a .p12 file', () => {
  let court: Courtroom;
  let authority: DevelopmentAuthority;
  let mailbox: IssuedCertificate;
  let chainPem: string[];
  before(async () => {
    court = openCourtroom();
    authority = await createAuthority({ now });
    mailbox = await issueMailboxCertificate(authority, { now, address, structure });
    chainPem = [authority.issuingCertificatePem, authority.rootCertificatePem];
    court.write('cert.pem', mailbox.certificatePem);
    court.write('key.pem', mailbox.privateKeyPem);
    court.write('chain.pem', chainPem.join(''));
  });
  after(() => court.close());

  const exported = (tried = password): Buffer =>
    exportPkcs12({
      keyPem: mailbox.privateKeyPem,
      certificatePem: mailbox.certificatePem,
      chainPem,
      password: tried,
      friendlyName: 'Pharmacie des Halles – été',
    });
  const opensslExport = (...args: readonly string[]): Buffer => {
    const base = ['pkcs12', '-export', '-inkey', 'key.pem', '-in', 'cert.pem', '-out', 'theirs.p12'];
    const { ok, words } = court.openssl(...base, ...args);
    assert.ok(ok, words);
    return court.read('theirs.p12');
  };

  test('written here opens in openssl with its key, its chain and its accented password', () => {
    court.write('ours.p12', exported());
    const { ok, words } = court.openssl('pkcs12', '-in', 'ours.p12', '-passin', `pass:${password}`, '-nodes', '-info');
    assert.ok(ok, words);
    assert.match(words, /MAC: sha256/);
    assert.equal(words.match(/PBES2, PBKDF2, AES-256-CBC/g)?.length, 2);
    assert.equal(words.match(/BEGIN CERTIFICATE/g)?.length, 3);
    assert.ok(words.includes(mailbox.privateKeyPem.trim()));
    assert.equal(court.openssl('pkcs12', '-in', 'ours.p12', '-passin', 'pass:wrong', '-nodes').ok, false);
  });

  test('written here opens here again, byte for byte', () => {
    const opened = openPkcs12(exported(), password);
    assert.deepEqual(opened, {
      privateKeyPem: mailbox.privateKeyPem,
      certificatePem: mailbox.certificatePem,
      chainPem,
    });
  });

  const flavours: readonly (readonly [string, readonly string[]])[] = [
    ['in its present default', []],
    ['with 3DES', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['in its legacy form with RC2-40', ['-legacy']],
    ['without encryption of the certificates', ['-certpbe', 'NONE']],
    ['without a MAC', ['-nomac']],
    ['with SHA-512 in the MAC', ['-macalg', 'sha512', '-iter', '100000']],
  ];
  for (const [how, args] of flavours) {
    test(`written by openssl ${how} opens here, and not with another password`, () => {
      const theirs = opensslExport('-certfile', 'chain.pem', '-passout', `pass:${password}`, ...args);
      const opened = openPkcs12(theirs, password);
      assert.equal(opened.certificatePem, mailbox.certificatePem);
      assert.equal(opened.privateKeyPem, mailbox.privateKeyPem);
      assert.deepEqual(opened.chainPem, chainPem);
      assert.equal(refusal(theirs, 'another'), 'wrong-password');
    });
  }

  test('with a P-256 key opens like one with RSA', () => {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const made = court.openssl(
      'req',
      '-x509',
      ...curve,
      '-nodes',
      '-keyout',
      'ec.pem',
      '-out',
      'eccert.pem',
      '-subj',
      '/CN=ec',
    );
    assert.ok(made.ok, made.words);
    const keyPem = court.read('ec.pem').toString();
    const certificatePem = court.read('eccert.pem').toString();
    const theirs = opensslExport('-inkey', 'ec.pem', '-in', 'eccert.pem', '-passout', 'pass:x');
    const ours = exportPkcs12({ keyPem, certificatePem, chainPem: [], password: 'x', friendlyName: 'ec' });
    for (const file of [theirs, ours]) {
      const opened = openPkcs12(file, 'x');
      assert.equal(opened.certificatePem, certificatePem);
      assert.equal(opened.privateKeyPem, keyPem);
    }
  });

  test('without a password opens with the empty one', () => {
    assert.equal(openPkcs12(opensslExport('-passout', 'pass:'), '').certificatePem, mailbox.certificatePem);
  });

  test('with a key and only a certificate of another key is refused for want of its certificate', async () => {
    const other = await issueMailboxCertificate(authority, { now, address, structure });
    court.write('othercert.pem', other.certificatePem);
    const keyOnly = ['-nocerts', '-passout', 'pass:x'];
    assert.equal(refusal(opensslExport(...keyOnly), 'x'), 'no-certificate');
    const { certificatePem } = other;
    const wrongPair = { keyPem: mailbox.privateKeyPem, certificatePem, chainPem, password, friendlyName: 'x' };
    assert.throws(() => exportPkcs12(wrongPair), RangeError);
  });

  test('with certificates only is refused for want of a key', () => {
    assert.equal(refusal(opensslExport('-nokeys', '-passout', 'pass:x'), 'x'), 'no-key');
  });

  test('is not written under an empty password', () => {
    assert.throws(() => exported(''), RangeError);
  });

  test('of more than the cap is refused before it is read', () => {
    assert.equal(refusal(new Uint8Array(MAX_PKCS12_BYTES + 1), password), 'too-large');
    assert.equal(refusal(new Uint8Array(MAX_PKCS12_BYTES), password), 'malformed');
  });

  test('that is something else is refused as malformed', () => {
    assert.equal(refusal(new Uint8Array(0), password), 'malformed');
    assert.equal(refusal(Buffer.from(mailbox.certificatePem), password), 'malformed');
    const der = new X509Certificate(mailbox.certificatePem).raw;
    assert.equal(refusal(der, password), 'malformed');
  });

  test('that asks for absurd work is refused without doing it', () => {
    const content = sequence(oid('1.2.840.113549.1.7.1'), tagged(0, octetString(Buffer.from('3000', 'hex'))));
    const digest = sequence(sequence(oid('2.16.840.1.101.3.4.2.1')), octetString(Buffer.alloc(32)));
    const mac = sequence(digest, octetString(Buffer.alloc(8)), integer(MAX_PKCS12_ITERATIONS + 1));
    assert.equal(refusal(toDer(sequence(integer(3), content, mac)), password), 'unsupported');
    const pbmac1 = sequence(sequence(sequence(oid('1.2.840.113549.1.5.14')), octetString(Buffer.alloc(32))));
    assert.equal(refusal(toDer(sequence(integer(3), content, pbmac1)), password), 'unsupported');
    const unordered = sequence(integer(3), setOf(content, integer(1)));
    assert.equal(refusal(toDer(unordered), password), 'malformed');
  });

  test('damaged in any one byte, or cut anywhere, is opened or refused with a reason, and nothing else happens', () => {
    const sound = opensslExport('-passout', 'pass:x', '-iter', '1', '-nomac');
    for (let at = 0; at < sound.length; at += 1) {
      const damaged = Buffer.from(sound);
      damaged[at] = (damaged[at] ?? 0) ^ (1 + (at % 255));
      refusal(damaged, 'x');
      if (at % 7 === 0) assert.equal(refusal(sound.subarray(0, at), 'x'), 'malformed');
    }
  });
});

const skip = existsSync(samples) ? false : `no sample files beside the checkout (${samples})`;
describe('the .p12 files of other tools', { skip }, () => {
  const names = skip === false ? readdirSync(samples).filter((name) => name.endsWith('.p12')) : [];
  for (const name of names) {
    const right =
      name.includes('no-pwd') || name === 'no-password.p12' ? '' : name.includes('-pwd') ? 'password' : 'cryptography';
    const expected =
      name.includes('no-key') || name.startsWith('no-cert-n')
        ? 'no-key'
        : name.startsWith('no-cert-key')
          ? 'no-certificate'
          : 'opened';
    test(`${name} is ${expected === 'opened' ? 'opened' : `refused: ${expected}`}`, () => {
      const bytes = readFileSync(join(samples, name));
      assert.equal(refusal(bytes, right), expected);
      assert.equal(refusal(bytes, 'surely not this'), 'wrong-password');
    });
  }
});
