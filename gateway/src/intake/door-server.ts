/**
 * The SMTP library's listener with guarded connections: it turns away what is too much before a session begins, and
 * looks at the sessions from time to time.
 */
import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { Clock } from '../ports.ts';
import { answerOf } from './door-answers.ts';
import type { DoorCounters } from './door-counters.ts';
import { GuardedConnection, type GuardedServer } from './guarded-connection.ts';

export type Door = GuardedServer['door'] & { readonly counters: DoorCounters; readonly clock: Clock };

/** A peer that was turned away may take this long to read why. */
const TURNED_AWAY_MS = 2_000;

export class DoorServer extends SMTPServer implements GuardedServer {
  readonly door: Door;
  readonly #sessions = new Map<GuardedConnection, string>();
  readonly #looking: NodeJS.Timeout;

  constructor(options: SMTPServerOptions, door: Door) {
    super(options);
    this.door = door;
    this.#looking = setInterval(() => this.#look(), door.limits.sessionsCheckedEveryMs);
    this.#looking.unref();
  }

  now(): number {
    return this.door.clock.now().getTime();
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    const address = socket.remoteAddress;
    // Gone before it was here: it would never be said to have left.
    if (address === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    const refusal = this.door.counters.arrived(address);
    if (refusal === null) this.#begin(new GuardedConnection(this, socket, options), address);
    else this.#turnAway(socket, answerOf(refusal));
  }

  #begin(connection: GuardedConnection, address: string): void {
    this.#sessions.set(connection, address);
    this.connections.add(connection);
    connection.on('error', (error: Error) => this._onError(error));
    connection.init();
  }

  left(connection: GuardedConnection): void {
    const address = this.#sessions.get(connection);
    if (address !== undefined && this.#sessions.delete(connection)) this.door.counters.left(address);
  }

  override close(callback?: (() => void) | null): void {
    clearInterval(this.#looking);
    super.close(callback);
  }

  #turnAway(socket: Socket, answer: { readonly code: number; readonly text: string }): void {
    socket.on('error', () => {});
    socket.setTimeout(TURNED_AWAY_MS, () => socket.destroy());
    socket.resume();
    socket.end(`${answer.code} ${answer.text}\r\n`);
  }

  #look(): void {
    const now = this.now();
    for (const connection of this.#sessions.keys()) connection.look(now);
  }
}
