/**
 * The sockets of this node, by mailbox, and the one signal subscription per mailbox they share. A signal only wakes
 * sockets: each reads the inbox after its own position, so a signal lost, doubled or early changes no order and
 * loses nothing. Also the one clock beat for heartbeats, instead of a timer per socket.
 */
import type { CloseCode } from '@estafette/contracts/close-codes';
import type { Admission } from './access-store.ts';
import { EventPages } from './event-frames.ts';
import type { RelayContext } from './relay-context.ts';
import { mailboxTopic, type Signal } from './signals.ts';

/** Codes this side sends; 1006 is only ever seen, never sent (RFC 6455 §7.4.1). */
export type SentCloseCode = Exclude<CloseCode, 1006>;

/** What the switchboard asks of a device's socket. */
export interface SwitchedSocket {
  readonly identity: Admission;
  /** Read on: there may be something new. */
  look(): void;
  beat(nowMs: number): void;
  close(code: SentCloseCode): void;
  terminate(): void;
}

/** One mailbox that has sockets here. */
interface Line {
  readonly sockets: Set<SwitchedSocket>;
  readonly pages: EventPages;
  readonly listening: Promise<() => Promise<void>>;
}

export class Switchboard {
  readonly #context: RelayContext;
  readonly #lines = new Map<string, Line>();
  /** Every socket whose connection has not ended, greeted or not. */
  readonly #sockets = new Set<SwitchedSocket>();

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Connections that have not ended, those closing included. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** A socket opened; it gets no signals yet. */
  add(socket: SwitchedSocket): void {
    this.#sockets.add(socket);
  }

  /**
   * Connects a greeted socket to its mailbox: from now on signals wake it. Older sockets of the same device are told
   * to give way, on every node. False when the mailbox has as many sockets here as it may have.
   */
  async join(socket: SwitchedSocket): Promise<boolean> {
    const { mailboxId, deviceId, connection } = socket.identity;
    const line = this.#lines.get(mailboxId) ?? this.#openLine(mailboxId);
    if (line.sockets.size >= this.#context.limits.socketsPerMailboxMax) return false;
    line.sockets.add(socket);
    await line.listening;
    await this.#context.signals.send(mailboxTopic(mailboxId), { kind: 'replaced', deviceId, connection });
    return true;
  }

  /** Its connection has ended. */
  remove(socket: SwitchedSocket): void {
    this.#sockets.delete(socket);
  }

  /** No signal wakes the socket any more. Idempotent. The subscription of a mailbox ends with its last socket. */
  leave(socket: SwitchedSocket): void {
    const { mailboxId } = socket.identity;
    const line = this.#lines.get(mailboxId);
    if (line === undefined || !line.sockets.delete(socket) || line.sockets.size > 0) return;
    this.#lines.delete(mailboxId);
    line.listening
      .then((stop) => stop())
      .catch((error: unknown) => this.#context.log.debug('signals were not ended in order', { mailboxId, error }));
  }

  /** The pages shared by the sockets of a mailbox; only for a socket that has joined. */
  pagesOf(mailboxId: string): EventPages {
    return this.#lines.get(mailboxId)?.pages ?? this.#newPages(mailboxId);
  }

  closeAll(code: SentCloseCode): void {
    for (const socket of [...this.#sockets]) socket.close(code);
  }

  /** Ends what did not close by itself. */
  terminateAll(): void {
    for (const socket of [...this.#sockets]) socket.terminate();
  }

  /** To be called a few times per heartbeat. */
  beat(nowMs: number): void {
    for (const socket of [...this.#sockets]) socket.beat(nowMs);
  }

  #newPages(mailboxId: string): EventPages {
    return new EventPages(this.#context.inbox, mailboxId, this.#context.limits.catchUpPageEvents);
  }

  #openLine(mailboxId: string): Line {
    const sockets = new Set<SwitchedSocket>();
    const pages = this.#newPages(mailboxId);
    const listening = this.#context.signals.listen(mailboxTopic(mailboxId), (signal) => obey(signal, sockets, pages));
    const line: Line = { sockets, pages, listening };
    this.#lines.set(mailboxId, line);
    return line;
  }
}

function obey(signal: Signal, sockets: ReadonlySet<SwitchedSocket>, pages: EventPages): void {
  if (signal.kind === 'look') {
    pages.refresh();
    for (const socket of sockets) socket.look();
    return;
  }
  for (const socket of [...sockets]) {
    if (socket.identity.deviceId !== signal.deviceId) continue;
    if (signal.kind === 'revoked') socket.close(4403);
    else if (socket.identity.connection < signal.connection) socket.close(4409);
  }
}
