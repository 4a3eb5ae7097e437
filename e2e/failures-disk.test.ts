/**
 * The disk of the data folder is full, to the last byte: a small file system of its own in memory. Letters are not
 * taken, nothing half is kept, what is there stays readable; with room again everything goes on, nothing was lost.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chat } from './support/chat.ts';
import { mailsIn } from './support/maildir.ts';
import type { OperatorView } from './support/operator-view.ts';
import { type Destination, send, sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { openScene } from './support/scene.ts';
import { type Server, Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const disk = mkdtempSync(join(tmpdir(), 'est-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]).status === 0;
if (!mounted) rmSync(disk, { recursive: true });

/** Leaves not one byte, nor of what others free soon after; gives what makes room again. */
async function fill(): Promise<() => void> {
  const path = join(disk, 'something-else');
  await until('the disk stays full', async () => {
    await writeToTheEnd(path);
    await pause(500);
    return statfsSync(disk).bfree === 0;
  });
  return () => rmSync(path);
}

async function writeToTheEnd(path: string): Promise<void> {
  const file = await open(path, 'a');
  for (let size = 1_048_576; size >= 1; )
    await file.write(Buffer.alloc(size)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error;
      size = Math.floor(size / 2);
    });
  await file.close();
}

describe('the disk is full', { skip: mounted ? false : 'mounting a small file system is not allowed here' }, () => {
  let stage: Stage;
  let server: Server;
  let operator: OperatorView;
  let chat: Chat;
  let destination: Destination;

  before(async () => {
    stage = new Stage({}, disk);
    ({ server, operator, destination, chat } = await openScene(stage));
  });
  after(async () => {
    try {
      await stage?.close();
    } finally {
      // Also when something still looks at it.
      spawnSync('umount', ['--lazy', disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });

  const below = (...parts: string[]) => readdirSync(join(stage.home, ...parts));

  it('senders hear 451 at the end of DATA, nothing is kept; with room again letters and answers go on', {
    timeout: 900_000,
  }, async () => {
    const [before, ...during] = await manyLetters(stage, 3);
    assert.ok(before !== undefined);
    await send(destination, before);
    const { conversationId = '' } = await chat.letter(before.subject);
    await until('the spool is empty', () => below('safe', 'spool').length === 0);

    const makeRoom = await fill();
    const [first] = during;
    assert.ok(first !== undefined);
    await assert.rejects(send(destination, first), /451 4\.3\.0 Local store unavailable/);
    assert.deepEqual([below('safe', 'spool'), below('safe', 'partial')], [[], []]);
    chat.type(conversationId, 'Bien reçu, merci.');
    const { replyId = '' } = await chat.line('the answer is typed', ({ state }) => state === 'waiting');
    assert.match(await operator.finding('data folder'), /^warning .* 0 GiB free$/);
    // Redis ends itself when it cannot write, and is started until it can: the relay says so, and nothing else falls.
    const health = () => fetch(`${server.web}/healthz`).catch(() => null);
    await until('the relay is away', async () => (await health())?.status === 503);
    await assert.rejects(send(destination, first), /451 4\.3\.0/);
    assert.ok(!chat.states(replyId).includes('accepted'));

    makeRoom();
    const { accepted } = await sendStubbornly(destination, during, { connections: 1 });
    assert.equal(accepted.size, during.length);
    for (const { subject } of during) await chat.letter(subject);
    await chat.line('the answer is sent', (line) => line.replyId === replyId && line.state === 'sent', 240_000);
    assert.equal(chat.letters().length, 3);
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 1);
    // Lines of the time without room are written late.
    await until('both refusals are in the log', () => operator.logged('letter not spooled').length >= 2);
    assert.deepEqual(
      operator.logged('letter not spooled').map(({ error }) => error?.code),
      ['ENOSPC', 'ENOSPC'],
    );
  });
});
