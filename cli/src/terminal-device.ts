/**
 * A terminal as a device: it enrols itself (whoever may read the data folder may do that), speaks the same protocol
 * as the phone with the same code, and keeps its keys in memory only. The device ends with the process.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import { type DeviceSession, openDeviceSession } from '@estafette/mobile-lite/device/device-session';
import { enrolDevice } from '@estafette/mobile-lite/device/enrol-device';
import { MemoryDeviceStore } from '@estafette/mobile-lite/device/memory-device-store';
import { makeEnrolment } from './enrolment.ts';
import { type Foundation, openStoreFor } from './foundation.ts';
import { PlainError } from './plain-error.ts';
import { webAddress } from './web-address.ts';

/** Enrols and gives a session that is not started yet; `end` closes it and revokes the device. */
export async function openTerminalDevice(
  foundation: Foundation,
  request: { address: string; person: string | undefined },
): Promise<{ session: DeviceSession; end(): Promise<void> }> {
  const baseUrl = webAddress(foundation);
  const store = await openStoreFor(foundation);
  try {
    const { link } = await makeEnrolment(store, {
      ...request,
      web: baseUrl,
      deviceTtlSeconds: CONVERSATION_LIMITS.terminalDeviceTtlSeconds,
      now: foundation.clock.now(),
    });
    const memory = new MemoryDeviceStore();
    const joined = await enrolDevice({ link, baseUrl, store: memory });
    if (joined.outcome === 'refused') {
      throw new PlainError(
        joined.code === 'network'
          ? `No relay answers at ${baseUrl}: is "estafette start" running?`
          : `The device could not join: ${joined.code}.`,
      );
    }
    const session = await openDeviceSession({ baseUrl, store: memory });
    if (session === null) throw new PlainError('The device has no identity after joining.');
    return {
      session,
      async end() {
        session.close();
        await store.revokeDevice(joined.identity.deviceId, foundation.clock.now().getTime());
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
