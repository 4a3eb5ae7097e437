/** What became of a reply: reports, silence, several recipients, corrections, and what the operator does. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { smartHost } from '../dispatch/peers.fixture.ts';
import { later, type SendOutcome } from '../dispatch/smtp-session.ts';
import type { MailWish, NewMail } from '../ports.ts';
import { acceptedReply, mailOf, openSending, TO } from './sending.fixture.ts';
import { openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const CERTAIN = { certain: true } as const;
const UNKNOWN = later('outcome-unknown');
const OTHER = 'paul@hopital.example';

async function posted(outcomes: SendOutcome[] = [], change: Partial<NewMail> = {}) {
  const side = openSending(world, ...outcomes);
  const { reply, told } = await acceptedReply(world);
  const mail = mailOf(world, reply, { asksReports: true, ...change });
  await side.outbox.post(mail);
  const last = async () => (await told()).at(-1);
  const spoken = async () =>
    (await told()).map(({ state, correction }) => (correction === true ? `${state}, corrected` : state));
  const ask = async (wish: MailWish): Promise<boolean> => {
    const asked = await world.store.wishForMail(mail.id, wish);
    await side.fulfil();
    return asked;
  };
  return { ...side, mail, id: mail.id, reply, told, last, spoken, ask };
}

test('a mail that asked for a report and got none is unconfirmed after an hour, an urgent one after five minutes', async () => {
  for (const [urgent, patience] of [
    [false, DISPATCH_LIMITS.confirmationMs],
    [true, DISPATCH_LIMITS.confirmationUrgentMs],
  ] as const) {
    const { id, sender, watch, spoken } = await posted([], { urgent });
    await sender.attempt(id);
    world.clock.ms += patience - 1;
    await watch();
    assert.deepEqual(await spoken(), ['sealed', 'sent']);
    world.clock.ms += 1;
    // As after a restart.
    await openSending(world).watch();
    await watch();
    assert.deepEqual(await spoken(), ['sealed', 'sent', 'unknown']);
  }
});

test('a mail that asked for nothing is never unconfirmed', async () => {
  const { id, sender, watch, spoken } = await posted([], { asksReports: false });
  await sender.attempt(id);
  world.clock.ms += DISPATCH_LIMITS.confirmationMs * 10;
  await watch();
  assert.deepEqual(await spoken(), ['sealed', 'sent']);
});

test('reports lead on to delivered and read; the same report again, or an older one, is no news', async () => {
  const { id, sender, life, spoken } = await posted();
  await sender.attempt(id);
  for (const state of ['delivered', 'delivered', 'read', 'delivered', 'read'] as const)
    assert.equal(await life.reported(id, { state, ...CERTAIN }), true);
  assert.deepEqual(await spoken(), ['sealed', 'sent', 'delivered', 'read']);
  assert.equal(await life.reported(newId('mail'), { state: 'read', ...CERTAIN }), false);
});

test('late good news corrects an unknown outcome and a failure, a late failure corrects a delivery, all visibly', async () => {
  const first = await posted();
  await first.sender.attempt(first.id);
  world.clock.ms += DISPATCH_LIMITS.confirmationMs;
  await first.watch();
  await first.life.reported(first.id, { state: 'delivered', ...CERTAIN });
  assert.deepEqual(await first.spoken(), ['sealed', 'sent', 'unknown', 'delivered, corrected']);
  await first.life.reported(first.id, { state: 'failed', failure: 'next-hop-refused', ...CERTAIN });
  assert.deepEqual((await first.spoken()).at(-1), 'failed, corrected');
  await first.life.reported(first.id, { state: 'read', ...CERTAIN });
  assert.deepEqual((await first.spoken()).at(-1), 'read, corrected');
});

test('every status counts higher than the one before it, so that devices know old news that comes late', async () => {
  const { id, sender, life, told } = await posted([UNKNOWN]);
  await sender.attempt(id);
  await life.reported(id, { state: 'delivered', ...CERTAIN });
  await life.reported(id, { state: 'failed', failure: 'next-hop-refused', ...CERTAIN });
  const revisions = (await told()).map(({ revision = 0 }) => revision);
  assert.equal(revisions.length, 4);
  assert.deepEqual(
    revisions,
    [...new Set(revisions)].sort((a, b) => a - b),
  );
  assert.ok(revisions.every((revision) => revision > 0));
});

test('a delay that a report tells of a mail that has left is said, and nothing is sent again', async () => {
  const { id, sender, life, given, last } = await posted();
  await sender.attempt(id);
  await life.reported(id, { state: 'delayed', failure: 'next-hop-deferred', certain: false });
  assert.deepEqual([(await last())?.state, (await last())?.failure], ['delayed', 'next-hop-deferred']);
  await sender.attempt(id);
  assert.deepEqual([given.length, await world.store.dueMails(world.clock.ms + 1e9)], [1, []]);
});

test('after an unknown outcome the same bytes go again, unless a report says before that they arrived', async () => {
  const again = await posted([UNKNOWN]);
  await again.sender.attempt(again.id);
  assert.deepEqual([(await again.last())?.state, (await again.last())?.failure], ['delayed', 'outcome-unknown']);
  world.clock.ms += DISPATCH_LIMITS.restMaxMs;
  await again.sender.attempt(again.id);
  assert.ok(again.given.length === 2 && again.given.every(({ bytes }) => bytes.equals(Buffer.from(again.mail.bytes))));
  const arrived = await posted([UNKNOWN]);
  await arrived.sender.attempt(arrived.id);
  await arrived.life.reported(arrived.id, { state: 'delivered', ...CERTAIN });
  world.clock.ms += DISPATCH_LIMITS.restMaxMs;
  await arrived.sender.attempt(arrived.id);
  assert.deepEqual([arrived.given.length, (await arrived.last())?.state], [1, 'delivered']);
  assert.equal(await world.blobs.get(`out/${arrived.id}`), null);
});

test('a reply to two people is as far as the slower mail, tells both one by one, and a failure of one at once', async () => {
  const side = openSending(world);
  const { reply, told } = await acceptedReply(world);
  const mails = [TO, OTHER].map((to) => mailOf(world, reply, { to }));
  const [first, second] = mails.map(({ id }) => id);
  assert.ok(first !== undefined && second !== undefined);
  await side.outbox.postTogether(mails, []);
  await side.sender.attempt(first);
  await side.sender.attempt(second);
  await side.life.reported(second, { state: 'failed', failure: 'next-hop-refused', ...CERTAIN });
  await side.life.reported(first, { state: 'delivered', ...CERTAIN });
  const messages = await told();
  assert.deepEqual(
    messages.map(({ state, recipients }) => [state, ...(recipients ?? []).map((one) => one.state)]),
    [
      ['sealed', 'sealed', 'sealed'],
      ['sealed', 'sent', 'sealed'],
      ['sent', 'sent', 'sent'],
      ['failed', 'sent', 'failed'],
      ['failed', 'delivered', 'failed'],
    ],
  );
  assert.deepEqual(
    messages.at(-1)?.recipients?.map(({ address, failure }) => [address, failure]),
    [
      [TO, null],
      [OTHER, 'next-hop-refused'],
    ],
  );
  for (let times = 0; times < 5; times += 1) await side.life.reported(first, { state: 'delivered', ...CERTAIN });
  assert.equal((await told()).length, messages.length, 'the same reports again are no news');
});

test('a copy that could not be made fails with its reply, and the others leave', async () => {
  const side = openSending(world);
  const { reply, told } = await acceptedReply(world);
  const mail = mailOf(world, reply);
  const { bytes: _none, ...copy } = mailOf(world, reply, { to: OTHER });
  await side.outbox.postTogether([mail], [{ mail: copy, failure: 'certificate-missing' }]);
  await side.outbox.postTogether([mail], [{ mail: copy, failure: 'certificate-missing' }]);
  await side.sender.attempt(mail.id);
  await side.sender.attempt(copy.id);
  assert.equal(side.given.length, 1);
  const last = (await told()).at(-1);
  assert.deepEqual([last?.state, last?.failure], ['failed', 'certificate-missing']);
  assert.deepEqual(
    last?.recipients?.map(({ state, failure }) => [state, failure]),
    [
      ['sent', null],
      ['failed', 'certificate-missing'],
    ],
  );
});

test('one mail may carry several replies: each follows it', async () => {
  const side = openSending(world);
  const [one, two] = [await acceptedReply(world), await acceptedReply(world)];
  const mail = mailOf(world, one.reply, { replyIds: [one.reply.id, two.reply.id] });
  await side.outbox.post(mail);
  await side.sender.attempt(mail.id);
  for (const { told } of [one, two])
    assert.deepEqual(
      (await told()).map(({ state }) => state),
      ['sealed', 'sent'],
    );
});

test('what the operator holds is not sent until he releases it, and its author knows', async () => {
  const { id, sender, given, ask, told } = await posted();
  assert.equal(await ask('hold'), true);
  await sender.attempt(id);
  assert.deepEqual([given, await world.store.dueMails(world.clock.ms)], [[], []]);
  assert.deepEqual(
    (await told()).map(({ state, failure }) => [state, failure]),
    [
      ['sealed', null],
      ['delayed', 'held-by-operator'],
    ],
  );
  assert.equal(await ask('release'), true);
  while ((await world.store.mail(id))?.state !== 'sent') await new Promise((turn) => setTimeout(turn, 5));
  assert.equal(await ask('hold'), false);
});

test('what the operator drops is gone, the reply fails and its author is told', async () => {
  const { id, sender, given, ask, last } = await posted();
  await ask('drop');
  await sender.attempt(id);
  const said = await last();
  assert.deepEqual([said?.state, said?.failure, said?.certain], ['failed', 'dropped-by-operator', true]);
  assert.deepEqual([given, await world.blobs.get(`out/${id}`)], [[], null]);
  assert.deepEqual(
    (await world.store.trace(id)).map(({ event }) => event),
    ['mail-posted', 'mail-dropped'],
  );
});

test('a retry goes at once, even where the domain rests', async () => {
  const { id, sender, given, ask } = await posted([later('next-hop-unreachable')]);
  await sender.attempt(id);
  await sender.attempt(id);
  assert.equal(given.length, 1);
  await ask('retry');
  while ((await world.store.mail(id))?.state !== 'sent') await new Promise((turn) => setTimeout(turn, 5));
  assert.equal(given.length, 2);
});

test('prevents: a 250 being forgotten because the operator held or dropped the mail in another process meanwhile', async () => {
  for (const state of ['held', 'dropped'] as const) {
    const { id, sender, during, life, last, given } = await posted();
    during.now = async () => {
      const mail = await world.store.mail(id);
      if (mail !== null) await life.change(mail, { state, failure: 'held-by-operator' });
    };
    await sender.attempt(id);
    await sender.attempt(id);
    assert.deepEqual([given.length, (await world.store.mail(id))?.state, (await last())?.state], [1, 'sent', 'sent']);
  }
});

test('what waits behind a domain that hangs can be held all the same', async () => {
  const { id, sender, during, fulfil, outbox, reply, way } = await posted();
  way.now = { policy: { ...smartHost(25), connectionsPerDomainMax: 1 }, list: null };
  let release = (): void => {};
  const hanging = new Promise<void>((done) => {
    release = done;
  });
  during.now = () => hanging;
  const second = mailOf(world, reply);
  await outbox.post(second);
  await sender.wake(id);
  await sender.wake(second.id);
  await world.store.wishForMail(second.id, 'hold');
  await fulfil();
  assert.equal((await world.store.mail(second.id))?.state, 'held');
  release();
  await sender.close();
});

test('a wish about a mail that is being tried just now waits for the end of that', async () => {
  const { id, sender, during, fulfil } = await posted();
  during.now = async () => {
    await world.store.wishForMail(id, 'drop');
    await fulfil();
  };
  await sender.wake(id);
  await sender.close();
  await fulfil();
  assert.deepEqual([(await world.store.mail(id))?.state, await world.store.wishedMails()], ['sent', []]);
});
