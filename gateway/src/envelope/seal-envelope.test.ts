/**
 * What is sealed here opens at another gateway as verified, whatever the kinds of the keys, and shows nothing to anybody
 * else; what could break on the way, or smuggle a line, is not sealed at all.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { readCertificate } from './certificate.ts';
import { openEnvelope } from './open-envelope.ts';
import { type LetterToSeal, sealEnvelope } from './seal-envelope.ts';
import {
  addressName,
  certify,
  DOCTOR_ADDRESS,
  doctor,
  keyUsage,
  NOW,
  notAuthority,
  type Party,
  PHARMACY_ADDRESS,
  pharmacy,
  policyOver,
  ROOT,
  root,
  rootList,
  storeOf,
} from './test-authority.fixture.ts';

const TEXT = 'Bien recu, je rappelle Mme DESSAINT.';
const ENTITY = Buffer.from(`Content-Type: text/plain\r\n\r\n${TEXT}\r\n`);
const OUTER = [`From: <${PHARMACY_ADDRESS}>`, `To: <${DOCTOR_ADDRESS}>`, 'Subject: Re: INR'];
const trust = storeOf([root.certificate], [rootList]);

/** digitalSignature 0x80, keyEncipherment 0x20, keyAgreement 0x08. */
const person = (subject: string, address: string, key: KeyObject, usage: number): Party =>
  certify({ subject, key, issuer: ROOT, extensions: [notAuthority(), keyUsage(usage), addressName(address)] });
const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;

interface Wish extends Partial<Omit<LetterToSeal, 'recipient' | 'key'>> {
  readonly from?: Party;
  readonly to?: Party;
  readonly encryption?: Party | null;
}

function seal({ from = pharmacy, to = doctor, encryption, ...wish }: Wish = {}): Buffer {
  const own = { certificate: readCertificate(from.certificate), chain: [], privateKey: from.privateKey };
  const encryptionCertificate = encryption === null ? null : readCertificate((encryption ?? from).certificate);
  return sealEnvelope({
    headers: OUTER,
    entity: ENTITY,
    key: { ...own, encryptionCertificate },
    recipient: readCertificate(to.certificate),
    at: NOW,
    ...wish,
  });
}

const openAt = (sealed: Buffer, to: Party = doctor) =>
  openEnvelope(
    sealed,
    policyOver(trust, { keys: [{ certificate: readCertificate(to.certificate), privateKey: to.privateKey }] }),
  );

function assertVerified(sealed: Buffer, to: Party = doctor, what = ''): ReturnType<typeof openAt> {
  const opened = openAt(sealed, to);
  assert.deepEqual([opened.verdict.show, opened.verdict.reasons], ['verified', []], what);
  assert.ok(opened.content?.includes(TEXT), what);
  assert.ok(!sealed.includes('DESSAINT'), what);
  assert.ok(
    sealed.every((byte) => byte < 0x80),
    what,
  );
  return opened;
}

test('a letter signed and encrypted with keys of every kind is verified at the other gateway', () => {
  const signers = [
    pharmacy,
    ...['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1'].map((curve) =>
      person('Pharmacie', PHARMACY_ADDRESS, ec(curve), 0x88),
    ),
    person('Pharmacie', PHARMACY_ADDRESS, generateKeyPairSync('ed25519').privateKey, 0x80),
  ];
  for (const from of signers)
    for (const form of ['detached', 'opaque'] as const)
      assertVerified(seal({ from, form, encryption: null }), doctor, `${from.privateKey.asymmetricKeyType} ${form}`);
  const recipients = [
    ...['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1'].map((curve) =>
      person('Dr MARTIN', DOCTOR_ADDRESS, ec(curve), 0x88),
    ),
    person('Dr MARTIN', DOCTOR_ADDRESS, generateKeyPairSync('x25519').privateKey, 0x08),
  ];
  for (const to of recipients)
    for (const content of ['aes-256-cbc', 'aes-256-gcm', 'aes-128-gcm'] as const)
      assertVerified(seal({ to, content }), to, `${to.privateKey.asymmetricKeyType} ${content}`);
});

test('OAEP and GCM are written as they are asked for', () => {
  for (const content of ['aes-256-cbc', 'aes-128-cbc', 'aes-256-gcm', 'aes-128-gcm'] as const)
    for (const keyTransport of ['rsa-pkcs1', 'rsa-oaep-sha256'] as const) {
      const sealed = seal({ content, keyTransport });
      assertVerified(sealed, doctor, `${content} ${keyTransport}`);
      const type = content.endsWith('gcm') ? 'authEnveloped-data' : 'enveloped-data';
      assert.ok(sealed.includes(`smime-type=${type};`));
    }
});

test('two letters to one correspondent share neither the ephemeral key nor anything encrypted', () => {
  const to = person('Dr MARTIN', DOCTOR_ADDRESS, ec('prime256v1'), 0x88);
  const body = () => Buffer.from(seal({ to }).toString('latin1').split('\r\n\r\n')[1] as string, 'base64');
  const [one, other] = [body(), body()];
  const uncompressed = Buffer.from([0x03, 0x42, 0x00, 0x04]);
  const pointOf = (bytes: Buffer) => bytes.subarray(bytes.indexOf(uncompressed) + 4, bytes.indexOf(uncompressed) + 68);
  assert.ok(one.includes(uncompressed));
  assert.notDeepEqual(pointOf(one), pointOf(other));
  assert.notDeepEqual(one.subarray(-16), other.subarray(-16));
});

test('what answers should be encrypted to is sent along and named, and learnt by the other side', () => {
  const encryption = person('Pharmacie', PHARMACY_ADDRESS, ec('prime256v1'), 0x08);
  const signing = person('Pharmacie', PHARMACY_ADDRESS, ec('prime256v1'), 0x80);
  const opened = assertVerified(seal({ from: signing, encryption }));
  assert.deepEqual(opened.senderCertificate, encryption.certificate);
  const withRsa = assertVerified(seal({ from: pharmacy, encryption }));
  assert.deepEqual(
    withRsa.senderCertificate,
    encryption.certificate,
    'the preferred one, though the signing one could',
  );
});

test('what we state is what the other side reads: GCM before CBC, OAEP for an RSA key', () => {
  const { senderStatement } = assertVerified(seal());
  assert.deepEqual(senderStatement?.capabilities, [
    'aes-256-gcm',
    'aes-128-gcm',
    'aes-256-cbc',
    'aes-128-cbc',
    'rsa-oaep-sha256',
  ]);
  assert.deepEqual(senderStatement?.signedAt, NOW);
});

test('a letter without a certificate to encrypt to states nothing and names none', () => {
  const from = person('Pharmacie', PHARMACY_ADDRESS, generateKeyPairSync('ed25519').privateKey, 0x80);
  const { senderCertificate } = assertVerified(seal({ from, encryption: null }));
  assert.equal(senderCertificate, null);
});

test('a hidden subject comes out of the inside, and the one outside says nothing', () => {
  const headers = [...OUTER.slice(0, 2), 'Subject: [...]'];
  const inside = [...OUTER.slice(0, 2), 'Subject: Re: INR de Mme DESSAINT'];
  const { headers: read } = assertVerified(seal({ headers, protectedHeaders: inside }));
  assert.equal(read.subject, 'Re: INR de Mme DESSAINT');
  assert.deepEqual([read.subjectProtected, read.subjectHidden], [true, true]);
  const plain = assertVerified(seal({ protectedHeaders: OUTER })).headers;
  assert.deepEqual([plain.subject, plain.subjectProtected, plain.subjectHidden], ['Re: INR', true, false]);
});

test('an entity that a relay could rewrite is not signed', () => {
  const head = 'Content-Type: text/plain\r\n\r\n';
  for (const fragile of [
    'a: b\n\nx',
    `${head}é`,
    `${head}x\r`,
    `${head}\rx`,
    `${head}x\ny\r\n`,
    `${head}\u007f`,
    `${head}x\0y`,
    `${head}${'x'.repeat(999)}`,
    `${head}${'x'.repeat(999)}\r\n`,
    '\nContent-Type: text/plain\r\n\r\n',
  ])
    assert.throws(() => seal({ entity: Buffer.from(fragile) }), RangeError, JSON.stringify(fragile.slice(0, 60)));
  for (const sound of [head, `${head}\t~\r\n\r\n`, `${head}${'x'.repeat(998)}\r\n${'y'.repeat(998)}`])
    assert.ok(seal({ entity: Buffer.from(sound) }).length > 0);
});

test('a header field with CR, LF, NUL or another field in it is not sealed, outside or inside', () => {
  for (const bad of [
    'Subject: x\r\nBcc: spy@elsewhere.example',
    'Subject: x\nBcc: spy@elsewhere.example',
    'Subject: x\rBcc: y',
    'Subject: x\0',
    'Subject: x\r\n',
    'Subject: x\r\n\r\nbody',
    'Subject: x\r\n \r\n y',
    'Subject: x\u0085y',
    'Subject',
    ': x',
    'Sub ject: x',
    '',
    ' folded: first',
    `Subject: ${'x'.repeat(1_000)}`,
  ]) {
    const what = JSON.stringify(bad.slice(0, 40));
    assert.throws(() => seal({ headers: [...OUTER, bad] }), RangeError, `outside ${what}`);
    assert.throws(() => seal({ protectedHeaders: [...OUTER, bad] }), RangeError, `inside ${what}`);
  }
  const folded = ['From: <a@b.example>', 'References: <a@b.example>\r\n <c@d.example>\r\n\t<e@f.example>'];
  assertVerified(seal({ protectedHeaders: [...OUTER, ...folded.slice(1)], headers: [...OUTER, ...folded.slice(1)] }));
});

test('a structural field is not protected, and an entity without a header is not', () => {
  for (const bad of ['Content-Type: text/html', 'MIME-Version: 1.0', 'content-transfer-encoding: base64'])
    assert.throws(() => seal({ protectedHeaders: [...OUTER, bad] }), RangeError, bad);
  for (const entity of ['Content-Type: text/plain', 'X: y\r\n\r\nz'])
    assert.throws(() => seal({ protectedHeaders: OUTER, entity: Buffer.from(entity) }), RangeError, entity);
});

test('keys of kinds that cannot sign or receive are refused, never worked around', () => {
  const x25519 = person('Pharmacie', PHARMACY_ADDRESS, generateKeyPairSync('x25519').privateKey, 0x08);
  const ed25519 = person('Dr MARTIN', DOCTOR_ADDRESS, generateKeyPairSync('ed25519').privateKey, 0x80);
  const koblitz = person('Dr MARTIN', DOCTOR_ADDRESS, ec('secp256k1'), 0x88);
  for (const wish of [{ from: x25519 }, { to: ed25519 }, { to: koblitz }, { from: koblitz }])
    assert.throws(() => seal(wish), RangeError);
});
