/** What every lasting store promises of participants, of Message-IDs, and of the end of what is remembered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { LastingStore } from '../ports.ts';
import { HOUR_MS, index, NOW, newConversation, newLetter, newMailbox } from './rows.conformance.ts';

type Work = (store: LastingStore, mailboxId: string) => Promise<void>;
const promises = new Map<string, Work>();
const promise = (title: string, work: Work) => promises.set(title, work);

/** Tests every promise on the store of a place. */
export function participantsConformance(place: string, open: () => Promise<LastingStore>): void {
  for (const [title, work] of promises) {
    test(`${place}: ${title}`, async () => {
      const store = await open();
      await work(store, await newMailbox(store));
    });
  }
}

promise(
  'a Message-ID leads to conversations of its mailbox and its direction, for who takes part',
  async (store, mailboxId) => {
    const [messageIdIndex, writer, stranger] = [index(), index(), index()];
    const [first, second] = [newConversation(mailboxId), newConversation(mailboxId)];
    for (const conversation of [first, second]) await store.addConversation(conversation, NOW);
    const takesPart = { conversationId: first.id, addressIndex: writer, role: 'from', since: NOW } as const;
    await store.addParticipant(takesPart, 10);
    const entry = { mailboxId, messageIdIndex, conversationId: first.id, subject: newId('reply') };
    await store.rememberMessageId({ ...entry, direction: 'out' });
    await store.rememberMessageId({ ...entry, conversationId: second.id, direction: 'in' });
    await store.rememberMessageId({ ...entry, conversationId: second.id, subject: newId('letter'), direction: 'in' });
    const lead = (direction: 'in' | 'out' | 'any', who = writer, place = mailboxId) =>
      store.conversationsByMessageId(place, messageIdIndex, direction, who);
    assert.deepEqual([await lead('out'), await lead('any'), await lead('in')], [[first.id], [first.id], []]);
    assert.deepEqual(await lead('any', stranger), []);
    assert.deepEqual(await lead('any', writer, newId('mailbox')), []);
    assert.ok((await store.subjectsByMessageId(messageIdIndex)).includes(entry.subject));
    assert.equal(await store.conversationKnows(mailboxId, messageIdIndex, first.id), true);
    assert.equal(await store.conversationKnows(mailboxId, index(), first.id), false);
  },
);

promise(
  'of several conversations under one Message-ID those that he began come alone, else the first use first, whatever the flood',
  async (store, mailboxId) => {
    const [messageIdIndex, writer, colleague] = [index(), index(), index()];
    const conversations = Array.from({ length: CONVERSATION_LIMITS.threadsLookedAtMax + 3 }, () =>
      newConversation(mailboxId),
    );
    const ids = conversations.map(({ id }) => id);
    // His own came last, behind more than are looked at.
    for (const [at, conversation] of conversations.entries()) {
      const conversationId = conversation.id;
      await store.addConversation(conversation, NOW);
      const role = at === ids.length - 1 ? 'from' : 'cc';
      await store.addParticipant({ conversationId, addressIndex: writer, role, since: NOW }, 10);
      await store.addParticipant({ conversationId, addressIndex: colleague, role: 'cc', since: NOW }, 10);
      const subject = newId(at % 2 === 0 ? 'reply' : 'letter');
      await store.rememberMessageId({ mailboxId, messageIdIndex, conversationId, subject, direction: 'in' });
    }
    const lead = (who: Buffer) => store.conversationsByMessageId(mailboxId, messageIdIndex, 'any', who);
    assert.deepEqual(await lead(writer), ids.slice(-1));
    assert.deepEqual(await lead(colleague), ids.slice(0, CONVERSATION_LIMITS.threadsLookedAtMax));
  },
);

promise('a Message-ID is known of letters that came, not of mails that went', async (store, mailboxId) => {
  const [came, went] = [index(), index()];
  const entry = { mailboxId, conversationId: newId('conversation'), subject: newId('letter') };
  await store.rememberMessageId({ ...entry, messageIdIndex: came, direction: 'in' });
  await store.rememberMessageId({ ...entry, messageIdIndex: went, direction: 'out' });
  assert.deepEqual(await Promise.all([came, went].map((id) => store.knowsMessageId(mailboxId, id))), [true, false]);
  assert.equal(await store.knowsMessageId(newId('mailbox'), came), false);
});

promise('a participant takes part once, and no more than may', async (store, mailboxId) => {
  const { id: conversationId, ...rest } = newConversation(mailboxId);
  await store.addConversation({ id: conversationId, ...rest }, NOW);
  const people = Array.from({ length: 4 }, () => index());
  for (const [at, addressIndex] of [...people, ...people].entries())
    await store.addParticipant({ conversationId, addressIndex, role: at === 0 ? 'from' : 'cc', since: NOW + at }, 3);
  const found = await store.participantsOf(conversationId);
  assert.deepEqual(
    found.map(({ addressIndex, role, since }) => [people.findIndex((one) => one.equals(addressIndex)), role, since]),
    [
      [0, 'from', NOW],
      [1, 'cc', NOW + 1],
      [2, 'cc', NOW + 2],
    ],
  );
});

promise(
  'what is left of an erased conversation is forgotten after its time, and not before',
  async (store, mailboxId) => {
    const [over, live] = [newConversation(mailboxId, { expiresAt: NOW }), newConversation(mailboxId)];
    const letters = new Map<string, ReturnType<typeof newLetter>>();
    for (const { id } of [over, live]) {
      await store.addConversation(id === over.id ? over : live, NOW - HOUR_MS);
      const letter = newLetter(mailboxId, id);
      letters.set(id, letter);
      await store.addLetter(letter, NOW);
      await store.addParticipant({ conversationId: id, addressIndex: index(), role: 'from', since: NOW }, 3);
      const entry = { mailboxId, conversationId: id, subject: letter.letterId, messageIdIndex: letter.dedupeIndex };
      await store.rememberMessageId({ ...entry, direction: 'in' });
      const { letterId } = letter;
      const held = { letterId, mailboxId, receivedAt: NOW, bytes: 1, reasons: [], senderIndex: index() };
      await store.quarantineLetter({ ...held, sealedSender: Buffer.alloc(1) });
    }
    await store.eraseExpired(NOW);
    await store.forgetErased(NOW - 1, 1_000);
    assert.ok(await store.letterByDedupe(mailboxId, letters.get(over.id)?.dedupeIndex as Buffer));
    assert.ok((await store.forgetErased(NOW, 1_000)) >= 1);
    assert.equal(await store.forgetErased(NOW, 1_000), 0);
    for (const [id, { letterId, dedupeIndex }] of letters) {
      const isThere = id === live.id;
      assert.equal((await store.letterByDedupe(mailboxId, dedupeIndex)) !== null, isThere);
      assert.equal(await store.knowsMessageId(mailboxId, dedupeIndex), isThere);
      assert.equal((await store.conversation(id)) !== null, isThere);
      assert.equal((await store.participantsOf(id)).length, isThere ? 1 : 0);
      assert.equal((await store.quarantinedLetter(letterId, mailboxId)) !== null, isThere);
    }
  },
);
