/** The memory of a door: what streams through it does not gather in it, however many write at the same time. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MEBIBYTE } from '@estafette/contracts/limits';
import { TalkingPeer } from './support/talking-peer.ts';

const LETTERS = 50;
const LETTER_BYTES = 25 * MEBIBYTE;
/** Sockets, TLS and file writes of fifty letters under way; the letters are 1 250 MiB. */
const GROWTH_MAX_BYTES = 200 * MEBIBYTE;
/** Lines of 64 octets. */
const BLOCK = Buffer.alloc(MEBIBYTE, `${'Qk9OSk9V'.repeat(7)}Qk9OSk\r\n`);

describe('a door that takes fifty letters of 25 MiB at the same time', () => {
  let child: ChildProcess;
  let server: { port: number; authorities: string };

  before(async () => {
    child = fork(fileURLToPath(new URL('support/door-process.ts', import.meta.url)));
    [server] = (await once(child, 'message')) as [typeof server];
  });
  after(async () => {
    if (child?.connected !== true) return;
    // Its spool is more than a gigabyte: removed before the next story.
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  });

  async function write(bytes: number): Promise<string> {
    const peer = await TalkingPeer.secured(server);
    await peer.say('MAIL FROM:<labo@labo.example>');
    await peer.say('RCPT TO:<pharmacie@officine.example>');
    await peer.say('DATA');
    for (let left = bytes; left > 0; left -= BLOCK.length) await peer.send(BLOCK);
    const answer = await peer.say('.');
    peer.end();
    return answer;
  }

  async function mostBytes(): Promise<number> {
    const answer = once(child, 'message');
    child.send('memory');
    const [{ mostBytes: most }] = (await answer) as [{ mostBytes: number }];
    return most;
  }

  it('has not much more memory than after one', async () => {
    assert.match(await write(LETTER_BYTES), /^250 2\.6\.0 Accepted as ltr_/);
    const before = await mostBytes();
    const answers = await Promise.all(Array.from({ length: LETTERS }, () => write(LETTER_BYTES)));
    assert.equal(answers.filter((answer) => answer.startsWith('250 2.6.0')).length, LETTERS);
    const growth = (await mostBytes()) - before;
    assert.ok(growth < GROWTH_MAX_BYTES, `${Math.round(growth / MEBIBYTE)} MiB more`);
  });
});
