import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { openVault } from '@estafette/runtime/vault';
import fc from 'fast-check';
import { canonicalSubject, messageIdsIn, openThreadTokens } from './thread-token.ts';

const tokens = openThreadTokens(openVault(randomBytes(32)), 'gateway.officine.example');

test('a Message-ID of ours is the same for the same reply and leads back to its conversation', () => {
  const [conversationId, replyId] = [newId('conversation'), newId('reply')];
  const messageId = tokens.messageIdFor(conversationId, replyId);
  assert.equal(messageId, tokens.messageIdFor(conversationId, replyId));
  assert.equal(tokens.conversationOf(messageId), conversationId);
  assert.match(messageId, /^<[A-Za-z0-9.]+@gateway\.officine\.example>$/);
});

test('a token with any one character altered is not ours', () => {
  const messageId = tokens.messageIdFor(newId('conversation'), newId('reply'));
  for (let at = 1; at < messageId.indexOf('@'); at += 1) {
    const other = messageId[at] === 'Z' ? 'Y' : 'Z';
    const altered = messageId.slice(0, at) + other + messageId.slice(at + 1);
    assert.equal(tokens.conversationOf(altered), null, altered);
  }
});

test('a token of another vault is not ours', () => {
  const other = openThreadTokens(openVault(randomBytes(32)), 'gateway.officine.example');
  assert.equal(tokens.conversationOf(other.messageIdFor(newId('conversation'), newId('reply'))), null);
});

test('ids are found in any field, the last hundred of them', () => {
  assert.deepEqual(messageIdsIn('<a@b> (comment) <c@d>\t<e@f>'), ['<a@b>', '<c@d>', '<e@f>']);
  assert.deepEqual(messageIdsIn('a@b <> < c@d> <x y>'), []);
  const many = Array.from({ length: 150 }, (_, at) => `<${at}@a>`);
  assert.deepEqual(messageIdsIn(many.join('')), many.slice(-100));
  assert.deepEqual(messageIdsIn(`<${'a'.repeat(300)}@b>`), []);
});

test('a subject is compared without marks of answers, in French, English and German', () => {
  for (const subject of ['INR', 're: INR', 'RE : Fwd: inr', 'Réf : Tr: INR', 'Re[2]: INR', 'AW: WG: Inr', ' INR '])
    assert.equal(canonicalSubject(subject), 'inr', subject);
  for (const empty of ['', 'Re:', ' Re: Tr : ']) assert.equal(canonicalSubject(empty), '');
  assert.equal(canonicalSubject('Regime: INR'), 'regime: inr');
});

test('canonical subjects are stable, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (subject) => {
      assert.equal(canonicalSubject(`Re: ${canonicalSubject(subject)}`), canonicalSubject(subject));
    }),
    { seed: 20260112 },
  );
});
