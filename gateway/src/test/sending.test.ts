/**
 * Mails on their way: posted once, sent once, told to the people, retried with patience and given up in the end. The
 * other side is played by outcomes here; dispatch/route.test.ts speaks SMTP.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { listOf, smartHost } from '../dispatch/peers.fixture.ts';
import { later, type SendOutcome } from '../dispatch/smtp-session.ts';
import type { NewMail } from '../ports.ts';
import { acceptedReply, BYTES, mailOf, openSending, TO } from './sending.fixture.ts';
import { HOUR_MS, openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const DEFERRED = later('next-hop-deferred', { smtpCode: 451, isOfDomain: false });
const UNREACHABLE = later('next-hop-unreachable');
const REFUSED: SendOutcome = { outcome: 'refused', failure: 'next-hop-refused', smtpCode: 550 };

/** A posted mail of an accepted reply. */
async function posted(outcomes: SendOutcome[] = [], change: Partial<NewMail> = {}) {
  const side = openSending(world, ...outcomes);
  const { reply, told } = await acceptedReply(world);
  const mail = mailOf(world, reply, change);
  await side.outbox.post(mail);
  const { id } = mail;
  const now = async () => {
    const row = await world.store.mail(id);
    return [row?.state, row?.failure, row?.certain];
  };
  const replyNow = async () => {
    const row = await world.store.reply(reply.id);
    return [row?.state, row?.failure, row?.certain];
  };
  const events = async (subject: string) => (await world.store.trace(subject)).map(({ event }) => event);
  const states = async () => (await told()).map(({ state }) => state);
  const kept = () => world.blobs.get(`out/${id}`);
  const wakes = () => world.jobs.filter(({ queue }) => queue === 'send');
  return { ...side, mail, reply, id, now, replyNow, told, states, events, kept, wakes };
}

const SENDING = { mailId: '', from: 'pharmacie@officine.example', to: TO, bytes: BYTES, asksReports: false };

test('a mail that is posted is sent once, byte for byte, and its sealed bytes are gone then', async () => {
  const { id, reply, sender, given, now, replyNow, states, events, kept, wakes } = await posted();
  const stored = await kept();
  assert.ok(stored !== null && !stored.includes('claire') && !stored.includes('sealed'));
  assert.deepEqual(
    wakes().map(({ job }) => job),
    [{ kind: 'mail', mailId: id }],
  );
  await sender.attempt(id);
  await sender.attempt(id);
  assert.deepEqual(given, [{ ...SENDING, mailId: id }]);
  assert.deepEqual(
    [await now(), await replyNow()],
    [
      ['sent', null, true],
      ['sent', null, true],
    ],
  );
  assert.equal(await kept(), null);
  assert.deepEqual(await states(), ['sealed', 'sent']);
  assert.deepEqual(await events(id), ['mail-posted', 'mail-attempted', 'mail-sent']);
  assert.deepEqual(
    (await events(reply.id)).filter((event) => event.startsWith('reply')),
    ['reply-sealed', 'reply-sent'],
  );
  await sender.attempt(newId('mail'));
});

test('posting again changes nothing: neither the bytes nor the state, before and after it has left', async () => {
  const { mail, id, outbox, sender, given, states } = await posted();
  const other = { ...mail, bytes: Buffer.from('other bytes') };
  await Promise.all([outbox.post(other), outbox.post(other)]);
  await sender.attempt(id);
  await outbox.post(other);
  await sender.attempt(id);
  assert.deepEqual(
    given.map(({ bytes }) => bytes),
    [BYTES],
  );
  assert.deepEqual([await outbox.has(id), await outbox.has(newId('mail'))], [true, false]);
  assert.deepEqual(await states(), ['sealed', 'sent']);
});

test('prevents: mail 2 of a reply to two people being lost by a crash after mail 1 was posted', async () => {
  const side = openSending(world);
  const { reply } = await acceptedReply(world);
  const both = [mailOf(world, reply), mailOf(world, reply, { to: 'paul@hopital.example' })];
  const broken = { ...world.store, transaction: () => Promise.reject(new Error('killed')) };
  const dying = openSending({ ...world, store: broken });
  await assert.rejects(dying.outbox.postTogether(both, []), /killed/);
  assert.equal((await world.store.reply(reply.id))?.state, 'accepted');
  assert.deepEqual(await world.store.mailsOfReply(reply.id), []);
  await side.outbox.postTogether(both, []);
  assert.equal((await world.store.mailsOfReply(reply.id)).length, 2);
});

test('a deferred mail waits with growing pauses and leaves with the same bytes', async () => {
  const { id, sender, given, now, replyNow, states, wakes } = await posted([DEFERRED, DEFERRED]);
  await sender.attempt(id);
  assert.deepEqual(await now(), ['delayed', 'next-hop-deferred', false]);
  assert.deepEqual(await replyNow(), ['delayed', 'next-hop-deferred', false]);
  await sender.attempt(id);
  await sender.attempt(id);
  assert.deepEqual(await now(), ['sent', null, true]);
  assert.ok(given.length === 3 && given.every(({ bytes }) => bytes.equals(BYTES)));
  assert.deepEqual(await states(), ['sealed', 'delayed', 'sent'], 'a second delay of the same kind is no news');
  const again = wakes().slice(1);
  assert.equal(new Set(again.map(({ jobId }) => jobId)).size, 2);
  assert.ok(again.every(({ delayMs }) => (delayMs ?? 0) >= DISPATCH_LIMITS.firstRetryMs * 0.8));
});

test('a refused mail fails for good and is not offered again', async () => {
  const { id, sender, given, now, replyNow, kept } = await posted([REFUSED]);
  await sender.attempt(id);
  await sender.attempt(id);
  assert.deepEqual(
    [await now(), await replyNow()],
    [
      ['failed', 'next-hop-refused', true],
      ['failed', 'next-hop-refused', true],
    ],
  );
  assert.deepEqual([given.length, await kept()], [1, null]);
});

test('a mail is tried until its time is over, and fails then, uncertain', async () => {
  const { id, sender, given, now, kept, outcomes } = await posted();
  for (let hours = 0; hours < 60; hours += 1) {
    outcomes.splice(0, outcomes.length, DEFERRED);
    await sender.attempt(id);
    world.clock.ms += HOUR_MS;
  }
  assert.equal(given.length, 49);
  assert.deepEqual([await now(), await kept()], [['failed', 'next-hop-gave-up', false], null]);
});

test('a domain that fails rests: its other mails wait, said to be late, and are not counted as tried', async () => {
  const { id, reply, sender, outbox, given, now } = await posted([UNREACHABLE]);
  const second = mailOf(world, reply);
  const elsewhere = mailOf(world, reply, { to: 'paul@hopital.example' });
  await outbox.post(second);
  await outbox.post(elsewhere);
  await sender.attempt(id);
  await sender.attempt(second.id);
  await sender.attempt(elsewhere.id);
  assert.deepEqual(
    given.map(({ mailId }) => mailId),
    [id, elsewhere.id],
  );
  const waiting = await world.store.mail(second.id);
  assert.deepEqual([waiting?.state, waiting?.failure, waiting?.attempts], ['delayed', 'next-hop-unreachable', 0]);
  assert.ok((waiting?.nextAttemptAt ?? 0) > world.clock.ms);
  world.clock.ms += DISPATCH_LIMITS.restMaxMs * 2;
  await sender.attempt(second.id);
  await sender.attempt(id);
  assert.deepEqual([given.length, await now()], [4, ['sent', null, true]]);
});

test('a peer that hangs does not keep others from leaving, and a sweep wakes what is due', async () => {
  const { id, reply, sender, outbox, during, given } = await posted();
  let release = (): void => {};
  const hanging = new Promise<void>((done) => {
    release = done;
  });
  during.now = (mail) => (mail.mailId === id ? hanging : Promise.resolve());
  const elsewhere = mailOf(world, reply, { to: 'paul@hopital.example' });
  await outbox.post(elsewhere);
  await sender.wakeDue();
  await sender.wakeDue();
  while ((await world.store.mail(elsewhere.id))?.state !== 'sent') await new Promise((turn) => setTimeout(turn, 5));
  while (given.length < 2) await new Promise((turn) => setTimeout(turn, 5));
  assert.equal((await world.store.mail(id))?.state, 'sealed');
  assert.equal(sender.isBeingTried(id), true);
  release();
  await sender.close();
  assert.equal((await world.store.mail(id))?.state, 'sent');
  assert.equal(given.length, 2);
});

test('prevents: two workers sending one mail at the same time', async () => {
  const { id, sender, during, given } = await posted();
  const other = openSending(world);
  during.now = () => other.sender.attempt(id);
  await sender.attempt(id);
  assert.deepEqual([given.length, other.given.length], [1, 0]);
  assert.equal((await world.store.mail(id))?.attempts, 1);
});

test('a mail whose attempt was killed is tried again, with the same bytes, once its mark is over', async () => {
  const { id } = await posted();
  // Who was killed renews no mark, however long this test takes.
  const killed = openSending({ ...world, store: { ...world.store, keepMailAttempt: async () => {} } });
  killed.during.now = () => new Promise(() => {});
  void killed.sender.attempt(id);
  while ((await world.store.mail(id))?.attempts !== 1) await new Promise((turn) => setTimeout(turn, 5));
  const restarted = openSending(world);
  await restarted.sender.attempt(id);
  assert.deepEqual([restarted.given.length, await world.store.dueMails(world.clock.ms)], [0, []]);
  world.clock.ms += DISPATCH_LIMITS.markMs;
  assert.deepEqual(await world.store.dueMails(world.clock.ms), [id]);
  await restarted.sender.attempt(id);
  assert.deepEqual(
    restarted.given.map(({ bytes }) => bytes),
    [BYTES],
  );
});

test('after a 250 nothing is done but to record it, however often the database fails meanwhile', async () => {
  let failures = 2;
  const store = {
    ...world.store,
    transaction: ((work) =>
      failures-- > 0
        ? Promise.reject(new Error('away'))
        : world.store.transaction(work)) as World['store']['transaction'],
  };
  const { reply } = await acceptedReply(world);
  const mail = mailOf(world, reply);
  await openSending(world).outbox.post(mail);
  const { sender, given } = openSending({ ...world, store });
  await sender.attempt(mail.id);
  assert.deepEqual([given.length, (await world.store.mail(mail.id))?.state], [1, 'sent']);
});

test('a domain outside the space is refused before it is tried', async () => {
  const { id, sender, way, given, replyNow, kept } = await posted();
  way.now = { policy: smartHost(25, { reaches: ['hopital.example'] }), list: null };
  await sender.attempt(id);
  assert.deepEqual([given, await replyNow(), await kept()], [[], ['failed', 'domain-outside-space', true], null]);
});

test('without a list that is young enough, or without a way out, a mail waits', async () => {
  const { id, sender, way, given, now } = await posted();
  way.now = { policy: smartHost(25, { reaches: 'listed-domains' }), list: listOf(null) };
  await sender.attempt(id);
  assert.deepEqual(await now(), ['delayed', 'peer-list-unavailable', false]);
  way.now = null;
  await sender.attempt(id);
  assert.deepEqual(await now(), ['delayed', 'way-out-missing', false]);
  way.now = { policy: smartHost(25, { reaches: 'listed-domains' }), list: listOf({ 'cabinet.example': 'x' }) };
  await sender.attempt(id);
  assert.deepEqual([given.length, await now()], [1, ['sent', null, true]]);
});

test('a mail whose bytes are gone fails, uncertain, and says so', async () => {
  const { id, sender, given, replyNow } = await posted();
  await world.blobs.delete(`out/${id}`);
  await sender.attempt(id);
  assert.deepEqual([given, await replyNow()], [[], ['failed', 'sealed-mail-missing', false]]);
});

test('prevents: a mail whose stored bytes were damaged waiting for ever, and nobody knowing why', async () => {
  const { id, sender, given, now, replyNow, states, events, kept } = await posted();
  const stored = await kept();
  assert.ok(stored !== null);
  await world.blobs.put(
    `out/${id}`,
    stored.map((byte, at) => (at === stored.length - 1 ? byte ^ 1 : byte)),
  );
  await sender.attempt(id);
  assert.deepEqual(await now(), ['delayed', 'sealed-mail-unreadable', false]);
  assert.deepEqual(await world.store.dueMails(world.clock.ms), []);
  world.clock.ms += 48 * HOUR_MS;
  await sender.attempt(id);
  assert.deepEqual([given, await replyNow(), await kept()], [[], ['failed', 'sealed-mail-unreadable', false], null]);
  assert.deepEqual(await states(), ['sealed', 'delayed', 'failed']);
  assert.deepEqual(await events(id), ['mail-posted', 'mail-delayed', 'mail-failed']);
});

test('stored bytes that can be read again leave', async () => {
  const { id, sender, given, now, kept } = await posted();
  const stored = await kept();
  assert.ok(stored !== null);
  await world.blobs.put(`out/${id}`, Buffer.from('short'));
  await sender.attempt(id);
  await world.blobs.put(`out/${id}`, stored);
  await sender.attempt(id);
  assert.deepEqual([given.map(({ bytes }) => bytes), await now()], [[BYTES], ['sent', null, true]]);
});

test('jobs of sending carry an id and nothing else', async () => {
  const { id, sender, wakes } = await posted([DEFERRED]);
  await sender.attempt(id);
  assert.ok(wakes().every(({ job }) => JSON.stringify(job) === JSON.stringify({ kind: 'mail', mailId: id })));
});
