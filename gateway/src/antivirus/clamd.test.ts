/** The real clamd says what is in a file, and a false one is never believed. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ANTIVIRUS_LIMITS } from '@estafette/contracts/limits';
import { NotScanned } from '../ports.ts';
import { type RunningClamd, startClamd, VIRUS, VIRUS_NAME } from './clamd.fixture.ts';
import { type Clamd, clamdAt } from './clamd.ts';

const CLEAN = Buffer.from('Bonjour, INR à 2,4.');

const refusal =
  (code: NotScanned['code'], isAway = false) =>
  (error: unknown) =>
    error instanceof NotScanned && error.code === code && error.isAway === isAway;

describe('the real clamd', () => {
  let running: RunningClamd;
  let clamd: Clamd;
  before(async () => {
    running = await startClamd('StreamMaxLength 1M');
    clamd = clamdAt({ path: running.path });
  });
  after(() => running.end());

  it('calls a clean file clean, and names what it finds in another', async () => {
    assert.equal(await clamd.scan(CLEAN), null);
    assert.equal(await clamd.scan(Buffer.from(`bonjour ${VIRUS} bonjour`)), VIRUS_NAME);
  });

  it('gets the whole of a file of many chunks, and its last byte', async () => {
    const large = Buffer.alloc(ANTIVIRUS_LIMITS.chunkBytes * 5 + 7, 'clean ');
    assert.equal(await clamd.scan(large), null);
    assert.equal(await clamd.scan(Buffer.concat([large, Buffer.from(VIRUS)])), VIRUS_NAME);
  });

  it('a file larger than it takes has no verdict, and says why', async () => {
    await assert.rejects(clamd.scan(Buffer.alloc(3 * 1024 * 1024)), refusal('antivirus-too-large'));
  });

  it('says which program it is', async () => {
    assert.match(await clamd.version(), /^ClamAV \d+\.\d+/);
  });

  it('one that was stopped is away, and found again when it is back', async () => {
    await running.stop();
    await assert.rejects(clamd.scan(CLEAN), refusal('antivirus-unavailable', true));
    await running.start();
    assert.equal(await clamd.scan(CLEAN), null);
  });
});

describe('a false clamd', () => {
  let server: Server | null = null;
  const sockets = new Set<Socket>();
  const path = join(tmpdir(), `est-false-clamd-${process.pid}.sock`);

  async function listening(answer: (socket: Socket) => void): Promise<Clamd> {
    await closed();
    if (existsSync(path)) rmSync(path);
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      answer(socket);
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
    return clamdAt({ path });
  }
  const closed = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      if (server?.listening === true) server.close(() => resolve());
      else resolve();
    });
  after(closed);

  /** Answers once the empty chunk came that ends the file. */
  const afterAll = (answer: string) => (socket: Socket) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.subarray(-4).equals(Buffer.alloc(4))) socket.end(answer);
    });
  };

  it('that is silent keeps no gateway from stopping', async () => {
    const closing = new AbortController();
    const clamd = await listening((socket) => socket.once('data', () => closing.abort()));
    await assert.rejects(clamd.scan(CLEAN, closing.signal), /the gateway stops/);
    await assert.rejects(clamd.scan(CLEAN, closing.signal), /the gateway stops/);
  });

  it('that is honest is believed', async () => {
    assert.equal(await (await listening(afterAll('stream: OK\0'))).scan(CLEAN), null);
    assert.equal(await (await listening(afterAll('stream: Eicar-Test FOUND\0'))).scan(CLEAN), 'Eicar-Test');
  });

  for (const answer of [
    '',
    'OK\0',
    'stream: OK',
    'stream: OK \0',
    'stream: NOT OK\0',
    'stream:OK\0',
    'stream: Access denied. ERROR\0',
    'COMMAND READ TIMED OUT\0',
    '\0',
    'PONG\0',
    'stream: FOUND\0',
  ])
    it(`that answers ${JSON.stringify(answer)} has given no verdict`, async () => {
      const clamd = await listening(afterAll(answer));
      await assert.rejects(clamd.scan(CLEAN), refusal('antivirus-unavailable'));
    });

  it('that says OK before it has the whole file is not believed', async () => {
    const clamd = await listening((socket) => void socket.write('stream: OK\0'));
    await assert.rejects(clamd.scan(Buffer.alloc(8 * 1024 * 1024)), refusal('antivirus-unavailable'));
  });

  it('that talks without end is cut off', async () => {
    const clamd = await listening((socket) => {
      const talk = (): void => {
        socket.write('x'.repeat(1_000));
        if (!socket.destroyed) setImmediate(talk);
      };
      talk();
    });
    await assert.rejects(clamd.scan(CLEAN), refusal('antivirus-unavailable'));
  });

  it('that closes the door in the middle of a file has given no verdict', async () => {
    const clamd = await listening((socket) => void socket.once('data', () => socket.destroy()));
    await assert.rejects(clamd.scan(Buffer.alloc(8 * 1024 * 1024)), refusal('antivirus-unavailable'));
  });

  it('cannot write what it likes into the trail', async () => {
    const name = `Evil\r\nfrom: <a@b.example> ${'x'.repeat(500)}`;
    const found = await (await listening(afterAll(`stream: ${name} FOUND\0`))).scan(CLEAN);
    assert.match(found ?? '', /^[\w.:()+-]{1,120}$/);
  });

  it('that says nothing has its time and no more', async (test: TestContext) => {
    const clamd = await listening((socket) => void socket.resume());
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const scanned = assert.rejects(clamd.scan(CLEAN), refusal('antivirus-unavailable'));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    test.mock.timers.tick(ANTIVIRUS_LIMITS.scanTimeoutMs);
    await scanned;
  });
});
