/**
 * A mailbox without a good key holds its replies: nothing fails, nothing is lost, nothing leaves unsigned; when a key is
 * there they leave by themselves, and when the conversation ends first it is said in time.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { keyFor, usesInWords } from '../keys/keys.fixture.ts';
import { openOwnKeys } from '../keys/own-keys.ts';
import { newConversation, newReply } from '../lasting/rows.conformance.ts';
import type { Conversation, MailboxKey, ReplyRow } from '../ports.ts';
import { assembleOutboundIn, mailOf } from './outbound.fixture.ts';
import { HOUR_MS, openWorld, START, type World } from './world.fixture.ts';

let world: World;
let refusing: Set<string>;
let sealedWith: string[];
let tries: number;
beforeEach(async () => {
  world = await openWorld();
  refusing = new Set();
  sealedWith = [];
  tries = 0;
});
afterEach(() => world.close());

function makeOutbound() {
  const ownKeys = openOwnKeys({ ...world, usesOf: usesInWords });
  const sealReplies = async (rows: readonly ReplyRow[]) => {
    tries += 1;
    const { signing } = await ownKeys.forSealing(world.mailboxId);
    const key = signing.find(({ id }) => !refusing.has(id));
    if (key === undefined) throw new Refusal('own-certificate-unusable');
    sealedWith.push(key.id);
    const mail = mailOf(world, rows, Buffer.from(key.id));
    return { messageId: mail.messageId, mails: [mail], refused: [], inClear: 0 };
  };
  return assembleOutboundIn(world, { sealReplies, ownKeys }, 0).outbound;
}

/** A conversation with its key in custody, and a reply that was accepted in it. */
async function acceptedReply(expiresAt = START + 100 * HOUR_MS): Promise<{ id: string; conversation: Conversation }> {
  const { epoch } = world.custody.epochFor(expiresAt);
  const draft = { ...newConversation(world.mailboxId), expiresAt, epoch };
  const key = await world.custody.make();
  const conversation = { ...draft, wrappedKey: await world.custody.wrap(draft.id, epoch, key) };
  await world.store.addConversation(conversation, START);
  const reply: ReplyRow = { ...newReply(world.mailboxId, conversation.id), state: 'accepted', announcedRevision: 1 };
  await world.store.addReply(reply, START);
  return { id: reply.id, conversation };
}
async function addKey(from: number, until: number): Promise<MailboxKey> {
  const key = { ...keyFor('both', START, from, until), mailboxId: world.mailboxId };
  await world.store.addMailboxKey(key);
  return key;
}
const stateOf = async (id: string) => {
  const row = await world.store.reply(id);
  return [row?.state, row?.failure];
};
const HELD = ['awaiting-key', 'own-certificate-unusable'];

test('a reply waits while its mailbox has no key, is told once, and leaves when another process adds one', async () => {
  const outbound = makeOutbound();
  const { id } = await acceptedReply();
  await outbound.resume();
  for (let times = 0; times < 5; times += 1) await outbound.retell();
  assert.deepEqual(await stateOf(id), HELD);
  assert.equal(tries, 1, 'a mailbox without any key costs no sealing');
  assert.equal(world.delivered().filter((job) => job.kind === 'append').length, 1);
  const key = await addKey(-1, 300);
  await outbound.retell();
  assert.deepEqual(await stateOf(id), ['sealed', null]);
  assert.deepEqual(sealedWith, [key.id]);
  assert.deepEqual(
    (await world.store.trace(id)).map(({ event }) => event),
    ['reply-held', 'mail-posted', 'reply-sealed'],
  );
  assert.equal(world.jobs.filter(({ queue }) => queue === 'send').length, 1);
});

test('a key whose time has not come does not sign before, and does at its first moment', async () => {
  const outbound = makeOutbound();
  const { id } = await acceptedReply();
  await addKey(1, 300);
  await outbound.resume();
  await outbound.retell();
  assert.deepEqual(await stateOf(id), HELD);
  world.clock.ms = START + 24 * HOUR_MS;
  await outbound.retell();
  assert.equal((await stateOf(id))[0], 'sealed');
});

test('while the only key is refused (revoked, or revocation unknown) tries grow rare; another key is tried at once', async () => {
  const outbound = makeOutbound();
  const { id } = await acceptedReply();
  refusing.add((await addKey(-1, 300)).id);
  await outbound.resume();
  const until = START + HOUR_MS;
  for (; world.clock.ms < until; world.clock.ms += 5_000) await outbound.retell();
  assert.deepEqual(await stateOf(id), HELD);
  const doublings = Math.ceil(Math.log2(KEY_LIMITS.longestRetryMs / KEY_LIMITS.firstRetryMs));
  assert.ok(tries > doublings && tries <= doublings + 6, `${tries} tries in an hour`);
  const key = await addKey(0, 300);
  await outbound.retell();
  assert.deepEqual(sealedWith, [key.id]);
});

test('prevents: a newest key that is not good here stopping a mailbox that has another', async () => {
  const outbound = makeOutbound();
  const { id } = await acceptedReply();
  const older = await addKey(-10, 300);
  refusing.add((await addKey(-1, 300)).id);
  await outbound.resume();
  assert.equal((await stateOf(id))[0], 'sealed');
  assert.deepEqual(sealedWith, [older.id]);
});

test('when the conversation ends first the reply fails while its author can still be told', async () => {
  const outbound = makeOutbound();
  const { id, conversation } = await acceptedReply(START + 2 * HOUR_MS);
  await outbound.resume();
  world.clock.ms = conversation.expiresAt - KEY_LIMITS.lastCallMs - 1;
  await outbound.retell();
  assert.deepEqual(await stateOf(id), HELD);
  world.clock.ms += 1;
  await outbound.retell();
  assert.deepEqual(await stateOf(id), ['failed', 'conversation-expired']);
  assert.equal(world.delivered().filter((job) => job.kind === 'append').length, 2);
  await addKey(-1, 300);
  await outbound.retell();
  assert.deepEqual(sealedWith, [], 'what has failed does not leave afterwards');
});

test('a reply that could leave again is not failed at the end of its conversation, whatever pause was left', async () => {
  const outbound = makeOutbound();
  const { id, conversation } = await acceptedReply(START + HOUR_MS);
  refusing.add((await addKey(-1, 300)).id);
  await outbound.resume();
  const lastCall = conversation.expiresAt - KEY_LIMITS.lastCallMs;
  for (; world.clock.ms < lastCall; world.clock.ms += 5_000) await outbound.retell();
  assert.deepEqual(await stateOf(id), HELD);
  refusing.clear();
  world.clock.ms = lastCall;
  await outbound.retell();
  assert.deepEqual(await stateOf(id), ['sealed', null]);
});

test('a held reply outlives a restart', async () => {
  const { id } = await acceptedReply();
  await makeOutbound().resume();
  await addKey(-1, 300);
  const again = makeOutbound();
  await again.resume();
  await again.retell();
  assert.equal((await stateOf(id))[0], 'sealed');
});

test('prevents: two sweeps at once making two mails of one reply', async () => {
  const outbound = makeOutbound();
  await acceptedReply();
  await outbound.resume();
  await addKey(-1, 300);
  await Promise.all([outbound.retell(), outbound.retell(), outbound.retell()]);
  assert.equal(sealedWith.length, 1);
});
