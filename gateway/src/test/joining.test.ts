/**
 * Who joins a conversation: several people on a letter, several proofs, several trust spaces, and everybody who must not.
 * The property at the end looks at random correspondence against a model of who takes part.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import * as fc from 'fast-check';
import { createEraser } from '../conversation/erase.ts';
import type { SenderProof } from '../conversation/prove-sender.ts';
import { createRouter, type Routing } from '../conversation/route-letter.ts';
import type { RoutingQuestion } from '../conversation/routing-question.ts';
import type { LastingStore } from '../ports.ts';
import { openWorld, questionIn, TTL_SECONDS, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

type Routed = Extract<Routing, { outcome: 'routed' }>;
const CERTIFICATE: SenderProof = { kind: 'certificate' };
const OPERATOR: SenderProof = { kind: 'operator', space: 'mssante' };

const indexOf = (name: string): Buffer => world.vault.index('address-index', `${name}@cabinet.example`);
const cc = (...names: string[]) => names.map((name) => ({ addressIndex: indexOf(name), role: 'cc' as const }));
const answerIn = (conversationId: string): string => world.tokens.messageIdFor(conversationId, newId('reply'));

async function routed(
  headers: Partial<RoutingQuestion['headers']> = {},
  change: Partial<RoutingQuestion> = {},
): Promise<Routed> {
  const routing = await world.route(questionIn(world, headers, { correspondentIndex: indexOf('claire'), ...change }));
  assert.equal(routing.outcome, 'routed');
  return routing as Routed;
}
const from = (name: string, proof: SenderProof | null = CERTIFICATE) => ({ correspondentIndex: indexOf(name), proof });

test('somebody in Cc of a proven letter takes part: his own proven answer joins', async () => {
  const { conversation } = await routed({}, { people: cc('paul') });
  const quoting = { inReplyTo: answerIn(conversation.id) };
  const answer = await routed(quoting, from('paul'));
  assert.deepEqual([answer.conversation.id, answer.route], [conversation.id, 'thread-token']);
  assert.notEqual((await routed(quoting, from('paul', null))).conversation.id, conversation.id);
  assert.notEqual((await routed(quoting, from('jean'))).conversation.id, conversation.id);
});

test('somebody whom a participant adds by a later letter takes part from then on', async () => {
  const { conversation } = await routed({}, { people: cc('paul') });
  const quoting = { references: answerIn(conversation.id) };
  assert.notEqual((await routed(quoting, from('jean'))).conversation.id, conversation.id);
  await routed(quoting, { ...from('paul'), people: cc('jean') });
  assert.equal((await routed(quoting, from('jean'))).conversation.id, conversation.id);
});

test('prevents: a letter nobody proved bringing people into a conversation', async () => {
  const forged = await routed({}, { proof: null, people: cc('mallory') });
  assert.deepEqual(await world.store.participantsOf(forged.conversation.id), []);
  const quoting = { references: answerIn(forged.conversation.id) };
  assert.notEqual((await routed(quoting, from('mallory'))).conversation.id, forged.conversation.id);
  const real = await routed({}, { people: [] });
  await routed({ references: answerIn(real.conversation.id) }, { proof: null, people: cc('mallory') });
  const later = await routed({ references: answerIn(real.conversation.id) }, from('mallory'));
  assert.notEqual(later.conversation.id, real.conversation.id);
});

test('prevents: a forged letter under the Message-ID of a genuine one drawing its writer into another thread', async () => {
  const messageId = '<genuine@cabinet.example>';
  const forged = await routed({ messageId }, { proof: null });
  const genuine = await routed({ messageId });
  assert.deepEqual(genuine.marks, ['same-message-id']);
  await routed({ messageId }, { proof: null });
  await routed({ messageId }, from('mallory'));
  const next = await routed({ references: messageId });
  assert.equal(next.conversation.id, genuine.conversation.id);
  assert.notEqual(next.conversation.id, forged.conversation.id);
});

test('an operator proves within its own space only; a certificate everywhere', async () => {
  const inMssante = await routed({}, { ...from('claire', OPERATOR), space: 'mssante' });
  assert.equal(inMssante.conversation.space, 'mssante');
  const quoting = { inReplyTo: answerIn(inMssante.conversation.id) };
  const id = async (proof: SenderProof | null, space: string) =>
    (await routed(quoting, { ...from('claire', proof), space })).conversation.id;
  assert.equal(await id(OPERATOR, 'mssante'), inMssante.conversation.id);
  assert.equal(await id(CERTIFICATE, 'demo'), inMssante.conversation.id);
  const inDemo = await routed({}, { ...from('claire'), space: 'demo' });
  const late = { inReplyTo: answerIn(inDemo.conversation.id) };
  const carried = await routed(late, { ...from('claire', OPERATOR), space: 'mssante' });
  assert.notEqual(carried.conversation.id, inDemo.conversation.id);
  const account = await routed(quoting, {
    ...from('claire', { kind: 'account', space: 'internal' }),
    space: 'internal',
  });
  assert.notEqual(account.conversation.id, inMssante.conversation.id);
});

test('a conversation holds a bounded number of people; whoever came first stays', async () => {
  const names = Array.from({ length: CONVERSATION_LIMITS.participantsMax + 5 }, (_, at) => `p${at}`);
  const { conversation } = await routed({}, { people: cc(...names) });
  const people = await world.store.participantsOf(conversation.id);
  assert.equal(people.length, CONVERSATION_LIMITS.participantsMax);
  assert.ok(people.some(({ addressIndex, role }) => role === 'from' && addressIndex.equals(indexOf('claire'))));
});

test('the same Message-ID with other bytes is a new letter and marked; a second run says the same', async () => {
  const messageId = '<twice@cabinet.example>';
  assert.deepEqual((await routed({ messageId })).marks, []);
  const question = questionIn(world, { messageId }, { correspondentIndex: indexOf('claire') });
  for (let run = 0; run < 2; run += 1)
    assert.deepEqual(((await world.route(question)) as Routed).marks, ['same-message-id']);
});

test('another subject in the same thread is marked; the same one, or one programs write, is not', async () => {
  const { conversation } = await routed({ subject: 'INR' });
  const quoting = { inReplyTo: answerIn(conversation.id) };
  const marks = async (subject: string) => (await routed({ ...quoting, subject })).marks;
  assert.deepEqual(await marks('RE: TR : inr'), []);
  assert.deepEqual(await marks('Re: [...]'), []);
  assert.deepEqual(await marks(''), []);
  assert.deepEqual(await marks('Autre patiente'), ['subject-changed']);
  assert.deepEqual(await marks('Re: autre patiente'), []);
  assert.deepEqual((await routed({ subject: 'Nouveau' })).marks, []);
});

test('a letter that is delivered again after its conversation was erased is still the same, until it is forgotten', async () => {
  const question = questionIn(world);
  await world.route(question);
  await world.store.markDelivered(question.letterId, world.mailboxId);
  world.clock.ms += 400 * 3_600_000;
  await world.custody.destroyOver(world.clock.ms);
  await world.store.eraseExpired(world.clock.ms);
  const again = { ...question, letterId: newId('letter'), now: world.clock.ms };
  assert.deepEqual(await world.route(again), { outcome: 'duplicate', letterId: question.letterId });
  const erase = createEraser(world);
  await erase();
  assert.equal((await world.route({ ...again, letterId: newId('letter') })).outcome, 'duplicate');
  world.clock.ms += CONVERSATION_LIMITS.lettersRememberedMs;
  await erase();
  const late = { ...again, letterId: newId('letter'), now: world.clock.ms };
  assert.equal((await world.route(late)).outcome, 'routed');
});

test('of many deliveries of one letter at the same moment one is routed and all others are duplicates of it', async () => {
  const question = questionIn(world);
  const letterIds = Array.from({ length: 8 }, () => newId('letter'));
  const outcomes = await Promise.all(letterIds.map((letterId) => world.route({ ...question, letterId })));
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), [...Array(7).fill('duplicate'), 'routed']);
  const winner = letterIds[outcomes.findIndex(({ outcome }) => outcome === 'routed')];
  for (const one of outcomes) if (one.outcome === 'duplicate') assert.equal(one.letterId, winner);
});

test('where the database lets two deliveries look at the same time, the row of one still stands alone', async () => {
  const question = questionIn(world);
  await world.route(question);
  const { store } = world;
  /** Reads as a transaction does that began before the other one was committed. */
  const transaction: LastingStore['transaction'] = (work) =>
    store.transaction((inside) => work({ ...inside, letterByDedupe: async () => null }));
  const route = createRouter({ ...world, store: { ...store, transaction }, conversationTtlSeconds: TTL_SECONDS });
  const twin = { ...question, letterId: newId('letter') };
  assert.deepEqual(await route(twin), { outcome: 'duplicate', letterId: question.letterId });
  assert.equal((await store.lettersOf(twin.letterId)).length, 0);
  await assert.rejects(route({ ...twin, mailboxId: newId('mailbox') }));
});

const NAMES = ['claire', 'paul', 'jean', 'mallory'] as const;
const PROOFS: readonly (SenderProof | null)[] = [CERTIFICATE, OPERATOR, { kind: 'account', space: 'internal' }, null];
const letters = fc.array(
  fc.record({
    name: fc.constantFrom(...NAMES),
    proof: fc.constantFrom(...PROOFS),
    space: fc.constantFrom('demo', 'mssante', 'internal'),
    people: fc.subarray([...NAMES]),
    quotes: fc.option(fc.nat(20)),
    by: fc.constantFrom('token', 'sent', 'references'),
    messageId: fc.nat(3),
    mailbox: fc.nat(1),
  }),
  { minLength: 2, maxLength: 14 },
);

test('whatever is written, a letter joins only what its proven writer takes part in', async () => {
  const other = newId('mailbox');
  await world.store.addMailbox({ id: other, address: 'autre@officine.example', name: 'x', kind: 'ORG' });
  let [joined, runs] = [0, 0];
  await fc.assert(
    fc.asyncProperty(letters, async (written) => {
      runs += 1;
      const model: { id: string; mailboxId: string; space: string; people: Set<string>; messageId: string }[] = [];
      for (const { name, proof, space, people, quotes, by, messageId: number, mailbox } of written) {
        const mailboxId = mailbox === 0 ? world.mailboxId : other;
        const target = quotes === null ? undefined : model[quotes % Math.max(1, model.length)];
        const sent = target === undefined ? '' : await sentIn(target);
        const id =
          by === 'token' ? answerIn(target?.id ?? newId('conversation')) : by === 'sent' ? sent : target?.messageId;
        const messageId = `<${number}.${runs}@cabinet.example>`;
        const headers = target === undefined ? { messageId } : { messageId, references: id ?? '', inReplyTo: id ?? '' };
        const { conversation, route } = await routed(headers, {
          ...from(name, proof),
          space,
          mailboxId,
          people: cc(...people),
        });
        const known = model.find((one) => one.id === conversation.id);
        const place = known ?? { id: conversation.id, mailboxId, space, people: new Set<string>(), messageId };
        if (known === undefined) {
          assert.ok(route.startsWith('new'), route);
          model.push(place);
        } else {
          joined += 1;
          assert.ok(proof !== null && known.people.has(name) && known.mailboxId === mailboxId);
          assert.ok(proof.kind === 'certificate' || proof.space === known.space);
        }
        if (proof !== null) for (const one of [name, ...people]) place.people.add(one);
      }
    }),
    { numRuns: 60, seed: 20_261_122 },
  );
  assert.ok(joined > 20, `only ${joined} letters joined: the property says nothing`);
});

/** The id of a mail that was sent in a conversation and carries no token. */
async function sentIn({ id, mailboxId }: { id: string; mailboxId: string }): Promise<string> {
  const messageId = `<${newId('event')}@gateway.officine.example>`;
  const entry = { mailboxId, conversationId: id, subject: newId('reply'), direction: 'out' as const };
  await world.store.rememberMessageId({ ...entry, messageIdIndex: world.indexOf('message-id', messageId) });
  return messageId;
}
