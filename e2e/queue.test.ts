/**
 * The operator's view of what is on its way out: answers whose next hop is away wait with their reason, can be held,
 * released, tried at once or dropped beside the running gateway, and the author of each sees what became of it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { startSmtpPeer } from '../gateway/src/dispatch/smtp-peer.fixture.ts';
import type { Chat } from './support/chat.ts';
import { sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const NEXT_HOP_PORT = await freePort();

interface Listed {
  readonly what: string;
  readonly id: string;
  readonly state: string;
  readonly failure: string | null;
  readonly reason: string;
  readonly domain: string;
  readonly subject: string;
  readonly nextAttemptAt: string | null;
}

/** More than a command takes on a busy machine. */
const FAR_OFF_MS = 15_000;

describe('estafette queue', () => {
  const stage = new Stage({ ESTAFETTE_NEXT_HOP: `127.0.0.1:${NEXT_HOP_PORT}` });
  after(() => stage.close());
  let chat: Chat;
  const mailOf = new Map<string, string>();
  const replies: string[] = [];

  const run = async (...words: string[]) => {
    const { code, output, errors } = await stage.run(['queue', ...words]);
    return { code, output: output.toString(), errors: errors.toString() };
  };
  const listed = async (): Promise<Listed[]> => {
    const { output } = await run('list', '--json');
    return output.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Listed]));
  };
  const stateOf = (replyId: string) => chat.states(replyId).at(-1);
  const failureOf = (replyId: string) => chat.lines.findLast((line) => line.replyId === replyId && line.state)?.failure;

  it('shows answers that cannot leave, with the reason in plain words and no address', async () => {
    const server = await stage.start();
    chat = await stage.chat();
    const letters = await manyLetters(stage, 3);
    await sendStubbornly({ port: server.smtpPort, authorities: stage.demo('ca.pem') }, letters, { connections: 1 });
    await until('the letters are shown', () => chat.letters().length === 3);
    for (const [at, { conversationId }] of chat.letters().entries())
      replies.push(await chat.answer(conversationId ?? '', `Réponse ${at}`));
    await until('all are late', () => replies.every((replyId) => stateOf(replyId) === 'delayed'));
    for (const { id, subject, state, failure, reason, domain } of await listed()) {
      mailOf.set(subject, id);
      assert.deepEqual([state, failure, domain], ['delayed', 'next-hop-unreachable', 'cabinet.example']);
      assert.match(reason, /^Connection, TLS/);
    }
    assert.deepEqual([...mailOf.keys()].sort(), [...replies].sort());
    const { code, output } = await run('list');
    assert.equal(code, 0);
    assert.match(output, /delayed {2}reply from \S+ to cabinet\.example, .* attempt/);
    assert.doesNotMatch(output, /claire|@cabinet/i);
  });

  it('holds one, drops another, and tells their authors', async () => {
    const [held = '', dropped = ''] = replies;
    assert.equal((await run('hold', mailOf.get(held) ?? '')).output, `${mailOf.get(held)} is held.\n`);
    const refused = await run('drop', mailOf.get(dropped) ?? '');
    assert.deepEqual([refused.code, /--yes/.test(refused.errors)], [2, true]);
    const done = await run('drop', mailOf.get(dropped) ?? '', '--yes');
    assert.match(done.output, /is dropped; its author is told/);
    await until(
      'the author knows',
      () => failureOf(dropped) === 'dropped-by-operator' && stateOf(dropped) === 'failed',
    );
    await until('the other too', () => failureOf(held) === 'held-by-operator');
    const again = await run('retry', mailOf.get(dropped) ?? '');
    assert.deepEqual([again.code, /has left or ended: it is dropped/.test(again.errors)], [1, true]);
    assert.equal((await run('retry', 'mai_ZZZZ')).code, 3);
    assert.equal((await run('retry', 'rep_1')).code, 2);
    const { output } = await stage.run(['trace', mailOf.get(dropped) ?? '']);
    assert.match(output.toString(), /mail-dropped/);
  });

  it('tries one at once when the next hop is back, and lets the held one go when it is released', async () => {
    const [held = '', , waiting = ''] = replies;
    const read = (name: string) => readFileSync(stage.demo('operator', name), 'utf8');
    // Else it may leave by itself before the command has been heard.
    await until('its own next attempt is far off', async () => {
      await pause(1_000);
      const mail = (await listed()).find(({ subject }) => subject === waiting);
      return Date.parse(mail?.nextAttemptAt ?? '') - Date.now() > FAR_OFF_MS;
    });
    const certificate = { certificatePem: read('cert.pem'), privateKeyPem: read('key.pem'), chainPem: '' };
    const peer = await startSmtpPeer(certificate, { port: NEXT_HOP_PORT });
    try {
      assert.match((await run('retry', mailOf.get(waiting) ?? '')).output, /is tried now/);
      await until('it is sent', () => stateOf(waiting) === 'sent');
      assert.equal(peer.mails.length, 1);
      assert.match((await run('release', mailOf.get(held) ?? '')).output, /goes on/);
      await until('the other too', () => stateOf(held) === 'sent');
      assert.equal(peer.mails.length, 2);
    } finally {
      await peer.close();
    }
    assert.equal((await run('list')).output, 'Nothing waits.\n');
  });
});
