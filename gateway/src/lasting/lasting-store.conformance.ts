/** What every lasting store promises, in code. Takes a factory; run by the test file for each database. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore } from '../ports.ts';
import {
  HOUR_MS,
  index,
  NOW,
  newConversation,
  newDevice,
  newEnrolment,
  newLearnt,
  newLetter,
  newMailbox,
  newReply,
} from './rows.conformance.ts';

type Work = (store: LastingStore, mailboxId: string) => Promise<void>;
const promises = new Map<string, Work>();
const promise = (title: string, work: Work) => promises.set(title, work);

/** Tests every promise on the store of a place. */
export function lastingStoreConformance(place: string, open: () => Promise<LastingStore>): void {
  for (const [title, work] of promises) {
    test(`${place}: ${title}`, async () => {
      const store = await open();
      await work(store, await newMailbox(store));
    });
  }
}

promise('a mailbox is found by its address in any case, once', async (store, mailboxId) => {
  const mailbox = await store.mailboxById(mailboxId);
  assert.deepEqual(await store.mailboxByAddress(`${mailboxId.toUpperCase()}@OFFICINE.example`), mailbox);
  assert.equal(mailbox?.address, `${mailboxId.toLowerCase()}@officine.example`);
  assert.ok((await store.mailboxes()).some((one) => one.id === mailboxId));
  assert.equal(await store.mailboxByAddress('nobody@officine.example'), null);
  assert.equal(await store.mailboxById(newId('mailbox')), null);
  const twin = { id: newId('mailbox'), address: `${mailboxId}@officine.example`, name: 'x', kind: 'PER' } as const;
  await assert.rejects(store.addMailbox(twin));
});

promise('a mailbox can be closed, and opened again', async (store, mailboxId) => {
  assert.equal((await store.mailboxById(mailboxId))?.closedAt, undefined);
  assert.equal(await store.closeMailbox(mailboxId, 1_781_518_800_000), true);
  assert.equal((await store.mailboxById(mailboxId))?.closedAt, 1_781_518_800_000);
  assert.equal(await store.closeMailbox(mailboxId, null), true);
  assert.equal((await store.mailboxById(mailboxId))?.closedAt, undefined);
  assert.equal(await store.closeMailbox(newId('mailbox'), 1), false);
});

promise('an enrolment link is used by one device, however many try', async (store, mailboxId) => {
  const enrolment = newEnrolment(mailboxId);
  await store.addEnrolment(enrolment);
  assert.deepEqual(await store.enrolment(enrolment.id), enrolment);
  const tries = await Promise.all(['a', 'b', 'c'].map((device) => store.useEnrolment(enrolment.id, device)));
  assert.equal(tries.filter(Boolean).length, 1);
  const winner = (await store.enrolment(enrolment.id))?.usedBy as string;
  assert.equal(await store.useEnrolment(enrolment.id, winner), true);
  assert.equal(await store.useEnrolment(enrolment.id, 'late'), false);
  assert.equal(await store.enrolment(newId('enrolment')), null);
  assert.equal(await store.useEnrolment(newId('enrolment'), 'a'), false);
});

promise('a device lives until it is revoked or its time is over', async (store, mailboxId) => {
  const [phone, terminal, lost] = [
    newDevice(mailboxId),
    newDevice(mailboxId, { validUntil: NOW + 10 }),
    newDevice(mailboxId),
  ];
  for (const device of [phone, terminal, lost]) assert.equal(await store.addDevice(device), true);
  assert.equal(await store.addDevice({ ...phone, person: 'Somebody else' }), false);
  assert.deepEqual(await store.device(phone.id, NOW), phone);
  assert.deepEqual(await store.device(terminal.id, NOW), terminal);
  assert.equal(await store.device(terminal.id, NOW + 10), null);
  await store.revokeDevice(lost.id, NOW);
  assert.equal(await store.device(lost.id, NOW), null);
  assert.equal(await store.addDevice(lost), false);
  const revoked = (since: number) => store.devicesRevokedSince(since);
  assert.deepEqual(
    (await revoked(NOW)).filter((one) => one.mailboxId === mailboxId),
    [{ id: lost.id, mailboxId }],
  );
  assert.ok(!(await revoked(NOW + 1)).some((one) => one.mailboxId === mailboxId));
  assert.deepEqual(
    (await store.devicesOf(mailboxId, NOW + 11)).map((device) => device.id),
    [phone.id],
  );
  const live = (await store.liveDevices(NOW)).filter((device) => device.mailboxId === mailboxId);
  assert.deepEqual(live.map((device) => device.id).sort(), [phone.id, terminal.id].sort());
});

promise('the newest certificate of a correspondent replaces the one before', async (store) => {
  const addressIndex = index();
  assert.equal(await store.correspondent(addressIndex), null);
  for (const text of ['old', 'new']) {
    const correspondent = {
      addressIndex,
      certificate: Buffer.from(text),
      chain: [Buffer.from('authority')],
      fingerprint: `print of ${text}`,
      capabilities: text === 'old' ? null : (['aes-256-gcm'] as const),
      signedAt: NOW,
      signer: 'print of the signer',
      letterId: newId('letter'),
      changed: text === 'new',
    };
    await store.saveCorrespondent(correspondent, NOW);
    const wishes = { form: null, content: null, keyTransport: null };
    assert.deepEqual(await store.correspondent(addressIndex), { ...correspondent, wishes });
  }
});

promise('how answers are to be sealed is kept when a certificate is learnt anew', async (store) => {
  const addressIndex = index();
  const wishes = { form: 'opaque', content: 'aes-256-gcm', keyTransport: 'rsa-oaep-sha256' } as const;
  assert.equal(await store.wishForCorrespondent(addressIndex, wishes), false);
  const learnt = newLearnt(addressIndex);
  await store.saveCorrespondent(learnt, NOW);
  assert.equal(await store.wishForCorrespondent(addressIndex, wishes), true);
  await store.saveCorrespondent({ ...learnt, fingerprint: 'another' }, NOW);
  assert.deepEqual((await store.correspondent(addressIndex))?.wishes, wishes);
  const none = { form: null, content: null, keyTransport: null };
  await store.wishForCorrespondent(addressIndex, none);
  assert.deepEqual((await store.correspondent(addressIndex))?.wishes, none);
});

promise('a conversation is extended, never shortened', async (store, mailboxId) => {
  const conversation = newConversation(mailboxId);
  await store.addConversation(conversation, NOW);
  assert.deepEqual(await store.conversation(conversation.id), conversation);
  const later = { epoch: '20260615T140000Z', wrappedKey: randomBytes(60), expiresAt: NOW + 3 * HOUR_MS };
  await store.extendConversation(conversation.id, later);
  await store.extendConversation(conversation.id, { ...later, epoch: '20260615T110000Z', expiresAt: NOW + 1 });
  await store.extendConversation(conversation.id, { ...later, wrappedKey: Buffer.alloc(1) });
  assert.deepEqual(await store.conversation(conversation.id), { ...conversation, ...later });
});

promise(
  'a conversation past its expiry is erased once, with its wrapped key, and stays erased',
  async (store, mailboxId) => {
    const [over, live] = [newConversation(mailboxId, { expiresAt: NOW }), newConversation(mailboxId)];
    for (const conversation of [over, live]) await store.addConversation(conversation, NOW - HOUR_MS);
    assert.deepEqual(
      (await store.liveConversations(mailboxId, NOW)).map((one) => one.id),
      [live.id],
    );
    assert.ok((await store.eraseExpired(NOW)).includes(over.id));
    assert.ok(!(await store.eraseExpired(NOW)).includes(over.id));
    const later = { epoch: '20260615T140000Z', wrappedKey: randomBytes(60), expiresAt: NOW + 3 * HOUR_MS };
    await store.extendConversation(over.id, later);
    const erased = await store.conversation(over.id);
    assert.deepEqual([erased?.erasedAt, erased?.wrappedKey.length, erased?.expiresAt], [NOW, 0, NOW]);
    assert.equal((await store.conversation(live.id))?.erasedAt, null);
  },
);

promise('a letter stands once in a mailbox under its identity', async (store, mailboxId) => {
  const conversation = newConversation(mailboxId);
  await store.addConversation(conversation, NOW);
  const letter = newLetter(mailboxId, conversation.id);
  await store.addLetter(letter, NOW);
  await assert.rejects(store.addLetter({ ...letter, letterId: newId('letter') }, NOW));
  await assert.rejects(store.addLetter({ ...letter, dedupeIndex: index() }, NOW));
  assert.deepEqual(await store.letterByDedupe(mailboxId, letter.dedupeIndex), letter);
  const other = await newMailbox(store);
  assert.equal(await store.letterByDedupe(other, letter.dedupeIndex), null);
  const there = newConversation(other);
  await store.addConversation(there, NOW);
  await store.addLetter({ ...letter, mailboxId: other, conversationId: there.id }, NOW);
  assert.equal((await store.lettersOf(letter.letterId)).length, 2);
  await store.markDelivered(letter.letterId, mailboxId);
  assert.deepEqual((await store.lettersOf(letter.letterId)).map((row) => row.state).sort(), ['delivered', 'routed']);
});

promise(
  'a letter may be moved to another conversation of its mailbox, and its Message-ID leads there',
  async (store, mailboxId) => {
    const [over, next] = [newConversation(mailboxId), newConversation(mailboxId)];
    for (const conversation of [over, next]) await store.addConversation(conversation, NOW);
    const letter = newLetter(mailboxId, over.id);
    await store.addLetter(letter, NOW);
    const messageIdIndex = index();
    const entry = { mailboxId, messageIdIndex, conversationId: over.id, subject: letter.letterId };
    await store.rememberMessageId({ ...entry, direction: 'in' });
    await store.moveLetter(letter.letterId, mailboxId, next.id);
    assert.deepEqual(
      (await store.lettersOf(letter.letterId)).map((row) => row.conversationId),
      [next.id],
    );
    assert.equal(await store.lastAnswerableLetter(over.id), null);
    assert.equal(await store.conversationKnows(mailboxId, messageIdIndex, next.id), true);
    assert.equal(await store.conversationKnows(mailboxId, messageIdIndex, over.id), false);
  },
);

promise('the last answerable letter is the last that was added', async (store, mailboxId) => {
  const conversation = newConversation(mailboxId);
  await store.addConversation(conversation, NOW);
  assert.equal(await store.lastAnswerableLetter(conversation.id), null);
  const letters = [true, true, false].map((answerable) => newLetter(mailboxId, conversation.id, { answerable }));
  for (const letter of letters) await store.addLetter(letter, NOW);
  assert.equal((await store.lastAnswerableLetter(conversation.id))?.letterId, letters[1]?.letterId);
  const letterId = letters[1]?.letterId as string;
  assert.equal(await store.letterContext(letterId, mailboxId), null);
  await store.saveLetterContext(letterId, mailboxId, Buffer.from([1, 0, 255]));
  assert.deepEqual(await store.letterContext(letterId, mailboxId), Buffer.from([1, 0, 255]));
});

promise('an erased conversation is named until its blobs are gone', async (store, mailboxId) => {
  const [over, live] = [newConversation(mailboxId, { expiresAt: NOW }), newConversation(mailboxId)];
  for (const conversation of [over, live]) {
    await store.addConversation(conversation, NOW - HOUR_MS);
    await store.addBlob({ blobId: newId('blob'), mailboxId, conversationId: conversation.id });
  }
  assert.ok(!(await store.erasedWithBlobs()).includes(over.id));
  await store.eraseExpired(NOW);
  const named = await store.erasedWithBlobs();
  assert.deepEqual([named.filter((id) => id === over.id).length, named.includes(live.id)], [1, false]);
  await store.forgetBlobs(over.id);
  assert.ok(!(await store.erasedWithBlobs()).includes(over.id));
});

promise('blobs go with their conversation: the last one they were sealed for', async (store, mailboxId) => {
  const conversationId = newId('conversation');
  const blob = { blobId: newId('blob'), mailboxId, conversationId };
  const before = newId('conversation');
  await store.addBlob({ ...blob, conversationId: before });
  await store.addBlob(blob);
  await store.addBlob(blob);
  assert.deepEqual(await store.blobsOf(before), []);
  assert.deepEqual(await store.blobsOf(conversationId), [{ blobId: blob.blobId, mailboxId }]);
  await store.forgetBlobs(conversationId);
  assert.deepEqual(await store.blobsOf(conversationId), []);
});

promise('a reply is added once and counts its changes', async (store, mailboxId) => {
  const reply = newReply(mailboxId, newId('conversation'));
  const adds = await Promise.all([1, 2, 3].map(() => store.addReply(reply, NOW)));
  assert.equal(adds.filter(Boolean).length, 1);
  const change = { state: 'delayed', failure: 'next-hop-deferred', certain: false } as const;
  assert.deepEqual(await store.changeReply(reply.id, change, NOW), { ...reply, ...change, revision: 2 });
  // A step that looked at the reply before that change makes none of its own.
  const stale = { state: 'failed', failure: null, certain: true, from: 1 } as const;
  assert.deepEqual(await store.changeReply(reply.id, stale, NOW), { ...reply, ...change, revision: 2 });
  await store.markAnnounced(reply.id, 2);
  await store.markAnnounced(reply.id, 1);
  assert.deepEqual(await store.reply(reply.id), {
    ...reply,
    ...change,
    revision: 2,
    announcedRevision: 2,
  });
  assert.equal(await store.reply(newId('reply')), null);
});

promise('unfinished replies are those with something left to do or to tell', async (store, mailboxId) => {
  const states = ['accepted', 'awaiting-key', 'sealed', 'delayed', 'sent', 'failed'] as const;
  const ids = new Map<string, string>();
  for (const state of states) {
    const reply = { ...newReply(mailboxId, newId('conversation')), state, announcedRevision: 1 };
    ids.set(reply.id, state);
    await store.addReply(reply, NOW);
  }
  const untold = { ...newReply(mailboxId, newId('conversation')), state: 'sent' as const };
  ids.set(untold.id, 'untold');
  await store.addReply(untold, NOW);
  const found = (await store.unfinishedReplies()).flatMap((row) => ids.get(row.id) ?? []);
  assert.deepEqual(found.sort(), ['accepted', 'awaiting-key', 'delayed', 'sealed', 'untold']);
});

promise('the trail tells what concerns a subject, in order', async (store) => {
  const [subject, related] = [newId('letter'), newId('conversation')];
  await store.audit({ subject, event: 'letter-accepted' }, NOW);
  await store.audit({ subject, event: 'letter-routed', detail: 'new', related }, NOW - 5);
  assert.deepEqual(await store.trace(subject), [
    { at: NOW, subject, event: 'letter-accepted' },
    { at: NOW - 5, subject, event: 'letter-routed', detail: 'new', related },
  ]);
  assert.equal((await store.trace(related)).length, 1);
});

promise('a transaction that throws leaves nothing, one that ends leaves all', async (store, mailboxId) => {
  const [kept, lost] = [newConversation(mailboxId), newConversation(mailboxId)];
  const failing = store.transaction(async (inside) => {
    await inside.addConversation(lost, NOW);
    await inside.transaction((nested) => nested.audit({ subject: lost.id, event: 'conversation-opened' }, NOW));
    throw new Error('in the middle');
  });
  await assert.rejects(failing, /in the middle/);
  assert.equal(await store.conversation(lost.id), null);
  assert.deepEqual(await store.trace(lost.id), []);
  await store.transaction((inside) => inside.addConversation(kept, NOW));
  assert.ok(await store.conversation(kept.id));
});
