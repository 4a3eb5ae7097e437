/**
 * .p12 files go both ways between us and openssl, and are refused with a reason when they must be. Those of other tools
 * are tried in cli/src/keys.
 */

import assert from 'node:assert/strict';
import { createHmac, pbkdf2Sync, randomBytes, X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import type { DevelopmentAuthority } from './authority-register.ts';
import {
  integer,
  itemAt,
  itemsOf,
  nullValue,
  octetString,
  octetsOf,
  oid,
  parseDer,
  sequence,
  setOf,
  tagged,
  toDer,
} from './der.ts';
import { createAuthority, type IssuedCertificate, issueMailboxCertificate } from './development-authority.ts';
import { type KeyFileRefusalCode, KeyFileRefused } from './key-file-refused.ts';
import { exportPkcs12, MAX_PKCS12_BYTES, openPkcs12 } from './pkcs12.ts';
import { MAX_PKCS12_ITERATIONS } from './pkcs12-key-derivation.ts';
import { type Courtroom, openCourtroom } from './testing/openssl-judge.ts';

const now = new Date();
const address = 'pharmacie.halles@officine.example';
const structure = { name: 'PHARMACIE DES HALLES', number: { finess: '990000020' }, department: 'Paris (75)' };
const password = 'Clé de l’été 2026 €';

const refusal = (bytes: Uint8Array, tried: string): KeyFileRefusalCode | 'opened' => {
  try {
    openPkcs12(bytes, tried);
    return 'opened';
  } catch (error) {
    if (error instanceof KeyFileRefused) return error.code;
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
    const [opened] = openPkcs12(exported(), password);
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
      const { certificatePem, privateKeyPem } = mailbox;
      assert.deepEqual(openPkcs12(theirs, password), [{ certificatePem, privateKeyPem, chainPem }]);
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
      assert.deepEqual(openPkcs12(file, 'x'), [{ certificatePem, privateKeyPem: keyPem, chainPem: [] }]);
    }
  });

  test('without a password opens with the empty one', () => {
    assert.equal(openPkcs12(opensslExport('-passout', 'pass:'), '')[0]?.certificatePem, mailbox.certificatePem);
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
    const unordered = sequence(integer(3), setOf(content, integer(1)));
    assert.equal(refusal(toDer(unordered), password), 'malformed');
  });

  /** The file with its MAC replaced by a PBMAC1 (RFC 9579) with these parameters, computed by node:crypto alone. */
  const withPbmac1 = (
    file: Buffer,
    wanted: { hash: string; hashOid: string; iterations: number; keyBytes?: number },
  ) => {
    const [version, contentPart] = itemsOf(parseDer(file));
    assert.ok(version !== undefined && contentPart !== undefined);
    const content = octetsOf(itemAt(itemAt(contentPart, 1), 0));
    const salt = randomBytes(16);
    const prf = sequence(oid(wanted.hashOid), nullValue());
    const length = wanted.keyBytes === undefined ? [] : [integer(wanted.keyBytes)];
    const pbkdf2 = sequence(
      oid('1.2.840.113549.1.5.12'),
      sequence(octetString(salt), integer(wanted.iterations), ...length, prf),
    );
    const key = pbkdf2Sync(password, salt, wanted.iterations, wanted.keyBytes ?? 32, wanted.hash);
    const mac = createHmac(wanted.hash, key).update(content).digest();
    const algorithm = sequence(oid('1.2.840.113549.1.5.14'), sequence(pbkdf2, prf));
    const notUsed = Buffer.from('NOT USED');
    const structure = sequence(sequence(algorithm, octetString(mac)), octetString(notUsed), integer(1));
    return toDer(sequence(version, contentPart, structure));
  };
  /** Node's own OpenSSL 3.5 reads PBMAC1; the openssl command here is older. */
  const nodeOpens = (pfx: Buffer, passphrase: string): boolean => {
    try {
      createSecureContext({ pfx, passphrase });
      return true;
    } catch {
      return false;
    }
  };

  for (const [hash, hashOid, keyBytes] of [
    ['sha256', '1.2.840.113549.2.9', 32],
    ['sha512', '1.2.840.113549.2.11', 64],
  ] as const) {
    test(`with PBMAC1 over ${hash} opens here as in the OpenSSL of Node, and not with another password`, () => {
      const file = withPbmac1(exported(), { hash, hashOid, keyBytes, iterations: 2048 });
      assert.equal(nodeOpens(file, password), true);
      assert.equal(refusal(file, password), 'opened');
      assert.equal(nodeOpens(file, 'another'), false);
      assert.equal(refusal(file, 'another'), 'wrong-password');
    });
  }

  test('with PBMAC1 that names no key length, or asks for absurd work, is refused', () => {
    const hmac = { hash: 'sha256', hashOid: '1.2.840.113549.2.9' };
    assert.equal(refusal(withPbmac1(exported(), { ...hmac, iterations: 2048 }), password), 'malformed');
    const content = itemAt(parseDer(exported()), 1);
    const pbkdf2 = (iterations: number) =>
      sequence(
        oid('1.2.840.113549.1.5.12'),
        sequence(octetString(Buffer.alloc(8)), integer(iterations), integer(32), sequence(oid(hmac.hashOid))),
      );
    const algorithm = sequence(
      oid('1.2.840.113549.1.5.14'),
      sequence(pbkdf2(MAX_PKCS12_ITERATIONS + 1), sequence(oid(hmac.hashOid))),
    );
    const mac = sequence(sequence(algorithm, octetString(Buffer.alloc(32))), octetString(Buffer.alloc(8)));
    assert.equal(refusal(toDer(sequence(integer(3), content, mac)), password), 'unsupported');
  });

  test('with two keys gives each with its certificate', async () => {
    const other = await issueMailboxCertificate(authority, { now, address, structure });
    const first = exported();
    const second = exportPkcs12({
      keyPem: other.privateKeyPem,
      certificatePem: other.certificatePem,
      chainPem: [],
      password,
      friendlyName: 'second',
    });
    const safesOf = (file: Buffer) => itemsOf(parseDer(octetsOf(itemAt(itemAt(itemAt(parseDer(file), 1), 1), 0))));
    const together = toDer(sequence(...safesOf(first), ...safesOf(second)));
    const plain = sequence(oid('1.2.840.113549.1.7.1'), tagged(0, octetString(together)));
    const opened = openPkcs12(toDer(sequence(integer(3), plain)), password);
    assert.deepEqual(
      opened.map(({ certificatePem }) => certificatePem),
      [mailbox.certificatePem, other.certificatePem],
    );
    assert.deepEqual(
      opened.map(({ chainPem: chain }) => chain),
      [chainPem, chainPem],
    );
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
