/**
 * Plays an SMTP dialogue from a text file against a real server, over a raw socket. One step a line:
 *
 *   S: 250 5.1.1        the next answer has this code and, after it, begins with this text
 *   S: 250-             … has several lines; `with WORD` and `without WORD` look into the whole answer
 *   C: RSET             a line is sent, with CRLF
 *   R: a\nb\r\n         bytes are sent as they are; \r \n \0 \\ \xHH are escapes
 *   FILL 40000000       that many bytes of lines are sent
 *   LONG 100000         one line of that many bytes is begun and not ended
 *   TLS                 the connection is secured, as after 220 to STARTTLS
 *   TLS as NAME         … and this client certificate is shown
 *   SECURE [as NAME]    greeting, EHLO, STARTTLS, TLS and EHLO again, all as they should be
 *   QUIET               the server says nothing for a moment
 *   CLOSED              the server has closed the connection
 *
 * Lines that begin with # explain. Words like {from} and {to} stand for what the story gives.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type ClientIdentity, type DialogueServer, TalkingPeer } from './talking-peer.ts';

const FILL_LINE = Buffer.from(`${'x'.repeat(76)}\r\n`);

function unescaped(text: string): Buffer {
  const ends: Readonly<Record<string, string>> = { r: '\r', n: '\n', 0: '\0', '\\': '\\' };
  const bytes = Buffer.from(text)
    .toString('latin1')
    .replace(/\\(?:x([0-9a-f]{2})|([rn0\\]))/g, (whole, hex: string | undefined, letter: string) =>
      hex === undefined ? (ends[letter] ?? whole) : String.fromCharCode(Number.parseInt(hex, 16)),
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

async function fill(peer: TalkingPeer, bytes: number): Promise<void> {
  const block = Buffer.concat(Array.from({ length: 800 }, () => FILL_LINE));
  for (let left = bytes; left > 0; left -= block.length) await peer.send(block);
}

function clientNamed(server: DialogueServer, words: string): ClientIdentity | undefined {
  const name = /^as (\S+)$/.exec(words)?.[1];
  if (words !== '' && (name === undefined || server.clients?.[name] === undefined))
    throw new Error(`there is no client certificate “${words}”`);
  return name === undefined ? undefined : server.clients?.[name];
}

/** Plays the dialogue and gives every answer; throws, naming the line, at the first step that goes another way. */
export async function playDialogue(
  file: URL,
  server: DialogueServer,
  words: Readonly<Record<string, string>>,
): Promise<string[]> {
  const peer = new TalkingPeer(connect(server.port, '127.0.0.1'));
  const answers: string[] = [];
  const expect = async (text: string): Promise<void> => {
    const answer = await peer.answer();
    answers.push(answer);
    checkAnswer(text, answer);
  };
  const say = (text: string): Promise<void> => peer.send(Buffer.from(`${text}\r\n`));
  const secured = async (text: string): Promise<void> => {
    await expect('220');
    await say('EHLO dialogue.example').then(() => expect('250-'));
    await say('STARTTLS').then(() => expect('220'));
    await peer.secure(server.authorities, clientNamed(server, text));
    await say('EHLO dialogue.example').then(() => expect('250-'));
  };
  const steps: Record<string, (text: string) => Promise<unknown>> = {
    'S:': expect,
    'C:': say,
    'R:': (text) => peer.send(unescaped(text)),
    SECURE: secured,
    FILL: (text) => fill(peer, Number(text)),
    LONG: (text) => peer.send(Buffer.alloc(Number(text), 'x')),
    TLS: (text) => peer.secure(server.authorities, clientNamed(server, text)),
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
    return answers;
  } finally {
    peer.end();
  }
}
