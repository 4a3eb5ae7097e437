/**
 * Threads laid for somebody: a user of another operator, or a colleague, who has seen a letter of his writes under its
 * Message-ID and names him in Cc, so that his next letter would join a conversation of hers. And what ends a search.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { SenderProof } from '../conversation/prove-sender.ts';
import type { Routing } from '../conversation/route-letter.ts';
import type { RoutingQuestion } from '../conversation/routing-question.ts';
import { HOUR_MS, openWorld, questionIn, TTL_SECONDS, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const OPERATOR: SenderProof = { kind: 'operator', space: 'mssante' };
const CERTIFICATE: SenderProof = { kind: 'certificate' };
const FIRST = '<premier@hopital.example>';
const SECOND = '<deuxieme@hopital.example>';

const indexOf = (name: string): Buffer => world.vault.index('address-index', name);
const cc = (...names: string[]) => names.map((name) => ({ addressIndex: indexOf(name), role: 'cc' as const }));
const answerIn = (conversationId: string): string => world.tokens.messageIdFor(conversationId, newId('reply'));

async function letterOf(
  name: string,
  headers: Partial<RoutingQuestion['headers']>,
  change: Partial<RoutingQuestion> = {},
): Promise<{ id: string; route: string }> {
  const place = { correspondentIndex: indexOf(name), proof: OPERATOR, space: 'mssante', ...change };
  const routing = (await world.route(questionIn(world, { subject: 'Mme X', ...headers }, place))) as Routing;
  assert.equal(routing.outcome, 'routed');
  if (routing.outcome !== 'routed') throw new Error('unreachable');
  return { id: routing.conversation.id, route: routing.route };
}

test('prevents: the id of his first letter, planted in a conversation of hers, drawing his second one there', async () => {
  const own = await letterOf('victor', { messageId: FIRST });
  const planted = [];
  for (let at = 0; at < CONVERSATION_LIMITS.threadsLookedAtMax + 1; at += 1)
    planted.push((await letterOf('mallory', { messageId: FIRST }, { people: cc('victor') })).id);
  assert.equal(new Set([own.id, ...planted]).size, planted.length + 1);
  const next = await letterOf('victor', { references: FIRST, inReplyTo: FIRST, subject: 'Re: Mme X' });
  assert.deepEqual(next, { id: own.id, route: 'references' });
});

test('prevents: an id that she planted before his own letter came drawing his next one', async () => {
  const planted = await letterOf('mallory', { messageId: FIRST }, { people: cc('victor') });
  const own = await letterOf('victor', { messageId: FIRST });
  assert.notEqual(own.id, planted.id);
  assert.equal((await letterOf('victor', { references: FIRST })).id, own.id);
});

test('prevents: another subject leading past his own conversation to the one where she planted his id', async () => {
  await letterOf('victor', { messageId: FIRST });
  const planted = await letterOf('mallory', { messageId: FIRST, subject: 'Mme Y' }, { people: cc('victor') });
  const next = await letterOf('victor', { references: FIRST, subject: 'Mme Y' });
  assert.notEqual(next.id, planted.id);
  assert.equal(next.route, 'new');
});

test('in a thread that a colleague began, the first use of an id leads there, not where it was planted later', async () => {
  const thread = await letterOf('wanda', { messageId: FIRST }, { people: cc('victor') });
  const joined = await letterOf('victor', { messageId: SECOND, references: FIRST });
  assert.equal(joined.id, thread.id);
  await letterOf('mallory', { messageId: SECOND }, { people: cc('victor') });
  await letterOf('mallory', { messageId: FIRST }, { people: cc('victor') });
  assert.equal((await letterOf('victor', { references: `${FIRST} ${SECOND}` })).id, thread.id);
});

for (const [what, quoted] of [
  ['his own letter', () => FIRST],
  ['our answer', (id: string) => answerIn(id)],
] as const)
  test(`when his conversation is over, quoting ${what} opens a new one, and finds none of hers behind it`, async () => {
    const own = await letterOf('victor', { messageId: FIRST });
    const inReplyTo = quoted(own.id);
    const ttlMs = TTL_SECONDS * 1_000;
    world.clock.ms += ttlMs + HOUR_MS;
    const planted = await letterOf('mallory', { messageId: FIRST }, { people: cc('victor') });
    const older = await letterOf('mallory', { messageId: SECOND }, { people: cc('victor') });
    const next = await letterOf('victor', { references: `${SECOND} ${FIRST}`, inReplyTo });
    assert.ok(![own.id, planted.id, older.id].includes(next.id));
    assert.equal(next.route, 'new-expired');
  });

test('after one that is over, his letters go on in the new one: what he quotes last leads there', async () => {
  const own = await letterOf('victor', { messageId: FIRST });
  const answer = answerIn(own.id);
  world.clock.ms += TTL_SECONDS * 1_000 + HOUR_MS;
  const next = await letterOf('victor', { messageId: SECOND, references: `${FIRST} ${answer}` });
  assert.equal(next.route, 'new-expired');
  const last = await letterOf('victor', { references: `${FIRST} ${answer} ${SECOND}`, inReplyTo: SECOND });
  assert.deepEqual(last, { id: next.id, route: 'references' });
});

test('a proof that does not count in his own conversation opens a new one, and finds none of hers behind it', async () => {
  const signed = { proof: CERTIFICATE, space: 'demo' };
  const own = await letterOf('victor', { messageId: FIRST }, signed);
  const planted = await letterOf('mallory', { messageId: SECOND }, { people: cc('victor') });
  const headers = { references: `${SECOND} ${FIRST}`, inReplyTo: answerIn(own.id) };
  const next = await letterOf('victor', headers);
  assert.ok(![own.id, planted.id].includes(next.id));
  assert.equal(next.route, 'new');
  assert.equal((await letterOf('victor', headers, signed)).id, own.id);
});

test('a stranger who quotes ids joins nothing, and they end no search of his own', async () => {
  const other = await letterOf('victor', { messageId: FIRST });
  const own = await letterOf('mallory', { messageId: SECOND });
  assert.ok(![other.id].includes((await letterOf('mallory', { references: FIRST })).id));
  const next = await letterOf('mallory', { references: `${SECOND} ${FIRST} ${answerIn(other.id)}` });
  assert.equal(next.id, own.id);
});
