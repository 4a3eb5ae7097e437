/** Domains of the list: whole names in one spelling, and nothing that becomes another name on its way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparableDomain } from './domain-name.ts';

test('letters, digits and hyphens are compared in lower case', () => {
  assert.equal(comparableDomain('Hopital-1.MSSante.example'), 'hopital-1.mssante.example');
});

test('a Unicode domain and its A-label are the same', () => {
  assert.equal(comparableDomain('hôpital.mssante.example'), 'xn--hpital-ixa.mssante.example');
  assert.equal(comparableDomain('HO\u0302PITAL.mssante.example'), 'xn--hpital-ixa.mssante.example');
  assert.equal(comparableDomain('XN--hpital-ixa.mssante.example'), 'xn--hpital-ixa.mssante.example');
});

for (const name of [
  '',
  'localhost',
  'a..example',
  '.example.fr',
  'a.example.',
  'a.example ',
  'a b.example',
  'a.example/x',
  'a%2eexample.fr',
  '127.0.0.1',
  'a.example:25',
  'hop\u00adital.example',
  'hop\u200bital.example',
  '\uff41.example',
  'ℋ.example',
  'a\u3002example',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(130)}fr`,
])
  test(`${JSON.stringify(name.slice(0, 30))} is no domain`, () => {
    assert.equal(comparableDomain(name), null);
  });
