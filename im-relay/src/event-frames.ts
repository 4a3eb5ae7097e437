/**
 * Event frames ready to be written: built once from the stored text, without parsing it, and shared by all sockets
 * of a mailbox that ask for the same page. A page is never the last word: who got one asks for what follows it.
 */
import type { InboxStore, StoredEvent } from './inbox-store.ts';

export interface EventFrame {
  readonly seq: number;
  /** The only device it is for, or null. */
  readonly device: string | null;
  /** The frame as UTF-8. */
  readonly bytes: Buffer;
}

/** The frame `{"t":"event",…}` of a stored event; its JSON was validated before it was stored. */
function frameOf(event: StoredEvent): EventFrame {
  const text = `{"t":"event","seq":${event.seq},"at":${event.at},"e":${event.json}}`;
  return { seq: event.seq, device: event.device, bytes: Buffer.from(text) };
}

/** The pages of one mailbox. Holds at most one page: the last one asked for. */
export class EventPages {
  readonly #inbox: InboxStore;
  readonly #mailboxId: string;
  readonly #pageEvents: number;
  #held: { readonly after: number; readonly frames: Promise<readonly EventFrame[]> } | null = null;

  constructor(inbox: InboxStore, mailboxId: string, pageEvents: number) {
    this.#inbox = inbox;
    this.#mailboxId = mailboxId;
    this.#pageEvents = pageEvents;
  }

  /** Something was stored: what was read before may lack it. */
  refresh(): void {
    this.#held = null;
  }

  /** The frames after a number, in order, at most one page; empty when there are none. */
  async after(seq: number): Promise<readonly EventFrame[]> {
    if (this.#held?.after === seq) return this.#held.frames;
    const frames = this.#inbox
      .readAfter(this.#mailboxId, seq, this.#pageEvents)
      .then((events) => events.map((event) => frameOf(event)));
    const held = { after: seq, frames };
    this.#held = held;
    let isWorthKeeping = false;
    try {
      const found = await frames;
      isWorthKeeping = found.length > 0;
      return found;
    } finally {
      // "Nothing follows" and a failure are true for the moment only.
      if (!isWorthKeeping && this.#held === held) this.#held = null;
    }
  }
}
