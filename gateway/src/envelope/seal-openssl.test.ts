/**
 * What is sealed here, in every way it can be sealed, is opened and verified by the openssl command, byte for byte; what
 * openssl 3.0 cannot read (Ed25519 and X25519 in CMS) is opened by this gateway in seal-envelope.test.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCertificate } from './certificate.ts';
import { type LetterToSeal, sealEnvelope } from './seal-envelope.ts';
import {
  addressName,
  authorityExtensions,
  certify,
  DOCTOR_ADDRESS,
  extendedKeyUsage,
  keyUsage,
  notAuthority,
  type Party,
  PHARMACY_ADDRESS,
  pem,
  ROOT,
  rsaKey,
} from './test-authority.fixture.ts';

const HOUR_MS = 3_600_000;
const now = new Date();
const life = { notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + 24 * HOUR_MS) };
const root = certify({ subject: ROOT.name, key: ROOT.key, extensions: authorityExtensions(), ...life });

const EMAIL_PROTECTION = '1.3.6.1.5.5.7.3.4';
// digitalSignature, keyEncipherment and keyAgreement: one certificate for both jobs, whatever its key.
const person = (subject: string, address: string, key: KeyObject): Party =>
  certify({
    subject,
    key,
    issuer: ROOT,
    extensions: [notAuthority(), keyUsage(0xa8), extendedKeyUsage(EMAIL_PROTECTION), addressName(address)],
    ...life,
  });
const ecKey = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;

const folder = mkdtempSync(join(tmpdir(), 'estafette-seal-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
writeFileSync(path('root.pem'), pem('CERTIFICATE', root.certificate));

function openssl(...words: string[]): string {
  const run = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 0, `openssl ${words.join(' ')}: ${run.stderr}`);
  return run.stdout;
}

const ENTITY = Buffer.from('Content-Type: text/plain\r\n\r\nBien recu, je rappelle la patiente.\r\n');
const pharmacy = person('Pharmacie des Tilleuls', PHARMACY_ADDRESS, rsaKey());
const doctor = person('Dr Claire MARTIN', DOCTOR_ADDRESS, rsaKey());

type Wish = Partial<Omit<LetterToSeal, 'recipient' | 'key'>> & { from?: Party; to?: Party };

function seal({ from = pharmacy, to = doctor, ...wish }: Wish): Buffer {
  return sealEnvelope({
    headers: [`From: <${PHARMACY_ADDRESS}>`, `To: <${DOCTOR_ADDRESS}>`, 'Subject: Re: INR'],
    entity: ENTITY,
    key: { certificate: readCertificate(from.certificate), chain: [], privateKey: from.privateKey },
    recipient: readCertificate(to.certificate),
    at: now,
    ...wish,
  });
}

/** Decrypts and verifies with openssl; gives what was signed and what openssl says of the structure. */
function judgedByOpenssl(wish: Wish): { content: Buffer; outside: string; inside: string } {
  const { to = doctor } = wish;
  const key = to.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(path('to.pem'), pem('CERTIFICATE', to.certificate) + key);
  writeFileSync(path('mail.eml'), seal(wish));
  const outside = openssl('cms', '-cmsout', '-print', '-noout', '-in', 'mail.eml');
  openssl('cms', '-decrypt', '-in', 'mail.eml', '-recip', 'to.pem', '-out', 'signed.eml');
  const inside = openssl('cms', '-cmsout', '-print', '-noout', '-in', 'signed.eml');
  const verify = ['-verify', '-in', 'signed.eml', '-CAfile', 'root.pem', '-purpose', 'smimesign', '-cades'];
  openssl('cms', ...verify, '-out', 'content.txt');
  return { content: readFileSync(path('content.txt')), outside, inside };
}

test('by default an answer is signed detached and encrypted with AES-256-CBC under RSA PKCS#1 v1.5', () => {
  const { content, outside } = judgedByOpenssl({});
  assert.deepEqual(content, ENTITY);
  assert.match(outside, /pkcs7-envelopedData[\s\S]*d\.ktri[\s\S]*rsaEncryption[\s\S]*aes-256-cbc/);
  assert.match(readFileSync(path('signed.eml'), 'latin1'), /^Content-Type: multipart\/signed;[^\n]*micalg=sha-256;/);
});

test('an opaque signature is verified the same', () => {
  const { content } = judgedByOpenssl({ form: 'opaque' });
  assert.deepEqual(content, ENTITY);
  assert.match(
    readFileSync(path('signed.eml'), 'latin1'),
    /^Content-Type: application\/pkcs7-mime; smime-type=signed-data/,
  );
});

test('OAEP with SHA-256 is decrypted', () => {
  const { content, outside } = judgedByOpenssl({ keyTransport: 'rsa-oaep-sha256' });
  assert.deepEqual(content, ENTITY);
  assert.match(outside, /rsaesOaep/);
});

test('AES-GCM is decrypted from AuthEnvelopedData, under either transport', () => {
  for (const [content, keyTransport] of [
    ['aes-256-gcm', 'rsa-pkcs1'],
    ['aes-256-gcm', 'rsa-oaep-sha256'],
    ['aes-128-gcm', 'rsa-pkcs1'],
    ['aes-128-cbc', 'rsa-pkcs1'],
  ] as const) {
    const judged = judgedByOpenssl({ content, keyTransport });
    assert.deepEqual(judged.content, ENTITY);
    if (content.endsWith('gcm')) assert.match(judged.outside, /id-smime-ct-authEnvelopedData/);
  }
});

const CURVES = [
  ['prime256v1', 'ecdsa-with-SHA256', 'sha-256'],
  ['secp384r1', 'ecdsa-with-SHA384', 'sha-384'],
  ['secp521r1', 'ecdsa-with-SHA512', 'sha-512'],
  ['brainpoolP256r1', 'ecdsa-with-SHA256', 'sha-256'],
  ['brainpoolP384r1', 'ecdsa-with-SHA384', 'sha-384'],
  ['brainpoolP512r1', 'ecdsa-with-SHA512', 'sha-512'],
] as const;

for (const [curve, algorithm, micalg] of CURVES) {
  test(`a letter signed with a key on ${curve} and encrypted to one is decrypted and verified, in CBC and in GCM`, () => {
    const from = person('Pharmacie des Tilleuls', PHARMACY_ADDRESS, ecKey(curve));
    const to = person('Dr Claire MARTIN', DOCTOR_ADDRESS, ecKey(curve));
    for (const content of ['aes-256-cbc', 'aes-256-gcm'] as const) {
      const judged = judgedByOpenssl({ from, to, content });
      assert.deepEqual(judged.content, ENTITY);
      assert.match(judged.outside, /d\.kari/);
      assert.ok(judged.inside.includes(algorithm), judged.inside);
      assert.ok(readFileSync(path('signed.eml'), 'latin1').includes(`micalg=${micalg};`));
    }
  });
}

test('a key for RSA-PSS signs with PSS', () => {
  const key = generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).privateKey;
  const { content, inside } = judgedByOpenssl({ from: person('Pharmacie des Tilleuls', PHARMACY_ADDRESS, key) });
  assert.deepEqual(content, ENTITY);
  assert.match(inside, /rsassaPss/);
});

test('the signed attributes say when, what we open, which certificate to encrypt to and which one signed', () => {
  const { inside } = judgedByOpenssl({});
  for (const attribute of [
    'contentType',
    'signingTime',
    'messageDigest',
    'S/MIME Capabilities',
    'id-smime-aa-encrypKeyPref',
    'id-smime-aa-signingCertificateV2',
  ])
    assert.ok(inside.includes(attribute), `${attribute}\n${inside}`);
});

test('openssl takes the capabilities as they are meant: strongest first', () => {
  judgedByOpenssl({});
  openssl('cms', '-verify', '-in', 'signed.eml', '-CAfile', 'root.pem', '-out', 'content.txt', '-purpose', 'any');
  const text = openssl('cms', '-cmsout', '-print', '-noout', '-in', 'signed.eml');
  const order = ['aes-256-gcm', 'aes-128-gcm', 'aes-256-cbc', 'aes-128-cbc', 'rsaesOaep'].map((word) =>
    text.indexOf(word),
  );
  assert.deepEqual(
    order,
    [...order].sort((one, other) => one - other),
    text,
  );
  assert.ok(
    order.every((at) => at > 0),
    text,
  );
});

test('protected header fields stand in the signed payload, and the text part is an ordinary one', () => {
  const outside = [`From: <${PHARMACY_ADDRESS}>`, 'Subject: [...]'];
  const inside = [`From: <${PHARMACY_ADDRESS}>`, 'Subject: Re: INR de Mme DESSAINT'];
  const { content } = judgedByOpenssl({ headers: outside, protectedHeaders: inside });
  assert.deepEqual(content.toString().split('\r\n'), [
    ...inside,
    ...outside.map((field) => `HP-Outer: ${field}`),
    'Content-Type: text/plain; hp="cipher"',
    '',
    'Bien recu, je rappelle la patiente.',
    '',
  ]);
  assert.ok(!readFileSync(path('mail.eml'), 'latin1').includes('DESSAINT'));
});
