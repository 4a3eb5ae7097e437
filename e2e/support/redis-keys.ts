/** Everything a Redis holds, read over its unix socket with its own commands (RESP2), for looking through it; and emptying it. */
import { connect } from 'node:net';

type Reply = Buffer | number | null | Reply[];

/** Reads one RESP value at `at`; null while it is incomplete. */
function readReply(bytes: Buffer, at: number): { reply: Reply; end: number } | null {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return null;
  const text = bytes.subarray(at + 1, lineEnd).toString('latin1');
  const kind = String.fromCharCode(bytes[at] ?? 0);
  const next = lineEnd + 2;
  if (kind === '-') throw new Error(`Redis said ${text}`);
  if (kind === '+') return { reply: Buffer.from(text), end: next };
  const count = Number(text);
  if (kind === ':') return { reply: count, end: next };
  if (count < 0) return { reply: null, end: next };
  if (kind === '$') {
    const end = next + count + 2;
    return end > bytes.length ? null : { reply: bytes.subarray(next, next + count), end };
  }
  const items: Reply[] = [];
  let end = next;
  for (let left = count; left > 0; left -= 1) {
    const item = readReply(bytes, end);
    if (item === null) return null;
    items.push(item.reply);
    end = item.end;
  }
  return { reply: items, end };
}

/** Runs one command on a connection of its own. */
function ask(socketPath: string, ...words: (string | Buffer)[]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const found = readReply(bytes, 0);
        if (found === null) return;
        resolve(found.reply);
      } catch (error) {
        reject(error);
      }
      socket.destroy();
    });
    const parts = words.map((word) => Buffer.from(word));
    socket.write(
      Buffer.concat([
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
      ]),
    );
  });
}

const READERS: Readonly<Record<string, (key: Buffer) => (string | Buffer)[]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

const flat = (reply: Reply): Buffer[] =>
  Array.isArray(reply) ? reply.flatMap(flat) : [Buffer.isBuffer(reply) ? reply : Buffer.from(String(reply))];

/** Every key with everything under it, as bytes. */
export async function everythingInRedis(socketPath: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const key of flat(await ask(socketPath, 'KEYS', '*'))) {
    const type = flat(await ask(socketPath, 'TYPE', key)).toString();
    // It ended after it was listed: what is gone is not at rest.
    if (type === 'none') continue;
    const reader = READERS[type];
    if (reader === undefined) throw new Error(`a key of type ${type}, which is not looked through`);
    found.set(key.toString(), Buffer.concat(flat(await ask(socketPath, ...reader(key)))));
  }
  return found;
}

/** Makes it forget everything; resolves when it has. */
export async function emptyRedis(socketPath: string): Promise<void> {
  await ask(socketPath, 'FLUSHALL');
}
