/** What a lenient verifier would accept, one trap after the other: none of it may be called a valid signature. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { readCertificate } from './certificate.ts';
import { context, element, octetString, oid } from './der.ts';
import {
  attribute,
  detached,
  digestAttribute,
  mail,
  multipartSigned,
  opaqueEntity,
  SECRET_TEXT,
  type SignedDataWish,
  signedData,
  TEXT_ENTITY,
  timeAttribute,
  typeAttribute,
  usualAttributes,
} from './letters.fixture.ts';
import { OID } from './oids.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import {
  addressName,
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  extendedKeyUsage,
  goodPolicy,
  keyUsage,
  mailExtensions,
  pharmacy,
  policyOver,
  ROOT,
  rsaKey,
  storeOf,
} from './test-authority.fixture.ts';

const OTHER_CONTENT = Buffer.from('Content-Type: text/plain\r\n\r\nTout va bien.\r\n');
const SHA1 = '1.3.14.3.2.26';
const SHA512 = '2.16.840.1.101.3.4.2.3';
const RSA_SHA512 = '1.2.840.113549.1.1.13';

const open = (letter: Buffer): OpenedEnvelope => openEnvelope(letter, goodPolicy);
const signedBy = (wish: SignedDataWish): OpenedEnvelope => open(detached(wish));

function assertInvalid({ verdict, content, senderCertificate }: OpenedEnvelope, reason: ReasonCode): void {
  assert.equal(verdict.signature, 'invalid');
  assert.equal(verdict.show, 'quarantine');
  assert.ok(verdict.reasons.includes(reason), `${reason} in ${verdict.reasons.join()}`);
  assert.equal(content, null);
  assert.equal(senderCertificate, null);
}

test('a detached signature that is right in every way is verified', () => {
  const { verdict, content } = open(detached());
  assert.deepEqual(
    { ...verdict, signer: null },
    {
      signature: 'valid',
      identity: 'match',
      encryption: 'none',
      show: 'verified',
      reasons: ['not-encrypted'],
      signer: null,
    },
  );
  assert.deepEqual(verdict.signer?.addresses, [DOCTOR_ADDRESS]);
  assert.deepEqual(content, TEXT_ENTITY);
});

test('an opaque signature that is right in every way is verified', () => {
  assert.equal(open(mail(opaqueEntity(TEXT_ENTITY))).verdict.show, 'verified');
});

test('line 6, trap 1: content carried inside a detached signature cannot stand in for the content that is shown', () => {
  const signature = signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY });
  assertInvalid(open(mail(multipartSigned(OTHER_CONTENT, signature))), 'signature-malformed');
  assertInvalid(open(mail(multipartSigned(TEXT_ENTITY, signature))), 'signature-malformed');
});

test('line 7, trap 2: a SignedData without signers is not a signature', () => {
  const { verdict } = signedBy({ signers: [], bag: [doctor.certificate] });
  assert.equal(verdict.signature, 'none');
  assert.equal(verdict.identity, 'none');
  assert.equal(verdict.show, 'quarantine');
});

test('line 9, trap 3: a signature over the content itself, without signed attributes, is refused', () => {
  assertInvalid(signedBy({ signers: [{ attributes: null }] }), 'signature-malformed');
});

test('line 9, trap 3: signed attributes offered as content do not verify as a letter', () => {
  const attributes = element(0x31, ...[...usualAttributes(TEXT_ENTITY)].sort(Buffer.compare));
  const { verdict, content } = open(mail(opaqueEntity(attributes, { signers: [{ attributes: null }] })));
  assert.notEqual(verdict.signature, 'valid');
  assert.equal(verdict.show, 'quarantine');
  assert.equal(content, null);
});

test('line 9, trap 4: a contentType attribute that is missing, other than the content type, or repeated inside, is refused', () => {
  const [digest, time] = [digestAttribute(TEXT_ENTITY), timeAttribute(daysFromNow(-1))];
  for (const attributes of [
    [digest, time],
    [digest, typeAttribute(OID.signedData)],
    [digest, attribute(OID.contentType, oid(OID.content), oid(OID.content))],
    [digest, attribute(OID.contentType)],
  ]) {
    assertInvalid(signedBy({ signers: [{ attributes }] }), 'signature-malformed');
  }
  assertInvalid(signedBy({ contentType: OID.signedData }), 'signature-malformed');
});

test('line 9, trap 5: a messageDigest with two values is refused whichever of them fits', () => {
  const right = octetString(Buffer.alloc(32));
  const digest = digestAttribute(TEXT_ENTITY).subarray(-34);
  for (const values of [
    [digest, right],
    [right, digest],
    [digest, digest],
  ]) {
    const attributes = [typeAttribute(), attribute(OID.messageDigest, ...values)];
    assertInvalid(signedBy({ signers: [{ attributes }] }), 'signature-malformed');
  }
});

test('line 9: a messageDigest that is missing or no octet string is refused', () => {
  assertInvalid(signedBy({ signers: [{ attributes: [typeAttribute()] }] }), 'signature-malformed');
  const attributes = [typeAttribute(), attribute(OID.messageDigest, oid(OID.content))];
  assertInvalid(signedBy({ signers: [{ attributes }] }), 'signature-malformed');
});

test('line 9: a signed attribute that stands twice is refused', () => {
  const attributes = [...usualAttributes(TEXT_ENTITY), digestAttribute(OTHER_CONTENT)];
  assertInvalid(signedBy({ signers: [{ attributes }] }), 'signature-malformed');
});

test('line 9: signed attributes that are not DER are refused', () => {
  const inside = Buffer.concat([...usualAttributes(TEXT_ENTITY)].sort(Buffer.compare));
  const indefinite = Buffer.concat([Buffer.from([0xa0, 0x80]), inside, Buffer.from([0, 0])]);
  const longLength = Buffer.concat([Buffer.from([0xa0, 0x82, 0, inside.length]), inside]);
  for (const rawAttributes of [indefinite, longLength])
    assertInvalid(signedBy({ signers: [{ rawAttributes }] }), 'signature-malformed');
});

test('signed attributes in the order of node-forge, signed as they stand, are taken', () => {
  const backwards = element(0xa0, ...[...usualAttributes(TEXT_ENTITY)].sort(Buffer.compare).reverse());
  assert.equal(signedBy({ signers: [{ rawAttributes: backwards }] }).verdict.show, 'verified');
});

test('line 10, trap 6: a signer whose certificate is not in the letter is unknown, whoever else is', () => {
  assertInvalid(signedBy({ bag: [] }), 'signer-unknown');
  assertInvalid(signedBy({ bag: [pharmacy.certificate] }), 'signer-unknown');
});

test('trap 7: a digest algorithm that disagrees with the signature algorithm is refused', () => {
  assertInvalid(signedBy({ signers: [{ signatureOid: RSA_SHA512, digest: 'sha512' }] }), 'algorithm-refused');
  const attributes = [typeAttribute(), digestAttribute(TEXT_ENTITY, 'sha512')];
  const signer = { digestOid: SHA512, signatureOid: OID.sha256WithRsa, attributes };
  assertInvalid(signedBy({ signers: [signer] }), 'algorithm-refused');
});

test('SHA-512 throughout is taken', () => {
  const attributes = [typeAttribute(), digestAttribute(TEXT_ENTITY, 'sha512')];
  const signer = { digestOid: SHA512, digest: 'sha512', attributes } as const;
  assert.equal(signedBy({ signers: [signer] }).verdict.show, 'verified');
});

test('line 11, trap 7: SHA-1 is refused as digest and as signature', () => {
  const attributes = [typeAttribute(), digestAttribute(TEXT_ENTITY, 'sha1')];
  assertInvalid(signedBy({ signers: [{ digestOid: SHA1, digest: 'sha1', attributes }] }), 'algorithm-refused');
  const signer = { signatureOid: '1.2.840.113549.1.1.5', digest: 'sha1' } as const;
  assertInvalid(signedBy({ signers: [signer] }), 'algorithm-refused');
});

test('line 11, trap 8: an RSA key of 1024 bits is refused', () => {
  const weak = certify({
    subject: 'Weak',
    issuer: ROOT,
    key: rsaKey(1_024),
    extensions: mailExtensions(DOCTOR_ADDRESS),
  });
  assertInvalid(signedBy({ signers: [{ party: weak }] }), 'algorithm-refused');
});

test('trap 8: a certificate that is not made for signing mail, or is of another address, verifies nothing', () => {
  const signedAs = (...extensions: Buffer[]) =>
    signedBy({ signers: [{ party: certify({ subject: 'Dr Claire MARTIN', issuer: ROOT, extensions }) }] }).verdict;
  const serverAuthentication = extendedKeyUsage('1.3.6.1.5.5.7.3.1');
  for (const extensions of [
    [keyUsage(0x20), addressName(DOCTOR_ADDRESS)],
    [keyUsage(0x80), serverAuthentication, addressName(DOCTOR_ADDRESS)],
  ]) {
    const { signature, show, reasons } = signedAs(...extensions);
    assert.deepEqual([signature, show], ['untrusted', 'unverified']);
    assert.ok(reasons.includes('certificate-refused'));
  }
  const elsewhere = signedAs(...mailExtensions('someone@elsewhere.example'));
  assert.deepEqual([elsewhere.signature, elsewhere.identity, elsewhere.show], ['valid', 'mismatch', 'unverified']);
});

test('line 8: of two signers one bad is enough, in either order', () => {
  const other = { party: pharmacy };
  assert.equal(signedBy({ signers: [{}, other] }).verdict.show, 'verified');
  assertInvalid(signedBy({ signers: [{ spoilSignature: true }, other] }), 'signature-wrong');
  assertInvalid(signedBy({ signers: [{}, { ...other, spoilSignature: true }] }), 'signature-wrong');
  assertInvalid(signedBy({ signers: [{}, { ...other, attributes: null }] }), 'signature-malformed');
});

test('line 8: a second signer whom nobody trusts keeps the letter from being verified', () => {
  const stranger = certify({ subject: 'Stranger', extensions: mailExtensions('x@elsewhere.example') });
  const { verdict } = signedBy({ signers: [{}, { party: stranger }] });
  assert.equal(verdict.signature, 'untrusted');
  assert.equal(verdict.show, 'unverified');
});

test('one altered byte anywhere in the signed part is noticed', () => {
  const letter = detached();
  const from = letter.indexOf(TEXT_ENTITY);
  for (const at of [from + 14, letter.indexOf(SECRET_TEXT), from + TEXT_ENTITY.length - 4]) {
    const altered = Buffer.from(letter);
    altered[at] = (altered[at] as number) ^ 1;
    assertInvalid(open(altered), 'content-altered');
  }
});

test('an altered signature value is wrong', () => {
  assertInvalid(signedBy({ signers: [{ spoilSignature: true }] }), 'signature-wrong');
});

test('a claimed signing time ahead of our clock is not trusted', () => {
  const attributes = [typeAttribute(), timeAttribute(daysFromNow(1)), digestAttribute(TEXT_ENTITY)];
  const { verdict } = signedBy({ signers: [{ attributes }] });
  assert.equal(verdict.signature, 'untrusted');
  assert.deepEqual(verdict.reasons, ['signing-time-ahead', 'not-encrypted']);
});

test('more signers or certificates than the limit make the envelope malformed, not slow', () => {
  const many = Array.from({ length: 9 }, () => ({}));
  assert.deepEqual(signedBy({ signers: many }).verdict.reasons, ['envelope-malformed']);
  const bag = Array.from({ length: 51 }, () => doctor.certificate);
  assert.deepEqual(signedBy({ bag }).verdict.reasons, ['envelope-malformed']);
});

test('signatures that are no SignedData, or bytes after one, are malformed', () => {
  const right = signedData(TEXT_ENTITY);
  for (const signature of [
    Buffer.concat([right, Buffer.from([0])]),
    right.subarray(0, -1),
    Buffer.from('not ASN.1 at all'),
    context(0, right),
    Buffer.alloc(0),
  ]) {
    const { verdict } = open(mail(multipartSigned(TEXT_ENTITY, signature)));
    assert.deepEqual(verdict.reasons, ['envelope-malformed']);
    assert.equal(verdict.show, 'quarantine');
  }
});

test('a signer whose certificate the letter leaves out is found among those known of the sender, and judged as ever', () => {
  const left = detached({ bag: [] });
  const known = [readCertificate(doctor.certificate)];
  assert.equal(openEnvelope(left, { ...goodPolicy, known }).verdict.show, 'verified');
  const stranger = openEnvelope(left, { ...goodPolicy, known: [readCertificate(pharmacy.certificate)] });
  assert.deepEqual(stranger.verdict.reasons.slice(0, 1), ['signer-unknown']);
  const untrusted = openEnvelope(left, { ...policyOver(storeOf([], [])), known });
  assert.equal(untrusted.verdict.signature, 'untrusted');
});
