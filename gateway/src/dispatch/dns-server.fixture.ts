/** For tests: a name server of a few lines on loopback, that answers MX, A and AAAA from a table, or not at all. */
import { createSocket } from 'node:dgram';

const TYPES = { A: 1, MX: 15, AAAA: 28 } as const;

/** `MX`: preference and name, as in a zone file; a name that ends in nothing is absolute. */
export type Zone = Readonly<
  Record<string, Partial<Record<keyof typeof TYPES, readonly string[]>> | 'servfail' | 'silent'>
>;

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function rdataOf(type: keyof typeof TYPES, value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number));
  if (type === 'AAAA') {
    // Only the forms the tests use: `::1`.
    const bytes = Buffer.alloc(16);
    bytes[15] = Number.parseInt(value.replace('::', ''), 16);
    return bytes;
  }
  const [preference, name = ''] = value.split(' ');
  const head = Buffer.alloc(2);
  head.writeUInt16BE(Number(preference));
  return Buffer.concat([head, nameBytes(name)]);
}

function recordOf(type: keyof typeof TYPES, value: string): Buffer {
  const rest = rdataOf(type, value);
  const record = Buffer.alloc(12);
  // A pointer to the name of the question.
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(TYPES[type], 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(1, 6);
  record.writeUInt16BE(rest.length, 10);
  return Buffer.concat([record, rest]);
}

function answerTo(query: Buffer, zone: Zone): Buffer | null {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length !== 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  const asked = query.readUInt16BE(at + 1);
  const entry = zone[labels.join('.').toLowerCase()];
  if (entry === 'silent') return null;
  const type = (Object.keys(TYPES) as (keyof typeof TYPES)[]).find((name) => TYPES[name] === asked);
  const values = entry === undefined || entry === 'servfail' || type === undefined ? [] : (entry[type] ?? []);
  const records = type === undefined ? [] : values.map((value) => recordOf(type, value));
  const code = entry === 'servfail' ? 2 : entry === undefined ? 3 : 0;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, query.subarray(12, at + 5), ...records]);
}

/** Starts it; `address` is what a resolver is given. */
export async function startNameServer(zone: Zone): Promise<{ address: string; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const answer = answerTo(query, zone);
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((done) => socket.close(() => done())),
  };
}
