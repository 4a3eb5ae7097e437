/**
 * Plays an SMTP dialogue from a text file against a real server, over a raw socket. One step a line:
 *
 *   S: 250 5.1.1        the next answer has this code and, after it, begins with this text
 *   S: 250-             … has several lines; `with WORD` and `without WORD` look into the whole answer
 *   C: RSET             a line is sent, with CRLF
 *   R: a\nb\r\n         bytes are sent as they are; \r \n \0 \\ are escapes
 *   FILL 40000000       that many bytes of lines are sent
 *   LONG 100000         one line of that many bytes is begun and not ended
 *   TLS                 the connection is secured, as after 220 to STARTTLS
 *   QUIET               the server says nothing for a moment
 *   CLOSED              the server has closed the connection
 *
 * Lines that begin with # explain. {from}, {to} and {size} stand for what the story gives.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as secure } from 'node:tls';
import { until } from './waiting.ts';

const QUIET_MS = 300;
const FILL_LINE = Buffer.from(`${'x'.repeat(76)}\r\n`);

/** A whole SMTP answer, all its lines. */
const ANSWER = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n/;

class Peer {
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

  async send(bytes: Buffer): Promise<void> {
    await new Promise<void>((done) => this.#socket.write(bytes, () => done()));
  }

  async secure(authorities: string): Promise<void> {
    this.#socket.removeAllListeners('data');
    const before = this.#socket;
    const socket = secure({ socket: before, ca: readFileSync(authorities), servername: 'localhost' });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    this.#socket = socket;
    this.#listen(socket);
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

function unescaped(text: string): Buffer {
  const bytes = text.replace(/\\([rn0\\])/g, (_whole, letter: string) =>
    letter === 'r' ? '\r' : letter === 'n' ? '\n' : letter === '0' ? '\0' : '\\',
  );
  return Buffer.from(bytes, 'latin1');
}

/** Checks an answer against `250 5.1.1 with SIZE without AUTH`; throws with what came instead. */
function checkAnswer(expected: string, answer: string): void {
  const [, wanted = '', rest = ''] = /^(.*?)((?: with(?:out)? \S+)*)$/.exec(expected) ?? [];
  const fits = answer.startsWith(wanted.trim());
  const words = [...rest.matchAll(/ (with|without) (\S+)/g)];
  const wrong = words.find(([, kind, word]) => answer.includes(word as string) !== (kind === 'with'));
  if (!fits || wrong !== undefined) throw new Error(`expected “${expected}”, but the server said “${answer.trim()}”`);
}

async function fill(peer: Peer, bytes: number): Promise<void> {
  const block = Buffer.concat(Array.from({ length: 800 }, () => FILL_LINE));
  for (let left = bytes; left > 0; left -= block.length) await peer.send(block);
}

/** Plays the dialogue; throws, naming the line, at the first step that goes another way. */
export async function playDialogue(
  file: URL,
  server: { port: number; authorities: string },
  words: Readonly<Record<string, string>>,
): Promise<void> {
  const peer = new Peer(connect(server.port, '127.0.0.1'));
  const steps: Record<string, (text: string) => Promise<unknown>> = {
    'S:': async (text) => checkAnswer(text, await peer.answer()),
    'C:': (text) => peer.send(Buffer.from(`${text}\r\n`, 'latin1')),
    'R:': (text) => peer.send(unescaped(text)),
    FILL: (text) => fill(peer, Number(text)),
    LONG: (text) => peer.send(Buffer.alloc(Number(text), 'x')),
    TLS: () => peer.secure(server.authorities),
    QUIET: () => peer.quiet(),
    CLOSED: () => peer.closed(),
  };
  try {
    for (const [at, line] of readFileSync(file, 'utf8').split('\n').entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const [, word = '', text = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
      const step = steps[word];
      if (step === undefined) throw new Error(`line ${at + 1}: “${word}” is not a step`);
      const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
      await step(filled).catch((error: unknown) => {
        throw new Error(`line ${at + 1}, ${line}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  } finally {
    peer.end();
  }
}
