/**
 * Signatures in the algorithms that openssl 3.0 cannot put into CMS, and what a lenient reader of names, keys and
 * parameters would take. The openssl command judges the others (cms-openssl.test.ts), Wycheproof the mathematics.
 */
import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { readCertificate } from './certificate.ts';
import { issuerAndSerial, parsed, SHA512, type SignedWish, signedBy, withKey } from './cms-vectors.fixture.ts';
import {
  context,
  contextPrimitive,
  element,
  nullElement,
  octetString,
  oid,
  sequence,
  setOfSorted,
  smallInteger,
} from './der.ts';
import { isSmallOrderPoint } from './ed25519-point.ts';
import { attribute, digestAttribute, signedData, TEXT_ENTITY, typeAttribute } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { checkSignature, isAcceptableKey } from './signature-check.ts';
import { checkSigners, readSignedData } from './signed-data.ts';
import {
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  name,
  type Party,
  PHARMACY_ADDRESS,
  pharmacy,
  ROOT,
  rsaKey,
  utf8,
} from './test-authority.fixture.ts';

/** The words for the signers of a SignedData over TEXT_ENTITY. */
const words = (body: Buffer): string[] =>
  checkSigners(readSignedData(parsed(body)), TEXT_ENTITY).map((found) =>
    found.outcome === 'right' ? `right: ${found.certificate.subjectKey}` : found.reason,
  );
const word = (wish: SignedWish): string => words(signedBy(wish))[0]?.replace(/:.*/, '') ?? 'none';

const RSA = sequence(oid(OID.rsaEncryption), nullElement());
const ED25519 = sequence(oid(OID.ed25519));
const byEd25519 = (party: Party): SignedWish => ({ party, digestOid: SHA512, digest: null, algorithm: ED25519 });
const ed25519 = withKey(generateKeyPairSync('ed25519').privateKey);

test('Ed25519 with SHA-512 over the signed attributes is right (RFC 8419)', () => {
  assert.equal(word(byEd25519(ed25519)), 'right');
});

test('Ed25519 with another digest, with parameters, or by another key is refused', () => {
  assert.equal(word({ ...byEd25519(ed25519), digestOid: OID.sha256 }), 'algorithm-refused');
  const withNull = sequence(oid(OID.ed25519), nullElement());
  assert.equal(word({ ...byEd25519(ed25519), algorithm: withNull }), 'algorithm-refused');
  const rsa = { ...byEd25519(doctor), sign: () => Buffer.alloc(64) };
  assert.equal(word(rsa), 'algorithm-refused');
  const spoilt = (signed: Buffer) => sign(null, Buffer.concat([signed, signed]), ed25519.privateKey);
  assert.equal(word({ ...byEd25519(ed25519), sign: spoilt }), 'signature-wrong');
});

test('an Ed25519 key of small order, under which one signature fits everything, is refused', () => {
  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
  const key = createPublicKey({ key: Buffer.concat([prefix, identity]), format: 'der', type: 'spki' });
  assert.equal(isAcceptableKey(key), false);
  const check = { algorithm: { oid: OID.ed25519, parameters: null }, key, signed: TEXT_ENTITY };
  const universal = Buffer.concat([identity, Buffer.alloc(32)]);
  assert.equal(checkSignature({ ...check, signature: universal }), 'algorithm-refused');
  for (const small of ['00'.repeat(32), `ec${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`])
    assert.equal(isSmallOrderPoint(Buffer.from(small, 'hex')), true, small);
});

const SHA256 = sequence(oid(OID.sha256), nullElement());
const pss = (...fields: Buffer[]): Buffer => sequence(oid(OID.rsaPss), sequence(...fields));
const MGF1_SHA256 = context(1, sequence(oid(OID.mgf1), SHA256));
const signPss = (saltLength: number) => (signed: Buffer) =>
  sign('sha256', signed, { key: doctor.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const byPss = (saltLength: number, algorithm: Buffer): string =>
  word({ party: doctor, algorithm, sign: signPss(saltLength) });

test('the parameters of RSASSA-PSS are read strictly: defaults are SHA-1, one trailer, a salt that fits the key', () => {
  const salted = (octets: number) => context(2, element(0x02, Buffer.from([octets])));
  assert.equal(byPss(32, pss(context(0, SHA256), MGF1_SHA256, salted(32))), 'right');
  assert.equal(byPss(20, pss(context(0, SHA256), MGF1_SHA256)), 'right');
  assert.equal(byPss(32, pss(context(0, SHA256), MGF1_SHA256, salted(32), context(3, smallInteger(1)))), 'right');
  const tooLong = context(2, element(0x02, Buffer.from([0, 223])));
  const refused = [
    sequence(oid(OID.rsaPss)),
    pss(),
    pss(context(0, SHA256), salted(32)),
    pss(MGF1_SHA256, salted(32)),
    pss(context(0, SHA256), MGF1_SHA256, salted(32), context(3, smallInteger(2))),
    pss(context(0, SHA256), MGF1_SHA256, tooLong),
    pss(context(0, SHA256), MGF1_SHA256, context(2, element(0x02, Buffer.from([0xe0])))),
  ];
  for (const algorithm of refused) {
    const found = byPss(32, algorithm);
    assert.ok(['algorithm-refused', 'signature-malformed'].includes(found), `${found} ${algorithm.toString('hex')}`);
  }
  assert.equal(byPss(20, pss(context(0, SHA256), MGF1_SHA256, salted(32))), 'signature-wrong');
});

test('line 11: DSA, Ed448, an RSA key with the exponent 1, an even or a long one, or of too many bits, sign nothing', () => {
  const dsa = generateKeyPairSync('dsa', { modulusLength: 1_024, divisorLength: 160 }).publicKey;
  const ed448 = generateKeyPairSync('ed448').publicKey;
  const one = createPublicKey({ key: { kty: 'RSA', n: modulusOf(2_048), e: 'AQ' }, format: 'jwk' });
  const even = createPublicKey({ key: { kty: 'RSA', n: modulusOf(2_048), e: 'AQAA' }, format: 'jwk' });
  const huge = createPublicKey({ key: { kty: 'RSA', n: modulusOf(8_200), e: 'AQAB' }, format: 'jwk' });
  const long = createPublicKey({ key: { kty: 'RSA', n: modulusOf(2_048), e: 'AQAAAAE' }, format: 'jwk' });
  for (const key of [dsa, ed448, one, even, huge, long]) assert.equal(isAcceptableKey(key), false);
});

/** Base64url of a number of so many bits; of its factors nobody asks. */
function modulusOf(bits: number): string {
  return Buffer.alloc(Math.ceil(bits / 8), 0xff).toString('base64url');
}

test('line 10, trap 6: the identifier in the certificate names the signer, not a digest of his key', () => {
  const party = withKey(rsaKey(), DOCTOR_ADDRESS, 'Named by extension');
  const sid = contextPrimitive(0, Buffer.from('Named by extension'));
  assert.equal(word({ party, algorithm: RSA, sid }), 'right');
  const spki = createPublicKey(party.privateKey).export({ type: 'pkcs1', format: 'der' });
  const digest = contextPrimitive(0, createHash('sha1').update(spki).digest());
  assert.equal(word({ party, algorithm: RSA, sid: digest }), 'signer-unknown');
});

test('line 10: the order of the certificates is nothing, the identifier is all', () => {
  for (const bag of [
    [doctor.certificate, pharmacy.certificate],
    [pharmacy.certificate, doctor.certificate],
  ]) {
    const [found] = words(signedBy({ party: doctor, algorithm: RSA, bag }));
    assert.equal(found, `right: ${readCertificate(doctor.certificate).subjectKey}`);
    assert.equal(word({ party: doctor, algorithm: RSA, bag, sid: issuerAndSerial(pharmacy) }), 'signature-wrong');
  }
});

test('line 10: two certificates of one identifier count only when they are of one holder and key', () => {
  const key = rsaKey();
  const sid = contextPrimitive(0, Buffer.from('Dr A'));
  const first = withKey(key, DOCTOR_ADDRESS, 'Dr A');
  const renewed = certify({
    subject: 'Dr A',
    key,
    issuer: ROOT,
    notAfter: daysFromNow(900),
    extensions: readExtensionsOf(first),
  });
  const other = withKey(rsaKey(), DOCTOR_ADDRESS, 'Dr A');
  const elsewhere = withKey(key, PHARMACY_ADDRESS, 'Dr A');
  const among = (...parties: Party[]): string[] =>
    words(signedBy({ party: first, algorithm: RSA, sid, bag: parties.map(({ certificate }) => certificate) }));
  assert.match(among(first, first)[0] ?? '', /^right/);
  assert.match(among(first, renewed)[0] ?? '', /^right/);
  for (const bag of [
    [first, other],
    [other, first],
    [first, elsewhere],
    [renewed, first, other],
  ])
    assert.deepEqual(among(...bag), ['signature-malformed']);
});

/** The extensions as certify takes them. */
function readExtensionsOf(party: Party): Buffer[] {
  const { extensions } = readCertificate(party.certificate);
  return [...extensions].map(([type, { value }]) => sequence(oid(type), octetString(value)));
}

test('trap 9: an issuer that only looks like the one of the certificate names nobody', () => {
  for (const lookAlike of [
    'Test\u00ad root',
    'Test root\u200b',
    'Te\u017ft root',
    'Test root\u0000',
    'Test r\u043e\u043et',
  ]) {
    const sid = sequence(name(lookAlike), doctor.serial);
    const found = word({ party: doctor, algorithm: RSA, sid });
    assert.ok(['signer-unknown', 'signature-malformed'].includes(found), `${JSON.stringify(lookAlike)}: ${found}`);
  }
  assert.equal(word({ party: doctor, algorithm: RSA, sid: sequence(name(utf8('Test root')), doctor.serial) }), 'right');
});

const certificateDigest = (digest: string, { certificate }: Party): Buffer =>
  octetString(createHash(digest).update(certificate).digest());
const usual = [typeAttribute(), digestAttribute(TEXT_ENTITY)];
const withAttribute = (extra: Buffer): string => word({ party: doctor, algorithm: RSA, attributes: [...usual, extra] });

test('line 10: an attribute that names the signing certificate must name this one', () => {
  const list = (...identifiers: Buffer[]): Buffer => sequence(sequence(...identifiers));
  const v1 = (party: Party) => attribute(OID.signingCertificate, list(sequence(certificateDigest('sha1', party))));
  const v2 = (...identifier: Buffer[]) => attribute(OID.signingCertificateV2, list(sequence(...identifier)));
  assert.equal(withAttribute(v1(doctor)), 'right');
  assert.equal(withAttribute(v1(pharmacy)), 'signature-malformed');
  assert.equal(withAttribute(v2(certificateDigest('sha256', doctor))), 'right');
  assert.equal(withAttribute(v2(certificateDigest('sha256', pharmacy))), 'signature-malformed');
  const sha512 = sequence(oid(SHA512));
  assert.equal(withAttribute(v2(sha512, certificateDigest('sha512', doctor))), 'right');
  assert.equal(withAttribute(v2(sha512, certificateDigest('sha256', doctor))), 'signature-malformed');
  assert.equal(withAttribute(attribute(OID.signingCertificateV2, list())), 'signature-malformed');
  const twice = list(sequence(certificateDigest('sha256', doctor)));
  assert.equal(withAttribute(attribute(OID.signingCertificateV2, twice, twice)), 'signature-malformed');
});

test('attributes that nobody knows are passed over', () => {
  assert.equal(withAttribute(attribute('1.2.3.4.5', utf8('whatever'))), 'right');
});

test('line 9: content of another type than mail is no letter of its signer', () => {
  const timestamp = '1.2.840.113549.1.9.16.1.4';
  const attributes = [typeAttribute(timestamp), digestAttribute(TEXT_ENTITY)];
  const body = signedData(TEXT_ENTITY, { contentType: timestamp, signers: [{ attributes }] });
  const inner = parsed(body).children[1]?.children[0];
  const [found] = checkSigners(readSignedData(inner), TEXT_ENTITY);
  assert.deepEqual(found, { outcome: 'invalid', reason: 'signature-malformed' });
});

test('what honest senders get wrong is passed over: version, list of digests', () => {
  const attributes = setOfSorted(usual);
  const tagged = Buffer.from(attributes);
  tagged[0] = 0xa0;
  const signature = octetString(sign('sha256', attributes, doctor.privateKey));
  const signer = sequence(smallInteger(3), issuerAndSerial(doctor), SHA256, tagged, RSA, signature);
  const body = sequence(
    smallInteger(4),
    element(0x31),
    sequence(oid(OID.content)),
    context(0, doctor.certificate),
    element(0x31, signer),
  );
  assert.match(words(body)[0] ?? '', /^right/);
});
