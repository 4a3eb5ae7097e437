/**
 * Redis stops answering for ten seconds under load, or dies outright. SMTP accepts, defers or waits, but what it accepted
 * is not lost; the device comes back by itself and shows everything once.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chat, ChatLine } from './support/chat.ts';
import { mailsIn } from './support/maildir.ts';
import { type Delivery, sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { type Server, Stage } from './support/stage.ts';
import { isAlive, until } from './support/waiting.ts';

const LETTERS = 60;
const OUTAGE_MS = 10_000;
const RECOVERY_MS = 120_000;

describe('Redis', () => {
  const stage = new Stage();
  let server: Server;
  let chat: Chat;
  let destination: { port: number; authorities: string };

  before(async () => {
    server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(() => stage.close());

  /** Sends letters at a steady pace; `strike` happens when some of them are through. */
  async function underLoad(name: string, strike: () => Promise<void>): Promise<Delivery> {
    const letters = await manyLetters(stage, LETTERS, name);
    const reached = Promise.withResolvers<void>();
    const onAccepted = (count: number): void => {
      if (count >= LETTERS / 4) reached.resolve();
    };
    const sending = sendStubbornly(destination, letters, { connections: 3, paceMs: 100, onAccepted });
    await reached.promise;
    await strike();
    return sending;
  }

  const arrived = (one: Chat, name: string) =>
    one.letters().flatMap(({ subject }) => (subject?.startsWith(name) ? [subject] : []));

  async function everythingOnce(name: string): Promise<void> {
    await until('every letter on the device', () => arrived(chat, name).length >= LETTERS, RECOVERY_MS);
    const fresh = await stage.chat('Dominique');
    await until('every letter on a new device', () => arrived(fresh, name).length >= LETTERS, RECOVERY_MS);
    for (const one of [chat, fresh]) {
      assert.equal(arrived(one, name).length, LETTERS);
      assert.equal(new Set(arrived(one, name)).size, LETTERS);
    }
    await fresh.end();
  }

  /** Types an answer and waits until it is sent; devices come back within half a minute, jobs within 75 seconds. */
  async function answered(conversationId: string, text: string): Promise<void> {
    chat.type(conversationId, text);
    const isOurs = (line: ChatLine): boolean => line.type === 'reply' && line.text === text;
    const { replyId } = await chat.line(`the answer “${text}”`, isOurs, RECOVERY_MS);
    await chat.line('the answer is sent', (line) => line.replyId === replyId && line.state === 'sent', RECOVERY_MS);
  }

  it('stops for ten seconds under load: nothing is lost, nothing comes twice', async (t: TestContext) => {
    const delivery = await underLoad('Pause', async () => {
      process.kill(stage.redisPid(), 'SIGSTOP');
      await pause(OUTAGE_MS);
      process.kill(stage.redisPid(), 'SIGCONT');
    });
    t.diagnostic(`${delivery.accepted.size} letters accepted, ${delivery.refusals.length} deferred`);
    assert.equal(delivery.accepted.size, LETTERS);
    await everythingOnce('Pause');
  });

  it('is killed under load: it comes back, nothing is lost, nothing comes twice', async (t: TestContext) => {
    const before = stage.redisPid();
    const delivery = await underLoad('Mort', async () => {
      process.kill(before, 'SIGKILL');
      await until('another redis-server runs', () => {
        const pid = stage.redisPid();
        // The file may be empty for a moment.
        return pid > 0 && pid !== before && isAlive(pid);
      });
    });
    t.diagnostic(`${delivery.accepted.size} letters accepted, ${delivery.refusals.length} deferred`);
    assert.equal(delivery.accepted.size, LETTERS);
    await everythingOnce('Mort');
  });

  it('dies before an answer is typed: the answer leaves once all the same', async () => {
    const before = stage.redisPid();
    process.kill(before, 'SIGKILL');
    const { conversationId } = chat.letters()[0] ?? {};
    await answered(conversationId ?? '', 'Bien reçu, merci.');
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 1);
  });

  it('forgets everything: the device goes on in its conversations, letters and answers come through', async () => {
    const known = chat.letters()[0];
    const ports = stage.portsOf(server);
    assert.equal(await server.stop(), 0);
    rmSync(join(stage.home, 'redis'), { recursive: true });
    await stage.start(ports);

    const [letter] = await manyLetters(stage, 1, 'Après');
    await sendStubbornly(destination, letter === undefined ? [] : [letter], { connections: 1 });
    const isNew = (line: ChatLine): boolean => line.type === 'letter' && line.subject === 'Après 001';
    const seen = await chat.line('the new letter', isNew, RECOVERY_MS);
    const fresh = await stage.chat('Dominique');
    assert.equal((await fresh.line('the new letter', isNew, RECOVERY_MS)).letterId, seen.letterId);

    await answered(known?.conversationId ?? '', 'Toujours là.');
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 2);
  });
});
