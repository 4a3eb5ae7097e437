/** What every lasting store promises of letters in quarantine. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore } from '../ports.ts';
import { HOUR_MS, index, NOW, newConversation, newLetter, newMailbox } from './rows.conformance.ts';

/** A letter of a new mailbox, held for its reasons. */
async function held(store: LastingStore, senderIndex = index(), expiresAt = NOW + HOUR_MS) {
  const mailboxId = await newMailbox(store);
  const conversation = newConversation(mailboxId, { expiresAt });
  await store.addConversation(conversation, NOW - HOUR_MS);
  const { letterId } = newLetter(mailboxId, conversation.id);
  await store.addLetter(newLetter(mailboxId, conversation.id, { letterId, answerable: false }), NOW);
  const facts = { letterId, mailboxId, receivedAt: NOW, bytes: 4_000, senderIndex };
  const reasons = ['content-altered', 'not-encrypted'] as const;
  const letter = { ...facts, reasons, sealedSender: Buffer.from('sealed') };
  assert.equal(await store.quarantineLetter(letter), true);
  return { letter, letterId, mailboxId, conversation };
}

/** Tests every promise on the store of a place. */
export function quarantineConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('a letter is held once; another run seals its claimed sender anew', async (store) => {
    const { letter, letterId, mailboxId, conversation } = await held(store);
    const later = { ...letter, bytes: 1, reasons: [], sealedSender: Buffer.from('sealed again') };
    assert.equal(await store.quarantineLetter(later), false);
    assert.deepEqual(await store.quarantinedLetter(letterId, mailboxId), {
      ...letter,
      sealedSender: later.sealedSender,
      conversationId: conversation.id,
      expiresAt: conversation.expiresAt,
      state: 'held',
      wish: null,
      outcome: null,
      notice: 'none',
      noticeAttempts: 0,
    });
    assert.equal(await store.quarantinedLetter(newId('letter'), mailboxId), null);
  });

  promise('letters in quarantine are listed as long as their conversation lives', async (store) => {
    const [living, over] = [await held(store), await held(store, index(), NOW)];
    const listed = (await store.quarantinedLetters(NOW)).map(({ letterId }) => letterId);
    assert.deepEqual([listed.includes(living.letterId), listed.includes(over.letterId)], [true, false]);
  });

  promise('a wish waits until it is settled; what was released is not held any more', async (store) => {
    const { letterId, mailboxId } = await held(store);
    const wished = async () => (await store.wishedLetters()).some((one) => one.letterId === letterId);
    assert.equal(await wished(), false);
    assert.equal(await store.wishForQuarantined(letterId, mailboxId, 'release'), true);
    assert.equal(await wished(), true);
    await store.settleQuarantined(letterId, mailboxId, { state: 'held', outcome: 'not-for-us' });
    assert.deepEqual(
      [await wished(), (await store.quarantinedLetter(letterId, mailboxId))?.outcome],
      [false, 'not-for-us'],
    );
    await store.wishForQuarantined(letterId, mailboxId, 'release');
    assert.equal((await store.quarantinedLetter(letterId, mailboxId))?.outcome, null);
    await store.settleQuarantined(letterId, mailboxId, { state: 'released', outcome: null });
    assert.equal(await store.wishForQuarantined(letterId, mailboxId, 'delete'), false);
    assert.ok((await store.quarantinedLetter(letterId, mailboxId))?.sealedSender);
    await store.markAnswerable(letterId, mailboxId);
    assert.equal((await store.lettersOf(letterId))[0]?.answerable, true);
  });

  promise('a release that has begun keeps its wish, and cannot become a deletion', async (store) => {
    const { letterId, mailboxId } = await held(store);
    assert.equal(await store.beginRelease(letterId, mailboxId), false);
    await store.wishForQuarantined(letterId, mailboxId, 'release');
    assert.deepEqual(
      [await store.beginRelease(letterId, mailboxId), await store.beginRelease(letterId, mailboxId)],
      [true, true],
    );
    assert.equal(await store.wishForQuarantined(letterId, mailboxId, 'delete'), false);
    const begun = await store.quarantinedLetter(letterId, mailboxId);
    assert.deepEqual([begun?.state, begun?.wish], ['released', 'release']);
  });

  promise('a release that failed does not end a deletion that was asked meanwhile', async (store) => {
    const { letterId, mailboxId } = await held(store);
    await store.wishForQuarantined(letterId, mailboxId, 'delete');
    await store.settleQuarantined(letterId, mailboxId, { state: 'held', outcome: 'not-for-us' });
    assert.equal((await store.quarantinedLetter(letterId, mailboxId))?.wish, 'delete');
  });

  promise('a deleted letter loses its claimed sender', async (store) => {
    const { letterId, mailboxId } = await held(store);
    await store.settleQuarantined(letterId, mailboxId, { state: 'deleted', outcome: null });
    assert.equal((await store.quarantinedLetter(letterId, mailboxId))?.sealedSender, null);
  });

  promise('a notice goes from state to state once, and what waits to leave is known', async (store) => {
    const { letterId, mailboxId } = await held(store);
    assert.equal(await store.moveNotice(letterId, mailboxId, 'sealed', 'sent'), false);
    const moves = await Promise.all([1, 2].map(() => store.moveNotice(letterId, mailboxId, 'none', 'sealed')));
    assert.deepEqual(moves.sort(), [false, true]);
    assert.ok((await store.noticesToSend()).some((one) => one.letterId === letterId));
    await store.moveNotice(letterId, mailboxId, 'sealed', 'sent');
    assert.ok(!(await store.noticesToSend()).some((one) => one.letterId === letterId));
  });

  promise(
    'letters of a claimed sender are counted by mailbox, and those that gave a notice by sender',
    async (store) => {
      const sender = index();
      const [one, two] = [await held(store, sender), await held(store, sender)];
      await held(store);
      const count = (which: Parameters<LastingStore['countQuarantined']>[1], since = NOW) =>
        store.countQuarantined(sender, which, since);
      assert.equal(await count({ mailboxId: one.mailboxId }), 1);
      assert.equal(await count({ mailboxId: one.mailboxId }, NOW + 1), 0);
      assert.equal(await count({ notice: 'given' }), 0);
      await store.moveNotice(one.letterId, one.mailboxId, 'none', 'withheld');
      await store.moveNotice(two.letterId, two.mailboxId, 'none', 'sealed');
      assert.equal(await count({ notice: 'given' }), 1);
    },
  );
}
