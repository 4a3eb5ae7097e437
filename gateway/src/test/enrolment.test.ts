/** A device joins a mailbox by its link, once; everybody else is refused with a code and leaves nothing behind. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import {
  exportPublicKey,
  importWrappingPublicKey,
  makeSigningKeys,
  makeWrappingKeys,
  unwrapConversationKey,
} from '@estafette/contracts/device-keys';
import { type EnrolmentRequest, openMembership, proveEnrolment } from '@estafette/contracts/enrolment';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { DeliverJob } from '@estafette/contracts/queues';
import { createEnrolmentDesk } from '../conversation/enrol-device.ts';
import { createEventMaker } from '../conversation/sealed-events.ts';
import { HOUR_MS, openWorld, questionIn, type World } from './world.fixture.ts';

let world: World;
let desk: ReturnType<typeof createEnrolmentDesk>;
let gatewayPublicKey: CryptoKey;
beforeEach(async () => {
  world = await openWorld();
  const gatewayKeys = await makeWrappingKeys(true);
  const events = createEventMaker({ vault: world.vault, gatewayKeys });
  const gatewayKey = await exportPublicKey(gatewayKeys.publicKey);
  gatewayPublicKey = await importWrappingPublicKey(gatewayKey);
  desk = createEnrolmentDesk({ ...world, events, gatewayKey });
});
afterEach(() => world.close());

async function link(change: { expiresAt?: number; deviceTtlSeconds?: number; mailboxId?: string } = {}) {
  const [id, secret] = [newId('enrolment'), randomBytes(32)];
  const facts = { person: 'Paul LEROY', usedBy: null, deviceTtlSeconds: null, expiresAt: world.clock.ms + HOUR_MS };
  await world.store.addEnrolment({ id, mailboxId: world.mailboxId, secret, ...facts, ...change });
  return { id, secret: new Uint8Array(secret) };
}

async function phone() {
  const [wrapping, signing] = [await makeWrappingKeys(false), await makeSigningKeys()];
  const keys = {
    wrappingKey: await exportPublicKey(wrapping.publicKey),
    signingKey: await exportPublicKey(signing.publicKey),
  };
  return { deviceId: newId('device'), wrapping, ...keys };
}

async function request(
  to: { id: string; secret: Uint8Array<ArrayBuffer> },
  device: { deviceId: string; wrappingKey: string; signingKey: string },
): Promise<EnrolmentRequest> {
  const { deviceId, wrappingKey, signingKey } = device;
  const unproved = { enrolmentId: to.id, deviceId, wrappingKey, signingKey };
  return { ...unproved, proof: await proveEnrolment(to.secret, unproved) };
}

function refusal(job: DeliverJob): string {
  assert.equal(job.kind, 'enrolment-refused');
  const { answer } = job as Extract<DeliverJob, { kind: 'enrolment-refused' }>;
  return answer.outcome === 'refused' ? answer.failure : '';
}

function joined(job: DeliverJob): Extract<DeliverJob, { kind: 'device-joined' }> {
  assert.equal(job.kind, 'device-joined', JSON.stringify(job));
  return job as Extract<DeliverJob, { kind: 'device-joined' }>;
}

test('a phone with the link joins, learns its mailbox and the keys of the living conversations', async () => {
  const routing = await world.route(questionIn(world));
  assert.equal(routing.outcome, 'routed');
  const [to, device] = [await link(), await phone()];
  const asked = await request(to, device);
  const job = joined(await desk(asked));
  assert.ok(job.answer.outcome === 'joined' && !JSON.stringify(job).includes('LEROY'));
  const membership = await openMembership(to.secret, asked, job.answer);
  assert.deepEqual([membership.mailboxId, membership.person], [world.mailboxId, 'Paul LEROY']);
  const [event] = job.events;
  assert.ok(event?.kind === 'key' && routing.outcome === 'routed');
  const raw = await unwrapConversationKey({
    deviceKeys: device.wrapping,
    gatewayPublicKey,
    ...event,
    deviceId: device.deviceId,
  });
  assert.deepEqual(raw, routing.key.raw);
  assert.equal((await world.store.device(device.deviceId, world.clock.ms))?.person, 'Paul LEROY');
  assert.deepEqual(
    (await world.store.trace(device.deviceId)).map((line) => line.event),
    ['device-joined'],
  );
});

test('a link works once: another device is refused, the same one is answered again, even late', async () => {
  const [to, first] = [await link(), await phone()];
  const asked = await request(to, first);
  joined(await desk(asked));
  assert.equal(refusal(await desk(await request(to, await phone()))), 'enrolment-used');
  world.clock.ms += 2 * HOUR_MS;
  assert.equal(joined(await desk(asked)).signingKey, first.signingKey);
  assert.equal((await world.store.devicesOf(world.mailboxId, world.clock.ms)).length, 1);
});

test('two devices at the same moment: one joins', async () => {
  const to = await link();
  const jobs = await Promise.all([desk(await request(to, await phone())), desk(await request(to, await phone()))]);
  assert.deepEqual(jobs.map((job) => job.kind).sort(), ['device-joined', 'enrolment-refused']);
});

test('a repeated request with other keys does not change the keys of the device', async () => {
  const [to, first, other] = [await link(), await phone(), await phone()];
  joined(await desk(await request(to, first)));
  const again = joined(await desk(await request(to, { ...other, deviceId: first.deviceId })));
  assert.equal(again.signingKey, first.signingKey);
});

test('a link past its time is refused', async () => {
  const to = await link({ expiresAt: world.clock.ms });
  assert.equal(refusal(await desk(await request(to, await phone()))), 'enrolment-expired');
});

test('a wrong proof, and keys changed on the way, are unknown, like a link that never was', async () => {
  const [to, device] = [await link(), await phone()];
  const right = await request(to, device);
  const other = await phone();
  for (const wrong of [
    await request({ ...to, secret: new Uint8Array(32) }, device),
    { ...right, wrappingKey: other.wrappingKey },
    { ...right, signingKey: other.signingKey },
    { ...right, deviceId: other.deviceId },
    { ...right, enrolmentId: newId('enrolment') },
  ]) {
    assert.equal(refusal(await desk(wrong)), 'enrolment-unknown');
  }
  joined(await desk(right));
});

test('more devices than the mailbox may have are refused', async () => {
  for (let at = 0; at < CONVERSATION_LIMITS.devicesPerMailboxMax; at += 1) {
    const facts = { person: 'x', wrappingKey: 'w', signingKey: 's', validUntil: null };
    await world.store.addDevice({ id: newId('device'), mailboxId: world.mailboxId, ...facts });
  }
  assert.equal(refusal(await desk(await request(await link(), await phone()))), 'devices-too-many');
});

test('a device of limited life is told its end', async () => {
  const job = joined(await desk(await request(await link({ deviceTtlSeconds: 60 }), await phone())));
  assert.equal(job.validUntil, world.clock.ms + 60_000);
});

test('a revoked device is not answered again', async () => {
  const [to, device] = [await link(), await phone()];
  const asked = await request(to, device);
  joined(await desk(asked));
  await world.store.revokeDevice(device.deviceId, world.clock.ms);
  assert.equal(refusal(await desk(asked)), 'enrolment-used');
});

test('prevents: a link of one mailbox taking over the device of another, living or revoked', async () => {
  const victim = await phone();
  joined(await desk(await request(await link(), victim)));
  const mailboxId = newId('mailbox');
  await world.store.addMailbox({ id: mailboxId, address: 'autre@officine.example', name: 'x', kind: 'ORG' });
  const thief = { ...(await phone()), deviceId: victim.deviceId };
  const to = await link({ mailboxId });
  assert.equal(refusal(await desk(await request(to, thief))), 'enrolment-used');
  await world.store.revokeDevice(victim.deviceId, world.clock.ms);
  assert.equal(refusal(await desk(await request(to, thief))), 'enrolment-used');
  joined(await desk(await request(to, await phone())));
});
