/**
 * What is proven counts more than what is only said, silence ends, doubt is remembered, and nothing that became of a
 * reply stays untold because its conversation ended.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { createEraser } from '../conversation/erase.ts';
import { smartHost } from '../dispatch/peers.fixture.ts';
import { later, type SendOutcome } from '../dispatch/smtp-session.ts';
import type { MailReport, MailState, MailWish } from '../ports.ts';
import { acceptedReply, mailOf, openSending } from './sending.fixture.ts';
import { HOUR_MS, openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const UNKNOWN = later('outcome-unknown');
const DEFERRED = later('next-hop-deferred', { smtpCode: 451, isOfDomain: false });
const REFUSED: SendOutcome = { outcome: 'refused', failure: 'next-hop-refused', smtpCode: 554 };
const FAILED = { state: 'failed', failure: 'report-mailbox-unknown' } as const;

/** A posted mail of an accepted reply. */
async function posted(...outcomes: SendOutcome[]) {
  const side = openSending(world, ...outcomes);
  const { reply, told } = await acceptedReply(world);
  const mail = mailOf(world, reply, { asksReports: true });
  await side.outbox.post(mail);
  const { id } = mail;
  const spoken = async () =>
    (await told()).map(({ state, certain, correction }) =>
      [state, certain ? '' : ' perhaps', correction === true ? ', corrected' : ''].join(''),
    );
  const tell = async (...reports: MailReport[]): Promise<void> => {
    for (const report of reports) await side.life.reported(id, report);
  };
  const ask = async (wish: MailWish): Promise<void> => {
    await world.store.wishForMail(id, wish);
    await side.fulfil();
  };
  /** Attempts, long enough one after the other for its domain to rest no more. */
  const attempt = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      world.clock.ms += DISPATCH_LIMITS.restMaxMs * 2;
      await side.sender.attempt(id);
    }
  };
  const dieInAttempt = async (): Promise<void> => {
    const { ms: now } = world.clock;
    assert.ok((await world.store.beginMailAttempt(id, { by: 'killed', now, until: now + 1 })) !== null);
    world.clock.ms += 1;
  };
  const now = async (): Promise<[MailState | undefined, boolean | undefined]> => {
    const found = await world.store.mail(id);
    return [found?.state, found?.certain];
  };
  return { ...side, id, mail, reply, told, spoken, tell, ask, attempt, dieInAttempt, now };
}

test('prevents: a receipt that nobody proved hiding the failure that its operator proves', async () => {
  for (const state of ['delivered', 'read'] as const) {
    const { id, sender, spoken, tell, now } = await posted();
    await sender.attempt(id);
    await tell({ state, certain: false }, { ...FAILED, certain: true });
    assert.deepEqual(await now(), ['failed', true]);
    assert.deepEqual((await spoken()).slice(2), [`${state} perhaps`, 'failed, corrected']);
  }
  const { id, sender, spoken, tell, now } = await posted();
  await sender.attempt(id);
  await tell({ state: 'read', certain: false }, { ...FAILED, certain: false }, { state: 'read', certain: true });
  assert.deepEqual(await now(), ['read', true], 'what is only said takes nothing back');
  await tell({ ...FAILED, certain: true }, { state: 'read', certain: false });
  assert.deepEqual(await now(), ['read', true], 'what is proven stays');
  assert.deepEqual((await spoken()).slice(2), ['read perhaps', 'read']);
});

test('prevents: a failure that nobody proves hiding the arrival that its operator proves', async () => {
  for (const state of ['delivered', 'read'] as const) {
    const { id, sender, spoken, tell, now } = await posted();
    await sender.attempt(id);
    await tell({ state, certain: true }, { ...FAILED, certain: false });
    assert.deepEqual([await now(), (await spoken()).slice(2)], [[state, true], [state]]);
  }
  const { id, sender, tell, now } = await posted();
  await sender.attempt(id);
  await tell({ state: 'delivered', certain: false }, { ...FAILED, certain: false });
  assert.deepEqual(await now(), ['failed', false], 'neither is proven: the later word');
});

test('a mail that a report said to be late is unconfirmed after five days without another word', async () => {
  const { id, sender, watch, spoken, tell } = await posted();
  await sender.attempt(id);
  const delayed = { state: 'delayed', failure: 'next-hop-deferred', certain: false } as const;
  await tell(delayed);
  world.clock.ms += DISPATCH_LIMITS.reportedDelayMaxMs - 1;
  await watch();
  assert.deepEqual((await spoken()).slice(2), ['delayed perhaps']);
  world.clock.ms += 1;
  await watch();
  await tell(delayed);
  await watch();
  assert.deepEqual((await spoken()).slice(2), ['delayed perhaps', 'unknown perhaps']);
});

test('a report ends no mail that waits for its next attempt, unless it proves that it arrived', async () => {
  const { id, sender, tell, now } = await posted(DEFERRED);
  await tell({ state: 'read', certain: true });
  assert.deepEqual(await now(), ['sealed', true], 'never offered');
  await sender.attempt(id);
  const delayed = { ...FAILED, state: 'delayed', certain: true } as const;
  await tell({ ...FAILED, certain: true }, { ...FAILED, certain: false }, { state: 'read', certain: false }, delayed);
  assert.deepEqual([await now(), (await world.store.mail(id))?.failure], [['delayed', false], 'next-hop-deferred']);
  await sender.attempt(id);
  assert.deepEqual(await now(), ['sent', true]);
});

test('what is dropped after an unknown outcome has failed, but not for certain, whatever came between', async () => {
  const ways: [SendOutcome[], MailWish[], boolean][] = [
    [[], [], true],
    [[DEFERRED], [], true],
    [[DEFERRED], ['hold'], true],
    [[UNKNOWN], [], false],
    [[UNKNOWN, DEFERRED], [], false],
    [[UNKNOWN], ['hold'], false],
    [[UNKNOWN], ['hold', 'release', 'hold'], false],
  ];
  for (const [outcomes, wishes, certain] of ways) {
    const { sender, ask, attempt, now, told } = await posted(...outcomes);
    await attempt(outcomes.length);
    const closing = sender.close();
    for (const wish of [...wishes, 'drop'] as const) await ask(wish);
    await closing;
    const title = JSON.stringify([outcomes.length, wishes]);
    assert.deepEqual(await now(), ['dropped', certain], title);
    const last = (await told()).at(-1);
    assert.deepEqual([last?.state, last?.failure, last?.certain], ['failed', 'dropped-by-operator', certain], title);
  }
});

test('what another process drops or holds while its outcome becomes unknown is in doubt all the same', async () => {
  for (const state of ['held', 'dropped'] as const) {
    const { id, sender, during, life, now } = await posted(UNKNOWN);
    during.now = async () => {
      const mail = await world.store.mail(id);
      if (mail !== null) await life.change(mail, { state, failure: `${state}-by-operator` as 'held-by-operator' });
    };
    await sender.attempt(id);
    assert.deepEqual(await now(), [state, false]);
  }
});

test('prevents: a drop or a refusal being certain after an attempt that was broken off with the gateway', async () => {
  const first = await posted();
  await first.dieInAttempt();
  await first.ask('drop');
  assert.deepEqual(await first.now(), ['dropped', false]);
  const second = await posted(DEFERRED);
  await second.attempt(1);
  await second.dieInAttempt();
  await second.ask('drop');
  assert.deepEqual(await second.now(), ['dropped', false], 'after an attempt that ended well');
  for (const outcome of [later('next-hop-unreachable'), DEFERRED]) {
    const { attempt, dieInAttempt, ask, now, told } = await posted(outcome);
    await dieInAttempt();
    await attempt(1);
    assert.equal((await told()).at(-1)?.failure, 'outcome-unknown');
    await ask('drop');
    assert.deepEqual(await now(), ['dropped', false], 'after another attempt');
  }
  const refused = await posted(REFUSED);
  await refused.dieInAttempt();
  await refused.attempt(1);
  assert.deepEqual(await refused.now(), ['failed', false]);
});

test('prevents: the doubt being lost because the gateway ended before it could write down an outcome', async () => {
  const { id, mail, ask, now } = await posted();
  const away = () => Promise.reject(new Error('away'));
  const ending = openSending({ ...world, store: { ...world.store, transaction: away } });
  ending.during.now = async () => void ending.sender.close();
  await ending.sender.attempt(mail.id);
  assert.deepEqual([ending.given.length, await world.store.dueMails(world.clock.ms)], [1, [id]]);
  await ask('drop');
  assert.deepEqual(await now(), ['dropped', false]);
});

test('prevents: a refusal being certain of a mail that perhaps arrived before', async () => {
  const { attempt, now, told } = await posted(UNKNOWN, REFUSED);
  await attempt(2);
  const last = (await told()).at(-1);
  assert.deepEqual([await now(), last?.failure, last?.certain], [['failed', false], 'next-hop-refused', false]);
  const outside = await posted(UNKNOWN);
  await outside.attempt(1);
  outside.way.now = { policy: smartHost(25, { reaches: ['hopital.example'] }), list: null };
  await outside.attempt(1);
  assert.deepEqual([await outside.now(), outside.given.length], [['failed', false], 1]);
  const sure = await posted(DEFERRED, REFUSED);
  await sure.attempt(2);
  assert.deepEqual(await sure.now(), ['failed', true], 'what was surely not taken before');
});

test('prevents: a refusal taking the place of an arrival that is proven while it is said', async () => {
  for (const before of [[], [DEFERRED], [UNKNOWN]])
    for (const state of ['delivered', 'read'] as const) {
      const { attempt, during, tell, now, spoken } = await posted(...before, REFUSED);
      await attempt(before.length);
      during.now = () => tell({ state, certain: true });
      await attempt(1);
      assert.deepEqual(await now(), [state, true]);
      assert.equal((await spoken()).at(-1), state);
    }
});

test('what is unknown of one mail is not said of the others that wait for its domain', async () => {
  const { id, sender, outbox, reply } = await posted(UNKNOWN);
  const second = mailOf(world, reply);
  await outbox.post(second);
  await sender.attempt(id);
  await sender.attempt(second.id);
  const failures = [await world.store.mail(id), await world.store.mail(second.id)].map((mail) => mail?.failure);
  assert.deepEqual(failures, ['outcome-unknown', 'next-hop-unreachable']);
});

test('prevents: a failure that nobody hears of because the conversation ended while the mail was tried', async () => {
  const { id, reply, sender, outcomes, told } = await posted();
  const erase = createEraser(world);
  const end = world.clock.ms + 48 * HOUR_MS + DISPATCH_LIMITS.lastWordMs;
  const conversation = await world.store.conversation(reply.conversationId);
  assert.ok(conversation !== null && conversation.expiresAt >= end && conversation.expiresAt < end + HOUR_MS);
  for (let hours = 0; hours <= 48; hours += 1) {
    await erase();
    outcomes.splice(0, outcomes.length, DEFERRED);
    await sender.attempt(id);
    world.clock.ms += HOUR_MS;
  }
  const last = (await told()).at(-1);
  assert.deepEqual([last?.state, last?.failure], ['failed', 'next-hop-gave-up']);
});

test('a conversation is never made shorter by an answer, nor brought back once it is over', async () => {
  const side = openSending(world);
  const { reply } = await acceptedReply(world);
  const before = await world.store.conversation(reply.conversationId);
  assert.ok(before !== null);
  world.clock.ms = before.expiresAt;
  await side.outbox.post(mailOf(world, reply));
  assert.deepEqual(await world.store.conversation(reply.conversationId), before);
  const long = await acceptedReply(world);
  const { epoch, endsAt: expiresAt } = world.custody.epochFor(world.clock.ms + 200 * HOUR_MS);
  const wrappedKey = Buffer.alloc(60);
  await world.store.extendConversation(long.reply.conversationId, { epoch, wrappedKey, expiresAt });
  await side.outbox.post(mailOf(world, long.reply));
  assert.equal((await world.store.conversation(long.reply.conversationId))?.expiresAt, expiresAt);
});

test('a failure after the end of the conversation is told without its key, as a code', async () => {
  const { id, reply, sender, ask } = await posted();
  await ask('hold');
  world.clock.ms += 60 * HOUR_MS;
  await createEraser(world)();
  await ask('drop');
  await sender.attempt(id);
  const events = world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
  const refused = events.flatMap((event) => (event.kind === 'refused' ? [[event.replyId, event.failure]] : []));
  assert.deepEqual(refused, [[reply.id, 'dropped-by-operator']]);
});
