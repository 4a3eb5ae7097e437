/**
 * All vectors of Wycheproof that lie beside the checkout, through the very functions that open letters: what is valid is
 * taken, what is invalid is refused, and for what is "acceptable" the choice stands at its test.
 */
import assert from 'node:assert/strict';
import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { Algorithm } from './algorithm.ts';
import { BerError, readBer } from './ber.ts';
import {
  authenticatedCipherOf,
  blockCipherOf,
  decryptAuthenticated,
  decryptBlocks,
  readContentAlgorithm,
  readIv,
} from './content-encryption.ts';
import { context, element, nullElement, octetString, oid, sequence, smallInteger } from './der.ts';
import { agreeOnSecret, readOriginatorKey } from './key-agreement.ts';
import { deriveByHkdf, unwrapAesKey } from './key-derivation.ts';
import { readKeyTransport, unwrapTransportedKey } from './key-transport.ts';
import { OID } from './oids.ts';
import { checkSignature } from './signature-check.ts';

const FOLDER = resolve(import.meta.dirname, '../../../../shared/samples/wycheproof');
const skip = existsSync(FOLDER) ? false : 'the Wycheproof vectors are not beside the checkout';

/** One vector: hexadecimal fields, and what Wycheproof says of it. */
type Vector = Readonly<Record<string, string>> & {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly flags: readonly string[];
  readonly size: number;
};
type Group = Readonly<Record<string, string>> & { readonly tests: readonly Vector[]; readonly tagSize: number };

const hex = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'hex');
const DER = { depthMax: 16, nodesMax: 100, der: true } as const;
const algorithm = (type: string, parameters: Buffer | null = null): Algorithm => ({ oid: type, parameters });

/** Calls `judge` for every vector of the file; it gives whether the vector was taken, or throws `BerError`. */
function judgeAll(
  file: string,
  judge: (vector: Vector, group: Group) => boolean,
  choices: { refusesAcceptable?: boolean; exceptions?: (vector: Vector) => boolean } = {},
): string {
  const { testGroups, numberOfTests } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as {
    testGroups: Group[];
    numberOfTests: number;
  };
  const counts = { valid: 0, invalid: 0, acceptable: 0 };
  let exceptions = 0;
  for (const group of testGroups) {
    for (const vector of group.tests) {
      let taken = false;
      try {
        taken = judge(vector, group);
      } catch (error) {
        assert.ok(error instanceof BerError, `${file} ${vector.tcId}: ${String(error)}`);
      }
      counts[vector.result] += 1;
      const what = `${file} ${vector.tcId} is ${vector.result}: ${vector.comment} ${vector.flags.join()}`;
      if (choices.exceptions?.(vector) === true) {
        exceptions += 1;
        assert.ok(!taken, what);
      } else if (vector.result !== 'acceptable') assert.equal(taken, vector.result === 'valid', what);
      else if (choices.refusesAcceptable === true) assert.ok(!taken, what);
    }
  }
  assert.equal(counts.valid + counts.invalid + counts.acceptable, numberOfTests);
  return `${file}: ${counts.valid} valid, ${counts.invalid} invalid, ${counts.acceptable} acceptable, ${exceptions} exceptions`;
}

const isRight = (type: Algorithm, key: KeyObject, { msg, sig }: Vector): boolean =>
  checkSignature({ algorithm: type, key, signed: hex(msg), signature: hex(sig) }) === 'right';

test('ECDSA on P-256: malleable, long and non-minimal signatures are wrong', { skip }, (context) => {
  const ecdsa = algorithm('1.2.840.10045.4.3.2');
  const judge = (vector: Vector, group: Group) => isRight(ecdsa, createPublicKey(group.publicKeyPem ?? ''), vector);
  context.diagnostic(judgeAll('ecdsa_secp256r1_sha256_test.json', judge));
});

test('RSA PKCS#1 v1.5: a DigestInfo without its NULL is acceptable to some, wrong here', { skip }, (context) => {
  const rsa = algorithm(OID.sha256WithRsa, nullElement());
  const judge = (vector: Vector, group: Group) => isRight(rsa, createPublicKey(group.publicKeyPem ?? ''), vector);
  context.diagnostic(judgeAll('rsa_signature_2048_sha256_test.json', judge, { refusesAcceptable: true }));
});

const SHA256 = sequence(oid(OID.sha256), nullElement());
const MGF1_SHA256 = sequence(oid(OID.mgf1), SHA256);

test('RSASSA-PSS with SHA-256 and a salt of 32 octets', { skip }, (testContext) => {
  const parameters = sequence(context(0, SHA256), context(1, MGF1_SHA256), context(2, smallInteger(32)));
  const pss = algorithm(OID.rsaPss, parameters);
  const judge = (vector: Vector, group: Group) => isRight(pss, createPublicKey(group.publicKeyPem ?? ''), vector);
  testContext.diagnostic(judgeAll('rsa_pss_2048_sha256_mgf1_32_test.json', judge));
});

/** What comes out of the encrypted key when a key of the message's length is expected: the message, or chance. */
function isTransported(type: Algorithm, { msg, ct }: Vector, group: Group): boolean {
  const transport = readKeyTransport(type);
  assert.ok(transport !== null);
  const privateKey = createPrivateKey(group.privateKeyPem ?? '');
  const message = hex(msg);
  // The message of an invalid vector is empty: then a key of 32 octets is expected, and comes, made by chance.
  const keyBytes = message.length === 0 ? 32 : message.length;
  const key = unwrapTransportedKey({ transport, privateKey, encryptedKey: hex(ct), keyBytes });
  assert.equal(key.length, keyBytes);
  const again = unwrapTransportedKey({ transport, privateKey, encryptedKey: hex(ct), keyBytes });
  return message.length === 0 ? key.equals(again) : key.equals(message);
}

const isEmptyMessage = ({ msg, result }: Vector): boolean => result === 'valid' && msg === '';

test('PKCS#1 v1.5 key transport: a wrong padding gives another key every time', { skip }, (context) => {
  const judge = (vector: Vector, group: Group) => isTransported(algorithm(OID.rsaEncryption), vector, group);
  // An empty message is validly padded, and is no content key: 32 octets by chance are the right answer.
  context.diagnostic(judgeAll('rsa_pkcs1_2048_test.json', judge, { exceptions: isEmptyMessage }));
});

test('OAEP key transport, with labels: a wrong padding gives another key every time', { skip }, (testContext) => {
  const labelled = (fields: Buffer[], label: string | undefined): Algorithm => {
    const source = context(2, sequence(oid(OID.pSpecified), octetString(hex(label))));
    return algorithm(OID.rsaOaep, sequence(...fields, ...(label === '' ? [] : [source])));
  };
  const sha256 = [context(0, SHA256), context(1, MGF1_SHA256)];
  for (const [file, fields] of [
    ['rsa_oaep_2048_sha1_mgf1sha1_test.json', []],
    ['rsa_oaep_2048_sha256_mgf1sha256_test.json', sha256],
  ] as const) {
    const judge = (vector: Vector, group: Group) => isTransported(labelled([...fields], vector.label), vector, group);
    testContext.diagnostic(judgeAll(file, judge, { exceptions: isEmptyMessage }));
  }
});

/** A private key on P-256 from its number. */
function p256Key(number: Buffer): KeyObject {
  const pair = createECDH('prime256v1');
  const scalar = Buffer.concat([Buffer.alloc(32), number]).subarray(-32);
  pair.setPrivateKey(scalar);
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const [d, ...coordinates] = [scalar, x, y].map((bytes) => bytes.toString('base64url'));
  const jwk = { kty: 'EC', crv: 'P-256', d: d ?? '', x: coordinates[0] ?? '', y: coordinates[1] ?? '' };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

test('ECDH on P-256: only a point of our curve, named, agrees on a secret', { skip }, (context) => {
  // Acceptable: keys in odd BER or with the curve spelt out. Refused, or else the secret is the one stated.
  const judge = (vector: Vector): boolean => {
    const originator = readOriginatorKey(readBer(hex(vector.public), DER));
    const secret = agreeOnSecret(p256Key(hex(vector.private)), originator);
    if (secret === null) return false;
    assert.deepEqual(secret, hex(vector.shared), String(vector.tcId));
    return true;
  };
  context.diagnostic(judgeAll('ecdh_secp256r1_test.json', judge));
});

test('X25519: a secret of zeros is refused, every other acceptable key agrees', { skip }, (context) => {
  const judge = (vector: Vector): boolean => {
    const pkcs8 = Buffer.concat([hex('302e020100300506032b656e04220420'), hex(vector.private)]);
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const secret = agreeOnSecret(privateKey, { algorithm: algorithm(OID.x25519), bits: hex(vector.public) });
    assert.equal(secret === null, vector.flags.includes('ZeroSharedSecret'));
    return secret?.equals(hex(vector.shared)) === true;
  };
  context.diagnostic(judgeAll('x25519_test.json', judge));
});

test('AES key wrap: a key of one block is acceptable to some, refused here', { skip }, (context) => {
  const judge = ({ key, ct, msg }: Vector): boolean => unwrapAesKey(hex(key), hex(ct))?.equals(hex(msg)) === true;
  context.diagnostic(judgeAll('aes_wrap_test.json', judge, { refusesAcceptable: true }));
});

const AES_CBC = { 128: '2.16.840.1.101.3.4.1.2', 192: '2.16.840.1.101.3.4.1.22', 256: '2.16.840.1.101.3.4.1.42' };
const AES_GCM = { 128: '2.16.840.1.101.3.4.1.6', 192: '2.16.840.1.101.3.4.1.26', 256: '2.16.840.1.101.3.4.1.46' };
const bitsOf = (key: Buffer): 128 | 192 | 256 => (key.length * 8) as 128;

test('AES in CBC: every wrong padding is refused', { skip }, (context) => {
  const judge = (vector: Vector): boolean => {
    const key = hex(vector.key);
    const type = readContentAlgorithm(readBer(sequence(oid(AES_CBC[bitsOf(key)]), octetString(hex(vector.iv))), DER));
    const cipher = blockCipherOf(type, false);
    assert.ok(cipher !== null);
    return decryptBlocks(cipher, key, readIv(type), hex(vector.ct))?.equals(hex(vector.msg)) === true;
  };
  context.diagnostic(judgeAll('aes_cbc_pkcs5_test.json', judge));
});

test('AES in GCM: a changed tag, nonce or addition is refused', { skip }, (context) => {
  const judge = (vector: Vector, { tagSize }: Group): boolean => {
    const key = hex(vector.key);
    const length = element(0x02, Buffer.from([tagSize / 8]));
    const parameters = sequence(octetString(hex(vector.iv)), length);
    const cipher = authenticatedCipherOf(
      readContentAlgorithm(readBer(sequence(oid(AES_GCM[bitsOf(key)]), parameters), DER)),
    );
    assert.ok(cipher !== null);
    const sealed = { encrypted: hex(vector.ct), tag: hex(vector.tag), additional: hex(vector.aad) };
    return decryptAuthenticated(cipher, key, sealed)?.equals(hex(vector.msg)) === true;
  };
  // The gap: node:crypto takes nonces of up to 128 octets, and three vectors have 257. Senders write 12.
  const exceptions = ({ flags, iv }: Vector): boolean => flags.includes('LongIv') && hex(iv).length > 128;
  context.diagnostic(judgeAll('aes_gcm_test.json', judge, { exceptions }));
});

test('HKDF with SHA-256: no more octets than it can give', { skip }, (context) => {
  const judge = (vector: Vector): boolean => {
    const { ikm, salt, info: purpose, size: bytes } = vector;
    const derivation = { digest: 'sha256', secret: hex(ikm), salt: hex(salt), purpose: hex(purpose), bytes };
    try {
      return deriveByHkdf(derivation).equals(hex(vector.okm));
    } catch (error) {
      assert.match(String(error), /key length/i);
      return false;
    }
  };
  context.diagnostic(judgeAll('hkdf_sha256_test.json', judge));
});
