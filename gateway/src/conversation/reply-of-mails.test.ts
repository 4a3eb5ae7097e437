/** What a reply has come to by its mails, as a table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recipientsOf, replyOfMails } from './reply-of-mails.ts';

const mail = (
  state: Parameters<typeof replyOfMails>[0][number]['state'],
  failure: string | null = null,
  certain = true,
) => ({
  state,
  failure,
  certain,
});

const TABLE = [
  [[], null],
  [['sealed'], 'sealed'],
  [['held'], 'delayed'],
  [['dropped'], 'failed'],
  [['sent', 'sealed'], 'sealed'],
  [['delayed', 'sealed'], 'delayed'],
  [['delayed', 'delivered'], 'delayed'],
  [['held', 'sent'], 'delayed'],
  [['sent', 'sent'], 'sent'],
  [['sent', 'delivered'], 'sent'],
  [['sent', 'unknown'], 'unknown'],
  [['unknown', 'read'], 'unknown'],
  [['unknown', 'delayed'], 'delayed'],
  [['delivered', 'read'], 'delivered'],
  [['read', 'read'], 'read'],
  [['read', 'failed'], 'failed'],
  [['failed', 'delayed', 'sealed'], 'failed'],
  [['dropped', 'delivered'], 'failed'],
] as const;

test('a reply is as far as its least advanced mail, and has failed as soon as one of them has', () => {
  for (const [states, expected] of TABLE) {
    for (const given of [states, states.toReversed()])
      assert.equal(replyOfMails(given.map((state) => mail(state)))?.state ?? null, expected, given.join(' '));
  }
});

test('its failure is that of the mail which decides, a certain one before an uncertain', () => {
  const mails = [mail('failed', 'next-hop-gave-up', false), mail('failed', 'next-hop-refused'), mail('sent')];
  assert.deepEqual(replyOfMails(mails), { state: 'failed', failure: 'next-hop-refused', certain: true });
  assert.deepEqual(replyOfMails(mails.slice(0, 1)), { state: 'failed', failure: 'next-hop-gave-up', certain: false });
  assert.deepEqual(replyOfMails([mail('delayed', 'peer-untrusted', false), mail('sent')])?.failure, 'peer-untrusted');
});

test('good news of several is as certain as the least certain of them', () => {
  for (const state of ['delivered', 'read'] as const) {
    const given = [mail(state), mail(state, null, false)];
    for (const mails of [given, given.toReversed()])
      assert.deepEqual(replyOfMails(mails), { state, failure: null, certain: false });
  }
});

test('recipients are told one by one where there are several, as far as their addresses are remembered', () => {
  const at = Date.UTC(2026, 5, 15);
  const one = { ...mail('held', 'held-by-operator'), to: 'claire@cabinet.example', changedAt: at };
  assert.deepEqual(recipientsOf([one]), []);
  const told = { address: one.to, state: 'delayed', failure: 'held-by-operator', at: '2026-06-15T00:00:00.000Z' };
  assert.deepEqual(recipientsOf([one, { ...one, to: null }]), [told]);
});
