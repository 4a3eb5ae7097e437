/** The people and servers of the demo are all there, believed by openssl, and made fast enough for a first start. */

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createDemoIdentities, renewDemoRevocationLists } from './demo-identities.ts';
import { openCourtroom } from './testing/openssl-judge.ts';

const now = new Date();

test('the demo has a doctor, a laboratory, a pharmacy and two servers whom openssl believes', async () => {
  const started = performance.now();
  const demo = await createDemoIdentities({ now });
  const elapsedMs = performance.now() - started;
  assert.ok(elapsedMs < 5000, `took ${elapsedMs} ms`);

  const court = openCourtroom();
  court.write('ca.pem', demo.authoritiesPem);
  court.write('crl.pem', demo.revocationListsPem);
  const verify = (certificatePem: string, purpose: string) => {
    court.write('cert.pem', certificatePem);
    const checks = ['-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', '-crl_check_all', '-purpose', purpose];
    return court.openssl('verify', '-x509_strict', ...checks, 'cert.pem');
  };
  for (const { address, certificatePem, privateKeyPem } of [demo.doctor, demo.lab, demo.pharmacy]) {
    const certificate = new X509Certificate(certificatePem);
    assert.equal(certificate.subjectAltName, `email:${address}`);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(privateKeyPem)));
    assert.match(verify(certificatePem, 'smimesign').words, /OK/);
  }
  for (const { certificatePem, hostNames } of [demo.gatewayServer, demo.operatorServer]) {
    const certificate = new X509Certificate(certificatePem);
    for (const host of hostNames) assert.equal(certificate.checkHost(host), host);
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.match(verify(certificatePem, 'sslserver').words, /OK/);
  }
  court.close();
});

test('a later start renews the lists, which are then good for a later day', async () => {
  const { authority, doctor, authoritiesPem } = await createDemoIdentities({ now });
  const later = new Date(now.getTime() + 30 * 86_400_000);
  const court = openCourtroom();
  court.write('ca.pem', authoritiesPem);
  court.write('cert.pem', doctor.certificatePem);
  court.write('crl.pem', renewDemoRevocationLists(authority, later));
  const at = String(Math.floor(later.getTime() / 1000) + 60);
  const verified = court.openssl(
    ...['verify', '-attime', at, '-CAfile', 'ca.pem', '-CRLfile', 'crl.pem', '-crl_check_all', 'cert.pem'],
  );
  court.close();
  assert.ok(verified.ok, verified.words);
});
