/**
 * Encrypted content in the algorithms that openssl 3.0 cannot put into CMS (X25519, X448, ChaCha20-Poly1305, bound content
 * keys), and every structure that must not open. The openssl command judges the others (cms-openssl.test.ts).
 */
import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, hkdfSync, publicEncrypt, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BerError } from './ber.ts';
import {
  AES_256_GCM,
  type AgreedWish,
  type AuthenticatedWish,
  agreed,
  authEnveloped,
  bitString,
  cbc,
  enveloped,
  gcm,
  inCbc,
  openingKey,
  parsed,
  transported,
  withKey,
} from './cms-vectors.fixture.ts';
import { context, element, nullElement, octetString, oid, sequence } from './der.ts';
import { type Decryption, decryptAuthEnvelopedData, decryptEnvelopedData, type OpeningKey } from './enveloped-data.ts';
import { deriveByHkdf } from './key-derivation.ts';
import { attribute, TEXT_ENTITY, typeAttribute } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { doctor, type Party, pharmacy } from './test-authority.fixture.ts';

const CHACHA20_POLY1305 = '1.2.840.113549.1.9.16.3.18';
const CEK_HKDF_SHA256 = '1.2.840.113549.1.9.16.3.31';
const X963_SHA256 = '1.3.132.1.11.1';
const AES_256_WRAP_NULL = sequence(oid('2.16.840.1.101.3.4.1.45'), nullElement());

const contentKey = randomBytes(32);
const rsaKey = openingKey(pharmacy);
const toPharmacy = transported(
  pharmacy,
  publicEncrypt({ key: createPublicKey(pharmacy.privateKey), padding: constants.RSA_PKCS1_PADDING }, contentKey),
);

const openCbc = (body: Buffer, keys: readonly OpeningKey[] = [rsaKey]): Decryption =>
  decryptEnvelopedData(parsed(body), { keys, opensTripleDes: false });
const openTagged = (wish: Partial<AuthenticatedWish> = {}, keys: readonly OpeningKey[] = [rsaKey]): Decryption =>
  decryptAuthEnvelopedData(parsed(authEnveloped({ recipients: [toPharmacy], contentKey, ...wish })), {
    keys,
    opensTripleDes: false,
  });

const CANNOT_OPEN = { outcome: 'refused', reason: 'cannot-open' } as const;
const UNSUPPORTED = { outcome: 'refused', reason: 'envelope-unsupported' } as const;
const opened = (authenticated: boolean): Decryption => ({ outcome: 'opened', content: TEXT_ENTITY, authenticated });

const somebody = (kind: 'x25519' | 'x448'): Party =>
  withKey(generateKeyPairSync(kind as 'x25519').privateKey, undefined, kind);
const x25519 = somebody('x25519');
const p256 = withKey(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);

/** Encrypts to these recipients and opens with the key of one; a tag makes the outcome of a wrong key certain. */
const openedBy = (party: Party, ...recipients: Buffer[]): Decryption => openTagged({ recipients }, [openingKey(party)]);
const agreedWith = (wish: Omit<AgreedWish, 'contentKey'>): Decryption =>
  openedBy(wish.party, agreed({ contentKey, ...wish }));

test('X25519 and X448 with HKDF open (RFC 8418), with material of the sender or none', () => {
  for (const party of [x25519, somebody('x448')]) {
    assert.deepEqual(agreedWith({ party }), opened(true));
    assert.deepEqual(agreedWith({ party, ukm: randomBytes(20) }), opened(true));
  }
});

test('X25519 with the X9.63 derivation, and P-256 with HKDF, open', () => {
  assert.deepEqual(agreedWith({ party: x25519, scheme: X963_SHA256 }), opened(true));
  assert.deepEqual(agreedWith({ party: p256 }), opened(true));
});

test('the key wrap goes into the derivation as the sender wrote it, with NULL or without', () => {
  for (const ukm of [{}, { ukm: randomBytes(64) }]) {
    assert.deepEqual(agreedWith({ party: p256, scheme: X963_SHA256, ...ukm }), opened(true));
    assert.deepEqual(agreedWith({ party: p256, scheme: X963_SHA256, wrap: AES_256_WRAP_NULL, ...ukm }), opened(true));
  }
});

test('of several keys in one agreement the one that fits is used, by issuer and serial or by key identifier', () => {
  const rid = context(0, octetString(Buffer.from('x25519')));
  const other = sequence(sequence(doctor.issuerName, doctor.serial), octetString(Buffer.alloc(40)));
  assert.deepEqual(agreedWith({ party: x25519, rid }), opened(true));
  assert.deepEqual(agreedWith({ party: x25519, before: [other, other] }), opened(true));
});

test('a point of small order, of another curve or of none fails like a wrong key', () => {
  const zeros = bitString(Buffer.alloc(32));
  const one = bitString(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]));
  for (const bits of [zeros, one, bitString(randomBytes(31)), bitString(Buffer.alloc(0))])
    assert.deepEqual(agreedWith({ party: x25519, originator: { bits } }), CANNOT_OPEN);
  const offCurve = bitString(Buffer.concat([Buffer.from([4]), randomBytes(64)]));
  const infinity = bitString(Buffer.from([0]));
  for (const bits of [offCurve, infinity])
    assert.deepEqual(agreedWith({ party: p256, originator: { bits } }), CANNOT_OPEN);
  const p384 = sequence(oid(OID.ecPublicKey), oid('1.3.132.0.34'));
  assert.deepEqual(agreedWith({ party: p256, originator: { algorithm: p384 } }), CANNOT_OPEN);
  const withoutCurve = sequence(oid(OID.ecPublicKey), nullElement());
  assert.deepEqual(agreedWith({ party: p256, originator: { algorithm: withoutCurve } }), opened(true));
});

test('a point opens in the forms of RFC 5753, uncompressed and compressed, and not in the hybrid form', () => {
  const sign = (point: Buffer): number => (point[64] as number) & 1;
  const compressed = (right: Buffer): Buffer => Buffer.from([2 + sign(right), ...right.subarray(1, 33)]);
  const hybrid = (right: Buffer): Buffer => Buffer.from([6 + sign(right), ...right.subarray(1)]);
  assert.deepEqual(agreedWith({ party: p256, originator: { point: (right) => right } }), opened(true));
  assert.deepEqual(agreedWith({ party: p256, originator: { point: compressed } }), opened(true));
  assert.deepEqual(agreedWith({ party: p256, originator: { point: hybrid } }), CANNOT_OPEN);
});

test('AES-GCM opens with tags of 12 to 16 octets, authenticated; 12 when nothing is said', () => {
  for (const tagBytes of [12, 13, 14, 15, 16]) assert.deepEqual(openTagged({ tagBytes }), opened(true));
  const silent = (nonce: Buffer): Buffer => sequence(oid(AES_256_GCM), sequence(octetString(nonce)));
  assert.deepEqual(openTagged({ tagBytes: 12, algorithm: silent }), opened(true));
  assert.deepEqual(openTagged({ nonceBytes: 16 }), opened(true));
});

test('line 4: a short tag, or one of another length than declared, does not open', () => {
  const lengths = [
    [8, 8],
    [4, 4],
    [12, 16],
    [16, 12],
    [16, 17],
  ] as const;
  for (const [tagBytes, declared] of lengths)
    assert.deepEqual(openTagged({ tagBytes, algorithm: gcm(declared) }), CANNOT_OPEN);
  assert.deepEqual(openTagged({ change: (parts) => ({ ...parts, tag: parts.tag.subarray(1) }) }), CANNOT_OPEN);
  assert.deepEqual(openTagged({ change: (parts) => ({ ...parts, tag: Buffer.alloc(0) }) }), CANNOT_OPEN);
});

test('line 4: one changed bit anywhere gives nothing at all, in the words of every failure', () => {
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    return changed;
  };
  for (const at of [0, 40, TEXT_ENTITY.length - 1])
    assert.deepEqual(
      openTagged({ change: (parts) => ({ ...parts, encrypted: flipped(parts.encrypted, at) }) }),
      CANNOT_OPEN,
    );
  for (const at of [0, 15])
    assert.deepEqual(openTagged({ change: (parts) => ({ ...parts, tag: flipped(parts.tag, at) }) }), CANNOT_OPEN);
  const nonce = (right: Buffer): Buffer => gcm()(flipped(right, 3));
  assert.deepEqual(openTagged({ algorithm: nonce }), CANNOT_OPEN);
  assert.deepEqual(openTagged({ contentKey: randomBytes(32) }), CANNOT_OPEN);
});

test('line 4: GCM inside an EnvelopedData, and CBC inside an AuthEnvelopedData, are refused', () => {
  const asGcm = inCbc(contentKey, undefined, gcm()(randomBytes(12)));
  assert.deepEqual(openCbc(enveloped([toPharmacy], asGcm)), UNSUPPORTED);
  const asCbc = (): Buffer => cbc(randomBytes(16));
  assert.deepEqual(openTagged({ algorithm: asCbc }), UNSUPPORTED);
});

test('line 4: authenticated attributes are covered by the tag, are DER and name the type of the content', () => {
  assert.deepEqual(openTagged({ attributes: [typeAttribute()] }), opened(true));
  const more = attribute('1.2.3.4', octetString(Buffer.from('more')));
  assert.deepEqual(openTagged({ attributes: [more] }), opened(true));
  const body = authEnveloped({ recipients: [toPharmacy], contentKey, attributes: [more] });
  const at = body.indexOf('more');
  body[at] = (body[at] as number) ^ 1;
  assert.deepEqual(decryptAuthEnvelopedData(parsed(body), { keys: [rsaKey], opensTripleDes: false }), CANNOT_OPEN);
  assert.throws(() => openTagged({ attributes: [typeAttribute(OID.signedData)] }), BerError);
  assert.throws(() => openTagged({ attributes: [Buffer.from('30800000', 'hex')] }), BerError);
});

test('ChaCha20-Poly1305 opens (RFC 8103), with a nonce of 12 octets only', () => {
  const algorithm = (nonce: Buffer): Buffer => sequence(oid(CHACHA20_POLY1305), octetString(nonce));
  assert.deepEqual(openTagged({ cipher: 'chacha20-poly1305', algorithm }), opened(true));
  assert.deepEqual(openTagged({ algorithm }), CANNOT_OPEN);
  const short = (nonce: Buffer): Buffer => algorithm(nonce.subarray(1));
  assert.throws(() => openTagged({ cipher: 'chacha20-poly1305', algorithm: short }), BerError);
});

test('line 4: a content key bound to its algorithm opens in that algorithm only (RFC 9709)', () => {
  // The vector of RFC 9709 §B.2, as Bouncy Castle tests it too.
  const derived = deriveByHkdf({
    digest: 'sha256',
    secret: Buffer.from('c702e7d0a9e064b09ba55245fb733cf3', 'hex'),
    salt: Buffer.from('The Cryptographic Message Syntax'),
    purpose: Buffer.from('301b0609608648016503040106300e040c5c79058ba2f43447639d29e2', 'hex'),
    bytes: 16,
  });
  assert.equal(derived.toString('hex'), '2124ffb29fac4e0fbbc7d5d87492bff3');
  const bind = (inner: Buffer): Buffer =>
    Buffer.from(hkdfSync('sha256', contentKey, 'The Cryptographic Message Syntax', inner, 32));
  const bound = (inner: Buffer): Buffer => sequence(oid(CEK_HKDF_SHA256), inner);
  const [iv, other] = [randomBytes(16), randomBytes(16)];
  const isOpened = (algorithm: Buffer): boolean => {
    const result = openCbc(enveloped([toPharmacy], inCbc(bind(cbc(iv)), iv, algorithm)));
    // One wrong key in 256 leaves a right padding, over noise.
    return result.outcome === 'opened' && result.content.equals(TEXT_ENTITY);
  };
  assert.equal(isOpened(bound(cbc(iv))), true);
  assert.equal(isOpened(cbc(iv)), false);
  assert.equal(isOpened(bound(cbc(other))), false);
  assert.deepEqual(openCbc(enveloped([toPharmacy], inCbc(contentKey, iv, bound(bound(cbc(iv)))))), UNSUPPORTED);
  const tagged = { algorithm: (nonce: Buffer) => bound(gcm()(nonce)) };
  assert.deepEqual(openTagged(tagged), CANNOT_OPEN);
});

test('line 5: exactly one recipient is tried, the first that is ours, whatever it opens', () => {
  const wrong = transported(pharmacy, randomBytes(256));
  assert.deepEqual(openedBy(pharmacy, wrong, toPharmacy), CANNOT_OPEN);
  assert.deepEqual(openedBy(pharmacy, toPharmacy, wrong), opened(true));
  const toOther = transported(doctor, randomBytes(256));
  assert.deepEqual(openedBy(pharmacy, toOther, toPharmacy), opened(true));
});

test('line 5: a key that unwraps to nothing and one that unwraps to another length fail alike', () => {
  const publicKey = createPublicKey(pharmacy.privateKey);
  const seal = (key: Buffer, padding: number): Buffer => publicEncrypt({ key: publicKey, padding }, key);
  const encryptedKeys = [
    seal(contentKey.subarray(1), constants.RSA_PKCS1_PADDING),
    seal(Buffer.alloc(0), constants.RSA_PKCS1_PADDING),
    seal(Buffer.concat([contentKey, Buffer.alloc(1)]), constants.RSA_PKCS1_PADDING),
    seal(contentKey, constants.RSA_PKCS1_OAEP_PADDING),
    randomBytes(256),
    randomBytes(255),
    Buffer.alloc(256, 0xff),
    Buffer.alloc(0),
  ];
  for (const encryptedKey of encryptedKeys)
    assert.deepEqual(openedBy(pharmacy, transported(pharmacy, encryptedKey)), CANNOT_OPEN);
});

test('an agreement that names our key of another kind is unsupported, and the next recipient is not lost', () => {
  const key = context(1, sequence(oid(OID.ecPublicKey)), bitString(Buffer.alloc(65)));
  const toRsa = context(
    1,
    element(0x02, Buffer.from([3])),
    context(0, key),
    sequence(oid(X963_SHA256), AES_256_WRAP_NULL),
    sequence(sequence(sequence(pharmacy.issuerName, pharmacy.serial), octetString(Buffer.alloc(40)))),
  );
  assert.deepEqual(openedBy(pharmacy, toRsa), UNSUPPORTED);
  assert.deepEqual(openedBy(pharmacy, toRsa, toPharmacy), opened(true));
});
