/** Into which conversation a letter goes, and why: the routing order of the design, and everybody who must not join. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { openVault } from '@estafette/runtime/vault';
import type { Routing } from '../conversation/route-letter.ts';
import type { RoutingQuestion } from '../conversation/routing-question.ts';
import { openThreadTokens } from '../conversation/thread-token.ts';
import { HOUR_MS, openWorld, questionIn, TTL_SECONDS, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function routed(question: RoutingQuestion): Promise<Extract<Routing, { outcome: 'routed' }>> {
  const routing = await world.route(question);
  assert.equal(routing.outcome, 'routed');
  return routing as Extract<Routing, { outcome: 'routed' }>;
}

const stranger = () => world.vault.index('address-index', 'stranger@elsewhere.example');

/** A first letter, and the Message-ID of our answer to it. */
async function answered(): Promise<{ first: RoutingQuestion; conversationId: string; answerId: string }> {
  const first = questionIn(world, { messageId: '<first@cabinet.example>' });
  const conversationId = (await routed(first)).conversation.id;
  const replyId = newId('reply');
  const answerId = world.tokens.messageIdFor(conversationId, replyId);
  const messageIdIndex = world.indexOf('message-id', answerId);
  const entry = { mailboxId: world.mailboxId, conversationId, subject: replyId, messageIdIndex };
  await world.store.rememberMessageId({ ...entry, direction: 'out' });
  return { first, conversationId, answerId };
}

test('a letter that answers nothing opens a conversation that ends with an epoch', async () => {
  const { conversation, route, isNew } = await routed(questionIn(world));
  assert.deepEqual([route, isNew], ['new', true]);
  assert.equal(conversation.expiresAt % HOUR_MS, 0);
  assert.ok(conversation.expiresAt >= world.clock.ms + TTL_SECONDS * 1_000);
});

test('our token in References or In-Reply-To joins its conversation, whatever the subject', async () => {
  const { conversationId, answerId } = await answered();
  for (const headers of [
    { references: `<x@y> ${answerId}`, subject: 'Autre chose' },
    { inReplyTo: answerId, subject: '' },
  ]) {
    const { conversation, route, isNew } = await routed(questionIn(world, headers));
    assert.deepEqual([conversation.id, route, isNew], [conversationId, 'thread-token', false]);
  }
});

test('In-Reply-To of a mail we sent joins, even under an id that is no token', async () => {
  const { conversationId } = await answered();
  const messageIdIndex = world.indexOf('message-id', '<moved@gateway.officine.example>');
  const entry = { mailboxId: world.mailboxId, conversationId, subject: newId('reply'), messageIdIndex };
  await world.store.rememberMessageId({ ...entry, direction: 'out' });
  const { conversation, route } = await routed(
    questionIn(world, { inReplyTo: '<moved@gateway.officine.example>', subject: 'Autre' }),
  );
  assert.deepEqual([conversation.id, route], [conversationId, 'in-reply-to']);
});

test('References to a letter of the conversation join under the same canonical subject only', async () => {
  const { conversationId } = await answered();
  const references = '<first@cabinet.example>';
  const same = await routed(questionIn(world, { references, subject: 'RE: Tr : inr' }));
  assert.deepEqual([same.conversation.id, same.route], [conversationId, 'references']);
  const other = await routed(questionIn(world, { references, subject: 'Autre patiente' }));
  assert.notEqual(other.conversation.id, conversationId);
  assert.equal(other.route, 'new');
  const empty = await routed(questionIn(world, { references, subject: 'Re: ' }));
  assert.notEqual(empty.conversation.id, conversationId);
});

test('a stranger who quotes every id of a conversation does not join it', async () => {
  const { conversationId, answerId } = await answered();
  const headers = { references: `<first@cabinet.example> ${answerId}`, inReplyTo: answerId };
  const { conversation, route } = await routed(questionIn(world, headers, { correspondentIndex: stranger() }));
  assert.notEqual(conversation.id, conversationId);
  assert.equal(route, 'new');
});

test('a sender who is not proven does not join, and the letter says why it stands alone', async () => {
  const { conversationId, answerId } = await answered();
  const { conversation, route } = await routed(questionIn(world, { inReplyTo: answerId }, { proof: null }));
  assert.notEqual(conversation.id, conversationId);
  assert.equal(route, 'new-unproven');
});

test('a participant of another mailbox does not join', async () => {
  const { conversationId, answerId } = await answered();
  const mailboxId = newId('mailbox');
  await world.store.addMailbox({ id: mailboxId, address: 'autre@officine.example', name: 'x', kind: 'ORG' });
  const { conversation } = await routed(questionIn(world, { inReplyTo: answerId }, { mailboxId }));
  assert.notEqual(conversation.id, conversationId);
});

test('a token that was altered, or made under another vault, leads nowhere', async () => {
  const { conversationId, answerId } = await answered();
  const elsewhere = openThreadTokens(openVault(randomBytes(32)), 'gateway.officine.example');
  const other = await routed(questionIn(world, { messageId: '<other@cabinet.example>', subject: 'Autre' }));
  for (const token of [
    elsewhere.messageIdFor(conversationId, newId('reply')),
    answerId.replace(conversationId.slice(4), other.conversation.id.slice(4)),
    answerId.replace(/[0-9a-f]@/, (end) => (end.startsWith('0') ? '1@' : '0@')),
  ]) {
    assert.equal(world.tokens.conversationOf(token), null);
    const { conversation } = await routed(questionIn(world, { references: token }));
    assert.notEqual(conversation.id, conversationId);
    assert.notEqual(conversation.id, other.conversation.id);
  }
});

test('an answer to an expired conversation opens a new one and says so', async () => {
  const { conversationId, answerId } = await answered();
  world.clock.ms += 4 * HOUR_MS;
  const late = await routed(questionIn(world, { inReplyTo: answerId }));
  assert.notEqual(late.conversation.id, conversationId);
  assert.equal(late.route, 'new-expired');
  await world.store.eraseExpired(world.clock.ms);
  assert.equal((await routed(questionIn(world, { inReplyTo: answerId }))).route, 'new-expired');
});

test('joining a conversation extends it under the same key', async () => {
  const { conversationId, answerId } = await answered();
  const before = await world.store.conversation(conversationId);
  world.clock.ms += HOUR_MS;
  const { conversation, key } = await routed(questionIn(world, { inReplyTo: answerId }));
  assert.ok(conversation.expiresAt > (before?.expiresAt ?? 0));
  assert.deepEqual(await world.store.conversation(conversationId), conversation);
  assert.deepEqual((before && (await world.custody.unwrap(before)))?.raw, key.raw);
});

test('the same letter delivered again is a duplicate, and is told as one', async () => {
  const { first } = await answered();
  const again = { ...first, letterId: newId('letter') };
  assert.deepEqual(await world.route(again), { outcome: 'duplicate', letterId: first.letterId });
  const lines = await world.store.trace(again.letterId);
  assert.deepEqual(
    lines.map((line) => line.event),
    ['letter-duplicate'],
  );
});

test('a second run of the same job finds its own row, with the same conversation and key', async () => {
  const { first, conversationId } = await answered();
  const one = await routed(first);
  const other = await routed(first);
  assert.deepEqual([one.conversation.id, other.conversation.id], [conversationId, conversationId]);
  assert.deepEqual(one.key.raw, other.key.raw);
  assert.equal(one.isNew, true);
  assert.equal((await world.store.lettersOf(first.letterId)).length, 1);
});

test('a second run that takes the letter for another one finds its own row all the same', async () => {
  const { first, conversationId } = await answered();
  const again = await routed({ ...first, dedupeIndex: questionIn(world).dedupeIndex });
  assert.equal(again.conversation.id, conversationId);
  assert.equal((await world.store.lettersOf(first.letterId)).length, 1);
});

test('the same letter to two mailboxes stands once in each', async () => {
  const first = questionIn(world);
  const mailboxId = newId('mailbox');
  await world.store.addMailbox({ id: mailboxId, address: 'autre@officine.example', name: 'x', kind: 'ORG' });
  const one = await routed(first);
  const other = await routed({ ...first, mailboxId });
  assert.notEqual(one.conversation.id, other.conversation.id);
});

test('two deliveries at the same moment make one row', async () => {
  const first = questionIn(world);
  const twin = { ...first, letterId: newId('letter') };
  const outcomes = await Promise.allSettled([world.route(first), world.route(twin)]);
  const words = outcomes.map((one) => (one.status === 'fulfilled' ? one.value.outcome : 'failed'));
  assert.equal(words.filter((word) => word === 'routed').length, 1, words.join());
});

test('a letter that waited until its conversation was destroyed gets another one, and says so', async () => {
  const { first, conversationId } = await answered();
  world.clock.ms += 4 * HOUR_MS;
  await world.custody.destroyOver(world.clock.ms);
  const { conversation, route } = await routed({ ...first, now: world.clock.ms });
  assert.notEqual(conversation.id, conversationId);
  assert.equal(route, 'new-expired');
  assert.equal((await world.store.lettersOf(first.letterId))[0]?.conversationId, conversation.id);
});

test('a letter that was delivered before its conversation was destroyed is not delivered again', async () => {
  const { first } = await answered();
  await world.store.markDelivered(first.letterId, world.mailboxId);
  world.clock.ms += 4 * HOUR_MS;
  await world.custody.destroyOver(world.clock.ms);
  assert.deepEqual(await world.route({ ...first, now: world.clock.ms }), { outcome: 'delivered-before' });
});
