/** Sealed replies and notices of the version before become mails at a start, with their bytes; and notices end as they did. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { createAdoption } from '../dispatch/adopt-old-mails.ts';
import { later, type SendOutcome } from '../dispatch/smtp-session.ts';
import { index, newConversation, newLetter } from '../lasting/rows.conformance.ts';
import { correspondentIndexOf } from '../ports.ts';
import { acceptedReply, mailOf, openSending, silent, TO } from './sending.fixture.ts';
import { HOUR_MS, openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const OLD = Buffer.from('Message-ID: <old@gateway.officine.example>\r\n\r\nMIIB\r\n');
const mailIdFor = (name: string) => world.events.idFor('mail', name);

function adoption(side: ReturnType<typeof openSending>): () => Promise<void> {
  const { store, vault, blobs: safe } = world;
  return createAdoption({
    ...{ store, safe, vault, outbox: side.outbox, mailIdFor, log: silent },
    recipientIndex: (address) => correspondentIndexOf(vault, address),
    space: () => 'open',
    lost: (row) => side.status.change(row, { state: 'failed', failure: 'sealed-mail-missing', certain: false }),
  });
}

/** As the version before kept it. */
async function keepOld(name: string, context: string): Promise<void> {
  const clear = Buffer.concat([Buffer.from(`${JSON.stringify({ to: TO })}\n`), OLD]);
  await world.blobs.put(name, world.vault.seal('spool', context, clear));
}

/** A held letter whose notice was sealed. */
async function heldLetter() {
  const { store, mailboxId } = world;
  const conversation = newConversation(mailboxId, { expiresAt: world.clock.ms + HOUR_MS });
  await store.addConversation(conversation, world.clock.ms);
  const letter = newLetter(mailboxId, conversation.id);
  await store.addLetter(letter, world.clock.ms);
  const { letterId } = letter;
  const facts = { receivedAt: 0, bytes: 1, reasons: [], senderIndex: index(), sealedSender: null };
  await store.quarantineLetter({ letterId, mailboxId, ...facts });
  const notice = async () => (await store.quarantinedLetter(letterId, mailboxId))?.notice;
  const events = async () =>
    (await store.trace(letterId)).map(({ event }) => event).filter((event) => event.startsWith('notice'));
  return { letterId, mailboxId, notice, events };
}

test('a sealed reply of the version before leaves as a mail, with its bytes and its state', async () => {
  const side = openSending(world);
  const { reply } = await acceptedReply(world);
  await world.store.changeReply(reply.id, { state: 'delayed', failure: 'next-hop-unreachable', certain: false }, 0);
  await keepOld(`out/${reply.id}`, reply.id);
  const adopt = adoption(side);
  await adopt();
  await adopt();
  assert.equal(await world.blobs.get(`out/${reply.id}`), null);
  await side.sender.wakeDue();
  while ((await world.store.reply(reply.id))?.state !== 'sent') await new Promise((turn) => setTimeout(turn, 5));
  assert.deepEqual(
    side.given.map(({ from, to, bytes }) => [from, to, bytes]),
    [['pharmacie@officine.example', TO, OLD]],
  );
  const index = world.indexOf('message-id', '<old@gateway.officine.example>');
  assert.equal((await world.store.mailsByMessageId(index)).length, 1);
});

test('a sealed reply whose bytes are gone fails, visibly', async () => {
  const side = openSending(world);
  const { reply, told } = await acceptedReply(world);
  await world.store.changeReply(reply.id, { state: 'sealed', failure: null, certain: true }, 0);
  await adoption(side)();
  assert.deepEqual(
    (await told()).map(({ state, failure }) => [state, failure]),
    [['failed', 'sealed-mail-missing']],
  );
});

test('a sealed notice of the version before leaves as a mail, without a return path', async () => {
  const side = openSending(world);
  const { letterId, mailboxId, notice, events } = await heldLetter();
  await world.store.moveNotice(letterId, mailboxId, 'none', 'sealed');
  await keepOld(`notices/${letterId}.${mailboxId}`, `notices/${letterId}.${mailboxId}`);
  await adoption(side)();
  await side.sender.attempt(mailIdFor(`notice ${letterId} ${mailboxId}`));
  assert.deepEqual(
    side.given.map(({ from, bytes, asksReports }) => [from, bytes, asksReports]),
    [['', OLD, false]],
  );
  assert.deepEqual([await notice(), await events()], ['sent', ['notice-sent']]);
});

test('bytes that wait for nothing go at a start, those of mails that wait stay', async () => {
  const side = openSending(world);
  const { reply } = await acceptedReply(world);
  const mail = mailOf(world, reply);
  await side.outbox.post(mail);
  const orphan = `out/${newId('mail')}`;
  await world.blobs.put(orphan, Buffer.from('x'));
  await adoption(side)();
  assert.deepEqual([await world.blobs.get(orphan), (await world.blobs.get(`out/${mail.id}`)) !== null], [null, true]);
});

test('bytes of a mail that has left go too, though its delivery is still to be confirmed', async () => {
  const side = openSending(world);
  const { reply } = await acceptedReply(world);
  const mail = mailOf(world, reply, { asksReports: true });
  await side.outbox.post(mail);
  await world.store.changeMail(mail.id, { state: 'sent', failure: null, certain: true, sentAt: world.clock.ms }, 0);
  await adoption(side)();
  assert.equal(await world.blobs.get(`out/${mail.id}`), null);
});

test('a notice that is deferred says so in the trail; one that is refused fails', async () => {
  for (const [outcome, state, event] of [
    [later('next-hop-deferred', { isOfDomain: false }), 'none', 'notice-delayed'],
    [{ outcome: 'refused', failure: 'next-hop-refused', smtpCode: 550 }, 'failed', 'notice-failed'],
  ] as [SendOutcome, string, string][]) {
    const side = openSending(world, outcome);
    const { letterId, mailboxId, notice, events } = await heldLetter();
    const { reply } = await acceptedReply(world);
    const facts = { kind: 'notice', subject: letterId, mailboxId, replyIds: [], from: '' } as const;
    const mail = mailOf(world, reply, facts);
    await side.outbox.post(mail);
    await side.sender.attempt(mail.id);
    // The notifier notes that it was sealed only now: what has ended stays so.
    await world.store.moveNotice(letterId, mailboxId, 'none', 'sealed');
    assert.deepEqual([await notice(), await events()], [state === 'none' ? 'sealed' : state, [event]]);
  }
});
