/**
 * A device that measures: it enrols and connects as the phone does, notes when each frame arrives, and opens what it
 * got only after the clock has stopped, so that its own work on these cores is small.
 */
import { importConversationKey, openJson, replySignatureInput, sealJson } from '@estafette/contracts/conversation-seal';
import { importWrappingPublicKey, signWithDevice, unwrapConversationKey } from '@estafette/contracts/device-keys';
import { type DeviceFrame, PROTOCOL_VERSION, type RelayFrame } from '@estafette/contracts/frames';
import { newId } from '@estafette/contracts/ids';
import type { Message } from '@estafette/contracts/message';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import type { DeviceIdentity } from '@estafette/mobile-lite/device/device-store';
import { enrolDevice } from '@estafette/mobile-lite/device/enrol-device';
import { MemoryDeviceStore } from '@estafette/mobile-lite/device/memory-device-store';
import { RelayHttp } from '@estafette/mobile-lite/device/relay-http';

interface Arrival {
  /** `performance.now()` when the frame was handed to us. */
  readonly at: number;
  readonly text: string;
}

/** A message as opened after the run. */
export interface Opened {
  readonly at: number;
  readonly conversationId: string;
  readonly message: Message;
}

const ACK_EVERY_MS = 150;
const isMessage = (text: string): boolean => text.slice(0, 200).includes('"kind":"message"');

export class BenchDevice {
  readonly identity: DeviceIdentity;
  readonly #socket: WebSocket;
  readonly #keys = new Map<string, CryptoKey>();
  readonly #acks: ReturnType<typeof setInterval>;
  #arrivals: Arrival[] = [];
  #messages = 0;
  #wanted = { count: Number.POSITIVE_INFINITY, reached: () => {} };

  private constructor(identity: DeviceIdentity, socket: WebSocket) {
    this.identity = identity;
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#hear(String(event.data)));
    this.#acks = setInterval(() => this.#acknowledge(), ACK_EVERY_MS);
  }

  /** Joins by an enrolment link and resolves when the socket is live. */
  static async join(link: string, web: string): Promise<BenchDevice> {
    const joined = await enrolDevice({ link, baseUrl: web, store: new MemoryDeviceStore() });
    if (joined.outcome === 'refused') throw new Error(`the device could not join: ${joined.code}`);
    const relay = new RelayHttp(web, fetch);
    const answer = await relay.requestTicket(joined.identity, Date.now());
    if (!('ticket' in answer)) throw new Error(`no ticket: ${answer.code}`);
    const socket = new WebSocket(relay.socketAddress(answer.ticket));
    const device = new BenchDevice(joined.identity, socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the socket did not open')));
    });
    device.#send({ t: 'hello', v: PROTOCOL_VERSION, epoch: null, cursor: 0 });
    await new Promise<void>((resolve) => {
      socket.addEventListener('message', (event) => {
        if (String(event.data).startsWith('{"t":"live"')) resolve();
      });
    });
    return device;
  }

  #send(frame: DeviceFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #hear(text: string): void {
    if (!text.startsWith('{"t":"event"')) return;
    this.#arrivals.push({ at: performance.now(), text });
    if (!isMessage(text)) return;
    this.#messages += 1;
    if (this.#messages >= this.#wanted.count) this.#wanted.reached();
  }

  #acknowledge(): void {
    const last = this.#arrivals.at(-1);
    const seq = last === undefined ? null : /^\{"t":"event","seq":(\d+)/.exec(last.text)?.[1];
    if (seq != null && this.#socket.readyState === WebSocket.OPEN) this.#send({ t: 'ack', cursor: Number(seq) });
  }

  /** Forgets what arrived so far; `messages` resolves with the time at which `count` more messages have arrived. */
  expect(count: number): { readonly messages: Promise<number> } {
    this.#arrivals = [];
    this.#messages = 0;
    return {
      messages: new Promise((resolve) => {
        this.#wanted = { count, reached: () => resolve(performance.now()) };
      }),
    };
  }

  /** Opens everything that arrived since `expect`, keys first. */
  async openAll(): Promise<Opened[]> {
    const opened: Opened[] = [];
    const gatewayPublicKey = await importWrappingPublicKey(this.identity.membership.gatewayKey);
    const { deviceId, wrappingKeys: deviceKeys } = this.identity;
    for (const { at, text } of this.#arrivals) {
      const { e } = JSON.parse(text) as Extract<RelayFrame, { t: 'event' }>;
      const { conversationId, id } = e;
      if (e.kind === 'key') {
        const { enc, ct } = e;
        const raw = await unwrapConversationKey({ deviceKeys, gatewayPublicKey, conversationId, deviceId, enc, ct });
        this.#keys.set(conversationId, await importConversationKey(raw));
      } else if (e.kind === 'message') {
        const key = this.#keys.get(conversationId);
        if (key === undefined) throw new Error('a message came before its key');
        const message = await openJson(key, { kind: 'message', conversationId, id, author: e.author }, e);
        opened.push({ at, conversationId, message: message as Message });
      }
    }
    return opened;
  }

  /** A reply, sealed and signed, ready to be sent; it waits for no other message. */
  async sealReply(conversationId: string, text: string): Promise<SealedReply> {
    const key = this.#keys.get(conversationId);
    if (key === undefined) throw new Error('no key for this conversation');
    const replyId = newId('reply');
    const { deviceId, signingKeys } = this.identity;
    const message = { type: 'reply', replyId, text, typedAt: new Date().toISOString(), sendNow: true };
    const sealed = await sealJson(key, { kind: 'reply', conversationId, id: replyId, author: deviceId }, message);
    const unsigned = { replyId, conversationId, ...sealed };
    const signature = await signWithDevice(signingKeys.privateKey, replySignatureInput(deviceId, unsigned));
    return { ...unsigned, signature };
  }

  /** Sends a reply frame; gives the time just before. */
  sendReply(reply: SealedReply): number {
    const at = performance.now();
    this.#send({ t: 'reply', reply });
    return at;
  }

  close(): void {
    clearInterval(this.#acks);
    this.#socket.close();
  }
}
