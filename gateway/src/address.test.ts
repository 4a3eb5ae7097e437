/** The one form of an address: the same mailbox gives the same, and no sign that becomes another letter gives another's. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openVault } from '@estafette/runtime/vault';
import { isSameAddress } from './envelope/mail-address.ts';
import { canonicalAddress, canonicalDomain, correspondentIndexOf, domainOf } from './ports.ts';

/** Signs of which lower case, composition or UTS #46 makes a letter that is typed on a keyboard. */
const KELVIN = '\u212a';
const ANGSTROM = '\u212b';
const OHM = '\u2126';

test('a local part in ASCII is lowered, and the domain is in A-labels', () => {
  for (const [given, wanted] of [
    ['Claire.MARTIN@Cabinet.EXAMPLE', 'claire.martin@cabinet.example'],
    ['A@CAFÉ.example', 'a@xn--caf-dma.example'],
    ['a@XN--caf-dma.example', 'a@xn--caf-dma.example'],
    ['"A@b"@Cabinet.example', '"a@b"@cabinet.example'],
    ['@Café.example', '@xn--caf-dma.example'],
    ['Postmaster', 'postmaster'],
    ['a@[IPv6:FE80::1]', 'a@[ipv6:fe80::1]'],
    ['', ''],
  ] as const) {
    assert.equal(canonicalAddress(given), wanted);
    assert.equal(canonicalAddress(wanted), wanted, 'and stays so');
  }
});

test('beyond ASCII a local part counts letter for letter', () => {
  assert.equal(canonicalAddress('ÉLODIE@Cabinet.example'), 'ÉLODIE@cabinet.example');
  assert.notEqual(canonicalAddress('JOSÉ@cabinet.example'), canonicalAddress('josÉ@cabinet.example'));
  assert.notEqual(canonicalAddress('ÉLODIE@cabinet.example'), canonicalAddress('élodie@cabinet.example'));
});

test('prevents: a Kelvin, Ångström or Ohm sign or a dotted I making one mailbox of two', () => {
  const vault = openVault(randomBytes(32));
  for (const [sign, letters] of [
    [KELVIN, ['k', 'K']],
    [ANGSTROM, ['å', 'Å', 'a\u030a']],
    [OHM, ['ω', 'Ω']],
    ['İ', ['i', 'I', 'i\u0307']],
    ['\uff4b', ['k', 'K']],
  ] as const)
    for (const letter of letters)
      for (const shape of ['mar_@hopital.example', 'a@mar_.example', '@mar_.example', 'mar_']) {
        const [odd, plain] = [shape.replace('_', sign), shape.replace('_', letter)];
        assert.notEqual(canonicalAddress(odd), canonicalAddress(plain), odd);
        assert.ok(!correspondentIndexOf(vault, odd).equals(correspondentIndexOf(vault, plain)), odd);
        assert.equal(canonicalAddress(canonicalAddress(odd)), canonicalAddress(odd));
      }
});

test('what is not the canonical form of a domain is none', () => {
  for (const domain of [
    `${KELVIN}.example`,
    `${ANGSTROM}.example`,
    `${OHM}.example`,
    'İ.example',
    '\uff41.example',
    'a b',
  ])
    assert.equal(canonicalDomain(domain), null, domain);
  assert.equal(domainOf('claire@HÔPITAL.example'), 'xn--hpital-ixa.example');
  for (const none of ['claire', 'claire@', `claire@${KELVIN}.example`]) assert.equal(domainOf(none), '', none);
});

test('two addresses are the same mailbox just when their one form is the same', () => {
  const locals = ['JOSÉ', 'josÉ', 'josé', 'jose', 'JOSE', `mar${KELVIN}`, 'mark', 'marK', 'Ü.b', 'Ü.B'];
  const domains = ['cabinet.example', 'CABINET.example', 'café.example', 'CAFÉ.example', 'xn--caf-dma.example'];
  const all = locals.flatMap((local) => domains.map((domain) => `${local}@${domain}`));
  for (const one of all)
    for (const other of all)
      assert.equal(isSameAddress(one, other), canonicalAddress(one) === canonicalAddress(other), `${one} ${other}`);
});
