/** What proves a sender: his certificate everywhere, his operator or account where the space asks for no S/MIME. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '@estafette/contracts/verdict';
import { type Carrier, NO_HEADERS } from '../ports.ts';
import { countsIn, type ProvingSpace, proofOf } from './prove-sender.ts';

const UNSIGNED: Verdict = {
  signature: 'none',
  identity: 'none',
  encryption: 'none',
  show: 'unverified',
  reasons: ['not-signed', 'not-encrypted', 'unprotected'],
  signer: null,
};
const VERIFIED: Verdict = { ...UNSIGNED, signature: 'valid', identity: 'match', show: 'verified', reasons: [] };

const space = (requires: ProvingSpace['letters']['requires'], admits: 'anyone' | 'listed-operators' | 'accounts') =>
  ({ name: 'space', letters: { requires }, door: { admits } }) as ProvingSpace;
const MSSANTE = space('nothing', 'listed-operators');
const OPERATOR: Carrier = { kind: 'operator', domain: 'hopital.example', name: 'HOPITAL' };
const ACCOUNT: Carrier = { kind: 'account', account: 'logiciel' };

const proof = (from: string, carrier?: Carrier, where = MSSANTE, verdict = UNSIGNED) =>
  proofOf({ verdict, headers: { ...NO_HEADERS, from } }, carrier, where);

test('a verified signature proves its sender, whoever carried the letter', () => {
  for (const carrier of [undefined, OPERATOR, ACCOUNT])
    for (const where of [MSSANTE, space('signed-and-encrypted', 'anyone')])
      assert.deepEqual(proof('a@elsewhere.example', carrier, where, VERIFIED), { kind: 'certificate' });
});

test('an operator proves the addresses of its own domain, in whatever case and script', () => {
  const found = { kind: 'operator', space: 'space' };
  assert.deepEqual(proof('a@hopital.example', OPERATOR), found);
  assert.deepEqual(proof('a@HOPITAL.example', OPERATOR), found);
  const accented = { ...OPERATOR, domain: 'xn--hpital-ixa.example' };
  assert.deepEqual(proof('a@hôpital.example', accented), found);
});

test('somebody inside another listed operator proves nothing of this domain', () => {
  for (const from of ['a@labo.example', 'a@sub.hopital.example', 'a@example', 'a@hopital.example.evil.example', ''])
    assert.equal(proof(from, OPERATOR), null, from);
  assert.equal(proof('a@hopital.example', { ...OPERATOR, domain: '' }), null);
});

test('an operator proves nothing at a door that does not ask who it is, nor where S/MIME is asked for', () => {
  assert.equal(proof('a@hopital.example', OPERATOR, space('nothing', 'anyone')), null);
  assert.equal(proof('a@hopital.example', OPERATOR, space('nothing', 'accounts')), null);
  for (const requires of ['signed-or-encrypted', 'signed-and-encrypted'] as const)
    assert.equal(proof('a@hopital.example', OPERATOR, space(requires, 'listed-operators')), null);
  assert.equal(proof('a@hopital.example', undefined), null);
});

test('a letter that contradicts itself is proven by nobody but a verified signature', () => {
  const bad: Partial<Verdict>[] = [
    { show: 'quarantine' },
    { signature: 'invalid' },
    { signature: 'valid', identity: 'mismatch' },
    { reasons: ['address-confusable'] },
  ];
  for (const change of bad)
    assert.equal(proof('a@hopital.example', OPERATOR, MSSANTE, { ...UNSIGNED, ...change }), null);
});

test('an account proves its sender at the door of accounts only', () => {
  const internal = space('nothing', 'accounts');
  assert.deepEqual(proof('a@officine.example', ACCOUNT, internal), { kind: 'account', space: 'space' });
  assert.equal(proof('a@officine.example', ACCOUNT), null);
});

test('a certificate counts in every conversation, an operator in those of its space', () => {
  const operator = { kind: 'operator', space: 'mssante' } as const;
  assert.deepEqual([countsIn({ kind: 'certificate' }, 'demo'), countsIn({ kind: 'certificate' }, null)], [true, true]);
  assert.deepEqual(
    ['mssante', 'demo', null].map((where) => countsIn(operator, where)),
    [true, false, false],
  );
});
