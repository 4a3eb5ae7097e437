/** DATA as it is read off the wire: the same letter as the library reads, wherever the chunks end, in few writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { GuardedStream } from './guarded-stream.ts';

const CHUNK_BYTES = 65_536;

interface Heard {
  letter: Buffer;
  ended: boolean;
  counted: number;
  writes: number;
  commands: string[];
}

/** What a parser makes of these chunks, DATA from the first octet on. */
async function hear(parser: SMTPStream, chunks: readonly Buffer[]): Promise<Heard> {
  const heard: Heard = { letter: Buffer.alloc(0), ended: false, counted: 0, writes: 0, commands: [] };
  const read: Buffer[] = [];
  parser.oncommand = (command, next) => {
    heard.commands.push(command.toString('binary'));
    next?.();
  };
  const data = parser.startDataMode();
  const write = data.write.bind(data);
  data.write = ((piece: Buffer) => {
    heard.writes += 1;
    return write(piece);
  }) as typeof data.write;
  data.on('data', (piece: Buffer) => read.push(piece));
  data.on('end', () => {
    heard.ended = true;
    heard.counted = parser.dataBytes;
    parser.continue();
  });
  for (const chunk of chunks) await new Promise<void>((done) => parser.write(chunk, () => done()));
  await new Promise((turn) => setImmediate(turn));
  heard.letter = Buffer.concat(read);
  return heard;
}

const GUARD = { bareByte: () => {}, letterBytes: () => {} };
const guarded = () => new GuardedStream(2_048, GUARD);
/** Guarded but for DATA. */
function asTheLibrary(): GuardedStream {
  const parser = guarded();
  parser._feedDataStream = SMTPStream.prototype._feedDataStream;
  return parser;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const all = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return all.slice(0, -1).map((from, at) => bytes.subarray(from, all[at + 1]));
}

const wire = fc
  .array(fc.constantFrom('\r\n', '\r\n.', '.', '..', '\r', '\n', 'a', 'é'), { maxLength: 25 })
  .map((all) => all.join(''));

test('a letter is what the library reads, dot by dot, wherever the chunks end and whatever follows it', async () => {
  await fc.assert(
    fc.asyncProperty(wire, fc.array(fc.nat(80), { maxLength: 8 }), fc.boolean(), async (text, places, ends) => {
      const bytes = Buffer.from(ends ? `${text}\r\n.\r\nNOOP\r\nQUIT\r\n` : text);
      const chunks = cut(bytes, places).filter(({ length }) => length > 0);
      const [ours, theirs] = [await hear(guarded(), chunks), await hear(asTheLibrary(), chunks)];
      const { writes: _ours, ...mine } = ours;
      const { writes: _theirs, ...his } = theirs;
      // Of a letter without an end some may still be gathered.
      const passed = ends ? his.letter : his.letter.subarray(0, mine.letter.length);
      assert.deepEqual(mine, { ...his, letter: passed });
    }),
    { seed: 20260112, numRuns: 3_000 },
  );
});

for (const line of ['..\r\n', '\r\n', '.a\r\n', '..', 'a\r\n.'])
  test(`a megabyte of ${JSON.stringify(line)} is read in one write for each chunk`, async () => {
    const chunks = Array.from({ length: 16 }, () => Buffer.alloc(CHUNK_BYTES, line));
    const heard = await hear(guarded(), [...chunks, Buffer.from('x\r\n.\r\n')]);
    assert.equal(heard.ended, true);
    assert.ok(heard.writes <= chunks.length, `${heard.writes} writes`);
  });

test('prevents: a letter that comes octet by octet going on in a piece for each', async () => {
  const letter = Buffer.alloc(40_000, 'a line of a letter\r\n..x\r\n');
  const bytes = Buffer.concat([letter, Buffer.from('\r\n.\r\nQUIT\r\n')]);
  const chunks = Array.from(bytes, (octet) => Buffer.of(octet));
  const [ours, theirs] = [await hear(guarded(), chunks), await hear(asTheLibrary(), chunks)];
  assert.ok(ours.writes < 10, `${ours.writes} writes`);
  assert.deepEqual({ ...ours, writes: 0 }, { ...theirs, writes: 0 });
});

test('small pieces among long ones, with nothing lost and nothing in another place', async () => {
  const line = `${'x'.repeat(5_000)}\r\n`;
  const bytes = Buffer.from(`${line.repeat(40)}.\r\nNOOP\r\n`);
  const places = Array.from({ length: 40 }, (_, at) => [at * 5_002 + 1, at * 5_002 + 3, at * 5_002 + 4_500]).flat();
  const chunks = cut(bytes, places);
  const { letter, ended, commands } = await hear(guarded(), chunks);
  assert.deepEqual([letter.toString(), ended, commands], [line.repeat(40), true, ['NOOP']]);
});
