/**
 * What a letter teaches for the answer: only a verified one, only freshly signed, only a certificate of the sender that
 * may be encrypted to and is good now; his capabilities are read strictly and what is weak is none.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { context, contextPrimitive, element, nullElement, octetString, oid, sequence } from './der.ts';
import { attribute, detached, digestAttribute, TEXT_ENTITY, timeAttribute, typeAttribute } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { openEnvelope } from './open-envelope.ts';
import {
  addressName,
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  extension,
  goodPolicy,
  keyUsage,
  NOW,
  name,
  notAuthority,
  type Party,
  PHARMACY_ADDRESS,
  pharmacy,
  policyOver,
  ROOT,
  revocationList,
  root,
  rsaKey,
  storeOf,
} from './test-authority.fixture.ts';

const MINUTE_MS = 60_000;
const SIGNED_AT = new Date(NOW.getTime() - 5 * MINUTE_MS);

const person = (address: string, key: KeyObject, usage: number, serial: number, ...more: Buffer[]): Party =>
  certify({
    subject: 'Dr Claire MARTIN',
    key,
    issuer: ROOT,
    serial,
    extensions: [notAuthority(), keyUsage(usage), addressName(address), ...more],
  });
const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;

interface Wish {
  readonly signer?: Party;
  readonly signedAt?: Date | null;
  readonly bag?: readonly Buffer[];
  readonly attributes?: readonly Buffer[];
  readonly policy?: typeof goodPolicy;
}

function learntFrom({ signer = doctor, signedAt = SIGNED_AT, bag, attributes = [], policy = goodPolicy }: Wish) {
  const time = signedAt === null ? [] : [timeAttribute(signedAt)];
  const signed = [typeAttribute(), ...time, digestAttribute(TEXT_ENTITY), ...attributes];
  const letter = detached({
    signers: [{ party: signer, attributes: signed }],
    bag: [signer.certificate, ...(bag ?? [])],
  });
  const { verdict, senderCertificate, senderStatement } = openEnvelope(letter, policy);
  return { verdict, senderCertificate, senderStatement };
}

const capabilities = (...listed: Buffer[]): Buffer => attribute(OID.smimeCapabilities, sequence(...listed));
const capability = (dotted: string, ...parameters: Buffer[]): Buffer => sequence(oid(dotted), ...parameters);
const AES_256_GCM = '2.16.840.1.101.3.4.1.46';
const AES_128_CBC = '2.16.840.1.101.3.4.1.2';
const TRIPLE_DES = '1.2.840.113549.3.7';
const RC2 = '1.2.840.113549.3.2';

test('a verified letter teaches the signing certificate, when it was signed, and that nothing is stated', () => {
  const { verdict, senderCertificate, senderStatement } = learntFrom({});
  assert.equal(verdict.show, 'verified');
  assert.deepEqual(senderCertificate, doctor.certificate);
  assert.equal(senderStatement?.capabilities, null);
  assert.deepEqual(senderStatement?.signedAt, new Date(Math.floor(SIGNED_AT.getTime() / 1_000) * 1_000));
});

test('a letter signed too long ago, or that does not say when, teaches nothing and stays verified', () => {
  const limit = ENVELOPE_LIMITS.learntSigningAgeMaxMs;
  const signedAgo = (ms: number) => learntFrom({ signedAt: new Date(NOW.getTime() - ms) });
  assert.notEqual(signedAgo(limit - MINUTE_MS).senderCertificate, null);
  for (const found of [signedAgo(limit + MINUTE_MS), learntFrom({ signedAt: null })]) {
    assert.deepEqual([found.senderCertificate, found.senderStatement], [null, null]);
    assert.equal(found.verdict.show, 'verified');
  }
});

test('line 18: a letter signed long ago says so, since it may be an old one sent again', () => {
  const limit = ENVELOPE_LIMITS.learntSigningAgeMaxMs;
  const reasonsAfter = (ms: number) => learntFrom({ signedAt: new Date(NOW.getTime() - ms) }).verdict.reasons;
  assert.deepEqual(reasonsAfter(limit - MINUTE_MS), ['not-encrypted']);
  assert.deepEqual(reasonsAfter(limit + MINUTE_MS), ['signed-earlier', 'not-encrypted']);
});

test('a letter signed in the future is not verified and teaches nothing', () => {
  const found = learntFrom({ signedAt: new Date(NOW.getTime() + ENVELOPE_LIMITS.clockSkewMs + MINUTE_MS) });
  assert.deepEqual([found.verdict.show, found.senderCertificate], ['unverified', null]);
});

test('a self-signed certificate is never learnt, whatever it says of itself', () => {
  const own = certify({
    subject: 'Dr Claire MARTIN',
    extensions: [notAuthority(), keyUsage(0xa0), addressName(DOCTOR_ADDRESS)],
  });
  assert.equal(learntFrom({ signer: own }).senderCertificate, null);
  const { verdict, senderCertificate } = learntFrom({
    bag: [own.certificate],
    attributes: [attribute(OID.encryptionKeyPreference, context(0, own.issuerName, own.serial))],
  });
  assert.deepEqual([verdict.show, senderCertificate], ['verified', doctor.certificate]);
});

test('the certificate that the signer prefers is learnt, named by issuer and serial or by its key identifier', () => {
  const identifier = Buffer.from('key of Dr MARTIN');
  const other = person(
    DOCTOR_ADDRESS,
    ec(),
    0x08,
    0x2001,
    extension(OID.subjectKeyIdentifier, octetString(identifier)),
  );
  for (const preference of [
    context(0, other.issuerName, other.serial),
    context(1, octetString(identifier)),
    contextPrimitive(2, identifier),
  ]) {
    const attributes = [attribute(OID.encryptionKeyPreference, preference)];
    assert.deepEqual(learntFrom({ bag: [other.certificate], attributes }).senderCertificate, other.certificate);
  }
  assert.deepEqual(learntFrom({ bag: [other.certificate] }).senderCertificate, doctor.certificate);
});

test('a preference that is malformed, doubled or for nobody of the bag changes nothing', () => {
  const other = person(DOCTOR_ADDRESS, ec(), 0x08, 0x2002);
  const right = context(0, other.issuerName, other.serial);
  for (const values of [
    [context(0, other.serial)],
    [context(0)],
    [context(0, name('Nobody'), other.serial)],
    [context(1)],
    [contextPrimitive(2, Buffer.from('nobody'))],
    [context(9, other.issuerName)],
    [nullElement()],
    [right, right],
    [],
  ]) {
    const attributes = [attribute(OID.encryptionKeyPreference, ...values)];
    const { verdict, senderCertificate } = learntFrom({ bag: [other.certificate], attributes });
    assert.deepEqual([verdict.show, senderCertificate], ['verified', doctor.certificate]);
  }
});

test('a preferred certificate of another address, use, authority or past is not learnt', () => {
  const revoked = person(DOCTOR_ADDRESS, rsaKey(), 0x20, 0x2003);
  const list = revocationList({ issuer: ROOT, revoked: [{ serial: 0x2003, at: daysFromNow(-1) }] });
  const policy = policyOver(storeOf([root.certificate], [list]));
  const foreign = { name: 'Another root', key: rsaKey() };
  const extensions = [notAuthority(), keyUsage(0x20), addressName(DOCTOR_ADDRESS)];
  for (const other of [
    revoked,
    person('spy@elsewhere.example', rsaKey(), 0x20, 0x2004),
    person(DOCTOR_ADDRESS, rsaKey(), 0x80, 0x2005),
    person(DOCTOR_ADDRESS, rsaKey(), 0x08, 0x2006),
    person(DOCTOR_ADDRESS, ec(), 0x20, 0x2007),
    person(DOCTOR_ADDRESS, generateKeyPairSync('ed25519').privateKey, 0x28, 0x2008),
    certify({ subject: 'Dr Claire MARTIN', issuer: foreign, extensions }),
    certify({ subject: 'Dr Claire MARTIN', issuer: ROOT, extensions, notAfter: daysFromNow(-1) }),
  ]) {
    const attributes = [attribute(OID.encryptionKeyPreference, context(0, other.issuerName, other.serial))];
    const { verdict, senderCertificate } = learntFrom({ bag: [other.certificate], attributes, policy });
    assert.deepEqual([verdict.show, senderCertificate], ['verified', doctor.certificate]);
  }
});

test('a signer who cannot be encrypted to brings nothing unless another certificate of his comes along', () => {
  const signer = person(DOCTOR_ADDRESS, rsaKey(), 0x80, 0x2009);
  assert.equal(learntFrom({ signer }).senderCertificate, null);
  const other = person(DOCTOR_ADDRESS, ec(), 0x08, 0x200a);
  assert.deepEqual(learntFrom({ signer, bag: [other.certificate] }).senderCertificate, other.certificate);
  assert.equal(learntFrom({ signer, bag: [pharmacy.certificate] }).senderCertificate, null, PHARMACY_ADDRESS);
});

test('capabilities are read in their order; what is weak, unknown or has odd parameters is none', () => {
  const listed = capabilities(
    capability(TRIPLE_DES),
    capability(AES_128_CBC),
    capability(RC2, element(0x02, Buffer.from([40]))),
    capability(AES_256_GCM),
    capability(AES_256_GCM),
    capability(OID.aes256Cbc, octetString(Buffer.from('x'))),
    capability('1.2.3.4.5'),
  );
  assert.deepEqual(learntFrom({ attributes: [listed] }).senderStatement?.capabilities, ['aes-128-cbc', 'aes-256-gcm']);
  const weak = capabilities(capability(TRIPLE_DES));
  assert.deepEqual(learntFrom({ attributes: [weak] }).senderStatement?.capabilities, []);
});

test('OAEP counts with SHA-256 for both hashes and nothing else', () => {
  const sha256 = sequence(oid(OID.sha256), nullElement());
  const sha1 = sequence(oid('1.3.14.3.2.26'), nullElement());
  const mask = (hash: Buffer) => sequence(oid('1.2.840.113549.1.1.8'), hash);
  const oaep = (...parameters: Buffer[]) => capabilities(capability('1.2.840.113549.1.1.7', ...parameters));
  const words = (...parameters: Buffer[]) =>
    learntFrom({ attributes: [oaep(...parameters)] }).senderStatement?.capabilities;
  assert.deepEqual(words(sequence(context(0, sha256), context(1, mask(sha256)))), ['rsa-oaep-sha256']);
  assert.deepEqual(words(sequence(sha256, mask(sha256))), ['rsa-oaep-sha256'], 'as RFC 3560 writes it');
  for (const parameters of [
    [],
    [sequence()],
    [nullElement()],
    [sequence(context(0, sha1), context(1, mask(sha1)))],
    [sequence(context(0, sha256), context(1, mask(sha1)))],
    [sequence(context(0, sha256), context(1, mask(sha256)), context(2, octetString(Buffer.from('label'))))],
  ])
    assert.deepEqual(words(...parameters), []);
});

test('an attribute that is doubled, malformed or endless states nothing, and the letter stays verified', () => {
  const many = Array.from({ length: ENVELOPE_LIMITS.capabilitiesMax + 1 }, () => capability(AES_256_GCM));
  for (const broken of [
    attribute(OID.smimeCapabilities),
    attribute(OID.smimeCapabilities, sequence(capability(AES_256_GCM)), sequence(capability(OID.aes256Cbc))),
    attribute(OID.smimeCapabilities, nullElement()),
    attribute(OID.smimeCapabilities, sequence(nullElement())),
    attribute(OID.smimeCapabilities, sequence(sequence())),
    capabilities(...many),
  ]) {
    const { verdict, senderStatement } = learntFrom({ attributes: [broken] });
    assert.deepEqual([verdict.show, senderStatement?.capabilities], ['verified', null]);
  }
});

test('line 16: who signs beside the sender cannot say which of his certificates is learnt', () => {
  const other = person(DOCTOR_ADDRESS, rsaKey(), 0x20, 0x1a21);
  const stranger = person('eve@elsewhere.example', rsaKey(), 0x80, 0x1a22);
  const usual = [typeAttribute(), timeAttribute(SIGNED_AT), digestAttribute(TEXT_ENTITY)];
  const preference = attribute(OID.encryptionKeyPreference, context(0, other.issuerName, other.serial));
  const learntWhen = (his: readonly Buffer[], hers: readonly Buffer[]): Buffer | null => {
    const signers = [
      { party: doctor, attributes: [...usual, ...his] },
      { party: stranger, attributes: [...usual, ...hers] },
    ];
    const bag = [doctor.certificate, stranger.certificate, other.certificate];
    const { verdict, senderCertificate } = openEnvelope(detached({ signers, bag }), goodPolicy);
    assert.equal(verdict.show, 'verified');
    return senderCertificate;
  };
  assert.deepEqual(learntWhen([preference], []), other.certificate);
  assert.deepEqual(learntWhen([], [preference]), doctor.certificate);
});

test('line 21: certificates without number that might issue each other are not all tried', () => {
  const signer = person(DOCTOR_ADDRESS, rsaKey(), 0x80, 0x1a31);
  const last = person(DOCTOR_ADDRESS, rsaKey(), 0x20, 0x1a32);
  const namesakes = (count: number): Buffer[] =>
    Array.from({ length: count }, () => {
      const issuer = { name: 'Nobody', key: ROOT.key };
      const extensions = [keyUsage(0x0c), addressName(DOCTOR_ADDRESS)];
      return certify({ subject: 'Nobody', key: ec(), issuer, extensions }).certificate;
    });
  const learntAfter = (count: number) => learntFrom({ signer, bag: [...namesakes(count), last.certificate] });
  assert.deepEqual(learntAfter(3).senderCertificate, last.certificate);
  const stuffed = learntAfter(45);
  assert.deepEqual([stuffed.verdict.show, stuffed.senderCertificate], ['verified', null]);
});
