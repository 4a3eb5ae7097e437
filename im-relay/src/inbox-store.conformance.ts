/** What every inbox store promises, in code. Takes a factory; run by the test file of each adapter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { Clock } from '@estafette/runtime/ports';
import type { InboxStore } from './inbox-store.ts';
import { keyEvent, sealedEvent } from './testing/sample-events.ts';
import { TestClock } from './testing/test-clock.ts';

const HOUR_MS = 3_600_000;

export function inboxStoreConformance(makeStore: (clock: Clock) => InboxStore): void {
  /** A store with a new mailbox and a new conversation, and a clock that the test moves. */
  function newInbox() {
    const clock = new TestClock();
    const conversationId = newId('conversation');
    const event = (expiresInMs = HOUR_MS) => sealedEvent({ conversationId, expiresAt: clock.ms + expiresInMs });
    return { clock, store: makeStore(clock), mailboxId: newId('mailbox'), conversationId, event };
  }
  const seqsOf = async (store: InboxStore, mailboxId: string, cursor = 0) =>
    (await store.readAfter(mailboxId, cursor, 100)).map((stored) => stored.seq);

  test('events are numbered from one in the order they are stored', async () => {
    const { store, mailboxId, event } = newInbox();
    const three = [event(), event(), event()];
    assert.deepEqual(await store.append(mailboxId, three.slice(0, 2)), [
      { seq: 1, isNew: true },
      { seq: 2, isNew: true },
    ]);
    assert.deepEqual(await store.append(mailboxId, three.slice(2)), [{ seq: 3, isNew: true }]);
    const read = await store.readAfter(mailboxId, 0, 10);
    assert.deepEqual(
      read.map((stored) => JSON.parse(stored.json)),
      three,
    );
    assert.equal((await store.head(mailboxId)).lastSeq, 3);
  });

  test('an event appended again keeps its first number and is stored once', async () => {
    const { store, mailboxId, event } = newInbox();
    const first = event();
    await store.append(mailboxId, [first, event()]);
    assert.deepEqual(await store.append(mailboxId, [first, event()]), [
      { seq: 1, isNew: false },
      { seq: 3, isNew: true },
    ]);
    assert.deepEqual(await seqsOf(store, mailboxId), [1, 2, 3]);
  });

  test('an event twice in one append is stored once', async () => {
    const { store, mailboxId, event } = newInbox();
    const twin = event();
    assert.deepEqual(await store.append(mailboxId, [twin, twin]), [
      { seq: 1, isNew: true },
      { seq: 1, isNew: false },
    ]);
  });

  test('appends at the same time get different numbers and none is lost', async () => {
    const { store, mailboxId, event } = newInbox();
    const events = Array.from({ length: 60 }, () => event());
    const twice = [...events, ...events];
    const answers = await Promise.all(twice.map((one) => store.append(mailboxId, [one])));
    assert.equal(answers.flat().filter((one) => one.isNew).length, 60);
    assert.deepEqual(
      await seqsOf(store, mailboxId),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  test('a page begins after the cursor and ends at its limit', async () => {
    const { store, mailboxId, event } = newInbox();
    await store.append(
      mailboxId,
      Array.from({ length: 12 }, () => event()),
    );
    const page = await store.readAfter(mailboxId, 4, 3);
    assert.deepEqual(
      page.map((stored) => stored.seq),
      [5, 6, 7],
    );
    assert.deepEqual(await store.readAfter(mailboxId, 12, 3), []);
  });

  test('the time of storing is the server clock, and a wrapped key names its device', async () => {
    const { store, mailboxId, clock, conversationId, event } = newInbox();
    const device = newId('device');
    await store.append(mailboxId, [event(), keyEvent({ conversationId, expiresAt: clock.ms + HOUR_MS, device })]);
    const [message, key] = await store.readAfter(mailboxId, 0, 10);
    assert.deepEqual([message?.at, message?.device], [clock.ms, null]);
    assert.equal(key?.device, device);
  });

  test('an inbox keeps its epoch, and another inbox has another', async () => {
    const { store, mailboxId, event } = newInbox();
    const { epoch, lastSeq } = await store.head(mailboxId);
    assert.equal(lastSeq, 0);
    await store.append(mailboxId, [event()]);
    assert.equal((await store.head(mailboxId)).epoch, epoch);
    assert.notEqual((await store.head(newId('mailbox'))).epoch, epoch);
  });

  test('a cursor only moves forward, and is gone with its device', async () => {
    const { store, mailboxId } = newInbox();
    const device = newId('device');
    assert.equal(await store.acknowledged(mailboxId, device), 0);
    assert.equal(await store.acknowledge(mailboxId, device, 10), 10);
    assert.equal(await store.acknowledge(mailboxId, device, 9), 10);
    assert.equal(await store.acknowledged(mailboxId, device), 10);
    await store.forgetDevice(mailboxId, device);
    assert.equal(await store.acknowledged(mailboxId, device), 0);
  });

  test('the sweep removes all events of an expired conversation and no others', async () => {
    const { store, mailboxId, clock, event } = newInbox();
    const other = sealedEvent({ conversationId: newId('conversation'), expiresAt: clock.ms + 3 * HOUR_MS });
    await store.append(mailboxId, [event(), other, event()]);
    await store.sweep();
    assert.deepEqual(await seqsOf(store, mailboxId), [1, 2, 3]);
    clock.advance(HOUR_MS);
    await store.sweep();
    assert.deepEqual(await seqsOf(store, mailboxId), [2]);
    assert.equal((await store.head(mailboxId)).lastSeq, 3);
    await store.sweep();
    assert.deepEqual(await seqsOf(store, mailboxId), [2]);
  });

  test('a later event moves the expiry of its conversation later, an earlier one does not move it', async () => {
    const { store, mailboxId, clock, event } = newInbox();
    await store.append(mailboxId, [event(HOUR_MS)]);
    await store.append(mailboxId, [event(3 * HOUR_MS)]);
    await store.append(mailboxId, [event(HOUR_MS)]);
    clock.advance(2 * HOUR_MS);
    await store.sweep();
    assert.deepEqual(await seqsOf(store, mailboxId), [1, 2, 3]);
    clock.advance(HOUR_MS);
    await store.sweep();
    assert.deepEqual(await seqsOf(store, mailboxId), []);
  });

  test('an event repeated after its conversation expired is not news', async () => {
    const { store, mailboxId, clock, event } = newInbox();
    const once = event();
    await store.append(mailboxId, [once]);
    clock.advance(2 * HOUR_MS);
    await store.sweep();
    assert.deepEqual(await store.append(mailboxId, [once]), [{ seq: 1, isNew: false }]);
    assert.deepEqual(await seqsOf(store, mailboxId), []);
    assert.ok(RELAY_LIMITS.seenAfterExpirySeconds > 2 * 3_600);
  });
}
