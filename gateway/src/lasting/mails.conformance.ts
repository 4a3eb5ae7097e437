/** What every lasting store promises of mails on their way out. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { LastingStore, OutgoingMail } from '../ports.ts';
import { HOUR_MS, index, NOW, newConversation, newMail, newMailbox, newReply } from './rows.conformance.ts';

const MARK = { by: 'one', now: NOW, until: NOW + 1_000 };

async function posted(store: LastingStore, change: Partial<OutgoingMail> = {}) {
  const mail = newMail(await newMailbox(store), change);
  const replyIds = [newId('reply'), newId('reply')].sort();
  const messageIdIndex = index();
  assert.equal(await store.addMail(mail, replyIds, messageIdIndex), true);
  return { mail, id: mail.id, replyIds, messageIdIndex };
}

const ids = (mails: readonly OutgoingMail[]): string[] => mails.map(({ id }) => id);
const FAILED = { state: 'failed', failure: 'next-hop-refused', certain: true } as const;

/** Tests every promise on the store of a place. */
export function mailsConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('a mail is posted once, and is found by its replies and its Message-ID', async (store) => {
    const { mail, id, replyIds, messageIdIndex } = await posted(store);
    assert.equal(await store.addMail({ ...mail, attempts: 9 }, [newId('reply')], index()), false);
    assert.deepEqual(await store.mail(id), mail);
    assert.equal(await store.mail(newId('mail')), null);
    assert.deepEqual(await store.repliesOfMail(id), replyIds);
    const other = newMail(mail.mailboxId, { to: 'paul.leroy@cabinet.example' });
    await store.addMail(other, replyIds.slice(0, 1), index());
    assert.deepEqual(ids(await store.mailsOfReply(replyIds[0] ?? '')), [id, other.id]);
    assert.deepEqual(ids(await store.mailsOfReply(replyIds[1] ?? '')), [id]);
    assert.deepEqual(ids(await store.mailsByMessageId(messageIdIndex)), [id]);
  });

  promise('a change of state counts the revision, and one from an older revision changes nothing', async (store) => {
    const { mail, id } = await posted(store);
    const sent = await store.changeMail(
      id,
      { state: 'sent', failure: null, certain: true, sentAt: NOW + 5, from: 1 },
      NOW + 6,
    );
    assert.deepEqual(sent, { ...mail, state: 'sent', sentAt: NOW + 5, revision: 2, changedAt: NOW + 6 });
    assert.deepEqual(await store.changeMail(id, { ...FAILED, from: 1 }, NOW + 7), sent);
    assert.deepEqual(await store.mail(id), sent);
  });

  promise('of two attempts at the same time one begins; a mark that is over, or ended, holds nobody', async (store) => {
    const { id } = await posted(store);
    const both = await Promise.all(
      ['one', 'two'].map((by) => store.beginMailAttempt(id, { by, now: NOW, until: NOW + 1_000 })),
    );
    assert.deepEqual(both.map((mail) => mail?.attempts ?? null).sort(), [1, null]);
    const winner = both[0] === null ? 'two' : 'one';
    const begin = (by: string, now: number) => store.beginMailAttempt(id, { by, now, until: now + 1_000 });
    await store.keepMailAttempt(id, { by: 'nobody', until: NOW });
    assert.equal(await begin('three', NOW + 500), null);
    await store.keepMailAttempt(id, { by: winner, until: NOW + 5_000 });
    assert.equal(await begin('three', NOW + 2_000), null);
    assert.equal((await begin('three', NOW + 5_000))?.attempts, 2);
    await store.keepMailAttempt(id, { by: 'three', until: null });
    assert.equal((await begin('four', NOW + 5_000))?.attempts, 3);
  });

  promise('an attempt stays open until somebody writes down how it ended', async (store) => {
    const { id } = await posted(store);
    const isOpen = async (): Promise<boolean | undefined> => (await store.mail(id))?.hasOpenAttempt;
    const begin = (by: string, now: number) => store.beginMailAttempt(id, { by, now, until: now + 1_000 });
    assert.equal((await begin('one', NOW))?.hasOpenAttempt, false, 'none before');
    await store.keepMailAttempt(id, { by: 'one', until: NOW + 1 });
    assert.equal(await isOpen(), true);
    assert.equal((await begin('two', NOW + 1))?.hasOpenAttempt, true, 'the first died');
    await store.keepMailAttempt(id, { by: 'one', until: null });
    assert.equal(await isOpen(), true, 'not its mark');
    await store.keepMailAttempt(id, { by: 'two', until: null });
    await store.keepMailAttempt(id, { by: 'two', until: NOW + 9_000 });
    assert.equal(await isOpen(), false);
    assert.equal((await begin('three', NOW + 1))?.hasOpenAttempt, false);
  });

  promise('what has left, is held or has failed is not attempted', async (store) => {
    for (const state of ['held', 'sent', 'delivered', 'read', 'failed', 'unknown', 'dropped'] as const) {
      const { id } = await posted(store, { state });
      assert.equal(await store.beginMailAttempt(id, MARK), null, state);
      assert.ok(!(await store.dueMails(NOW)).includes(id), state);
    }
    const { id } = await posted(store, { state: 'delayed', sentAt: NOW });
    assert.equal(await store.beginMailAttempt(id, MARK), null, 'delayed after it had left');
  });

  promise('mails are due from their time on, when nobody tries them', async (store) => {
    const { id } = await posted(store);
    const isDue = async (at: number): Promise<boolean> => (await store.dueMails(at)).includes(id);
    await store.putOffMail(id, NOW + 100);
    assert.deepEqual([await isDue(NOW + 99), await isDue(NOW + 100)], [false, true]);
    await store.beginMailAttempt(id, { by: 'one', now: NOW + 100, until: NOW + 1_100 });
    assert.deepEqual([await isDue(NOW + 1_099), await isDue(NOW + 1_100)], [false, true]);
    const { id: delayed } = await posted(store, { state: 'delayed', nextAttemptAt: NOW - 1 });
    assert.ok((await store.dueMails(NOW)).includes(delayed));
  });

  promise('unconfirmed are the mails that asked for reports and were sent too long ago', async (store) => {
    const sent = { state: 'sent', asksReports: true, sentAt: NOW } as const;
    const normal = await posted(store, sent);
    const urgent = await posted(store, { ...sent, urgent: true });
    const told = [
      await posted(store, { ...sent, asksReports: false }),
      await posted(store, { ...sent, state: 'delivered' }),
      await posted(store, { asksReports: true }),
    ];
    const found = async (urgentBefore: number, other: number): Promise<string[]> =>
      ids(await store.unconfirmedMails({ urgent: urgentBefore, other, delayed: 0 })).filter((id) =>
        [normal, urgent, ...told].some((one) => one.id === id),
      );
    assert.deepEqual(await found(NOW - 1, NOW - 1), []);
    assert.deepEqual(await found(NOW, NOW - 1), [urgent.id]);
    assert.deepEqual(await found(NOW, NOW), [normal.id, urgent.id]);
    const unfinished = ids(await store.unfinishedMails());
    assert.deepEqual(
      told.map(({ id }) => unfinished.includes(id)),
      [false, false, true],
    );
  });

  promise('unconfirmed is what left, was said to be late, and of which nothing came since', async (store) => {
    const late = await posted(store, { state: 'delayed', sentAt: NOW - HOUR_MS, changedAt: NOW, asksReports: false });
    const waiting = await posted(store, { state: 'delayed', changedAt: NOW, asksReports: true });
    const isFound = async (id: string, delayed: number): Promise<boolean> =>
      ids(await store.unconfirmedMails({ urgent: 0, other: 0, delayed })).includes(id);
    assert.deepEqual([await isFound(late.id, NOW - 1), await isFound(late.id, NOW)], [false, true]);
    assert.equal(await isFound(waiting.id, NOW), false);
  });

  promise('the operator may ask of what has not left, and sees the newest first', async (store) => {
    const { id, mail } = await posted(store);
    assert.equal(await store.wishForMail(id, 'hold'), true);
    assert.ok(ids(await store.wishedMails()).includes(id));
    assert.equal((await store.mail(id))?.wish, 'hold');
    await store.endMailWish(id, 'release');
    assert.equal((await store.mail(id))?.wish, 'hold', 'what was asked since stays');
    await store.endMailWish(id, 'hold');
    assert.ok(!ids(await store.wishedMails()).includes(id));
    await store.changeMail(id, FAILED, NOW);
    assert.equal(await store.wishForMail(id, 'retry'), false);
    assert.equal(await store.wishForMail(newId('mail'), 'retry'), false);
    const younger = newMail(mail.mailboxId, { state: 'failed' });
    await store.addMail(younger, [], index());
    assert.deepEqual(ids(await store.mailsInState(['failed'], 2)), [younger.id, id]);
    assert.deepEqual(ids(await store.mailsInState(['failed'], 1)), [younger.id]);
  });

  promise('addresses of mails that ended long ago are forgotten, those of others stay', async (store) => {
    const ended = await posted(store, { state: 'delivered', changedAt: NOW - HOUR_MS });
    const young = await posted(store, { state: 'delivered', changedAt: NOW });
    const waiting = await posted(store, { changedAt: NOW - HOUR_MS });
    await store.forgetRecipients(NOW);
    const to = async ({ id }: { id: string }) => (await store.mail(id))?.to;
    assert.deepEqual([await to(ended), await to(young), await to(waiting)], [null, young.mail.to, waiting.mail.to]);
  });

  promise('jobs given up are kept, the newest of them', async (store) => {
    for (let at = 1; at <= DISPATCH_LIMITS.givenUpKept + 2; at += 1)
      await store.noteGivenUp({ queue: 'reply', reason: 'does not fit', at });
    const jobs = await store.givenUpJobs(DISPATCH_LIMITS.givenUpKept + 10);
    assert.equal(jobs.length, DISPATCH_LIMITS.givenUpKept);
    assert.deepEqual(jobs[0], { queue: 'reply', reason: 'does not fit', at: DISPATCH_LIMITS.givenUpKept + 2 });
  });

  promise('a correction is remembered with the change that was one', async (store) => {
    const { mail } = await posted(store);
    const conversation = newConversation(mail.mailboxId);
    await store.addConversation(conversation, NOW);
    const reply = newReply(mail.mailboxId, conversation.id);
    await store.addReply(reply, NOW);
    const change = { state: 'delivered', failure: null, certain: true } as const;
    assert.equal((await store.changeReply(reply.id, { ...change, corrected: true }, NOW)).corrected, true);
    assert.equal((await store.changeReply(reply.id, { ...change, state: 'read' }, NOW)).corrected, undefined);
  });
}
