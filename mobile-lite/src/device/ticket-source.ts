/**
 * Where the socket of this device is: a one-time ticket from the relay, asked for by signature. Whatever the relay
 * answers tells its time; a phone whose clock is off learns it here and asks once more.
 */
import type { ServerClock } from './clock.ts';
import type { DeviceIdentity, DeviceStore } from './device-store.ts';
import { type RelayHttp, RelayUnreachable } from './relay-http.ts';

export class TicketSource {
  readonly #parts: { relay: RelayHttp; identity: DeviceIdentity; time: ServerClock; store: DeviceStore };

  constructor(parts: { relay: RelayHttp; identity: DeviceIdentity; time: ServerClock; store: DeviceStore }) {
    this.#parts = parts;
  }

  /** Address with a fresh ticket; null when the relay does not know this device. Throws when it gives none. */
  async socketAddress(): Promise<string | null> {
    const { relay, identity, time } = this.#parts;
    for (let tries = 0; tries < 2; tries += 1) {
      const answer = await relay.requestTicket(identity, time.now());
      await this.learnTime(answer.serverTime);
      if ('ticket' in answer) return relay.socketAddress(answer.ticket);
      if (answer.code === 'unknown-device') return null;
      if (answer.code !== 'clock') break;
    }
    throw new RelayUnreachable('no ticket');
  }

  async learnTime(serverTime: number): Promise<void> {
    const { time, store } = this.#parts;
    const known = time.offsetMs;
    const learnt = time.learn(serverTime);
    if (Math.abs(learnt - known) > 1_000) await store.keepServerOffset(learnt);
  }
}
