/**
 * The authority's story, judged by openssl: it issues to a mailbox, mail is signed and sealed with that certificate,
 * the certificate is revoked, and everybody sees it. Then the profiles, and what is refused.
 */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import type { AuthorityLevel, DevelopmentAuthority } from './authority-register.ts';
import { buildRevocationList, revoke, UnknownCertificate } from './certificate-revocation-list.ts';
import {
  createAuthority,
  issueMailboxCertificate,
  issuePractitionerCertificate,
  issueServerCertificate,
} from './development-authority.ts';
import { type Courtroom, openCourtroom } from './testing/openssl-judge.ts';

const now = new Date();
const address = 'pharmacie.halles@officine.example';
const structure = { name: 'PHARMACIE DE L’ÉTÉ', number: { finess: '2A0000020' }, department: 'Corse-du-Sud (2A)' };
const practitioner = { givenName: 'Zoé', surname: 'LEFÈVRE', title: 'Médecin', rpps: '10000000001' };

function writeLists(court: Courtroom, authority: DevelopmentAuthority, at = now): string {
  const pem = (level: AuthorityLevel): string => buildRevocationList(authority, { level, now: at, validHours: 24 }).pem;
  return court.write('crl.pem', pem('issuing') + pem('root'));
}

describe('the development authority', () => {
  let court: Courtroom;
  let authority: DevelopmentAuthority;
  before(async () => {
    court = openCourtroom();
    authority = await createAuthority({ now });
    court.write('root.pem', authority.rootCertificatePem);
    court.write('issuing.pem', authority.issuingCertificatePem);
  });
  after(() => court.close());

  const verify = (certificate: string, purpose: string) =>
    court.openssl(
      ...['verify', '-x509_strict', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem'],
      ...['-CRLfile', 'crl.pem', '-crl_check_all', '-purpose', purpose, certificate],
    );

  test('a mailbox gets a certificate, signs and opens mail with it, and is no longer believed once revoked', async () => {
    const mailbox = await issueMailboxCertificate(authority, { now, address, structure });
    court.write('cert.pem', mailbox.certificatePem);
    court.write('key.pem', mailbox.privateKeyPem);
    writeLists(court, authority);
    assert.match(verify('cert.pem', 'smimesign').words, /cert\.pem: OK/);
    assert.match(verify('cert.pem', 'smimeencrypt').words, /cert\.pem: OK/);

    court.write('letter.txt', 'INR 6,8\r\n');
    const sign = ['cms', '-sign', '-in', 'letter.txt', '-signer', 'cert.pem', '-inkey', 'key.pem', '-certfile'];
    assert.ok(court.openssl(...sign, 'issuing.pem', '-out', 'signed.eml').ok);
    assert.ok(court.openssl('cms', '-verify', '-in', 'signed.eml', '-CAfile', 'root.pem', '-out', 'read.txt').ok);
    assert.match(court.read('read.txt').toString(), /INR 6,8/);
    assert.ok(court.openssl('cms', '-encrypt', '-aes256', '-in', 'letter.txt', '-out', 'sealed.eml', 'cert.pem').ok);
    const decrypt = ['cms', '-decrypt', '-in', 'sealed.eml', '-recip', 'cert.pem', '-inkey', 'key.pem'];
    assert.ok(court.openssl(...decrypt, '-out', 'opened.txt').ok);
    assert.match(court.read('opened.txt').toString(), /INR 6,8/);

    revoke(authority, mailbox.serialHex, 'keyCompromise', now);
    writeLists(court, authority);
    const judgement = verify('cert.pem', 'smimesign');
    assert.equal(judgement.ok, false);
    assert.match(judgement.words, /certificate revoked/);
    const list = court.openssl('crl', '-in', 'crl.pem', '-noout', '-text').words;
    assert.match(list, /Key Compromise/);
    assert.match(list, new RegExp(mailbox.serialHex, 'i'));
  });

  test('the certificate of a mailbox names its structure as IGC-Santé does, accents included', async () => {
    const { certificatePem, serialHex, notAfter } = await issueMailboxCertificate(authority, {
      now,
      address,
      structure,
    });
    const certificate = new X509Certificate(certificatePem);
    assert.equal(certificate.subject, `C=FR\nST=Corse-du-Sud (2A)\nO=PHARMACIE DE L’ÉTÉ\nOU=12A0000020\nCN=${address}`);
    assert.equal(certificate.subjectAltName, `email:${address}`);
    assert.equal(certificate.checkEmail(address), address);
    assert.equal(certificate.serialNumber.toLowerCase(), serialHex);
    assert.equal(certificate.validToDate.getTime(), notAfter.getTime());
    assert.equal(certificate.ca, false);
    assert.ok(certificate.checkIssued(new X509Certificate(authority.issuingCertificatePem)));
  });

  test('a practitioner is named by RPPS number, name and profession', async () => {
    const doctor = { now, address: 'zoe.lefevre@cabinet.example', practitioner };
    const { certificatePem } = await issuePractitionerCertificate(authority, doctor);
    court.write('doctor.pem', certificatePem);
    const { subject } = new X509Certificate(certificatePem);
    assert.equal(subject, 'C=FR\ntitle=Médecin\nSN=LEFÈVRE\nGN=Zoé\nCN=810000000001');
    writeLists(court, authority);
    assert.match(verify('doctor.pem', 'smimesign').words, /OK/);
  });

  test('a key for signing only cannot be sealed to, and a key for sealing only cannot sign', async () => {
    const signing = await issueMailboxCertificate(authority, { now, address, structure, usage: 'signing' });
    const sealing = await issueMailboxCertificate(authority, { now, address, structure, usage: 'encryption' });
    court.write('signing.pem', signing.certificatePem);
    court.write('sealing.pem', sealing.certificatePem);
    writeLists(court, authority);
    assert.ok(verify('signing.pem', 'smimesign').ok);
    assert.ok(!verify('signing.pem', 'smimeencrypt').ok);
    assert.ok(verify('sealing.pem', 'smimeencrypt').ok);
    assert.ok(!verify('sealing.pem', 'smimesign').ok);
  });

  for (const keyKind of ['ec-p256', 'rsa-2048'] as const) {
    test(`a ${keyKind} server and its peer recognise each other over mutual TLS`, async () => {
      const server = { now, hostNames: ['localhost'], ipAddresses: ['127.0.0.1', '2001:db8::1'], structure, keyKind };
      const { certificatePem, privateKeyPem } = await issueServerCertificate(authority, server);
      court.write('server.pem', certificatePem);
      writeLists(court, authority);
      assert.match(verify('server.pem', 'sslserver').words, /OK/);
      assert.match(verify('server.pem', 'sslclient').words, /OK/);
      assert.equal(
        new X509Certificate(certificatePem).subjectAltName,
        'DNS:localhost, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1',
      );
      const cert = certificatePem + authority.issuingCertificatePem;
      const ends = { cert, key: privateKeyPem, ca: authority.rootCertificatePem };
      assert.equal(await handshake(ends), true);
    });
  }

  test('a certificate from a foreign authority with the very same names is not believed', async () => {
    const foreign = await createAuthority({ now });
    const stranger = await issueMailboxCertificate(foreign, { now, address, structure });
    court.write('stranger.pem', stranger.certificatePem);
    writeLists(court, authority);
    assert.equal(verify('stranger.pem', 'smimesign').ok, false);
  });

  test('a renewal keeps the key where it is asked to, under a new serial number', async () => {
    const first = await issueMailboxCertificate(authority, { now, address, structure });
    const { privateKeyPem } = first;
    const second = await issueMailboxCertificate(authority, { now, address, structure, privateKeyPem });
    assert.equal(second.privateKeyPem, privateKeyPem);
    assert.notEqual(second.serialHex, first.serialHex);
  });

  test('no certificate outlives the authority that issued it', async () => {
    const { certificatePem } = await issueMailboxCertificate(authority, {
      now,
      address,
      structure,
      validityDays: 9999,
    });
    const issuing = new X509Certificate(authority.issuingCertificatePem);
    assert.deepEqual(new X509Certificate(certificatePem).validToDate, issuing.validToDate);
  });

  test('the authority survives being stored as JSON, its register included', async () => {
    const mailbox = await issueMailboxCertificate(authority, { now, address, structure });
    const restored = JSON.parse(JSON.stringify(authority)) as DevelopmentAuthority;
    assert.deepEqual(restored, authority);
    const entry = revoke(restored, `00:${mailbox.serialHex.toUpperCase()}`, 'superseded', now);
    assert.deepEqual(entry.revocation, { at: now.toISOString(), reason: 'superseded' });
  });

  test('a revoked issuing authority takes all its certificates with it', async () => {
    const doomed = await createAuthority({ now });
    const mailbox = await issueMailboxCertificate(doomed, { now, address, structure });
    const issuingSerial = new X509Certificate(doomed.issuingCertificatePem).serialNumber;
    revoke(doomed, issuingSerial, 'cACompromise', now);
    const other = openCourtroom();
    other.write('root.pem', doomed.rootCertificatePem);
    other.write('issuing.pem', doomed.issuingCertificatePem);
    other.write('cert.pem', mailbox.certificatePem);
    writeLists(other, doomed);
    const { ok, words } = other.openssl(
      ...['verify', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', '-CRLfile', 'crl.pem', '-crl_check_all'],
      'cert.pem',
    );
    other.close();
    assert.equal(ok, false);
    assert.match(words, /error 23 at 1 depth/);
  });

  test('what is ill-formed gets no certificate, and leaves no line in the register', async () => {
    const lines = authority.register.length;
    const refused = (options: Partial<Parameters<typeof issueMailboxCertificate>[1]>) =>
      assert.rejects(issueMailboxCertificate(authority, { now, address, structure, ...options }), RangeError);
    await refused({ address: 'no address' });
    await refused({ address: 'two@at@signs.example' });
    await refused({ address: 'accentué@officine.example' });
    await refused({ address: `${'x'.repeat(60)}@officine.example` });
    await refused({ validityDays: 0 });
    await refused({ structure: { ...structure, number: { finess: '12' } } });
    await refused({ structure: { ...structure, number: { siret: '1234567890123X' } } });
    await refused({ structure: { ...structure, name: '' } });
    const server = { now, hostNames: [], structure };
    await assert.rejects(issueServerCertificate(authority, server), RangeError);
    const wrongIp = { ...server, hostNames: ['localhost'], ipAddresses: ['127.0.0'] };
    await assert.rejects(issueServerCertificate(authority, wrongIp), RangeError);
    const wrongRpps = { now, address, practitioner: { ...practitioner, rpps: '1' } };
    await assert.rejects(issuePractitionerCertificate(authority, wrongRpps), RangeError);
    assert.equal(authority.register.length, lines);
  });
});

describe('a revocation list', () => {
  test('is numbered upwards, even by an authority that was restored from before the last list', async () => {
    const authority = await createAuthority({ now });
    const older = JSON.parse(JSON.stringify(authority)) as DevelopmentAuthority;
    const first = buildRevocationList(authority, { level: 'issuing', now, validHours: 1 });
    const second = buildRevocationList(authority, { level: 'issuing', now, validHours: 1 });
    const later = new Date(now.getTime() + 60_000);
    const restored = buildRevocationList(older, { level: 'issuing', now: later, validHours: 1 });
    assert.ok(second.crlNumber > first.crlNumber);
    assert.ok(restored.crlNumber > second.crlNumber);
    assert.equal(first.nextUpdate.getTime() - now.getTime(), 3_600_000);
  });

  test('is signed by its authority, in PEM and DER alike', async () => {
    const authority = await createAuthority({ now });
    const court = openCourtroom();
    court.write('ca.pem', authority.rootCertificatePem + authority.issuingCertificatePem);
    for (const level of ['root', 'issuing'] as const) {
      const list = buildRevocationList(authority, { level, now, validHours: 1 });
      court.write('list.pem', list.pem);
      court.write('list.der', list.der);
      assert.match(court.openssl('crl', '-in', 'list.pem', '-CAfile', 'ca.pem', '-noout').words, /verify OK/);
      const der = court.openssl('crl', '-inform', 'DER', '-in', 'list.der', '-CAfile', 'ca.pem', '-noout', '-text');
      assert.match(der.words, /verify OK/);
      assert.match(der.words, /No Revoked Certificates/);
    }
    court.close();
  });

  test('keeps the first date and reason of a revocation, and knows no stranger', async () => {
    const authority = await createAuthority({ now });
    const { serialHex } = await issueMailboxCertificate(authority, { now, address, structure });
    revoke(authority, serialHex, 'superseded', now);
    const again = revoke(authority, serialHex, 'keyCompromise', new Date(now.getTime() + 1000));
    assert.deepEqual(again.revocation, { at: now.toISOString(), reason: 'superseded' });
    assert.throws(() => revoke(authority, 'abcd', 'unspecified', now), UnknownCertificate);
    const unbounded = { level: 'issuing', now, validHours: 0 } as const;
    assert.throws(() => buildRevocationList(authority, unbounded), RangeError);
  });
});

function handshake(ends: { cert: string; key: string; ca: string }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer({ ...ends, requestCert: true, rejectUnauthorized: true }, (socket) => {
      const { authorized } = socket;
      socket.end();
      server.close(() => resolve(authorized));
    });
    server.on('tlsClientError', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') return reject(new Error('no port'));
      const client = connect({ ...ends, port: bound.port, host: '127.0.0.1', servername: 'localhost' });
      client.on('error', reject);
      client.resume();
    });
  });
}
