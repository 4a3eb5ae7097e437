/** Whom a letter names, which of the two headers counts, and what it asks for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import * as fc from 'fast-check';
import { headersOf, payloadOf, unprotected, writerOf } from './header-protection.ts';
import { peopleIn } from './letter-people.ts';
import { readEntity, readLetter } from './mime-entity.ts';

const FROM = 'From: Claire MARTIN <claire.martin@cabinet.example>';

/** Headers of a letter, with a payload whose own fields are protected when `inner` is given. */
function headers(outer: readonly string[], inner?: readonly string[], type = 'text/plain') {
  const root = readLetter(Buffer.from([FROM, ...outer, 'Content-Type: text/plain', '', 'x', ''].join('\r\n')));
  if (inner === undefined) return headersOf(root, unprotected(root), writerOf(root, unprotected(root)));
  const entity = readEntity(Buffer.from([`Content-Type: ${type}`, ...inner, '', 'x', ''].join('\r\n')), root.around);
  const payload = payloadOf(root, entity, true);
  return headersOf(root, payload, writerOf(root, payload));
}

const named = (found: { people: readonly { address: string; role: string }[] }) =>
  found.people.map(({ address, role }) => `${role} ${address}`);

test('To and Cc name people, each once, groups and comments and all', () => {
  const to = 'A <a@x.example>, "B, Dr" <b@x.example>, Groupe: c@x.example, d@x.example;';
  const cc = 'B <B@X.example>, e@y.example (secrétariat), not an address';
  assert.deepEqual(named(peopleIn(to, cc)), [
    'to a@x.example',
    'to b@x.example',
    'to c@x.example',
    'to d@x.example',
    'cc e@y.example',
  ]);
  assert.deepEqual(peopleIn('undisclosed-recipients:;', ''), { people: [], peopleLeftOut: 0 });
});

test('those beyond the limit are counted, not forgotten', () => {
  const many = Array.from({ length: CONVERSATION_LIMITS.mailPeopleMax + 7 }, (_, at) => `p${at}@x.example`).join(', ');
  const { people, peopleLeftOut } = peopleIn(many, '');
  assert.deepEqual([people.length, peopleLeftOut], [CONVERSATION_LIMITS.mailPeopleMax, 7]);
});

test('whatever stands in the fields, reading them ends, and nobody stands there twice', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300, unit: 'binary' }), (to, cc) => {
      const keys = peopleIn(`a@x.example, ${to}`, cc).people.map(({ address }) => address.toLowerCase());
      assert.equal(new Set(keys).size, keys.length);
    }),
    { seed: 20260112 },
  );
});

test('prevents: a Cc added on the way to a letter that protects its To', () => {
  const outer = ['To: pharmacie@officine.example', 'Cc: mallory@evil.example'];
  const found = headers(outer, ['To: pharmacie@officine.example']);
  assert.deepEqual([named(found), found.cc, found.toProtected], [['to pharmacie@officine.example'], '', true]);
  const whole = headers(outer, ['Subject: INR'], 'text/plain; hp="clear"');
  assert.deepEqual(named(whole), []);
  assert.deepEqual(named(headers(outer, [])), ['to pharmacie@officine.example', 'cc mallory@evil.example']);
});

test('Reply-To counts as one plain address other than From, and says where it stood', () => {
  const replyTo = (outer: string, inner?: string) => {
    const found = headers([outer], inner === undefined ? undefined : [inner]);
    return [found.replyTo, found.replyToProtected];
  };
  assert.deepEqual(replyTo('Reply-To: Secrétariat <sec@cabinet.example>'), ['sec@cabinet.example', false]);
  assert.deepEqual(replyTo('Reply-To: a@x.example', 'Reply-To: sec@cabinet.example'), ['sec@cabinet.example', true]);
  assert.deepEqual(replyTo('Reply-To: Claire.Martin@cabinet.example'), ['', false]);
  assert.deepEqual(replyTo('Reply-To: a@x.example, b@x.example'), ['', false]);
  assert.deepEqual(replyTo('Subject: none'), ['', false]);
});

test('urgency and the wish to be told are read in the forms programs write', () => {
  for (const field of ['X-Priority: 1 (Highest)', 'Importance: High', 'Priority: urgent', 'X-MSMail-Priority: High'])
    assert.equal(headers([field]).urgent, true, field);
  for (const field of ['X-Priority: 3', 'Importance: normal', 'Priority: non-urgent', 'Subject: urgent'])
    assert.equal(headers([field]).urgent, false, field);
  const asks = (value: string) => headers([`Disposition-Notification-To: ${value}`]).dispositionTo;
  assert.equal(asks('Claire <claire.martin@cabinet.example>'), 'claire.martin@cabinet.example');
  assert.equal(asks('a@x.example, b@x.example'), '');
});
