/** What may become a key of a mailbox, tried with certificates that openssl makes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPemIdentities } from '@estafette/certs/pem-identity';
import { openCourtroom } from '@estafette/certs/testing/openssl-judge';
import { judgeKey, type KeyRefusalCode, KeyRefused, keyInWords } from './judge-key.ts';

const court = openCourtroom();
after(() => court.close());

const ADDRESS = 'pharmacie@officine.example';
const RSA = ['-newkey', 'rsa:2048'];
const curve = (name: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${name}`];
let made = 0;

/** A self-issued end certificate with this kind of key and these extensions. */
function identity(kind: readonly string[], extensions: readonly string[], subject = '/CN=Officine') {
  made += 1;
  const name = `k${made}`;
  const asked = ['basicConstraints=CA:FALSE', ...extensions].flatMap((one) => ['-addext', one]);
  const { ok, words } = court.openssl(
    ...['req', '-x509', '-nodes', ...kind, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '30'],
    ...['-subj', subject, ...asked],
  );
  assert.ok(ok, words);
  const [found] = openPemIdentities([court.read(`${name}.pem`), court.read(`${name}.key`)], '');
  assert.ok(found);
  return found;
}

const judged = (
  one: ReturnType<typeof identity>,
  change: { address?: string; now?: Date; forOpening?: boolean } = {},
) => judgeKey(one, { address: ADDRESS, now: new Date(), forOpening: false, ...change });
function refusal(...given: Parameters<typeof judged>): KeyRefusalCode | 'accepted' {
  try {
    judged(...given);
    return 'accepted';
  } catch (error) {
    if (error instanceof KeyRefused) return error.code;
    throw error;
  }
}

const SAN = `subjectAltName=email:${ADDRESS}`;
const rsa = identity(RSA, [SAN]);

for (const [kind, words, name] of [
  ['RSA', RSA, 'RSA 2048'],
  ['P-256', curve('P-256'), 'EC prime256v1'],
  ['P-384', curve('P-384'), 'EC secp384r1'],
  ['P-521', curve('P-521'), 'EC secp521r1'],
  ['brainpoolP256r1', curve('brainpoolP256r1'), 'EC brainpoolP256r1'],
  ['Ed25519', ['-newkey', 'ed25519'], 'ED25519'],
] as const) {
  test(`a ${kind} key is taken, and does what its kind can do`, () => {
    const { privateKey, facts } = judged(identity(words, [SAN]));
    assert.equal(keyInWords(privateKey), name);
    assert.deepEqual(facts.uses, { sign: true, encrypt: kind !== 'Ed25519' });
  });
}

test('the address may stand in subjectAltName, in SmtpUTF8Mailbox or in the subject, in any case', () => {
  const capitals = identity(RSA, ['subjectAltName=email:Pharmacie@Officine.EXAMPLE']);
  const inSubject = identity(RSA, [], `/CN=Officine/emailAddress=${ADDRESS}`);
  const beside = identity(RSA, ['subjectAltName=DNS:officine.example'], `/CN=Officine/emailAddress=${ADDRESS}`);
  for (const one of [rsa, capitals, inSubject, beside]) assert.equal(refusal(one), 'accepted');
  const otherName = 'otherName.1=1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:hélène@officine.example';
  const lines = [
    '[req]',
    'distinguished_name=dn',
    'x509_extensions=v3',
    '[dn]',
    '[v3]',
    'subjectAltName=@alt',
    '[alt]',
  ];
  const settings = court.write('smtputf8.cnf', [...lines, otherName, ''].join('\n'));
  const accented = identity([...RSA, '-config', settings], []);
  assert.equal(refusal(accented, { address: 'hélène@officine.example' }), 'accepted');
  assert.equal(refusal(accented), 'address-other');
});

test('a certificate of another mailbox, or of none, is refused', () => {
  assert.equal(refusal(rsa, { address: 'autre@officine.example' }), 'address-other');
  assert.equal(refusal(identity(RSA, [])), 'address-other');
  assert.equal(refusal(identity(RSA, [], `/CN=${ADDRESS}`)), 'address-other');
});

test('a key that is weak, or of a kind that is not offered, is refused', () => {
  assert.equal(refusal(identity(['-newkey', 'rsa:1024'], [SAN])), 'key-size');
  assert.equal(refusal(identity(curve('secp256k1'), [SAN])), 'key-kind');
});

test('a key with the certificate of another key is refused', () => {
  const other = identity(RSA, [SAN]);
  assert.equal(refusal({ ...rsa, privateKeyPem: other.privateKeyPem }), 'key-does-not-fit');
});

test('a certificate that has ended is refused, unless it is to open older letters', () => {
  const now = new Date(Date.now() + 40 * 86_400_000);
  assert.equal(refusal(rsa, { now }), 'expired');
  assert.equal(refusal(rsa, { now, forOpening: true }), 'accepted');
  const signing = identity(RSA, [SAN, 'keyUsage=critical,digitalSignature']);
  assert.equal(refusal(signing, { now, forOpening: true }), 'use-other');
});

test('keyUsage decides what a certificate is for; one that is for no mail is refused', () => {
  const uses = (...extensions: string[]) => judged(identity(RSA, [SAN, ...extensions])).facts.uses;
  assert.deepEqual(uses('keyUsage=critical,digitalSignature'), { sign: true, encrypt: false });
  assert.deepEqual(uses('keyUsage=critical,nonRepudiation'), { sign: true, encrypt: false });
  assert.deepEqual(uses('keyUsage=critical,keyEncipherment'), { sign: false, encrypt: true });
  assert.equal(refusal(identity(RSA, [SAN, 'keyUsage=critical,keyCertSign'])), 'use-other');
  assert.equal(refusal(identity(RSA, [SAN, 'extendedKeyUsage=serverAuth'])), 'use-other');
});

test('the certificate of an authority is refused', () => {
  const { ok, words } = court.openssl(
    ...['req', '-x509', '-nodes', ...RSA, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=AC', '-addext', SAN],
  );
  assert.ok(ok, words);
  const [found] = openPemIdentities([court.read('ca.pem'), court.read('ca.key')], '');
  assert.ok(found);
  assert.equal(refusal(found), 'certificate-refused');
});
