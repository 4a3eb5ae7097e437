/**
 * The openssl command as the other side, at the level of CMS: every algorithm it can sign or encrypt with is taken here
 * with the right word, and what must not be taken is refused.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type BerNode, oidOf, readBer, sequenceOf } from './ber.ts';
import { readCertificate } from './certificate.ts';
import { context, oid, sequence, smallInteger } from './der.ts';
import { type Decryption, decryptAuthEnvelopedData, decryptEnvelopedData, type OpeningKey } from './enveloped-data.ts';
import { OID } from './oids.ts';
import { checkSignature } from './signature-check.ts';
import { checkSigners, readSignedData } from './signed-data.ts';
import { pemBlocks } from './trust-files.ts';

const TEXT = 'INR 6,8 : merci de rappeler Mme DESSAINT.\r\n';
const folder = mkdtempSync(join(tmpdir(), 'estafette-cms-'));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'letter.txt'), TEXT);

function openssl(...words: string[]): void {
  const run = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 0, `openssl ${words.join(' ')}: ${run.stderr}`);
}

/** Kinds of key, by the words that make one. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  rsa: ['rsa:2048'],
  'rsa-pss': ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'rsa-pss-sha256': [
    ...['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_pss_keygen_md:sha256'],
    ...['-pkeyopt', 'rsa_pss_keygen_mgf1_md:sha256', '-pkeyopt', 'rsa_pss_keygen_saltlen:32'],
  ],
  'spelt-out': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
};
const CURVES = [
  ...['P-256', 'P-384', 'P-521', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'],
  ...['brainpoolP256t1', 'brainpoolP384t1', 'brainpoolP512t1'],
];

const made = new Map<string, OpeningKey>();

/** Somebody with a key of the kind, whose certificate openssl made: `<kind>.pem` holds both. */
function person(kind: string): OpeningKey {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const words = KINDS[kind] ?? ['ec', '-pkeyopt', `ec_paramgen_curve:${kind}`];
  const file = `${kind}.pem`;
  openssl('req', '-x509', '-nodes', '-newkey', ...words, '-subj', `/CN=${kind}`, '-keyout', 'key.pem', '-out', file);
  const [certificate, key] = [readFileSync(join(folder, file), 'utf8'), readFileSync(join(folder, 'key.pem'), 'utf8')];
  writeFileSync(join(folder, file), certificate + key);
  const [der] = pemBlocks(certificate, 'CERTIFICATE');
  assert.ok(der !== undefined);
  const somebody = { certificate: readCertificate(der), privateKey: createPrivateKey(key) };
  made.set(kind, somebody);
  return somebody;
}

/** What `openssl cms` makes of the letter: type and content of its ContentInfo. */
function cms(...words: string[]): { type: string; content: BerNode | undefined } {
  openssl('cms', '-in', 'letter.txt', '-binary', '-outform', 'DER', '-out', 'made.der', ...words);
  const made = readBer(readFileSync(join(folder, 'made.der')), { depthMax: 64, nodesMax: 100_000, der: false });
  const [type, explicit] = sequenceOf(made);
  return { type: oidOf(type), content: explicit?.children[0] };
}

/** Signs with the words and gives the word for the one signer. */
function signedWith(kind: string, ...words: string[]): string {
  person(kind);
  const data = readSignedData(cms('-sign', '-nodetach', '-signer', `${kind}.pem`, ...words).content);
  assert.equal(data.content?.toString(), TEXT);
  const [found, ...others] = checkSigners(data, data.content);
  assert.equal(others.length, 0);
  return found?.outcome === 'right' ? 'right' : (found?.reason ?? 'none');
}

const PSS = ['-keyopt', 'rsa_padding_mode:pss'];

test('RSA PKCS#1 v1.5 with SHA-256, SHA-384 and SHA-512 is right', () => {
  for (const digest of ['sha256', 'sha384', 'sha512']) assert.equal(signedWith('rsa', '-md', digest), 'right');
});

test('RSASSA-PSS is right, with the longest salt and with that of the digest', () => {
  for (const digest of ['sha256', 'sha384', 'sha512']) {
    assert.equal(signedWith('rsa', '-md', digest, ...PSS), 'right');
    assert.equal(signedWith('rsa', '-md', digest, ...PSS, '-keyopt', 'rsa_pss_saltlen:digest'), 'right');
  }
  assert.equal(signedWith('rsa', '-md', 'sha256', ...PSS, '-keyopt', 'rsa_pss_saltlen:0'), 'right');
});

test('RSASSA-PSS whose mask uses another digest is refused', () => {
  assert.equal(signedWith('rsa', '-md', 'sha256', ...PSS, '-keyopt', 'rsa_mgf1_md:sha1'), 'algorithm-refused');
  assert.equal(signedWith('rsa', '-md', 'sha256', ...PSS, '-keyopt', 'rsa_mgf1_md:sha512'), 'algorithm-refused');
});

test('a key made for RSASSA-PSS is right, restricted or not', () => {
  assert.equal(signedWith('rsa-pss', '-md', 'sha384', ...PSS), 'right');
  assert.equal(signedWith('rsa-pss-sha256', '-md', 'sha256', ...PSS), 'right');
});

test('a key that restricts itself to RSASSA-PSS with SHA-256 signs in no other way', () => {
  const key = person('rsa-pss-sha256').certificate.publicKey;
  const checked = (type: string, parameters: Buffer | null) =>
    checkSignature({
      algorithm: { oid: type, parameters },
      key,
      signed: Buffer.from(TEXT),
      signature: Buffer.alloc(256),
    });
  const pss = (digest: string, saltBytes: number): Buffer => {
    const hash = sequence(oid(digest));
    return sequence(context(0, hash), context(1, sequence(oid(OID.mgf1), hash)), context(2, smallInteger(saltBytes)));
  };
  assert.equal(checked(OID.rsaPss, pss(OID.sha256, 32)), 'wrong');
  assert.equal(checked(OID.rsaPss, pss(OID.sha256, 31)), 'algorithm-refused');
  assert.equal(checked(OID.rsaPss, pss('2.16.840.1.101.3.4.2.3', 64)), 'algorithm-refused');
  assert.equal(checked(OID.sha256WithRsa, null), 'algorithm-refused');
});

test('the attribute that names the signing certificate is written by openssl and taken here', () => {
  for (const digest of ['sha256', 'sha384']) assert.equal(signedWith('rsa', '-md', digest, '-cades'), 'right', digest);
});

test('ECDSA on the NIST and Brainpool curves is right', () => {
  for (const curve of CURVES) assert.equal(signedWith(curve, '-md', 'sha256'), 'right', curve);
  assert.equal(signedWith('P-384', '-md', 'sha384'), 'right');
  assert.equal(signedWith('P-521', '-md', 'sha512'), 'right');
});

test('a signer named by its key identifier, in BER streamed, is right', () => {
  assert.equal(signedWith('P-256', '-md', 'sha256', '-keyid', '-stream'), 'right');
});

test('line 11: SHA-1, SHA-224 and MD5 are refused, whatever signs', () => {
  for (const kind of ['rsa', 'P-256']) assert.equal(signedWith(kind, '-md', 'sha1'), 'algorithm-refused', kind);
  assert.equal(signedWith('rsa', '-md', 'sha1', ...PSS), 'algorithm-refused');
  assert.equal(signedWith('rsa', '-md', 'sha224'), 'algorithm-refused');
  assert.equal(signedWith('rsa', '-md', 'md5'), 'algorithm-refused');
});

test('trap 3: openssl takes a signature without signed attributes, this gateway does not', () => {
  assert.equal(signedWith('rsa', '-md', 'sha256', '-noattr'), 'signature-malformed');
});

test('line 11: an elliptic curve with its parameters spelt out, or of another family, signs nothing', () => {
  for (const kind of ['spelt-out', 'secp256k1', 'P-224'])
    assert.equal(signedWith(kind, '-md', 'sha256'), 'algorithm-refused', kind);
});

/** Encrypts to the recipients (each a kind, then its words) and decrypts with the keys of the kinds. */
function decrypted(encryption: readonly string[], recipients: readonly string[], kinds: readonly string[]): Decryption {
  const words = recipients.flatMap((recipient) => {
    const [kind = '', ...options] = recipient.split(' ');
    person(kind);
    return ['-recip', `${kind}.pem`, ...options.flatMap((option) => ['-keyopt', option])];
  });
  const { type, content } = cms('-encrypt', ...encryption, ...words);
  const opening = { keys: kinds.map(person), opensTripleDes: false };
  if (type === OID.authEnvelopedData) return decryptAuthEnvelopedData(content, opening);
  assert.equal(type, OID.envelopedData);
  return decryptEnvelopedData(content, opening);
}

function assertOpens(result: Decryption, authenticated: boolean, what: string): void {
  assert.ok(result.outcome === 'opened', `${what}: ${result.outcome === 'refused' ? result.reason : ''}`);
  assert.equal(result.content.toString(), TEXT, what);
  assert.equal(result.authenticated, authenticated, what);
}

const CBC = ['-aes-256-cbc'];
const OAEP = 'rsa_padding_mode:oaep';

test('AES in CBC opens, unauthenticated; in GCM, authenticated', () => {
  for (const bits of [128, 192, 256]) {
    assertOpens(decrypted([`-aes-${bits}-cbc`], ['rsa'], ['rsa']), false, `CBC ${bits}`);
    assertOpens(decrypted([`-aes-${bits}-gcm`], ['rsa'], ['rsa']), true, `GCM ${bits}`);
  }
  assertOpens(decrypted([...CBC, '-stream'], ['rsa'], ['rsa']), false, 'streamed');
});

test('OAEP opens with SHA-1 and SHA-2, with a label or none', () => {
  for (const digest of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512']) {
    const recipient = `rsa ${OAEP} rsa_oaep_md:${digest} rsa_mgf1_md:${digest}`;
    assertOpens(decrypted(CBC, [recipient], ['rsa']), false, digest);
    assertOpens(decrypted(['-aes-128-gcm'], [`${recipient} rsa_oaep_label:0badc0de`], ['rsa']), true, digest);
  }
});

test('OAEP with two digests is unsupported', () => {
  for (const options of ['rsa_oaep_md:sha256 rsa_mgf1_md:sha1', 'rsa_mgf1_md:sha256']) {
    const result = decrypted(CBC, [`rsa ${OAEP} ${options}`], ['rsa']);
    assert.deepEqual(result, { outcome: 'refused', reason: 'envelope-unsupported' }, options);
  }
});

test('ECDH opens on every curve, with every derivation and key wrap', () => {
  for (const curve of CURVES) assertOpens(decrypted(CBC, [curve], [curve]), false, curve);
  for (const digest of ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
    assertOpens(decrypted(CBC, [`P-256 ecdh_kdf_md:${digest}`], ['P-256']), false, digest);
  for (const bits of [128, 192, 256]) assertOpens(decrypted([`-aes-${bits}-gcm`], ['P-384'], ['P-384']), true, 'wrap');
});

test('ECDH with the cofactor scheme opens', () => {
  assertOpens(decrypted(CBC, ['P-256 ecdh_cofactor_mode:1 ecdh_kdf_md:sha256'], ['P-256']), false, 'cofactor');
});

test('recipients named by their key identifier, transported and agreed, open', () => {
  for (const kind of ['rsa', 'P-256']) assertOpens(decrypted([...CBC, '-keyid'], [kind], [kind]), false, kind);
});

test('of mixed recipients each opens with his own key, and others do not', () => {
  const recipients = ['rsa', 'P-256', 'P-384'];
  for (const kind of recipients) assertOpens(decrypted(CBC, recipients, [kind]), false, kind);
  assertOpens(decrypted(CBC, recipients, ['P-521', 'P-384']), false, 'the second of two keys');
  assert.deepEqual(decrypted(CBC, recipients, ['P-521']), { outcome: 'refused', reason: 'not-for-us' });
});

test('recipients by shared key and by password are passed over', () => {
  const others = ['-secretkey', '000102030405060708090A0B0C0D0E0F', '-secretkeyid', 'C0FEE0', '-pwri_password', 'test'];
  assertOpens(decrypted([...CBC, ...others], ['rsa'], ['rsa']), false, 'beside others');
  assert.deepEqual(decrypted([...CBC, ...others], ['P-256'], ['rsa']), { outcome: 'refused', reason: 'not-for-us' });
});

test('line 11: Triple-DES opens only where the trust space says so, RC2 and DES never', () => {
  person('rsa');
  const keys = [person('rsa')];
  const legacy = ['-provider', 'legacy', '-provider', 'default'];
  const ciphers: [string[], boolean][] = [
    [['-des3'], true],
    [['-des', ...legacy], false],
    [['-rc2-128', ...legacy], false],
  ];
  for (const [cipher, opens] of ciphers) {
    const { content } = cms('-encrypt', ...cipher, '-recip', 'rsa.pem');
    const allowed = decryptEnvelopedData(content, { keys, opensTripleDes: true });
    assert.equal(allowed.outcome, opens ? 'opened' : 'refused', cipher.join());
    const refused = decryptEnvelopedData(content, { keys, opensTripleDes: false });
    assert.deepEqual(refused, { outcome: 'refused', reason: 'envelope-unsupported' }, cipher.join());
  }
});
