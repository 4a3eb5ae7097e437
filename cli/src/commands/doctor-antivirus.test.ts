/** What the doctor says of an antivirus, with the real clamd. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startClamd } from '@estafette/gateway/antivirus/clamd.fixture';
import { readConfig } from '@estafette/runtime/config';
import { checkAntivirus } from './doctor-antivirus.ts';

/** The largest letter as zINSTREAM carries it: the command, chunks of 64 kB behind their lengths, the empty one. */
const STREAM_BYTES = 'zINSTREAM\0'.length + 36 * 1024 * 1024 + 4 * (36 * 16 + 1);

const examined = async (path: string, now?: number) => {
  const [finding] = await checkAntivirus(readConfig({ ESTAFETTE_ANTIVIRUS: path }), now);
  return `${finding?.outcome}: ${finding?.detail}`;
};

test('nothing is said where no antivirus is set', async () => {
  assert.deepEqual(await checkAntivirus(readConfig({})), []);
});

test('a clamd that takes every letter is good, one that takes only small ones or is away is told', async () => {
  const clamd = await startClamd();
  assert.match(await examined(clamd.path), /^ok: ClamAV \d/);
  await clamd.end();
  assert.match(await examined(clamd.path), /^warning: clamd gives no answer/);
  const small = await startClamd('StreamMaxLength 25M');
  assert.match(await examined(small.path), /^warning: .*StreamMaxLength/);
  await small.end();
});

test('old signatures are told', async () => {
  const path = join(tmpdir(), `est-old-clamd-${process.pid}.sock`);
  const server = createServer((socket) => {
    let sent = 0;
    let command = '';
    socket.on('data', (chunk) => {
      command ||= chunk.toString('latin1', 0, 9);
      sent += chunk.length;
      if (command === 'zVERSION\0') socket.end('ClamAV 1.4.3/27812/Fri Nov 20 09:41:05 2026\0');
      else if (sent === STREAM_BYTES) socket.end('stream: OK\0');
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  assert.match(await examined(path, Date.UTC(2026, 10, 21)), /^ok: ClamAV/);
  assert.match(await examined(path, Date.UTC(2026, 10, 30)), /^warning: .*freshclam/);
  server.close();
});
