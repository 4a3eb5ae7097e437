/** What every lasting store promises of filing. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { Conversation, FilingSettings, LastingStore } from '../ports.ts';
import {
  HOUR_MS,
  index,
  NOW,
  newConversation,
  newDevice,
  newLetter,
  newMailbox,
  newReply,
} from './rows.conformance.ts';

const settingsFor = (mailboxId: string): FilingSettings => ({
  mailboxId,
  to: 'dossier@officine.example',
  documentType: '61357-0',
  professional: 'Camille DURAND',
  rpps: '10000000019',
  profession: '21',
  organisation: { name: 'PHARMACIE DES HALLES', finess: '990000020' },
});

/** A conversation of eight hours, of a mailbox that files, with a letter that came in its first. */
async function begun(store: LastingStore, change: Partial<Conversation> = {}) {
  const mailboxId = await newMailbox(store);
  await store.setFiling(settingsFor(mailboxId));
  const conversation = newConversation(mailboxId, { expiresAt: NOW + 8 * HOUR_MS, ...change });
  await store.addConversation(conversation, NOW);
  const { letterId } = newLetter(mailboxId, conversation.id);
  await store.addLetter(newLetter(mailboxId, conversation.id, { letterId, state: 'delivered' }), NOW + 1);
  const unfiledAt = async (hours: number, leadMs = 24 * HOUR_MS) => {
    const found = await store.unfiledConversations({ now: NOW + hours * HOUR_MS, leadMs, lifeParts: 4, limit: 1_000 });
    return found.some(({ id }) => id === conversation.id);
  };
  const say = (purpose: 'answer' | 'filing', at: number) => {
    const said = { ...newReply(mailboxId, conversation.id), createdAt: at };
    const reply = purpose === 'filing' ? { ...said, purpose } : said;
    return store.addReply(reply, at).then(() => reply.id);
  };
  const file = async (at: number, what: 'conversation' | 'original' = 'conversation'): Promise<string> => {
    const id = await say('filing', at);
    const facts = { id, mailboxId, conversationId: conversation.id, deviceId: newId('device'), what, at };
    const isWhole = what === 'conversation';
    await store.addFiling({ ...facts, letterId: isWhole ? null : letterId, coversUntil: isWhole ? at : null });
    return id;
  };
  return { mailboxId, conversation, letterId, unfiledAt, say, file };
}

/** Tests every promise on the store of a place. */
export function filingsConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('where a mailbox files is set, set anew and cleared', async (store) => {
    const mailboxId = await newMailbox(store);
    assert.equal(await store.filingSettings(mailboxId), null);
    await store.setFiling(settingsFor(mailboxId));
    const other = { ...settingsFor(mailboxId), to: 'autre@officine.example' };
    await store.setFiling(other);
    assert.deepEqual(await store.filingSettings(mailboxId), other);
    assert.equal(await store.clearFiling(mailboxId), true);
    assert.equal(await store.clearFiling(mailboxId), false);
    assert.equal(await store.filingSettings(mailboxId), null);
  });

  promise('a filing is noted once, and its reply is no answer', async (store) => {
    const { conversation, file, say } = await begun(store);
    const id = await file(NOW + HOUR_MS);
    const answer = await say('answer', NOW + 2 * HOUR_MS);
    const [filing] = await store.filingsOf(conversation.id);
    assert.equal(filing?.id, id);
    assert.equal(filing?.coversUntil, NOW + HOUR_MS);
    await store.addFiling({ ...(filing as NonNullable<typeof filing>), at: 1 });
    assert.deepEqual(await store.filingsOf(conversation.id), [filing]);
    assert.equal((await store.reply(id))?.purpose, 'filing');
    assert.deepEqual(
      (await store.answersOf(conversation.id)).map((row) => row.id),
      [answer],
    );
    assert.deepEqual(
      (await store.ungroupedReplies(conversation.id)).map((row) => row.id),
      [answer],
    );
  });

  promise('a conversation is recalled in the last part of its life, or the last day of a long one', async (store) => {
    const { unfiledAt } = await begun(store);
    assert.deepEqual(
      [await unfiledAt(5), await unfiledAt(6), await unfiledAt(7.9), await unfiledAt(8)],
      [false, true, true, false],
    );
    assert.equal(await unfiledAt(6, HOUR_MS), false);
    assert.equal(await unfiledAt(7, HOUR_MS), true);
  });

  promise('its end is told once, and again when it ends later', async (store) => {
    const { conversation, unfiledAt } = await begun(store);
    await store.markReminded(conversation.id, conversation.expiresAt);
    assert.equal(await unfiledAt(7), false);
    const later = { epoch: 'later', wrappedKey: index(), expiresAt: NOW + 16 * HOUR_MS };
    await store.extendConversation(conversation.id, later);
    assert.deepEqual([await unfiledAt(7), await unfiledAt(13)], [false, true]);
  });

  promise('what is filed is not recalled until something is said again', async (store) => {
    const { file, say, unfiledAt } = await begun(store);
    await file(NOW + HOUR_MS);
    assert.equal(await unfiledAt(7), false);
    await say('answer', NOW + 2 * HOUR_MS);
    assert.equal(await unfiledAt(7), true);
  });

  promise('a part of it, and a filing that failed, are not the conversation', async (store) => {
    const { file, unfiledAt } = await begun(store);
    await file(NOW + HOUR_MS, 'original');
    const id = await file(NOW + HOUR_MS);
    assert.equal(await unfiledAt(7), false);
    await store.changeReply(id, { state: 'failed', failure: 'certificate-missing', certain: true }, NOW);
    assert.equal(await unfiledAt(7), true);
  });

  promise('nothing is recalled of which nothing was shown, or where nothing is filed', async (store) => {
    const { mailboxId, letterId, unfiledAt } = await begun(store);
    const facts = { letterId, mailboxId, receivedAt: NOW, bytes: 1, reasons: [], sealedSender: null };
    await store.quarantineLetter({ ...facts, senderIndex: index() });
    assert.equal(await unfiledAt(7), false);
    const other = await begun(store);
    await store.clearFiling(other.mailboxId);
    assert.equal(await other.unfiledAt(7), false);
  });

  promise('letters come in their order with their time; a person is known by a device that is gone', async (store) => {
    const { mailboxId, conversation, letterId } = await begun(store);
    const second = newLetter(mailboxId, conversation.id);
    await store.addLetter(second, NOW + 5);
    const letters = await store.lettersOfConversation(conversation.id);
    assert.deepEqual(
      letters.map((letter) => [letter.letterId, letter.createdAt]),
      [
        [letterId, NOW + 1],
        [second.letterId, NOW + 5],
      ],
    );
    const device = newDevice(mailboxId);
    await store.addDevice(device);
    await store.revokeDevice(device.id, NOW);
    assert.equal(await store.personOfDevice(device.id), device.person);
    assert.equal(await store.personOfDevice(newId('device')), null);
  });
}
