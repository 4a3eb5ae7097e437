/** A request for a mailbox certificate, judged by openssl. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPrivateKey, privateKeyPem } from './certificate-builder.ts';
import { createMailboxRequest } from './certificate-request.ts';
import { openCourtroom } from './testing/openssl-judge.ts';

const address = 'resultats@labo.example';
const structure = {
  name: 'LABORATOIRE DES CHARMES',
  number: { siret: '00000000000018' },
  department: 'Val-de-Marne (94)',
};

for (const kind of ['rsa-2048', 'rsa-3072', 'ec-p256'] as const) {
  test(`a request with a ${kind} key proves the key and says which mailbox it is for`, async () => {
    const key = privateKeyPem(await newPrivateKey(kind));
    const request = createMailboxRequest({ privateKeyPem: key, address, structure });
    const court = openCourtroom();
    court.write('request.pem', request);
    const { ok, words } = court.openssl('req', '-in', 'request.pem', '-verify', '-noout', '-text');
    court.close();
    assert.ok(ok, words);
    assert.match(words, /verify OK/);
    assert.match(words, /O = LABORATOIRE DES CHARMES, OU = 300000000000018, CN = resultats@labo\.example/);
    assert.match(words, /email:resultats@labo\.example/);
    assert.match(words, /E-mail Protection/);
    assert.match(words, kind === 'ec-p256' ? /Key Agreement/ : /Key Encipherment/);
    assert.doesNotMatch(request, /PRIVATE/);
  });
}

test('a request of a mailbox whose national number was not told names it by its own name', async () => {
  const key = privateKeyPem(await newPrivateKey('ec-p256'));
  const request = createMailboxRequest({ privateKeyPem: key, address, structure: { name: 'Labo des Charmes' } });
  const court = openCourtroom();
  court.write('request.pem', request);
  const { words } = court.openssl('req', '-in', 'request.pem', '-verify', '-noout', '-subject');
  court.close();
  assert.match(words, /verify OK/);
  assert.match(words, /subject=C = FR, O = Labo des Charmes, CN = resultats@labo\.example/);
});

test('a request with an altered name is not believed', async () => {
  const key = privateKeyPem(await newPrivateKey('ec-p256'));
  const request = createMailboxRequest({ privateKeyPem: key, address, structure });
  const der = Buffer.from(request.replace(/-----[^-]+-----/g, ''), 'base64');
  der.write('LABORATOIRE DES CHIMERES'.slice(0, 23), der.indexOf('LABORATOIRE'));
  const court = openCourtroom();
  court.write('request.der', der);
  const { words } = court.openssl('req', '-inform', 'DER', '-in', 'request.der', '-verify', '-noout');
  court.close();
  assert.doesNotMatch(words, /verify OK/);
});

test('a request for what is no mail address is refused', async () => {
  const key = privateKeyPem(await newPrivateKey('ec-p256'));
  const nonsense = { privateKeyPem: key, address: 'labo', structure };
  assert.throws(() => createMailboxRequest(nonsense), RangeError);
});
