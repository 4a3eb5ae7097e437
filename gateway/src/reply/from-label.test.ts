/** The name a mailbox writes under: what the operator described, and its plain name where he did not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mailbox } from '../ports.ts';
import { fromLabel } from './from-label.ts';

const MAILBOX: Omit<Mailbox, 'id'> = { address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' };
const POLICY = { hasOperatorLabel: true };

test('a person writes under title, first name, NAME and place; an organisation under its functional name', () => {
  const label = (mailbox: Partial<Mailbox>) => fromLabel({ ...MAILBOX, ...mailbox }, POLICY);
  const person = {
    kind: 'PER',
    title: 'Dr',
    givenName: 'Marie',
    familyName: 'Martin',
    entity: 'Cabinet Medical',
  } as const;
  assert.equal(label(person), 'Dr_Marie_MARTIN_Cabinet Medical');
  assert.equal(label({ kind: 'PER', givenName: 'Éloïse', familyName: "d'Étretat" }), "Éloïse_D'ÉTRETAT");
  assert.equal(label({ kind: 'PER', familyName: 'Martin' }), 'Pharmacie', 'half a name is none');
  assert.equal(label({ kind: 'ORG', entity: 'Pharmacie des Tilleuls' }), 'Pharmacie des Tilleuls');
  assert.equal(label({ kind: 'APP' }), 'Pharmacie');
  assert.equal(fromLabel({ ...MAILBOX, ...person }, { hasOperatorLabel: false }), 'Pharmacie');
});
