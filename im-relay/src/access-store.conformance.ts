/** What every access store promises, in code. Takes a factory; run by the test file of each adapter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnrolmentAnswer } from '@estafette/contracts/enrolment';
import { newId } from '@estafette/contracts/ids';
import type { Clock } from '@estafette/runtime/ports';
import type { AccessStore } from './access-store.ts';
import { TestClock } from './testing/test-clock.ts';

export function accessStoreConformance(makeStore: (clock: Clock) => AccessStore): void {
  async function withDevice(lifeMs: number | null = null) {
    const clock = new TestClock();
    const store = makeStore(clock);
    const deviceId = newId('device');
    const validUntil = lifeMs === null ? null : clock.ms + lifeMs;
    const record = { mailboxId: newId('mailbox'), signingKey: 'key', validUntil };
    assert.equal(await store.registerDevice(deviceId, record), true);
    return { clock, store, deviceId, record };
  }

  test('a store that forgot does not know whether every device was introduced', async () => {
    const { store } = await withDevice();
    await store.markIntroduced();
    assert.equal(await store.isIntroduced(), true);
  });

  test('a device is found until it is revoked, and a late registration does not bring it back', async () => {
    const { store, deviceId, record } = await withDevice();
    assert.deepEqual(await store.findDevice(deviceId), record);
    assert.equal(await store.registerDevice(deviceId, record), true);
    await store.revokeDevice(deviceId);
    assert.equal(await store.findDevice(deviceId), null);
    assert.equal(await store.registerDevice(deviceId, record), false);
    assert.equal(await store.findDevice(deviceId), null);
  });

  test('uploads are counted by mailbox and hour', async () => {
    const { clock, store, record } = await withDevice();
    clock.advance(3_600_000 - (clock.ms % 3_600_000));
    assert.deepEqual(await store.countUpload(record.mailboxId, 100), { uploads: 1, bytes: 100 });
    assert.deepEqual(await store.countUpload(record.mailboxId, 7), { uploads: 2, bytes: 107 });
    assert.deepEqual(await store.countUpload(newId('mailbox'), 1), { uploads: 1, bytes: 1 });
    clock.advance(3_600_000);
    assert.deepEqual(await store.countUpload(record.mailboxId, 3), { uploads: 1, bytes: 3 });
  });

  test('a device past its validity counts as revoked', async () => {
    const { clock, store, deviceId } = await withDevice(60_000);
    assert.notEqual(await store.findDevice(deviceId), null);
    clock.advance(60_000);
    assert.equal(await store.findDevice(deviceId), null);
  });

  test('of many takers of one ticket, one gets it', async () => {
    const { store, deviceId } = await withDevice();
    const ticket = await store.makeTicket(deviceId);
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.takeTicket(ticket)));
    assert.equal(taken.filter((admission) => admission !== null).length, 1);
    assert.equal(await store.takeTicket('x'.repeat(43)), null);
  });

  test('each admission of a device has a higher number than the one before', async () => {
    const { store, deviceId } = await withDevice(60_000);
    const first = await store.takeTicket(await store.makeTicket(deviceId));
    const second = await store.takeTicket(await store.makeTicket(deviceId));
    assert.ok((second?.connection ?? 0) > (first?.connection ?? Number.POSITIVE_INFINITY));
  });

  test('a ticket of a device that was revoked meanwhile is refused', async () => {
    const { store, deviceId } = await withDevice();
    const ticket = await store.makeTicket(deviceId);
    await store.revokeDevice(deviceId);
    assert.equal(await store.takeTicket(ticket), null);
  });

  test('a nonce is used once per device', async () => {
    const { store, deviceId } = await withDevice();
    const uses = await Promise.all(Array.from({ length: 10 }, () => store.useNonce(deviceId, 'nonce')));
    assert.equal(uses.filter(Boolean).length, 1);
    assert.equal(await store.useNonce(newId('device'), 'nonce'), true);
  });

  test('a session names its device and mailbox and ends with the device', async () => {
    const { store, deviceId, record } = await withDevice();
    const token = await store.openSession(deviceId);
    assert.deepEqual(await store.findSession(token), { deviceId, mailboxId: record.mailboxId });
    await store.endSession(token);
    assert.deepEqual(await store.findSession(token), { deviceId, mailboxId: record.mailboxId });
    assert.equal(await store.findSession('y'.repeat(43)), null);
    await store.revokeDevice(deviceId);
    assert.equal(await store.findSession(token), null);
  });

  test('a refusal does not replace the answer of a device that joined', async () => {
    const { store, deviceId } = await withDevice();
    const joined: EnrolmentAnswer = { outcome: 'joined', iv: 'AAAA', ct: 'AAAA' };
    const refused: EnrolmentAnswer = { outcome: 'refused', failure: 'enrolment-used' };
    const enrolmentId = newId('enrolment');
    assert.equal(await store.findAnswer(enrolmentId, deviceId), null);
    await store.putAnswer(enrolmentId, deviceId, joined);
    await store.putAnswer(enrolmentId, deviceId, refused);
    assert.deepEqual(await store.findAnswer(enrolmentId, deviceId), joined);
    await store.putAnswer(enrolmentId, newId('device'), refused);
    assert.deepEqual(await store.findAnswer(enrolmentId, deviceId), joined);
  });
}
