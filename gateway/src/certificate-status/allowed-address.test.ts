/** The allow-list in front of every fetch: no host, port, scheme or notation gets through that the operator did not name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AllowedHost, allowedAddress } from './allowed-address.ts';

const ALLOWED: AllowedHost[] = [
  { name: 'crl.authority.example', isSuffix: false, port: null },
  { name: 'pki.example', isSuffix: true, port: null },
  { name: 'odd.example', isSuffix: false, port: 8_080 },
  { name: '192.88.1.1', isSuffix: false, port: null },
];

const TAKEN = [
  'http://crl.authority.example/a.crl',
  'HTTP://CRL.Authority.Example/a.crl',
  'https://crl.authority.example/a.crl',
  'http://crl.authority.example:443/',
  'http://crl.authority.example./a.crl',
  'http://a.b.pki.example/list?level=1',
  'http://odd.example:8080/',
  'http://192.88.1.1/',
];

const REFUSED = [
  ['another host', 'http://elsewhere.example/'],
  ['a host below an exact name', 'http://x.crl.authority.example/'],
  ['a suffix itself', 'http://pki.example/'],
  ['a name that only ends like a suffix', 'http://evilpki.example/'],
  ['a suffix in the middle', 'http://a.pki.example.evil.example/'],
  ['another port', 'http://crl.authority.example:8080/'],
  ['the usual port of a host named with another', 'http://odd.example/'],
  ['a user name', 'http://crl.authority.example@evil.example/'],
  ['a user and a password', 'http://user:word@crl.authority.example/'],
  ['a user name in front of the right host', 'http://user@crl.authority.example/'],
  ['a file', 'file:///etc/passwd'],
  ['ldap', 'ldap://crl.authority.example/cn=crl'],
  ['ftp', 'ftp://crl.authority.example/a.crl'],
  ['gopher', 'gopher://crl.authority.example/'],
  ['data', 'data:application/pkix-crl;base64,AAAA'],
  ['a backslash for a slash', 'http://evil.example\\@crl.authority.example/'],
  ['an address in place of a name', 'http://127.0.0.1/'],
  ['an address in octal', 'http://0177.0.0.1/'],
  ['an address as one number', 'http://2130706433/'],
  ['an address in hexadecimal', 'http://0x7f000001/'],
  ['a short address', 'http://127.1/'],
  ['an IPv6 address', 'http://[::1]/'],
  ['a mapped address', 'http://[::ffff:127.0.0.1]/'],
  ['full-width figures', 'http://１２７.0.0.1/'],
  ['no host', 'http:///a.crl'],
  ['no address at all', 'crl.authority.example/a.crl'],
  ['too long', `http://crl.authority.example/${'a'.repeat(2_000)}`],
] as const;

test('addresses of listed hosts are taken', () => {
  for (const address of TAKEN) assert.notEqual(allowedAddress(address, ALLOWED), null, address);
});

for (const [kind, address] of REFUSED)
  test(`refused: ${kind}`, () => assert.equal(allowedAddress(address, ALLOWED), null));

test('an empty list takes nothing', () => {
  for (const address of TAKEN) assert.equal(allowedAddress(address, []), null, address);
});

test('a redirect is judged like any other address', () => {
  const base = new URL('http://crl.authority.example/a.crl');
  assert.equal(allowedAddress('/b.crl', ALLOWED, base)?.href, 'http://crl.authority.example/b.crl');
  for (const target of ['//evil.example/', 'http://127.0.0.1/', 'file:///etc/passwd', 'http://user@pki.example/'])
    assert.equal(allowedAddress(target, ALLOWED, base), null, target);
});
