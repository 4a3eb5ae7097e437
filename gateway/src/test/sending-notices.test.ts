/** A sealed notice leaves once, with the null return path, is tried again for a while, and ends visibly. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { NOTICE_LIMITS } from '@estafette/contracts/limits';
import type { SendOutcome } from '../dispatch/next-hop.ts';
import { createNoticeSender } from '../dispatch/send-notice.ts';
import { index, newConversation, newLetter } from '../lasting/rows.conformance.ts';
import { openWorld, type World } from './world.fixture.ts';

const DEFERRED: SendOutcome = { outcome: 'later', failure: 'next-hop-deferred', smtpCode: 451 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** A held letter with its sealed notice, and a next hop that answers as told. */
async function sealedNotice(answers: SendOutcome[]) {
  const { store, vault, queues, blobs: safe, trail, mailboxId } = world;
  const conversation = newConversation(mailboxId);
  await store.addConversation(conversation, world.clock.ms);
  const { letterId } = newLetter(mailboxId, conversation.id);
  const name = { letterId, mailboxId };
  await store.addLetter(newLetter(mailboxId, conversation.id, { letterId }), world.clock.ms);
  const facts = { receivedAt: 0, bytes: 1, reasons: [], senderIndex: index(), sealedSender: null };
  await store.quarantineLetter({ ...name, ...facts });
  const offered: { from: string; to: string; bytes: Buffer }[] = [];
  const send = async (mail: (typeof offered)[number]): Promise<SendOutcome> => {
    offered.push(mail);
    return answers.shift() ?? DEFERRED;
  };
  const sender = createNoticeSender({ store, safe, vault, queues, trail, nextHop: { send, close() {} } });
  await sender.keep(name, 'claire.martin@cabinet.example', Buffer.from('sealed\n\nbytes'));
  await store.moveNotice(letterId, mailboxId, 'none', 'sealed');
  const state = async () => (await store.quarantinedLetter(letterId, mailboxId))?.notice;
  const kept = async () => safe.get(`notices/${letterId}.${mailboxId}`);
  const events = async () => (await store.trace(letterId)).map(({ event }) => event);
  return { name, sender, offered, state, kept, events };
}

test('an accepted notice left once, byte for byte, without a return path, and nothing of it is kept', async () => {
  const { name, sender, offered, state, kept, events } = await sealedNotice([{ outcome: 'sent' }]);
  assert.ok(!(await kept())?.includes('claire'));
  await sender.attempt(name);
  await sender.attempt(name);
  const mail = { from: '', to: 'claire.martin@cabinet.example', bytes: Buffer.from('sealed\n\nbytes') };
  assert.deepEqual([offered, await state(), await kept()], [[mail], 'sent', null]);
  assert.deepEqual(await events(), ['notice-sent']);
});

test('a deferred notice is tried again later, not for ever', async () => {
  const { name, sender, offered, state, kept, events } = await sealedNotice([]);
  for (let times = 0; times < NOTICE_LIMITS.attemptsMax + 2; times += 1) await sender.attempt(name);
  assert.deepEqual([offered.length, await state(), await kept()], [NOTICE_LIMITS.attemptsMax, 'failed', null]);
  assert.deepEqual((await events()).at(-1), 'notice-failed');
  assert.equal(world.jobs.length, NOTICE_LIMITS.attemptsMax - 1);
  assert.ok(world.jobs.every(({ delayMs }) => (delayMs ?? 0) > 0));
  assert.equal(new Set(world.jobs.map(({ jobId }) => jobId)).size, world.jobs.length);
});

test('a refused notice, or one whose bytes are gone, fails at once', async () => {
  const refused = await sealedNotice([{ outcome: 'refused', smtpCode: 550 }]);
  await refused.sender.attempt(refused.name);
  const lost = await sealedNotice([]);
  await world.blobs.delete(`notices/${lost.name.letterId}.${lost.name.mailboxId}`);
  await lost.sender.attempt(lost.name);
  assert.deepEqual([await refused.state(), await lost.state(), lost.offered], ['failed', 'failed', []]);
});

test('bytes that a crash left behind go at the next start, those that wait to leave stay', async () => {
  const { name, sender, kept } = await sealedNotice([]);
  const orphan = { letterId: newId('letter'), mailboxId: name.mailboxId };
  await sender.keep(orphan, 'claire.martin@cabinet.example', Buffer.from('sealed'));
  await sender.retell();
  const place = `notices/${orphan.letterId}.${orphan.mailboxId}`;
  assert.ok(await world.blobs.get(place));
  await sender.retell({ again: true });
  assert.equal(await world.blobs.get(place), null);
  assert.ok(await kept());
});

test('what was never tried is queued by the sweep, what was tried before at the next start', async () => {
  const { name, sender } = await sealedNotice([]);
  await sender.retell();
  assert.deepEqual(
    world.jobs.map(({ job }) => job),
    [{ kind: 'notice', ...name }],
  );
  await sender.attempt(name);
  world.jobs.length = 0;
  await sender.retell();
  assert.equal(world.jobs.length, 0);
  await sender.retell({ again: true });
  assert.equal(world.jobs.length, 1);
  await sender.attempt({ letterId: newId('letter'), mailboxId: name.mailboxId });
});
