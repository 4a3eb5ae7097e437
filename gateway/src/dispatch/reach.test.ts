/** Which domains mail may go to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOf } from './peers.fixture.ts';
import { domainOf, reachOf } from './reach.ts';

test('the domain of an address is compared in lower case, in its ASCII form', () => {
  assert.equal(domainOf('Claire.Martin@Cabinet.EXAMPLE'), 'cabinet.example');
  assert.equal(domainOf('"a@b"@hôpital.example.'), 'xn--hpital-ixa.example');
  for (const nobody of ['', 'claire@', 'claire@not a domain', 'claire@..'])
    assert.equal(reachOf({ reaches: 'any-domain' }, null, domainOf(nobody)), 'outside', nobody);
});

test('a space reaches the domains it names, those of its list, or any', () => {
  const named = { reaches: ['Cabinet.example', 'hôpital.example'] };
  assert.equal(reachOf(named, null, 'cabinet.example'), 'reached');
  assert.equal(reachOf(named, null, 'xn--hpital-ixa.example'), 'reached');
  for (const domain of ['sub.cabinet.example', 'example', 'evilcabinet.example'])
    assert.equal(reachOf(named, null, domain), 'outside', domain);
  const listed = { reaches: 'listed-domains' } as const;
  assert.equal(reachOf(listed, listOf({ 'cabinet.example': 'x' }), 'cabinet.example'), 'reached');
  assert.equal(reachOf(listed, listOf({}), 'cabinet.example'), 'outside');
  for (const list of [null, listOf(null)]) assert.equal(reachOf(listed, list, 'cabinet.example'), 'list-unavailable');
  assert.equal(reachOf({ reaches: 'any-domain' }, null, 'cabinet.example'), 'reached');
});
