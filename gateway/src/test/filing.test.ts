/** Filing from the wish of a device to the outbox: what is taken, what is read of the conversation, what leaves, and once. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { FilingMessage } from '@estafette/contracts/message';
import { silentLog } from '@estafette/runtime/log';
import { createTrail } from '../audit/trail.ts';
import { createReminder } from '../conversation/remind.ts';
import { createKeptReader } from '../filing/read-kept.ts';
import type { LastingStore, OpenedLetter, ReplyRow } from '../ports.ts';
import { DESTINATION, openFiling, PATIENT, SECRET } from './filing.fixture.ts';
import { HOUR_MS, START } from './world.fixture.ts';

let typing: Awaited<ReturnType<typeof openFiling>>;
let filing: ReturnType<typeof typing.wayOut>;
beforeEach(async () => {
  typing = await openFiling();
  filing = typing.wayOut();
});
afterEach(() => typing.world.close());

test('a filing leaves at once as one mail to the destination, and the devices are told who asked', async () => {
  await typing.shown();
  const given = await typing.ask();
  await filing.accept(given);
  const { replyId } = given.reply;
  assert.deepEqual(
    typing.sealed.map(({ to, files }) => [to, files[0]]),
    [[DESTINATION, 'IHE_XDM.ZIP']],
  );
  assert.equal(typing.sealed[0]?.isSecret, true, 'the letter came encrypted');
  assert.equal(await typing.stateOf(replyId), 'sealed');
  const [mail] = await typing.world.store.mailsOfReply(replyId);
  assert.equal(mail?.kind, 'filing');
  const [echo, ...states] = await typing.told();
  assert.partialDeepStrictEqual(echo, { type: 'filing', replyId, person: typing.device.person });
  assert.deepEqual(
    states.map((status) => (status.type === 'status' ? status.state : status.type)),
    ['accepted', 'sealed'],
  );
  const events = (await typing.world.store.trace(typing.conversation.id)).filter(({ subject }) => subject === replyId);
  assert.deepEqual(
    events.map(({ event, detail }) => [event, detail]),
    [
      ['filing-accepted', `conversation, 61357-0, ${typing.device.id}`],
      ['reply-sealed', undefined],
    ],
  );
});

test('prevents: a crash before the mail is posted filing twice, or under another name', async () => {
  await typing.shown();
  const given = await typing.ask();
  typing.crashes.post = 1;
  await assert.rejects(filing.accept(given), /a crash/);
  await typing.wayOut().resume();
  await typing.wayOut().accept(given);
  await typing.wayOut().retell();
  assert.equal(typing.sealed.length, 2, 'made again, because nothing was posted');
  assert.equal(new Set(typing.sealed.map(({ messageId }) => messageId)).size, 1);
  assert.equal((await typing.world.store.mailsOfReply(given.reply.replyId)).length, 1);
  assert.equal((await typing.world.store.filingsOf(typing.conversation.id)).length, 1);
});

test('what is typed meanwhile neither waits for a filing nor goes with it', async () => {
  await typing.shown();
  const answer = await typing.given();
  await typing.outboundOf().accept(answer);
  await filing.accept(await typing.ask());
  assert.equal(await typing.stateOf(answer.reply.replyId), 'accepted', 'it waits for its pause');
  assert.equal(typing.sealed.length, 1);
});

test('a filing asked just before the end finds the key after the end', async () => {
  await typing.shown();
  const { world, conversation } = typing;
  world.clock.ms = conversation.expiresAt - 1;
  typing.crashes.post = 1;
  const given = await typing.ask();
  await assert.rejects(filing.accept(given), /a crash/);
  world.clock.ms = conversation.expiresAt + HOUR_MS / 2;
  await typing.wayOut().resume();
  assert.equal(await typing.stateOf(given.reply.replyId), 'sealed');
});

test('a wish is refused without a destination, and for a letter that is elsewhere, unknown or not shown', async () => {
  const { world } = typing;
  const elsewhere = newId('letter');
  const onItsWay = await typing.shown({}, 'routed');
  const letterId = await typing.shown();
  for (const unknown of [elsewhere, onItsWay]) {
    await filing.accept(await typing.ask({ what: { kind: 'original', letterId: unknown } }));
    await filing.accept(await typing.ask({ patient: { from: 'report', letterId: unknown, index: 0 } }));
  }
  await world.store.clearFiling(world.mailboxId);
  await filing.accept(await typing.ask({ what: { kind: 'original', letterId } }));
  const unknown = Array<string>(4).fill('filing-unknown');
  assert.deepEqual(typing.refusals(), [...unknown, 'filing-not-set']);
  assert.equal((await world.store.filingsOf(typing.conversation.id)).length, 0);
});

test('what names another patient, no patient, or a document that is not there fails with its reason', async () => {
  const letterId = await typing.shown({ patients: [PATIENT, { ...PATIENT, index: 0, givenName: 'Paul', sex: 'M' }] });
  const wishes: [Partial<FilingMessage>, string][] = [
    [{}, 'filing-patient-other'],
    [{ what: { kind: 'original', letterId } }, 'filing-patient-other'],
    [{ what: { kind: 'document', letterId, index: 0 } }, 'filing-patient-other'],
    [{ what: { kind: 'document', letterId, index: 7 } }, 'filing-unknown'],
    [{ patient: { from: 'report', letterId, index: 5 } }, 'filing-patient-unknown'],
  ];
  for (const [wish, failure] of wishes) {
    const given = await typing.ask(wish);
    await filing.accept(given);
    const row = await typing.world.store.reply(given.reply.replyId);
    assert.deepEqual([row?.state, row?.failure], ['failed', failure]);
  }
  assert.equal(typing.sealed.length, 0);
});

test('a letter as it came goes beside what was opened of it; a photo goes as it came', async () => {
  const content = Buffer.from('Content-Type: text/plain\r\n\r\nouvert');
  const bytes = new Uint8Array([1, 2, 3]);
  const photo = { kind: 'photo', name: 'plaie.jpg', mediaType: 'image/jpeg', bytes, width: 1, height: 1 } as const;
  const letterId = await typing.shown({ content, documents: [photo], patients: [] });
  await filing.accept(await typing.ask({ what: { kind: 'original', letterId } }));
  await filing.accept(await typing.ask({ what: { kind: 'document', letterId, index: 0 } }));
  assert.deepEqual(
    typing.sealed.map(({ files }) => files.slice(2)),
    [['courrier.eml', 'courrier-chiffre.eml'], ['plaie.jpg']],
  );
});

test('the exchange holds what was there when it was asked, in order; a letter in quarantine is named only', async () => {
  const { world, conversation, key } = typing;
  const first = await typing.shown();
  world.clock.ms += 1_000;
  const held = await typing.shown();
  const facts = { receivedAt: START, bytes: 1, reasons: ['content-altered'], sealedSender: Buffer.from('x') } as const;
  const senderIndex = world.vault.index('address-index', 'faux@cabinet.example');
  await world.store.quarantineLetter({ letterId: held, mailboxId: world.mailboxId, senderIndex, ...facts });
  world.clock.ms += 1_000;
  await typing.outboundOf(0).accept(await typing.given({ text: 'J’appelle la patiente.' }));
  const given = await typing.ask();
  await filing.accept(given);
  world.clock.ms += 1_000;
  await typing.shown();
  const row = (await world.store.reply(given.reply.replyId)) as ReplyRow;
  const place = { conversation, key: key.key, conversationKey: key, context: async () => assert.fail() };
  const reader = createKeptReader({
    store: world.store,
    sources: typing.sources,
    messageIdFor: world.tokens.messageIdFor,
  });
  const { entries, shown: read } = await reader.conversation(row, place);
  assert.deepEqual(
    read.map(({ letterId }) => letterId),
    [first],
  );
  const [one, two, three] = entries;
  assert.equal(entries.length, 3);
  assert.partialDeepStrictEqual(one, { letterId: first, text: SECRET, verdict: 'Vérifié' });
  assert.partialDeepStrictEqual(two, {
    letterId: held,
    text: '',
    subject: '',
    from: { address: 'faux@cabinet.example' },
  });
  assert.partialDeepStrictEqual(three, {
    text: 'J’appelle la patiente.',
    person: typing.device.person,
    state: 'scellée',
  });
});

test('a conversation that ends unfiled is recalled once, under one id however often that is tried', async () => {
  const { world, conversation } = typing;
  await typing.shown();
  const trailOf = (store: LastingStore) => createTrail(store, world.clock);
  const remind = createReminder({ ...world, trailOf, log: silentLog });
  await remind();
  assert.deepEqual(await typing.told(), []);
  world.clock.ms = conversation.expiresAt - HOUR_MS;
  await remind();
  await remind();
  const [reminder, ...others] = await typing.told();
  const expiresAt = new Date(conversation.expiresAt).toISOString();
  assert.partialDeepStrictEqual(reminder, { type: 'reminder', expiresAt });
  assert.deepEqual(others, []);
  const [line] = (await world.store.trace(conversation.id)).filter(({ event }) => event === 'conversation-reminded');
  assert.equal(line?.detail, expiresAt);
});

test('a conversation that was filed since its last letter is not recalled', async () => {
  const { world } = typing;
  const letterId = await typing.shown();
  // The letter that every conversation of these tests begins with was on its way in.
  for (const { letterId: early, mailboxId } of await world.store.lettersOfConversation(typing.conversation.id)) {
    await world.store.markDelivered(early, mailboxId);
    typing.opened.set(early, typing.opened.get(letterId) as OpenedLetter);
  }
  await filing.accept(await typing.ask());
  const { expiresAt = 0 } = (await world.store.conversation(typing.conversation.id)) ?? {};
  world.clock.ms = expiresAt - HOUR_MS;
  await createReminder({ ...world, trailOf: (store) => createTrail(store, world.clock), log: silentLog })();
  assert.ok((await typing.told()).every(({ type }) => type !== 'reminder'));
});
