/** What every lasting store promises of replies that leave together, and of what goes with them, in code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore, ReplyRow } from '../ports.ts';
import { NOW, newConversation, newMailbox, newReply } from './rows.conformance.ts';

const promises = new Map<string, (store: LastingStore, mailboxId: string) => Promise<void>>();

/** Tests every promise on the store of a place. */
export function replyGroupsConformance(place: string, open: () => Promise<LastingStore>): void {
  for (const [title, work] of promises) {
    test(`${place}: ${title}`, async () => {
      const store = await open();
      await work(store, await newMailbox(store));
    });
  }
}

/** Three accepted replies, added one after the other. */
async function threeReplies(store: LastingStore, mailboxId: string): Promise<[ReplyRow, ReplyRow, ReplyRow]> {
  const conversation = newConversation(mailboxId);
  await store.addConversation(conversation, NOW);
  const replies: [ReplyRow, ReplyRow, ReplyRow] = [
    newReply(mailboxId, conversation.id),
    newReply(mailboxId, conversation.id),
    newReply(mailboxId, conversation.id),
  ];
  for (const [at, reply] of replies.entries()) await store.addReply(reply, NOW + at);
  return replies;
}
const idsOf = (rows: readonly ReplyRow[]): string[] => rows.map(({ id }) => id);

promises.set('what is known of a reply that waits comes back whole', async (store, mailboxId) => {
  const reply: ReplyRow = {
    ...newReply(mailboxId, newId('conversation')),
    answers: newId('letter'),
    to: 'all',
    isPressing: true,
    bytes: 12_000_000,
  };
  await store.addReply(reply, NOW);
  assert.deepEqual(await store.reply(reply.id), reply);
});

promises.set('replies without a mail come in their order, those of a mail do not come', async (store, mailboxId) => {
  const [one, two, three] = await threeReplies(store, mailboxId);
  assert.deepEqual(idsOf(await store.ungroupedReplies(one.conversationId)), [one.id, two.id, three.id]);
  await store.changeReply(two.id, { state: 'failed', failure: null, certain: true }, NOW);
  await store.groupReplies([one.id], { id: one.id, answers: 'ltr', at: NOW });
  assert.deepEqual(idsOf(await store.ungroupedReplies(one.conversationId)), [three.id]);
  assert.deepEqual(await store.ungroupedReplies(newId('conversation')), []);
});

promises.set('a group is decided once, for all of its replies or for none', async (store, mailboxId) => {
  const [one, two, three] = await threeReplies(store, mailboxId);
  await store.groupReplies([one.id, two.id], { id: one.id, answers: 'ltr_x', at: NOW + 5 });
  const group = await store.repliesOfGroup(one.id);
  assert.deepEqual(
    group.map(({ id, groupId, answers, gatheredAt }) => [id, groupId, answers, gatheredAt]),
    [one.id, two.id].sort().map((id) => [id, one.id, 'ltr_x', NOW + 5]),
  );
  const again = store.transaction((inside) =>
    inside.groupReplies([two.id, three.id], { id: two.id, answers: null, at: NOW }),
  );
  await assert.rejects(again);
  assert.equal((await store.reply(three.id))?.groupId, null);
  assert.deepEqual(await store.repliesOfGroup(two.id), []);
});

promises.set('a mailbox is described part by part', async (store, mailboxId) => {
  const label = async () => {
    const { title, givenName, familyName, entity } = (await store.mailboxById(mailboxId)) ?? {};
    return [title, givenName, familyName, entity];
  };
  assert.deepEqual(await label(), [undefined, undefined, undefined, undefined]);
  assert.equal(await store.describeMailbox(mailboxId, { title: 'Dr', givenName: 'Zoé', familyName: 'LEFÈVRE' }), true);
  assert.equal(await store.describeMailbox(mailboxId, { title: '', entity: 'Cabinet' }), true);
  assert.deepEqual(await label(), [undefined, 'Zoé', 'LEFÈVRE', 'Cabinet']);
  assert.equal(await store.describeMailbox(newId('mailbox'), { title: 'Dr' }), false);
  const id = newId('mailbox');
  const whole = { id, address: `${id.toLowerCase()}@officine.example`, name: 'M', kind: 'PER', title: 'M.' } as const;
  await store.addMailbox(whole);
  assert.deepEqual(await store.mailboxById(id), whole);
});

promises.set('a blob is known by its name until it is forgotten', async (store, mailboxId) => {
  const blob = { blobId: newId('blob'), mailboxId, conversationId: newId('conversation') };
  assert.equal(await store.hasBlob(blob.blobId), false);
  await store.addBlob(blob);
  assert.equal(await store.hasBlob(blob.blobId), true);
  await store.forgetBlobs(blob.conversationId);
  assert.equal(await store.hasBlob(blob.blobId), false);
});
