/**
 * The other operator: a lean SMTP client on kept STARTTLS connections (RFC 5321, 3207), one command at a time as most
 * mail servers speak it. Lean, because it shares the cores with the server it measures.
 */
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Letter } from './letters.ts';

export interface Delivery {
  readonly letter: Letter;
  /** `performance.now()` when the last byte of DATA was handed to the socket, and when the 250 was read. */
  readonly dataEndAt: number;
  readonly acceptedAt: number;
  /** Our id of the letter, from the 250; null where the server names none. */
  readonly letterId: string | null;
}

/** Answers of the server, one at a time: everything up to the line without a hyphen after its code. */
class Answers {
  #text = '';
  #waiting: { resolve(answer: string): void; reject(error: Error): void } | null = null;

  constructor(socket: Duplex) {
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      const answer = /(^|\n)\d{3} [^\n]*\n/.test(this.#text) ? this.#text : null;
      if (answer === null || this.#waiting === null) return;
      this.#text = '';
      this.#waiting.resolve(answer.trim());
      this.#waiting = null;
    });
    const lost = () => this.#waiting?.reject(new Error('the SMTP connection ended'));
    socket.on('close', lost);
    socket.on('error', lost);
  }

  async next(expected: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting = { resolve, reject };
    const answer = await promise;
    if (!answer.startsWith(expected)) throw new Error(`SMTP answered ${answer} where ${expected} was expected`);
    return answer;
  }
}

export class SmtpPeer {
  readonly #socket: Duplex;
  readonly #answers: Answers;

  private constructor(socket: Duplex, answers: Answers) {
    this.#socket = socket;
    this.#answers = answers;
  }

  /** Connects and goes over to TLS; `authorities` in PEM must vouch for `localhost`. */
  static async connect(port: number, authorities: string): Promise<SmtpPeer> {
    const plain = connectPlain({ host: '127.0.0.1', port, noDelay: true });
    const first = new Answers(plain);
    await first.next('220');
    for (const [command, expected] of [
      ['EHLO bench.example', '250'],
      ['STARTTLS', '220'],
    ] as const) {
      plain.write(`${command}\r\n`);
      await first.next(expected);
    }
    plain.removeAllListeners('data');
    const secure = connectTls({ socket: plain, ca: authorities, servername: 'localhost', minVersion: 'TLSv1.2' });
    const peer = new SmtpPeer(secure, new Answers(secure));
    await peer.#say('EHLO bench.example', '250');
    return peer;
  }

  #say(command: string, expected: string): Promise<string> {
    const answer = this.#answers.next(expected);
    this.#socket.write(`${command}\r\n`);
    return answer;
  }

  /** Delivers one letter; rejects when any step is not accepted. No line of ours begins with a dot. */
  async deliver(letter: Letter): Promise<Delivery> {
    await this.#say(`MAIL FROM:<${letter.from}>`, '250');
    await this.#say(`RCPT TO:<${letter.to}>`, '250');
    await this.#say('DATA', '354');
    const answer = this.#answers.next('250');
    this.#socket.write(letter.bytes);
    this.#socket.write('.\r\n');
    const dataEndAt = performance.now();
    const accepted = await answer;
    const letterId = /ltr_[0-9A-Za-z]{26}/.exec(accepted)?.[0] ?? null;
    return { letter, dataEndAt, acceptedAt: performance.now(), letterId };
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Opens `count` kept connections. */
export function connectPeers(count: number, port: number, authorities: string): Promise<SmtpPeer[]> {
  return Promise.all(Array.from({ length: count }, () => SmtpPeer.connect(port, authorities)));
}

/** Every connection takes the next letter as soon as its last one was accepted, until none is left. */
export async function deliverAll(peers: readonly SmtpPeer[], letters: readonly Letter[]): Promise<Delivery[]> {
  const waiting = [...letters].reverse();
  const done: Delivery[] = [];
  const work = async (peer: SmtpPeer): Promise<void> => {
    for (let letter = waiting.pop(); letter !== undefined; letter = waiting.pop())
      done.push(await peer.deliver(letter));
  };
  await Promise.all(peers.map(work));
  return done;
}

/** Letters at a steady pace, whatever the server does; a letter whose time came waits only for a free connection. */
export async function deliverPaced(
  peers: readonly SmtpPeer[],
  letters: readonly Letter[],
  perSecond: number,
): Promise<Delivery[]> {
  const free = [...peers];
  const startedAt = performance.now();
  const running: Promise<Delivery>[] = [];
  for (const [at, letter] of letters.entries()) {
    const due = startedAt + (at * 1_000) / perSecond;
    while (performance.now() < due || free.length === 0) await new Promise((wake) => setTimeout(wake, 1));
    const peer = free.pop();
    if (peer === undefined) throw new Error('no free connection');
    running.push(peer.deliver(letter).finally(() => free.push(peer)));
  }
  return Promise.all(running);
}
