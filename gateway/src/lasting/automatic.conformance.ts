/** What every lasting store promises of automatic mail. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore } from '../ports.ts';
import { HOUR_MS, index, NOW, newConversation, newLetter, newMailbox } from './rows.conformance.ts';

/** Tests every promise on the store of a place. */
export function automaticConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('an automatic letter is written down once for each mailbox, and counted when it was shown', async (store) => {
    const [mailboxId, other] = [await newMailbox(store), await newMailbox(store)];
    const [senderIndex, another] = [index(), index()];
    const letter = {
      letterId: newId('letter'),
      mailboxId,
      senderIndex,
      kind: 'absence',
      shown: true,
      at: NOW,
    } as const;
    assert.equal(await store.wasAutomaticShown(letter.letterId, mailboxId), null);
    assert.equal(await store.addAutomaticLetter(letter), true);
    assert.equal(await store.addAutomaticLetter({ ...letter, shown: false }), false);
    assert.equal(await store.addAutomaticLetter({ ...letter, mailboxId: other, shown: false }), true);
    assert.equal(await store.wasAutomaticShown(letter.letterId, mailboxId), true);
    assert.equal(await store.wasAutomaticShown(letter.letterId, other), false);
    await store.addAutomaticLetter({ ...letter, letterId: newId('letter'), senderIndex: another });
    assert.equal(await store.countShownAutomatic(mailboxId, senderIndex, NOW), 1);
    assert.equal(await store.countShownAutomatic(mailboxId, null, NOW), 2);
    assert.equal(await store.countShownAutomatic(mailboxId, null, NOW + 1), 0);
    assert.equal(await store.countShownAutomatic(other, null, NOW), 0);
  });

  promise('one mail has a claim, however many ask at once, and has it still when it asks again', async (store) => {
    const mailboxId = await newMailbox(store);
    const recipientIndex = index();
    const claim = { claim: newId('event'), mailboxId, recipientIndex, at: NOW };
    const ids = ['one', 'two', 'three'].map((name) => `${name} ${claim.claim}`);
    const given = await Promise.all(ids.map((mailId) => store.claimAutomaticMail({ ...claim, mailId })));
    assert.deepEqual([...given].sort(), [false, false, true]);
    const winner = ids[given.indexOf(true)] ?? '';
    assert.equal(await store.claimAutomaticMail({ ...claim, mailId: winner }), true);
    assert.equal(await store.countAutomaticMails(mailboxId, recipientIndex, NOW), 1);
    assert.equal(await store.countAutomaticMails(mailboxId, index(), NOW), 0);
    assert.equal(await store.countAutomaticMails(mailboxId, null, NOW - HOUR_MS), 1);
    await store.forgetAutomatic(NOW + 1);
    assert.equal(await store.countAutomaticMails(mailboxId, null, 0), 0);
    assert.equal(await store.claimAutomaticMail({ ...claim, mailId: 'later' }), true);
  });

  promise('letters of a correspondent are counted over his conversations', async (store) => {
    const mailboxId = await newMailbox(store);
    const correspondentIndex = index();
    for (let times = 0; times < 2; times += 1) {
      const conversation = newConversation(mailboxId, { correspondentIndex });
      await store.addConversation(conversation, NOW);
      await store.addLetter(newLetter(mailboxId, conversation.id), NOW + times);
    }
    assert.equal(await store.countLettersOf(mailboxId, correspondentIndex, NOW), 2);
    assert.equal(await store.countLettersOf(mailboxId, correspondentIndex, NOW + 1), 1);
    assert.equal(await store.countLettersOf(mailboxId, index(), NOW), 0);
  });

  promise('a mailbox has one absence, the last that was set, until it is cleared', async (store) => {
    const mailboxId = await newMailbox(store);
    assert.equal(await store.absence(mailboxId), null);
    const absence = { mailboxId, from: NOW, until: NOW + HOUR_MS, text: 'Fermé, voyez Mme PETIT.' };
    await store.setAbsence({ ...absence, text: 'avant' });
    await store.setAbsence(absence);
    assert.deepEqual(await store.absence(mailboxId), absence);
    assert.ok((await store.absences()).some((one) => one.mailboxId === mailboxId));
    assert.equal(await store.clearAbsence(mailboxId), true);
    assert.equal(await store.clearAbsence(mailboxId), false);
  });

  promise('a mailbox sends receipts unless it was set otherwise', async (store) => {
    const mailboxId = await newMailbox(store);
    assert.equal(await store.sendsReceipts(mailboxId), true);
    for (const sends of [false, false, true, true]) {
      await store.setReceipts(mailboxId, sends);
      assert.equal(await store.sendsReceipts(mailboxId), sends);
    }
  });
}
