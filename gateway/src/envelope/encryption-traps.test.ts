/** Encrypted letters: what is opened, what is refused, and that a refusal never tells which step failed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../ports.ts';
import {
  AES_256,
  detached,
  type EnvelopeWish,
  encryptedEntity,
  mail,
  multipartSigned,
  opaqueEntity,
  SECRET_TEXT,
  signedData,
  TEXT_ENTITY,
} from './letters.fixture.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import { doctor, goodPolicy, policyOver, storeOf } from './test-authority.fixture.ts';

const open = (letter: Buffer): OpenedEnvelope => openEnvelope(letter, goodPolicy);
const signed = (): Buffer => multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY));
const sealedAs = (wish: EnvelopeWish): OpenedEnvelope => open(mail(encryptedEntity(signed(), wish)));

test('AES in CBC with 128, 192 and 256 bits is opened', () => {
  for (const [keyBytes, oid] of [
    [16, '2.16.840.1.101.3.4.1.2'],
    [24, '2.16.840.1.101.3.4.1.22'],
    [32, '2.16.840.1.101.3.4.1.42'],
  ] as const) {
    const { verdict, content } = sealedAs({ cipher: { name: `aes-${keyBytes * 8}-cbc`, oid, keyBytes, ivBytes: 16 } });
    assert.deepEqual([verdict.show, verdict.encryption, verdict.reasons], ['verified', 'opened', []]);
    assert.deepEqual(content, TEXT_ENTITY);
  }
});

test('line 11: triple DES is refused as unsupported', () => {
  const { verdict } = sealedAs({
    cipher: { name: 'des-ede3-cbc', oid: '1.2.840.113549.3.7', keyBytes: 24, ivBytes: 8 },
  });
  assert.deepEqual(
    [verdict.encryption, verdict.show, verdict.reasons],
    ['refused', 'quarantine', ['envelope-unsupported']],
  );
});

test('a letter encrypted for somebody else is not for us', () => {
  const { verdict, content } = sealedAs({ recipient: doctor });
  assert.deepEqual([verdict.encryption, verdict.show, verdict.reasons], ['refused', 'quarantine', ['not-for-us']]);
  assert.equal(content, null);
});

test('line 5: prevents a padding oracle: a spoilt key, a spoilt end and a wrong IV look the same, every time', () => {
  const spoilt: EnvelopeWish[] = [
    ...Array.from({ length: 300 }, (): EnvelopeWish => ({ spoilKey: true })),
    ...Array.from({ length: 100 }, (): EnvelopeWish => ({ spoilContent: 'last block' })),
    { cipher: { ...AES_256, oid: '2.16.840.1.101.3.4.1.2' } },
  ];
  for (const wish of spoilt) {
    const { verdict, layers, content } = sealedAs(wish);
    assert.deepEqual(verdict, {
      signature: 'none',
      identity: 'none',
      encryption: 'refused',
      show: 'quarantine',
      reasons: ['cannot-open'],
      signer: null,
    });
    assert.deepEqual(layers, [{ kind: 'encrypted', outcome: 'refused', authenticated: false, reason: 'cannot-open' }]);
    assert.equal(content, null);
  }
});

test('encrypted but unsigned is shown as unverified, with its reason', () => {
  const { verdict, content } = open(mail(encryptedEntity(TEXT_ENTITY)));
  assert.deepEqual(
    [verdict.signature, verdict.identity, verdict.encryption, verdict.show, verdict.reasons],
    ['none', 'none', 'opened', 'unverified', ['not-authenticated', 'not-signed']],
  );
  assert.deepEqual(content, TEXT_ENTITY);
});

test('a signature around encrypted text proves the sender of the cipher, not of the text', () => {
  const outside = encryptedEntity(TEXT_ENTITY);
  const { verdict } = open(mail(multipartSigned(outside, signedData(outside))));
  assert.deepEqual([verdict.signature, verdict.encryption, verdict.show], ['valid', 'opened', 'unverified']);
  assert.ok(verdict.reasons.includes('signature-partial'));
});

test('signed, encrypted and signed again is verified by the innermost signature', () => {
  const sealed = encryptedEntity(signed());
  const { verdict, layers } = open(mail(multipartSigned(sealed, signedData(sealed))));
  assert.deepEqual([verdict.show, verdict.reasons], ['verified', []]);
  assert.deepEqual(
    layers.map((layer) => layer.kind),
    ['signed', 'encrypted', 'signed'],
  );
});

test('a bad signature around a good one is never ignored', () => {
  const sealed = encryptedEntity(signed());
  const { verdict } = open(mail(multipartSigned(sealed, signedData(sealed, { signers: [{ spoilSignature: true }] }))));
  assert.deepEqual([verdict.signature, verdict.show], ['invalid', 'quarantine']);
});

test('a fourth layer is one too many', () => {
  const sealed = encryptedEntity(signed());
  const { verdict, content } = open(mail(opaqueEntity(opaqueEntity(sealed))));
  assert.deepEqual([verdict.show, verdict.reasons, content], ['quarantine', ['too-complex'], null]);
});

test('a space that requires both keeps less in quarantine', () => {
  const policy = { ...goodPolicy, letters: PRESETS['apicrypt-style'].letters };
  assert.equal(openEnvelope(detached(), policy).verdict.show, 'quarantine');
  assert.equal(openEnvelope(mail(encryptedEntity(TEXT_ENTITY)), policy).verdict.show, 'quarantine');
  assert.equal(openEnvelope(mail(encryptedEntity(signed())), policy).verdict.show, 'verified');
});

test('a space that requires nothing shows a letter without S/MIME as unverified, and ignores nothing that is bad', () => {
  const policy = { ...goodPolicy, letters: PRESETS.mssante.letters };
  const { verdict, content } = openEnvelope(mail(TEXT_ENTITY), policy);
  assert.deepEqual(
    [verdict.signature, verdict.identity, verdict.encryption, verdict.show],
    ['none', 'none', 'none', 'unverified'],
  );
  assert.ok(content?.includes(SECRET_TEXT));
  assert.equal(openEnvelope(detached(), policy).verdict.show, 'verified');
  const spoilt = detached({ signers: [{ spoilSignature: true }] });
  assert.deepEqual(openEnvelope(spoilt, policy).verdict.show, 'quarantine');
  const unreadable = openEnvelope(mail(encryptedEntity(TEXT_ENTITY)), { ...policy, keys: [] });
  assert.deepEqual([unreadable.verdict.show, unreadable.content], ['quarantine', null]);
  assert.equal(openEnvelope(mail(TEXT_ENTITY), goodPolicy).verdict.show, 'quarantine');
});

test('without anchors nothing is trusted, and what was encrypted is still read', () => {
  const { verdict, content } = openEnvelope(
    mail(encryptedEntity(signed())),
    policyOver(storeOf([], []), { keys: goodPolicy.keys }),
  );
  assert.deepEqual([verdict.signature, verdict.show], ['untrusted', 'unverified']);
  assert.ok(content?.includes(SECRET_TEXT));
});

test('the certificate for answers comes from a verified letter only', () => {
  assert.deepEqual(open(detached()).senderCertificate, doctor.certificate);
  assert.equal(openEnvelope(detached(), policyOver(storeOf([], []))).senderCertificate, null);
  assert.equal(open(mail(encryptedEntity(TEXT_ENTITY))).senderCertificate, null);
});
