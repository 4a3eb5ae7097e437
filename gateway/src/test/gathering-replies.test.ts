/**
 * From the reply of a device to the outbox: messages typed in a row become one mail, once, whatever crashes, forgets or
 * runs twice.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { newConversation, newLetter, newMailbox } from '../lasting/rows.conformance.ts';
import { PAUSE_MS } from './outbound.fixture.ts';
import { openTyping, type Typing } from './typing.fixture.ts';
import { HOUR_MS, START } from './world.fixture.ts';

let world: Typing['world'];
let conversation: Typing['conversation'];
let sealed: Typing['sealed'];
let crashes: Typing['crashes'];
let typing: Typing;
beforeEach(async () => {
  typing = await openTyping();
  ({ world, conversation, sealed, crashes } = typing);
});
afterEach(() => world.close());
const outboundOf: Typing['outboundOf'] = (pauseMs) => typing.outboundOf(pauseMs);
const given: Typing['given'] = (change) => typing.given(change);
const addLetter: Typing['addLetter'] = (context) => typing.addLetter(context);
const composeJobs = () => typing.composeJobs();
const mailJobs = () => typing.mailJobs();
const texts = () => typing.texts();
const stateOf = (replyId: string) => typing.stateOf(replyId);
const refusals = () => typing.refusals();

test('messages typed in a row leave as one mail when the pause after the last is over', async () => {
  const outbound = outboundOf();
  const [one, two] = [await given({ text: 'Bien reçu.' }), await given({ text: 'Je rappelle.' })];
  await outbound.accept(one);
  world.clock.ms += 3_000;
  await outbound.accept(two);
  assert.deepEqual([sealed, composeJobs().map(({ delayMs }) => delayMs)], [[], [PAUSE_MS, PAUSE_MS]]);
  world.clock.ms = START + PAUSE_MS;
  await outbound.compose(conversation.id);
  assert.deepEqual(sealed, [], 'the second message moved the end');
  world.clock.ms += 3_000;
  await outbound.compose(conversation.id);
  assert.deepEqual(texts(), [['Bien reçu.', 'Je rappelle.']]);
  assert.deepEqual([await stateOf(one.reply.replyId), await stateOf(two.reply.replyId)], ['sealed', 'sealed']);
  assert.equal(mailJobs().length, 1);
  const named = await world.store.subjectsByMessageId(
    world.indexOf('message-id', world.tokens.messageIdFor(conversation.id, one.reply.replyId)),
  );
  assert.deepEqual(named.sort(), [one.reply.replyId, two.reply.replyId].sort());
});

test('jobs carry ids and nothing else', async () => {
  await outboundOf().accept(await given());
  assert.deepEqual(
    composeJobs().map(({ job }) => job),
    [{ kind: 'compose', conversationId: conversation.id }],
  );
});

test('what is sent now takes along what was typed before; what is urgent waits for nothing', async () => {
  const outbound = outboundOf();
  await outbound.accept(await given({ text: 'Un.' }));
  await outbound.accept(await given({ text: 'Deux.', sendNow: true }));
  await outbound.accept(await given({ text: 'Trois.', urgent: true }));
  assert.deepEqual(texts(), [['Un.', 'Deux.'], ['Trois.']]);
});

test('without a pause each message is a mail at once', async () => {
  const outbound = outboundOf(0);
  await outbound.accept(await given({ text: 'Un.' }));
  await outbound.accept(await given({ text: 'Deux.' }));
  assert.deepEqual([texts(), composeJobs()], [[['Un.'], ['Deux.']], []]);
});

test('a Redis that forgets loses nothing: the sweep makes the mail, and only when it is time', async () => {
  const outbound = outboundOf();
  await outbound.accept(await given());
  world.jobs.length = 0;
  await outbound.retell();
  assert.deepEqual(sealed, []);
  world.clock.ms += PAUSE_MS;
  await outbound.retell();
  await outbound.retell();
  assert.equal(sealed.length, 1);
});

test('a conversation that ends waits for nobody: what was typed leaves while its author can be told', async () => {
  const outbound = outboundOf();
  world.clock.ms = conversation.expiresAt - KEY_LIMITS.lastCallMs;
  await outbound.accept(await given());
  assert.equal(sealed.length, 1);
});

test('a crash after the group was decided makes the same mail again, without what was typed since', async () => {
  const first = await given({ text: 'Un.' });
  crashes.seal = 1;
  await outboundOf().accept(first);
  world.clock.ms += PAUSE_MS;
  await assert.rejects(outboundOf().compose(conversation.id), /a crash/);
  const group = (await world.store.reply(first.reply.replyId))?.groupId;
  assert.equal(group, first.reply.replyId);
  const again = outboundOf();
  await again.accept(await given({ text: 'Deux.' }));
  await again.resume();
  assert.deepEqual([texts(), sealed[0]?.ids], [[['Un.']], [group]]);
  Object.assign(crashes, { seal: 0, post: 1 });
  world.clock.ms += PAUSE_MS;
  await assert.rejects(again.compose(conversation.id), /a crash/);
  await outboundOf().resume();
  assert.deepEqual(texts(), [['Un.'], ['Deux.'], ['Deux.']], 'sealed anew: nothing had been posted');
  assert.equal(mailJobs().length, 2);
  await outboundOf().resume();
  await outboundOf().retell();
  assert.equal(sealed.length, 3);
});

test('prevents: two runs at once making two mails of one group', async () => {
  const outbound = outboundOf();
  await outbound.accept(await given());
  world.clock.ms += PAUSE_MS;
  const run = () => outbound.compose(conversation.id);
  await Promise.all([run(), run(), outbound.retell(), outbound.retell()]);
  assert.deepEqual([sealed.length, mailJobs().length], [1, 1]);
});

test('the same reply handed over twice is one message of one mail', async () => {
  const outbound = outboundOf();
  const twice = await given();
  await outbound.accept(twice);
  await outbound.accept(twice);
  world.clock.ms += PAUSE_MS;
  await outbound.compose(conversation.id);
  await outbound.accept(twice);
  assert.deepEqual(texts(), [['Bien reçu']]);
});

test('a reply answers the letter that was the last when it was typed', async () => {
  const outbound = outboundOf();
  const [before, after] = [await given(), await given()];
  await outbound.accept(before);
  await addLetter();
  await outbound.accept(after);
  world.clock.ms += PAUSE_MS;
  await outbound.compose(conversation.id);
  const answered = async (id: string) => (await world.store.reply(id))?.answers;
  assert.notEqual(await answered(before.reply.replyId), await answered(after.reply.replyId));
  assert.equal(sealed.length, 2);
});

test('a reply answers the letter that its author saw last, whatever came before it left his device', async () => {
  const outbound = outboundOf();
  const claire = await addLetter();
  const [one, two] = [await given({ answers: claire }), await given({ answers: await addLetter() })];
  for (const reply of [two, one]) await outbound.accept(reply);
  world.clock.ms += PAUSE_MS;
  await outbound.compose(conversation.id);
  assert.equal((await world.store.reply(one.reply.replyId))?.answers, claire);
  assert.equal(sealed.length, 2, 'answers to two letters are two mails');
});

test('an answer to a letter of another conversation or mailbox, to no letter, or to one without answer is refused', async () => {
  const { store, mailboxId, clock } = world;
  const elsewhere = newConversation(mailboxId, { expiresAt: START + HOUR_MS });
  await store.addConversation(elsewhere, START);
  const other = await newMailbox(store);
  const letters = [
    newLetter(mailboxId, elsewhere.id),
    newLetter(other, conversation.id),
    newLetter(mailboxId, conversation.id, { answerable: false }),
  ];
  for (const letter of letters) await store.addLetter(letter, clock.ms);
  const outbound = outboundOf();
  for (const answers of [...letters.map(({ letterId }) => letterId), newId('letter')])
    await outbound.accept(await given({ answers }));
  assert.deepEqual(refusals(), Array(4).fill('conversation-unanswerable'));
  assert.deepEqual(await store.unfinishedReplies(), []);
});

test('only an exchange with a patient is closed; what was typed before leaves all the same', async () => {
  const outbound = outboundOf();
  const answer = async (from: string) => {
    await addLetter({ from });
    await outbound.accept(await given({ text: 'Un.' }));
    await outbound.accept(await given({ text: 'Au revoir.', closes: true }));
  };
  await answer('claire.martin@cabinet.example');
  assert.deepEqual([refusals(), sealed], [['closing-refused'], []]);
  world.clock.ms += PAUSE_MS;
  await outbound.compose(conversation.id);
  assert.deepEqual(texts(), [['Un.']]);
  await answer('279035121518989@patient.mssante.fr');
  assert.deepEqual(texts(), [['Un.'], ['Un.', 'Au revoir.']], 'the last word waits for nothing');
});
