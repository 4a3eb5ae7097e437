/**
 * Which letters the person has read. Signed and on the disk before it is offered; offered one at a time, again on every
 * connection, until the relay has it in its queue; and told once per letter, for as long as its conversation lives. A relay
 * closes what sends too fast: however many wait, the next one goes a pause after the last, and answers go past them.
 */
import { receiptSignatureInput } from '@estafette/contracts/conversation-seal';
import { signWithDevice } from '@estafette/contracts/device-keys';
import type { DeviceFrame } from '@estafette/contracts/frames';
import { READING_LIMITS } from '@estafette/contracts/limits';
import type { Clock } from './clock.ts';
import type { DeviceIdentity, DeviceStore, KeptReceipt } from './device-store.ts';

const OFFER_AGAIN_MS = 15_000;

export interface ReceiptsParts {
  readonly identity: DeviceIdentity;
  readonly store: DeviceStore;
  readonly serverClock: Clock;
  send(frame: DeviceFrame): boolean;
}

export class Receipts {
  readonly #parts: ReceiptsParts;
  /** By letter; null while one is being signed and kept. */
  readonly #receipts = new Map<string, KeptReceipt | null>();
  #live = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
  }

  restore(kept: readonly KeptReceipt[]): void {
    this.#receipts.clear();
    for (const one of kept) this.#receipts.set(one.receipt.letterId, one);
  }

  /** The person has seen the letter; the first time counts. */
  async add(letter: { letterId: string; conversationId: string }): Promise<void> {
    const { letterId, conversationId } = letter;
    if (this.#receipts.has(letterId)) return;
    this.#receipts.set(letterId, null);
    const { identity, store, serverClock } = this.#parts;
    try {
      const unsigned = { letterId, conversationId, readAt: Math.round(serverClock.now()) };
      const input = receiptSignatureInput(identity.deviceId, unsigned);
      const signature = await signWithDevice(identity.signingKeys.privateKey, input);
      const kept = { receipt: { ...unsigned, signature }, noted: false };
      await store.keepReceipt(kept);
      this.#receipts.set(letterId, kept);
    } catch (error) {
      this.#receipts.delete(letterId);
      throw error;
    }
    if (this.#timer === undefined) this.#offer();
  }

  goLive(): void {
    this.#live = true;
    this.#offer();
  }

  goOffline(): void {
    this.#live = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The relay has it. */
  async noted(letterId: string): Promise<void> {
    const known = this.#receipts.get(letterId);
    if (!known || known.noted) return;
    const kept = { ...known, noted: true };
    this.#receipts.set(letterId, kept);
    await this.#parts.store.keepReceipt(kept);
    if (this.#live) this.#offerAfter(READING_LIMITS.receiptPauseMs);
  }

  forget(conversationId: string): void {
    for (const [letterId, kept] of this.#receipts) {
      if (kept?.receipt.conversationId === conversationId) this.#receipts.delete(letterId);
    }
  }

  /** Offers the first that was not noted; the next one goes a pause after it was. */
  #offer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const open = [...this.#receipts.values()].find((kept) => kept !== null && !kept.noted);
    if (!this.#live || !open || !this.#parts.send({ t: 'read', receipt: open.receipt })) return;
    this.#offerAfter(OFFER_AGAIN_MS);
  }

  #offerAfter(pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#offer(), pauseMs);
  }
}
