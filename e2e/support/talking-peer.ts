/** The other side of an SMTP connection, one word at a time, over a raw socket. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect as secure, TLSSocket } from 'node:tls';
import { until } from './waiting.ts';

const QUIET_MS = 300;

export interface ClientIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** Where the door is: authorities as the path of a PEM file, and the client certificates that dialogues may name, PEM. */
export interface DialogueServer {
  readonly port: number;
  readonly authorities: string;
  readonly clients?: Readonly<Record<string, ClientIdentity>>;
}

/** A whole SMTP answer, all its lines. */
const ANSWER = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n/;

export class TalkingPeer {
  #socket: Socket;
  #unread = '';
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#unread += chunk.toString('latin1');
    });
    socket.on('close', () => {
      this.#closed = true;
    });
    socket.on('error', () => {});
  }

  async answer(): Promise<string> {
    const found = await until('an answer of the server', () => {
      if (this.#closed && !ANSWER.test(this.#unread)) throw new Error('the server closed the connection');
      return ANSWER.exec(this.#unread);
    });
    this.#unread = this.#unread.slice(found[0].length);
    return found[0];
  }

  async send(bytes: Buffer | string): Promise<void> {
    await new Promise<void>((done) => this.#socket.write(bytes, () => done()));
  }

  /** Goes over to TLS, showing a client certificate where one is given. */
  async secure(authorities: string, client?: ClientIdentity, options: ConnectionOptions = {}): Promise<void> {
    this.#socket.removeAllListeners('data');
    const shown = client === undefined ? {} : { cert: client.certificate, key: client.key };
    const ours = { socket: this.#socket, ca: readFileSync(authorities), servername: 'localhost' };
    const socket = secure({ ...options, ...ours, ...shown });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    this.#socket = socket;
    this.#listen(socket);
  }

  /** A peer that has said EHLO within TLS, as the client of this name. */
  static async secured(server: DialogueServer, name?: string, options?: ConnectionOptions): Promise<TalkingPeer> {
    const peer = new TalkingPeer(connect(server.port, '127.0.0.1'));
    await peer.answer();
    await peer.say('EHLO peer.example');
    await peer.say('STARTTLS');
    await peer.secure(server.authorities, name === undefined ? undefined : server.clients?.[name], options);
    await peer.say('EHLO peer.example');
    return peer;
  }

  /** Sends a line, and gives the answer. */
  async say(line: string): Promise<string> {
    await this.send(Buffer.from(`${line}\r\n`));
    return this.answer();
  }

  /** The suite agreed on in TLS. */
  suite(): string {
    return this.#socket instanceof TLSSocket ? this.#socket.getCipher().name : 'none';
  }

  /** What would resume the TLS session; undefined when there is nothing. */
  tlsSession(): Buffer | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket.getSession() : undefined;
  }

  /** Whether the other side takes part in a second handshake. */
  renegotiates(): Promise<boolean> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      socket.once('close', () => resolve(false));
      if (socket instanceof TLSSocket) socket.renegotiate({}, (error) => resolve(error === null));
      else resolve(false);
    });
  }

  async quiet(): Promise<void> {
    await pause(QUIET_MS);
    if (this.#unread !== '') throw new Error(`the server said “${this.#unread.trim()}” unasked`);
  }

  closed(): Promise<unknown> {
    return until('the server closes the connection', () => this.#closed);
  }

  end(): void {
    this.#socket.destroy();
  }
}
