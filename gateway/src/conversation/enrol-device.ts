/**
 * A device joins a mailbox: the link's secret proves it, the link works once, and the answer is sealed under the same
 * secret. The new device gets the keys of every conversation that lives. A request that is repeated by the same device
 * (its answer was lost) is answered again; one by another device is refused.
 */
import {
  checkEnrolmentProof,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  sealMembership,
} from '@estafette/contracts/enrolment';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { DeliverJob } from '@estafette/contracts/queues';
import type { InboxEvent } from '@estafette/contracts/sealed-event';
import type { Clock, Device, Enrolment, LastingStore } from '../ports.ts';
import type { Custody } from './custody.ts';
import type { EventMaker } from './sealed-events.ts';

export interface EnrolmentOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly events: EventMaker;
  /** Our HPKE public key, as devices get to know it. */
  readonly gatewayKey: string;
  readonly clock: Clock;
}

function isSameDevice(known: Device | null, device: Device): boolean {
  return (
    known !== null &&
    known.mailboxId === device.mailboxId &&
    known.signingKey === device.signingKey &&
    known.wrappingKey === device.wrappingKey
  );
}

/** Answers enrolment requests with the job the relay must do. */
export function createEnrolmentDesk(options: EnrolmentOptions): (request: EnrolmentRequest) => Promise<DeliverJob> {
  const { store, custody, events, clock } = options;

  const judge = async (request: EnrolmentRequest, enrolment: Enrolment | null): Promise<FailureCode | null> => {
    const secret = enrolment === null ? null : new Uint8Array(enrolment.secret);
    if (enrolment === null || secret === null || !(await checkEnrolmentProof(secret, request)))
      return 'enrolment-unknown';
    if (enrolment.usedBy !== null) return enrolment.usedBy === request.deviceId ? null : 'enrolment-used';
    if (enrolment.expiresAt <= clock.now().getTime()) return 'enrolment-expired';
    const devices = await store.devicesOf(enrolment.mailboxId, clock.now().getTime());
    return devices.length >= CONVERSATION_LIMITS.devicesPerMailboxMax ? 'devices-too-many' : null;
  };

  const join = async (request: EnrolmentRequest, enrolment: Enrolment): Promise<Device | null> => {
    const now = clock.now().getTime();
    const ttl = enrolment.deviceTtlSeconds;
    const device: Device = {
      id: request.deviceId,
      mailboxId: enrolment.mailboxId,
      person: enrolment.person,
      wrappingKey: request.wrappingKey,
      signingKey: request.signingKey,
      validUntil: ttl === null ? null : now + ttl * 1_000,
    };
    const joining = store.transaction(async (inside) => {
      if (!(await inside.useEnrolment(enrolment.id, device.id))) return null;
      if (enrolment.usedBy !== null) return inside.device(device.id, now);
      if (!(await inside.addDevice(device))) {
        const known = await inside.device(device.id, now);
        if (isSameDevice(known, device)) return known;
        // The id belongs to somebody else: nothing of this is kept, and the link stays unused.
        throw new Refusal('enrolment-used', 'device id taken');
      }
      await inside.audit({ subject: device.id, event: 'device-joined', related: device.mailboxId }, now);
      return device;
    });
    return joining.catch((error: unknown) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
  };

  const keysFor = async (device: Device): Promise<InboxEvent[]> => {
    const found: InboxEvent[] = [];
    for (const conversation of await store.liveConversations(device.mailboxId, clock.now().getTime())) {
      const key = await custody.unwrap(conversation);
      if (key !== null) found.push(...(await events.keys({ conversation, key }, [device])));
    }
    return found;
  };

  const refuse = async (request: EnrolmentRequest, failure: FailureCode): Promise<DeliverJob> => {
    await store.audit(
      { subject: request.enrolmentId, event: 'enrolment-refused', detail: failure },
      clock.now().getTime(),
    );
    const answer: EnrolmentAnswer = { outcome: 'refused', failure };
    return { kind: 'enrolment-refused', enrolmentId: request.enrolmentId, deviceId: request.deviceId, answer };
  };

  return async (request) => {
    const enrolment = await store.enrolment(request.enrolmentId);
    const failure = await judge(request, enrolment);
    if (failure !== null || enrolment === null) return refuse(request, failure ?? 'enrolment-unknown');
    const mailbox = await store.mailboxById(enrolment.mailboxId);
    const device = await join(request, enrolment);
    if (device === null || mailbox === null) return refuse(request, 'enrolment-used');
    const membership = {
      mailboxId: mailbox.id,
      address: mailbox.address,
      mailboxName: mailbox.name,
      person: device.person,
      gatewayKey: options.gatewayKey,
    };
    return {
      kind: 'device-joined',
      mailboxId: mailbox.id,
      deviceId: device.id,
      signingKey: device.signingKey,
      enrolmentId: enrolment.id,
      answer: await sealMembership(new Uint8Array(enrolment.secret), request, membership),
      events: await keysFor(device),
      validUntil: device.validUntil,
    };
  };
}
