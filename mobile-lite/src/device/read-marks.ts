/** How far the person has seen each conversation; a mark only ever moves on. */
import { comparePlaces, type DeviceStore, type Place } from './device-store.ts';

export class ReadMarks {
  readonly #store: DeviceStore;
  readonly #places = new Map<string, Place>();

  constructor(store: DeviceStore) {
    this.#store = store;
  }

  get places(): ReadonlyMap<string, Place> {
    return this.#places;
  }

  restore(kept: ReadonlyMap<string, Place>): void {
    this.#places.clear();
    for (const [conversationId, place] of kept) this.#places.set(conversationId, place);
  }

  /** Moves a mark, then tells, then keeps it; does nothing when it would not move on. */
  async move(conversationId: string, place: Place | null, onMoved: () => void): Promise<void> {
    const known = this.#places.get(conversationId);
    if (place === null || (known !== undefined && comparePlaces(place, known) <= 0)) return;
    this.#places.set(conversationId, place);
    onMoved();
    await this.#store.keepReadMark(conversationId, place);
  }

  forget(conversationId: string): void {
    this.#places.delete(conversationId);
  }
}
