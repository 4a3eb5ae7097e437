/**
 * What the relay must know of devices: those that live, at every start (it may have forgotten; until it has heard them
 * all it tells a device it does not know to come back), and those revoked since it was last told. The relay judges no revocation; it only stops serving.
 */
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Clock, LastingStore, Queues } from './ports.ts';

/** At start the relay hears again of devices revoked this recently: it may not have been told. */
const REVOCATIONS_RETOLD_MS = 24 * 3_600_000;

export interface DeviceNews {
  /** Tells of every device that lives. */
  introduce(): Promise<void>;
  /** Tells of devices revoked since the last time. */
  revocations(): Promise<void>;
}

/** News of devices for the relay; `toldEveryMs` is how often `revocations` is called. */
export function createDeviceNews(options: {
  store: LastingStore;
  queues: Queues;
  clock: Clock;
  toldEveryMs: number;
}): DeviceNews {
  const { store, queues, clock } = options;
  let revokedSince = clock.now().getTime() - REVOCATIONS_RETOLD_MS;
  return {
    async introduce() {
      for (const { id, mailboxId, signingKey, validUntil } of await store.liveDevices(clock.now().getTime())) {
        const job: DeliverJob = { kind: 'device-known', mailboxId, deviceId: id, signingKey, validUntil };
        await queues.add(QUEUES.deliver, `${id}.known`, job);
      }
      await queues.add(QUEUES.deliver, 'devices.introduced', { kind: 'devices-introduced' } satisfies DeliverJob);
    },
    async revocations() {
      const now = clock.now().getTime();
      for (const { id, mailboxId } of await store.devicesRevokedSince(revokedSince)) {
        const job: DeliverJob = { kind: 'device-revoked', mailboxId, deviceId: id };
        await queues.add(QUEUES.deliver, `${id}.revoked`, job);
      }
      revokedSince = now - options.toldEveryMs;
    },
  };
}
