/**
 * Redis is emptied while letters and an answer are on their way, and nobody restarts anything: what the queues held
 * comes again from the spool and from the phone, the phone goes on in a new numbering, and nothing comes twice. Redis
 * stopped, killed, or empty at a start: redis-outage.test.ts.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Chat } from './support/chat.ts';
import { mailsIn } from './support/maildir.ts';
import { OperatorView } from './support/operator-view.ts';
import { type Destination, send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { emptyRedis } from './support/redis-keys.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const FORGOT = 'redis does not know the devices: they start over, the gateway is asked to name them';

describe('Redis is emptied under way', () => {
  const stage = new Stage();
  const operator = new OperatorView(stage);
  const redis = join(stage.home, 'redis', 'redis.sock');
  let chat: Chat;
  let destination: Destination;

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(() => stage.close());

  const shown = () => chat.letters().map(({ subject }) => subject);
  const isSent = (replyId: string) =>
    chat.line(`${replyId} is sent`, (line) => line.replyId === replyId && line.state === 'sent', 120_000);

  it('letters and answers under way come through, once', { timeout: 200_000 }, async () => {
    // More of them before than after: a phone that went on counting would miss what comes.
    const known = await manyLetters(stage, 6, 'Avant');
    await send(destination, ...known);
    for (const { subject } of known) await chat.letter(subject);
    const conversationId = chat.letters()[0]?.conversationId ?? '';

    // While it is stopped work gathers before it; then it forgets, before any of that work is done.
    process.kill(stage.redisPid(), 'SIGSTOP');
    const underWay = await manyLetters(stage, 4, 'Pendant');
    const ids = await send(destination, ...underWay);
    chat.type(conversationId, 'Bien reçu, merci.');
    const { replyId = '' } = await chat.line('the answer is on the disk', ({ state }) => state === 'waiting');
    const emptied = emptyRedis(redis);
    process.kill(stage.redisPid(), 'SIGCONT');
    await emptied;

    for (const { subject } of underWay) await chat.letter(subject);
    await isSent(replyId);
    assert.deepEqual(shown(), [...new Set(shown())]);
    assert.equal(shown().length, 10);
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 1);
    assert.ok(operator.logged(FORGOT).length > 0);
    for (const letterId of ids) {
      const delivered = (await operator.trail(letterId)).filter((event) => event.startsWith('letter-delivered'));
      assert.equal(delivered.length, 1, letterId);
    }
    assert.deepEqual(await operator.queue(), []);
  });

  it('the phone goes on afterwards, in the conversations it had', async () => {
    const [later] = await manyLetters(stage, 1, 'Après');
    assert.ok(later !== undefined);
    await send(destination, later);
    await chat.letter(later.subject);
    const known = chat.letters()[0];
    const replyId = await chat.answer(known?.conversationId ?? '', 'Toujours là.');
    await isSent(replyId);
    await until('the second answer lies there', () => mailsIn(stage.demo('doctor', 'Maildir')).length === 2);
    assert.equal(shown().length, 11);
  });
});
