/** A reload with real listeners: sessions under way go on, new ones see what is new, and what fails changes nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { openIntake } from '../intake/smtp-intake.ts';
import type { Spool } from '../intake/spool.ts';
import type { DoorPolicy, TrustSpace } from '../trust-space.ts';
import { createDoors, type Doors } from './doors.ts';
import { createHeldLists } from './held-lists.ts';
import { readSpaces, WrongSpaces } from './read-spaces.ts';
import { createReload } from './reload.ts';
import { spaceFolder } from './spaces.fixture.ts';
import { type SpacesInForce, spacesInForce } from './spaces-in-force.ts';

const files = spaceFolder();
after(() => files.remove());
const at = (name: string): string => join(files.folder, name);

const logged: string[] = [];
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (text: string) => void logged.push(text) };
const kept: { mailFrom: string; space: string | undefined }[] = [];
const spool: Spool = {
  async store(_letterId, { mailFrom, space }, content) {
    let bytes = 0;
    for await (const chunk of content) bytes += chunk.length;
    kept.push({ mailFrom, space });
    return { bytes };
  },
  read: async () => null,
  remove: async () => {},
  waiting: async () => [],
};

const readTls = ({ certificate, key }: DoorPolicy) => ({
  certificate: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});
const mailbox = { id: 'mbx_1', address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' } as const;

const open = (space: string, door: DoorPolicy, tls: ReturnType<typeof readTls>) =>
  openIntake({
    host: door.host,
    port: door.port,
    serverName: 'gateway.officine.example',
    tls,
    policy: door,
    space,
    judge: null,
    readFrom: () => null,
    store: { mailboxByAddress: async () => mailbox },
    spool,
    log,
    clock: { now: () => new Date() },
    onSpooled: () => {},
    backlog: () => 0,
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A client that says a line and reads the answer. */
class Client {
  #socket: Socket;
  #text = '';
  #tell = (): void => {};
  constructor(port: number) {
    this.#socket = connectTcp(port, '127.0.0.1');
    this.#listen();
  }
  #listen(): void {
    this.#socket.on('data', (chunk) => {
      this.#text += chunk.toString();
      this.#tell();
    });
    this.#socket.on('error', () => this.#tell());
    this.#socket.on('close', () => this.#tell());
  }
  async answer(): Promise<string> {
    while (!/^\d{3}(?: .*)?\r\n/m.test(this.#text)) {
      if (this.#socket.destroyed) return 'closed';
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    const said = this.#text;
    this.#text = '';
    return said.trim().split('\r\n').at(-1) ?? '';
  }
  say(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return this.answer();
  }
  /** STARTTLS; gives the common name of the server's certificate. */
  async secure(): Promise<string> {
    await this.answer();
    await this.say('EHLO client.example');
    assert.match(await this.say('STARTTLS'), /^220/);
    this.#socket.removeAllListeners('data');
    const secure: TLSSocket = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    this.#socket = secure;
    this.#listen();
    assert.match(await this.say('EHLO client.example'), /^250/);
    return String(secure.getPeerCertificate().subject.CN);
  }
  async deliver(from: string): Promise<string> {
    assert.match(await this.say(`MAIL FROM:<${from}>`), /^250/);
    assert.match(await this.say(`RCPT TO:<${mailbox.address}>`), /^250/);
    assert.match(await this.say('DATA'), /^354/);
    return this.say(`From: <${from}>\r\n\r\nBonjour.\r\n.`);
  }
  end(): void {
    this.#socket.destroy();
  }
}

let doors: Doors;
let spaces: SpacesInForce;
let reload: () => Promise<void>;
let inForce: string[][];
let port: number;
const clients: Client[] = [];
const client = (to = port): Client => {
  const one = new Client(to);
  clients.push(one);
  return one;
};

const spaceAt = (name: string, change: object = {}) => ({
  name,
  preset: 'apicrypt-style',
  door: { port, certificate: 'door.pem', key: 'door.key', ...change },
});
const write = (...given: readonly object[]): string => files.write({ spaces: given });
const read = (): readonly TrustSpace[] => readSpaces(at('spaces.json'), { host: '127.0.0.1' });

beforeEach(async () => {
  port = await freePort();
  write(spaceAt('plis'));
  [inForce, logged.length, kept.length] = [[], 0, 0];
  doors = createDoors({ open, readTls });
  spaces = spacesInForce(read(), () => null);
  const lists = createHeldLists(async () => Promise.reject(new Error('no list here')));
  const changed = async (next: readonly TrustSpace[]): Promise<void> => void inForce.push(next.map(({ name }) => name));
  reload = createReload({ read: async () => read(), spaces, lists, doors, changed, log });
  await doors.apply(spaces.all(), async () => {});
});
afterEach(async () => {
  for (const one of clients.splice(0)) one.end();
  await doors.close();
});

test('a reload shows new sessions the new certificate, and a session under way delivers as if nothing had been', async () => {
  const before = client();
  assert.equal(await before.secure(), 'door.example');
  assert.match(await before.say('MAIL FROM:<un@labo.example>'), /^250/);
  write(spaceAt('plis', { certificate: 'other.pem', key: 'other.key' }));
  await reload();
  const next = client();
  assert.equal(await next.secure(), 'other.example');
  assert.match(await before.say(`RCPT TO:<${mailbox.address}>`), /^250/);
  assert.match(await before.say('DATA'), /^354/);
  assert.match(await before.say('From: <un@labo.example>\r\n\r\nBonjour.\r\n.'), /^250/);
  assert.match(await next.deliver('deux@labo.example'), /^250/);
  assert.deepEqual(kept, [
    { mailFrom: 'un@labo.example', space: 'plis' },
    { mailFrom: 'deux@labo.example', space: 'plis' },
  ]);
  assert.deepEqual(inForce, [['plis']]);
});

test('a wrong file leaves the old one in force, and says so', async () => {
  const before = spaces.all();
  for (const content of ['{', { spaces: [spaceAt('plis', { port: 'abc' })] }]) {
    files.write(content);
    await assert.rejects(reload(), WrongSpaces);
  }
  assert.equal(spaces.all(), before);
  assert.equal(logged.length, 2);
  assert.match(await client().answer(), /^220/);
});

test('a file whose list or new door cannot be had leaves everything as it was', async () => {
  const before = spaces.all();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const takenPort = typeof address === 'object' && address !== null ? address.port : 0;
  const free = await freePort();
  write(spaceAt('plis'), spaceAt('autre', { port: free }), spaceAt('troisieme', { port: takenPort }));
  await assert.rejects(reload(), /EADDRINUSE/);
  taken.close();
  assert.equal(spaces.all(), before);
  assert.deepEqual(
    doors.addresses().map(({ space }) => space),
    ['plis'],
  );
  assert.equal(await client(free).answer(), 'closed', 'the other new door is closed again');
  const trustList = { source: 'list.xml', signer: { authorities: 'authority.pem', commonName: 'x' } };
  write({ ...spaceAt('plis'), trustList });
  await assert.rejects(reload(), /no list here/);
  assert.equal(spaces.all(), before);
});

test('a door that is added opens; one that is gone takes no new session and lets those under way end', async () => {
  const before = client();
  await before.secure();
  const [first, second] = [port, await freePort()];
  write(spaceAt('plis', { port: second }), spaceAt('autre', { port: await freePort() }));
  await reload();
  assert.deepEqual(
    doors.addresses().map(({ space }) => space),
    ['plis', 'autre'],
  );
  assert.equal(await client(first).answer(), 'closed');
  assert.match(await client(second).answer(), /^220/);
  assert.match(await before.deliver('un@labo.example'), /^250/);
});

test('a door that changes whom it admits is replaced at its address; sessions under way go on as they began', async () => {
  const before = client();
  await before.secure();
  write(spaceAt('plis', { requiresTls: false }));
  await reload();
  const clear = client();
  await clear.answer();
  await clear.say('EHLO client.example');
  assert.match(await clear.say('MAIL FROM:<un@labo.example>'), /^250/, 'no TLS is asked for any more');
  assert.match(await before.deliver('un@labo.example'), /^250/);
  write(spaceAt('nouveau'));
  await reload();
  const renamed = client();
  await renamed.secure();
  await renamed.deliver('deux@labo.example');
  assert.equal(kept.at(-1)?.space, 'nouveau');
});

test('reloads come one after the other, and the last file counts', async () => {
  write(spaceAt('un'));
  const first = reload();
  const second = reload();
  writeFileSync(at('spaces.json'), JSON.stringify({ spaces: [spaceAt('deux')] }));
  await Promise.all([first, second]);
  assert.equal(inForce.length, 2);
  assert.deepEqual(
    doors.addresses().map(({ space }) => space),
    ['deux'],
  );
});
